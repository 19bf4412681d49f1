"""Plots of distributions, as SVG that stands in the text of a page.

They take ink, grid and series colours from the page (`currentColor`, `--grid`, `--dev`, `--test`,
`--page`), and so follow it into the dark. Their width is that of a small screen, and all have the
same: the page scales them, and letters stay equal.
"""

import dataclasses
import io
import re
import warnings
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Optional

import numpy

from bilstm_tagger.experiments.distribution import (
    LEAST_FOR_RHO,
    Distribution,
    Scale,
    ScoredRun,
)
from bilstm_tagger.tagging.plot_style import plot_style

# Below that, a density says more than the points do.
LEAST_FOR_VIOLIN = 8
# Points of 1/72 inch; a point is an SVG unit.
WIDTH = 360
# What matplotlib draws, to what the page shall have: colours that nothing else has.
_INK, _GRID, _DEV, _TEST, _PAGE = (f"#01020{number}" for number in range(5))
_CSS = {
    _INK: "currentColor",
    _GRID: "var(--grid)",
    _DEV: "var(--dev)",
    _TEST: "var(--test)",
    _PAGE: "var(--page)",
}
_SETTINGS = {
    **plot_style(_INK, _GRID),
    "svg.fonttype": "none",
    "font.size": 9.5,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "axes.formatter.useoffset": False,
}
# Dev and test: colour, marker, and where in the row of their config.
_SIDES = (("dev", _DEV, "o", -0.23), ("test", _TEST, "D", 0.23))
_LABEL_WIDTH, _LABEL_LINES = 20, 3


@dataclasses.dataclass(frozen=True)
class LearningCurve:
    """Dev scores after each epoch, from 1, over the runs that trained so long."""

    mean: list[float]
    minimum: list[float]
    maximum: list[float]
    runs: list[int]


def learning_curve(each: Distribution) -> Optional[LearningCurve]:
    """Of a config. `None` where no run has the scores of its epochs; an epoch in which none has a
    number is a gap (NaN)."""
    curves = [_curve(run, each.metric) for run in each.runs]
    length = max(map(len, curves), default=0)
    table = numpy.full((len(curves), length), numpy.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = curve
    if not numpy.isfinite(table).any():
        return None
    table[~numpy.isfinite(table)] = numpy.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of the gaps
        mean, minimum, maximum = (
            over_runs(table, axis=0).tolist()
            for over_runs in (numpy.nanmean, numpy.nanmin, numpy.nanmax)
        )
    return LearningCurve(mean, minimum, maximum, numpy.isfinite(table).sum(axis=0).tolist())


def plot_scores(group: Sequence[Distribution], scale: Scale, prefix: str) -> str:
    """Dev and test scores of each config, every run a point; a violin behind eight or more.

    # Parameters

    group : `Sequence[Distribution]`
        Of one metric.
    scale : `Scale`
    prefix : `str`
        Of the ids in the SVG: each picture of a page needs its own.
    """
    group = [each for each in group if each.runs]
    if not group:
        return ""
    # A row holds up to three lines of its label.
    height = 62 + 40 * len(group)

    def paint(axes: Any) -> None:
        for row, each in enumerate(group):
            for side, colour, marker, offset in _SIDES:
                values = [(getattr(run, side), run is each.best) for run in each.runs]
                scored = sorted((scale(score), best) for score, best in values if score is not None)
                if scored:
                    _strip(axes, row + offset, scored, colour, marker)
        axes.set_ylim(len(group) - 0.5, -0.5)
        axes.set_yticks(range(len(group)), [_wrapped(each.name) for each in group])
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

    return _draw(height, paint, f"Dev and test scores of each run by {group[0].metric}", prefix)


def plot_dev_against_test(each: Distribution, scale: Scale, prefix: str) -> str:
    """A point for each run; nothing below three that have both. Parameters as in `plot_scores`."""
    if len(each.pairs) < LEAST_FOR_RHO:
        return ""
    dev, test = ([scale(score) for score in side] for side in zip(*each.pairs, strict=True))

    def paint(axes: Any) -> None:
        axes.plot(dev, test, "o", color=_DEV, markersize=6.5, markeredgecolor=_PAGE)
        best = each.best
        if best and best.dev is not None and best.test is not None:
            axes.plot([scale(best.dev)], [scale(best.test)], "o", **_RING)
        axes.margins(0.1)
        axes.locator_params(nbins=5)
        axes.set_xlabel(f"dev, {scale.describe(each.metric)}")
        axes.set_ylabel("test")

    return _draw(230, paint, f"Dev against test scores of {each.name}", prefix)


def plot_learning_curve(each: Distribution, scale: Scale, prefix: str) -> str:
    """Dev scores over the epochs: mean and range of the runs, and each run's best epoch; nothing
    where the epochs are not recorded. Parameters as in `plot_scores`."""
    curve = learning_curve(each)
    if curve is None:
        return ""
    epochs = numpy.arange(1, len(curve.mean) + 1)
    mean, low, high = (
        numpy.array([scale(score) for score in line])
        for line in (curve.mean, curve.minimum, curve.maximum)
    )
    # As long as no run has stopped.
    whole = min(len(_curve(run, each.metric)) or len(epochs) for run in each.runs)

    def paint(axes: Any) -> None:
        axes.fill_between(epochs, low, high, color=_DEV, alpha=0.25, linewidth=0)
        axes.plot(epochs[:whole], mean[:whole], color=_DEV, linewidth=1.6)
        if whole < len(epochs):
            axes.plot(epochs[whole - 1 :], mean[whole - 1 :], "--", color=_DEV)
        for run in each.runs:
            best, scores = run.record.best_epoch, _curve(run, each.metric)
            if best and best <= len(scores):
                axes.plot([best], [scale(scores[best - 1])], "o", color=_INK, markersize=3)
        # The first epochs would take the height from all others.
        axes.set_ylim(*_limits(low, high))
        axes.locator_params(axis="x", nbins=5, integer=True)
        axes.locator_params(axis="y", nbins=5)
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"dev, {scale.describe(each.metric)}")

    return _draw(230, paint, f"Learning curve of {each.name}", prefix)


_RING: dict[str, Any] = {
    "color": "none",
    "markeredgecolor": _INK,
    "markersize": 9,
    "markeredgewidth": 1.1,
}


def _limits(low: numpy.ndarray, high: numpy.ndarray) -> tuple[float, float]:
    """Of the axis of scores: what comes after a tenth of the epochs."""
    start = len(low) // 10
    if not numpy.isfinite(low[start:]).any():
        start = 0
    bottom, top = numpy.nanmin(low[start:]), numpy.nanmax(high[start:])
    margin = 0.06 * (top - bottom) or 0.5
    return bottom - margin, top + margin


def _curve(run: ScoredRun, metric: str) -> list[float]:
    """Its dev score after each epoch."""
    scores = run.record.curves.get(f"validation_{metric}") or []
    return [numpy.nan if score is None else score for score in scores]


def _strip(
    axes: Any, row: float, scored: Sequence[tuple[float, bool]], colour: str, marker: str
) -> None:
    """Scores, sorted, and whether it is the run that is best on dev."""
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
    for (score, best), place in zip(scored, rows, strict=True):
        if best and len(scores) > 1:
            axes.plot([score], [place], "o", **_RING)


def _wrapped(name: str) -> str:
    """A name in lines that are short enough; what does not fit ends in dots."""
    lines = [""]
    for part in re.findall(rf"[^\W_]{{1,{_LABEL_WIDTH}}}[\W_]?|[\W_]", name):
        if len(lines[-1]) + len(part) > _LABEL_WIDTH + 1:
            lines.append("")
        lines[-1] += part
    if len(lines) > _LABEL_LINES:
        lines = lines[:_LABEL_LINES]
        lines[-1] = lines[-1][: _LABEL_WIDTH - 1] + "…"
    return "\n".join(line.strip() for line in lines)


def _draw(height: float, paint: Callable[[Any], None], label: str, prefix: str) -> str:
    import matplotlib.style
    from matplotlib.figure import Figure

    buffer = io.StringIO()
    with matplotlib.style.context(["default", _SETTINGS]), warnings.catch_warnings():
        # The browser has the letters that matplotlib has not.
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        paint(figure.add_subplot())
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    return _for_the_page(buffer.getvalue(), height, label, prefix)


def _for_the_page(svg: str, height: float, label: str, prefix: str) -> str:
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
