"""The reliability diagram: the share that is right against the probability."""

import io
from collections.abc import Mapping
from typing import Any, Optional

from bilstm_tagger.tagging.calibration import LEVELS, Calibration
from bilstm_tagger.tagging.plot_style import plot_style

FORMATS = ("svg", "png")
_BLUE, _INK, _GREY, _GRID = "#1f6fb2", "#222222", "#8a8a8a", "#e3e3e3"
_SETTINGS = {
    **plot_style(_INK, _GRID),
    "savefig.dpi": 150,
    "font.size": 9,
    "axes.titlesize": 10,
}
# Inches.
_PANEL_WIDTH, _PANEL_HEIGHT = 3.3, 4.1


def plot_calibrations(
    found: Mapping[str, Mapping[str, Optional[Calibration]]], file_format: str
) -> bytes:
    """Draws a row for each task and a column for each level: in each panel the share that is right
    in each bin, with its interval, and below how many predictions the bins have.

    # Parameters

    found : `Mapping[str, Mapping[str, Optional[Calibration]]]`
        Task to level to its calibration.
    file_format : `str`
        One of `FORMATS`.
    """
    import matplotlib.style
    from matplotlib.figure import Figure

    levels = [level for level in LEVELS if any(each.get(level) for each in found.values())]
    buffer = io.BytesIO()
    with matplotlib.style.context(["default", _SETTINGS]):
        size = (_PANEL_WIDTH * len(levels), _PANEL_HEIGHT * len(found))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.add_gridspec(2 * len(found), len(levels), height_ratios=[3, 1] * len(found))
        for row, (task, calibrations) in enumerate(found.items()):
            for column, level in enumerate(levels):
                each = calibrations.get(level)
                if each is not None:
                    upper = figure.add_subplot(grid[2 * row, column])
                    lower = figure.add_subplot(grid[2 * row + 1, column], sharex=upper)
                    _draw_shares(upper, each)
                    _draw_counts(lower, each)
                    upper.set_title(_title(task, level, each), loc="left")
        figure.legend(
            *upper.get_legend_handles_labels(),
            loc="outside lower center",
            ncols=2,
            frameon=False,
        )
        # The date would make every file another one.
        figure.savefig(
            buffer, format=file_format, metadata={"Date": None} if file_format == "svg" else None
        )
    return buffer.getvalue()


def _title(task: str, level: str, each: Calibration) -> str:
    errors = f"{each.errors:,} errors, {each.expected_errors:,.0f} expected"
    measures = f"ECE {each.ece:.4f}, adaptive {each.adaptive_ece:.4f}"
    return f"{task}, {level} ({each.n:,})\n{errors}\n{measures}"


def _draw_shares(axes: Any, each: Calibration) -> None:
    filled = [bin_ for bin_ in each.bins if bin_.interval is not None]
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


def _draw_counts(axes: Any, each: Calibration) -> None:
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    lows = [bin_.low for bin_ in each.bins]
    widths = [bin_.high - bin_.low for bin_ in each.bins]
    counts = [bin_.n for bin_ in each.bins]
    axes.bar(lows, counts, widths, align="edge", color=_BLUE, edgecolor="white", linewidth=0.8)
    # Nearly all are in the last bin.
    axes.set_yscale("log")
    axes.set_ylim(0.5, 2 * max(counts))
    axes.yaxis.set_major_locator(LogLocator(numticks=4))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(False, axis="x")
    axes.set(xlabel="probability", ylabel="number")
