"""Plots of distributions, as SVG inside the text of a page, and of what a search found."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from bilstm_tagger.experiments.distribution import LEAST_FOR_RHO, Distribution, Scale, ScoredRun
from bilstm_tagger.experiments.svg import (
    DEV,
    GRID,
    INK,
    PAGE,
    RING,
    TEST,
    WIDE,
    WIDTH,
    svg_element,
)
from bilstm_tagger.tagging.plotting import draw

# From this number of runs on, a density says more than the points do.
LEAST_FOR_VIOLIN = 8
# Dev and test: colour, marker, and where in the row of their config.
_SIDES = (("dev", DEV, "o", -0.23), ("test", TEST, "D", 0.23))
# Of the name of a config: the number of letters in a line, and of lines.
_LABEL_WIDTH, _LABEL_LINES = {WIDTH: 15, WIDE: 26}, 3


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


def plot_scores(
    group: Sequence[Distribution], scale: Scale, prefix: str, width: int = WIDTH
) -> str:
    """Dev and test scores of each config of one metric, every run a point; a violin behind eight or
    more. The width is `WIDTH` or `WIDE`."""
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
        axes.set_yticks(
            range(len(group)), [_wrapped(config.name, _LABEL_WIDTH[width]) for config in group]
        )
        axes.tick_params(axis="y", length=0)
        axes.grid(False, axis="y")
        for boundary in range(1, len(group)):
            axes.axhline(boundary - 0.5, color=GRID, linewidth=0.6)
        # The scale of many configs is in sight from both ends.
        axes.tick_params(axis="x", labeltop=len(group) > 10)
        axes.locator_params(axis="x", nbins=4 if width == WIDTH else 8)
        axes.set_xlabel(scale.describe(group[0].metric))
        for side, colour, marker, _ in _SIDES:
            axes.plot([], [], marker, color=colour, markersize=4.5, label=side)
        axes.plot([], [], "|", color=INK, markersize=9, markeredgewidth=1.4, label="mean")
        axes.plot([], [], "o", **RING, label="best on dev")
        axes.figure.legend(
            loc="outside upper center", ncols=4, frameon=False, handletextpad=0.2, columnspacing=1.2
        )

    # A row holds up to three lines of its label.
    height = 80 + 50 * len(group)
    label = f"Dev and test scores of each run by {group[0].metric}"
    return svg_element(height, paint, label, prefix, width)


def plot_dev_against_test(config: Distribution, scale: Scale, prefix: str) -> str:
    """A point for each run; nothing below three that have both."""
    if len(config.pairs) < LEAST_FOR_RHO:
        return ""
    dev, test = ([scale(score) for score in side] for side in zip(*config.pairs, strict=True))

    def paint(axes: Any) -> None:
        axes.plot(dev, test, "o", color=DEV, markersize=6.5, markeredgecolor=PAGE)
        best = config.best
        if best and best.dev is not None and best.test is not None:
            axes.plot([scale(best.dev)], [scale(best.test)], "o", **RING)
        axes.margins(0.1)
        axes.locator_params(nbins=4)
        axes.set(xlabel=f"dev, {scale.describe(config.metric)}", ylabel="test")

    return svg_element(230, paint, f"Dev against test scores of {config.name}", prefix)


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
        axes.fill_between(epochs, low, high, color=DEV, alpha=0.25, linewidth=0)
        axes.plot(epochs[:whole], mean[:whole], color=DEV, linewidth=1.6)
        if whole < len(epochs):
            axes.plot(epochs[whole - 1 :], mean[whole - 1 :], "--", color=DEV)
        for run in config.runs:
            best, scores = run.record.best_epoch, _curve(run, config.metric)
            if best and best <= len(scores):
                axes.plot([best], [scale(scores[best - 1])], "o", color=INK, markersize=3)
        # The first tenth of the epochs would take the height from all others.
        start = len(low) // 10 if numpy.isfinite(low[len(low) // 10 :]).any() else 0
        bottom, top = numpy.nanmin(low[start:]), numpy.nanmax(high[start:])
        margin = 0.06 * (top - bottom) or 0.5
        axes.set_ylim(bottom - margin, top + margin)
        axes.locator_params(axis="x", nbins=5, integer=True)
        axes.locator_params(axis="y", nbins=4)
        axes.set(xlabel="epoch", ylabel=f"dev, {scale.describe(config.metric)}")

    return svg_element(230, paint, f"Learning curve of {config.name}", prefix)


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
        axes.plot([scores.mean()], [row], "|", color=INK, markersize=12, markeredgewidth=1.4)
    axes.plot(scores, rows, marker, color=colour, markersize=3.8, markeredgewidth=0)
    best = [index for index, (_, is_best) in enumerate(scored) if is_best and len(scores) > 1]
    axes.plot(scores[best], rows[best], "o", **RING)


def _wrapped(name: str, width: int) -> str:
    """A name in short lines; one that does not fit ends in dots."""
    lines = [""]
    for part in re.findall(rf"[^\W_]{{1,{width}}}[\W_]?|[\W_]", name):
        if len(lines[-1]) + len(part) > width + 1:
            lines.append("")
        lines[-1] += part
    if len(lines) > _LABEL_LINES:
        lines = lines[:_LABEL_LINES]
        lines[-1] = lines[-1][: width - 1] + "…"
    return "\n".join(line.strip() for line in lines)
