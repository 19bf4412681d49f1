"""Plots of distributions, as SVG inside the text of a page, and of what a search found.

Those of a page take ink, grid and series colours from it (`currentColor`, `--grid`, `--dev`,
`--test`, `--page`), and so follow it into the dark. Their width is that of a small screen, and all
have the same: the page scales them, and letters stay equal.
"""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy

from bilstm_tagger.experiments.distribution import LEAST_FOR_RHO, Distribution, Scale, ScoredRun
from bilstm_tagger.tagging.plotting import draw

# From this number of runs on, a density says more than the points do.
LEAST_FOR_VIOLIN = 8
# Points of 1/72 inch; a point is an SVG unit.
WIDTH = 360
# The colours that matplotlib draws, which nothing else has, and those of the page.
_INK, _GRID, _DEV, _TEST, _PAGE = (f"#01020{number}" for number in range(5))
_CSS = {
    _INK: "currentColor",
    _GRID: "var(--grid)",
    _DEV: "var(--dev)",
    _TEST: "var(--test)",
    _PAGE: "var(--page)",
}
_SETTINGS = {
    "svg.fonttype": "none",
    "savefig.transparent": True,
    **dict.fromkeys(("font.size", "axes.labelsize"), 9.5),
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 9),
    "axes.formatter.useoffset": False,
}
# Dev and test: colour, marker, and where in the row of their config.
_SIDES = (("dev", _DEV, "o", -0.23), ("test", _TEST, "D", 0.23))
_RING: dict[str, Any] = {
    "color": "none",
    "markeredgecolor": _INK,
    "markersize": 9,
    "markeredgewidth": 1.1,
}
_LABEL_WIDTH, _LABEL_LINES = 20, 3


def learning_curve(config: Distribution) -> numpy.ndarray | None:
    """Mean, minimum and maximum (3, epochs) of the dev scores after each epoch, over the runs that
    trained that long; an epoch without a number is NaN. `None` where no run has the scores of its
    epochs."""
    curves = [_curve(run, config.metric) for run in config.runs]
    epochs = itertools.zip_longest(*curves, fillvalue=numpy.nan)
    table = numpy.ma.masked_invalid([*epochs])  # (epochs, runs)
    if not table.count():
        return None
    lines = (over_runs(axis=1) for over_runs in (table.mean, table.min, table.max))
    return numpy.stack([line.filled(numpy.nan) for line in lines])


def plot_scores(group: Sequence[Distribution], scale: Scale, prefix: str) -> str:
    """Dev and test scores of each config of one metric, every run a point; a violin behind eight or
    more. Each picture of a page needs its own prefix of the ids in the SVG.
    """
    group = [config for config in group if config.runs]
    if not group:
        return ""

    def paint(axes: Any) -> None:
        for row, config in enumerate(group):
            for side, colour, marker, offset in _SIDES:
                values = [(getattr(run, side), run is config.best) for run in config.runs]
                scored = sorted((scale(score), best) for score, best in values if score is not None)
                if scored:
                    _strip(axes, row + offset, scored, colour, marker)
        axes.set_ylim(len(group) - 0.5, -0.5)
        axes.set_yticks(range(len(group)), [_wrapped(config.name) for config in group])
        axes.tick_params(axis="y", length=0)
        axes.grid(False, axis="y")
        for boundary in range(1, len(group)):
            axes.axhline(boundary - 0.5, color=_GRID, linewidth=0.6)
        # The scale of many configs is in sight from both ends.
        axes.tick_params(axis="x", labeltop=len(group) > 10)
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel(scale.describe(group[0].metric))
        for side, colour, marker, _ in _SIDES:
            axes.plot([], [], marker, color=colour, markersize=4.5, label=side)
        axes.plot([], [], "|", color=_INK, markersize=9, markeredgewidth=1.4, label="mean")
        axes.plot([], [], "o", **_RING, label="best on dev")
        axes.figure.legend(
            loc="outside upper center", ncols=4, frameon=False, handletextpad=0.2, columnspacing=1.2
        )

    # A row holds up to three lines of its label.
    height = 62 + 40 * len(group)
    return _svg(height, paint, f"Dev and test scores of each run by {group[0].metric}", prefix)


def plot_dev_against_test(config: Distribution, scale: Scale, prefix: str) -> str:
    """A point for each run; nothing below three that have both."""
    if len(config.pairs) < LEAST_FOR_RHO:
        return ""
    dev, test = ([scale(score) for score in side] for side in zip(*config.pairs, strict=True))

    def paint(axes: Any) -> None:
        axes.plot(dev, test, "o", color=_DEV, markersize=6.5, markeredgecolor=_PAGE)
        best = config.best
        if best and best.dev is not None and best.test is not None:
            axes.plot([scale(best.dev)], [scale(best.test)], "o", **_RING)
        axes.margins(0.1)
        axes.locator_params(nbins=5)
        axes.set(xlabel=f"dev, {scale.describe(config.metric)}", ylabel="test")

    return _svg(230, paint, f"Dev against test scores of {config.name}", prefix)


def plot_learning_curve(config: Distribution, scale: Scale, prefix: str) -> str:
    """Dev scores over the epochs: mean and range of the runs, and each run's best epoch; nothing
    where the epochs are not recorded."""
    curve = learning_curve(config)
    if curve is None:
        return ""
    mean, low, high = scale(1) * curve
    epochs = numpy.arange(1, len(mean) + 1)
    # Until the first run stopped.
    whole = min(len(_curve(run, config.metric)) or len(epochs) for run in config.runs)

    def paint(axes: Any) -> None:
        axes.fill_between(epochs, low, high, color=_DEV, alpha=0.25, linewidth=0)
        axes.plot(epochs[:whole], mean[:whole], color=_DEV, linewidth=1.6)
        if whole < len(epochs):
            axes.plot(epochs[whole - 1 :], mean[whole - 1 :], "--", color=_DEV)
        for run in config.runs:
            best, scores = run.record.best_epoch, _curve(run, config.metric)
            if best and best <= len(scores):
                axes.plot([best], [scale(scores[best - 1])], "o", color=_INK, markersize=3)
        # The first tenth of the epochs would take the height from all others.
        start = len(low) // 10 if numpy.isfinite(low[len(low) // 10 :]).any() else 0
        bottom, top = numpy.nanmin(low[start:]), numpy.nanmax(high[start:])
        margin = 0.06 * (top - bottom) or 0.5
        axes.set_ylim(bottom - margin, top + margin)
        axes.locator_params(axis="x", nbins=5, integer=True)
        axes.locator_params(axis="y", nbins=5)
        axes.set(xlabel="epoch", ylabel=f"dev, {scale.describe(config.metric)}")

    return _svg(230, paint, f"Learning curve of {config.name}", prefix)


def plot_importances(importances: Mapping[str, float], metric: str) -> bytes:
    """An SVG file with a bar for each setting of a search, the most important at the top:
    `importances` is the part of the spread of the scores that is due to it."""
    names = sorted(importances, key=lambda name: importances[name])

    def paint(figure: Any) -> None:
        axes = figure.add_subplot()
        bars = axes.barh(names, [importances[name] for name in names], height=0.6)
        axes.bar_label(bars, fmt="%.2f", padding=3)
        axes.grid(False, axis="y")
        axes.set_xlim(0, 1.1 * max(importances.values()))
        axes.set_xlabel(f"part of the spread of {metric} (fANOVA)")

    return draw((7, 1 + 0.32 * len(names)), paint)


def _curve(run: ScoredRun, metric: str) -> list[float]:
    """Its dev score after each epoch."""
    scores = run.record.curves.get(f"validation_{metric}") or []
    return [numpy.nan if score is None else score for score in scores]


def _strip(
    axes: Any, row: float, scored: Sequence[tuple[float, bool]], colour: str, marker: str
) -> None:
    """Paints sorted scores, each with whether its run is the best on dev."""
    scores = numpy.array([score for score, _ in scored])
    if len(scores) >= LEAST_FOR_VIOLIN and scores[0] < scores[-1]:
        from scipy.stats import gaussian_kde  # type: ignore[import-untyped]

        places = numpy.linspace(scores[0], scores[-1], 80)
        density = gaussian_kde(scores)(places)
        half = 0.2 * density / density.max()
        axes.fill_between(places, row - half, row + half, color=colour, alpha=0.25, linewidth=0)
    # Neighbours part by the golden ratio: the same in every report, as random numbers would not be.
    golden = (5**0.5 - 1) / 2
    spread = 0.22 if len(scores) > 1 else 0.0
    rows = row + spread * ((numpy.arange(len(scores)) * golden + 0.5) % 1 - 0.5)
    if len(scores) > 1:
        axes.plot([scores.mean()], [row], "|", color=_INK, markersize=12, markeredgewidth=1.4)
    axes.plot(scores, rows, marker, color=colour, markersize=3.8, markeredgewidth=0)
    best = [index for index, (_, is_best) in enumerate(scored) if is_best and len(scores) > 1]
    axes.plot(scores[best], rows[best], "o", **_RING)


def _wrapped(name: str) -> str:
    """A name in short lines; one that does not fit ends in dots."""
    lines = [""]
    for part in re.findall(rf"[^\W_]{{1,{_LABEL_WIDTH}}}[\W_]?|[\W_]", name):
        if len(lines[-1]) + len(part) > _LABEL_WIDTH + 1:
            lines.append("")
        lines[-1] += part
    if len(lines) > _LABEL_LINES:
        lines = lines[:_LABEL_LINES]
        lines[-1] = lines[-1][: _LABEL_WIDTH - 1] + "…"
    return "\n".join(line.strip() for line in lines)


def _svg(height: float, paint: Callable[[Any], None], label: str, prefix: str) -> str:
    """An element of a page."""
    svg = draw(
        (WIDTH / 72, height / 72),
        lambda figure: paint(figure.add_subplot()),
        ink=_INK,
        grid=_GRID,
        settings=_SETTINGS,
    ).decode()
    svg = re.sub(r"<metadata>.*?</metadata>|<style .*?</style>|<!--.*?-->", "", svg, flags=re.S)
    # Without the XML declaration, the document type and the attributes of the root.
    content = svg[svg.index(">", svg.index("<svg")) + 1 :]
    content = re.sub(r'\bid="', f'id="{prefix}-', content)
    content = re.sub(r'xlink:href="#', f'href="#{prefix}-', content)
    content = re.sub(r"url\(#", f"url(#{prefix}-", content)
    for colour, css in _CSS.items():
        content = content.replace(colour, css)
    label = escape(label)
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">{content}'
