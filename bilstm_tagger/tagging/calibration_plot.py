"""The reliability diagram: the share that is right against the probability."""

from collections.abc import Mapping
from typing import Any, Optional

from bilstm_tagger.tagging.calibration import LEVELS, Calibration
from bilstm_tagger.tagging.plotting import draw

FORMATS = ("svg", "png")
_BLUE, _GREY = "#1f6fb2", "#8a8a8a"
# Inches.
_PANEL_WIDTH, _PANEL_HEIGHT = 3.3, 4.1


def plot_calibrations(
    tasks: Mapping[str, Mapping[str, Optional[Calibration]]], file_format: str
) -> bytes:
    """Draws a row for each task and a column for each level: in each panel the share that is right
    in each bin, with its interval, and below the number of predictions in the bins.
    `file_format` is one of `FORMATS`.
    """
    levels = [level for level in LEVELS if any(task.get(level) for task in tasks.values())]

    def paint(figure: Any) -> None:
        grid = figure.add_gridspec(2 * len(tasks), len(levels), height_ratios=[3, 1] * len(tasks))
        for row, (task, calibrations) in enumerate(tasks.items()):
            for column, level in enumerate(levels):
                calibration = calibrations.get(level)
                if calibration is not None:
                    upper = figure.add_subplot(grid[2 * row, column])
                    lower = figure.add_subplot(grid[2 * row + 1, column], sharex=upper)
                    _draw_shares(upper, calibration)
                    _draw_counts(lower, calibration)
                    upper.set_title(_title(task, level, calibration), loc="left")
        legend = upper.get_legend_handles_labels()
        figure.legend(*legend, loc="outside lower center", ncols=2, frameon=False)

    size = (_PANEL_WIDTH * len(levels), _PANEL_HEIGHT * len(tasks))
    settings = {"savefig.dpi": 150, "font.size": 9, "axes.titlesize": 10}
    return draw(size, paint, file_format, settings=settings)


def _title(task: str, level: str, calibration: Calibration) -> str:
    errors = f"{calibration.errors:,} errors, {calibration.expected_errors:,.0f} expected"
    measures = f"ECE {calibration.ece:.4f}, adaptive {calibration.adaptive_ece:.4f}"
    return f"{task}, {level} ({calibration.n:,})\n{errors}\n{measures}"


def _draw_shares(axes: Any, calibration: Calibration) -> None:
    filled = [bin_ for bin_ in calibration.bins if bin_.interval is not None]
    means = [bin_.mean_probability for bin_ in filled]
    shares = [bin_.accuracy for bin_ in filled]
    lows, highs = zip(*(bin_.interval for bin_ in filled if bin_.interval), strict=True)
    axes.plot([0, 1], [0, 1], "--", color=_GREY, linewidth=1, label="calibrated")
    axes.vlines(means, lows, highs, color=_BLUE, linewidth=1.4)
    label = "share right in a bin, and its 95 % interval"
    # Over the axes: a share may be 0 or 1.
    axes.plot(means, shares, "o", color=_BLUE, ms=5, clip_on=False, zorder=3, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1), ylabel="share right")
    axes.tick_params(axis="x", labelbottom=False)


def _draw_counts(axes: Any, calibration: Calibration) -> None:
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    lows = [bin_.low for bin_ in calibration.bins]
    widths = [bin_.high - bin_.low for bin_ in calibration.bins]
    counts = [bin_.n for bin_ in calibration.bins]
    axes.bar(lows, counts, widths, align="edge", color=_BLUE, edgecolor="white", linewidth=0.8)
    # Nearly all are in the last bin.
    axes.set_yscale("log")
    axes.set_ylim(0.5, 2 * max(counts))
    axes.yaxis.set_major_locator(LogLocator(numticks=4))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(False, axis="x")
    axes.set(xlabel="probability", ylabel="number")
