"""The plot of how training and decoding grow."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Side and work to line and name.
_LINES = (
    ("training", "ours", "C0-o", "training"),
    ("decoding", "ours", "C1-o", "decoding"),
    ("training", "theirs", "C0--x", "training, crf_tagger"),
    ("decoding", "theirs", "C1--x", "decoding, crf_tagger"),
)


def plot_growth(growth: Sequence[dict[str, Any]], path: Path) -> None:
    """Draws a small picture for each scale, side by side.

    # Parameters

    growth : `Sequence[Dict[str, Any]]`
        The points, as `growth_points` gives them.
    path : `Path`
        The picture, PNG.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    scales = list(dict.fromkeys(point["dimension"] for point in growth))
    figure, axes = pyplot.subplots(
        1, len(scales), figsize=(2.6 * len(scales), 3.0), sharey=True, squeeze=False
    )
    for axis, scale in zip(axes[0], scales, strict=True):
        points = [point for point in growth if point["dimension"] == scale]
        values = [point["value"] for point in points]
        for what, side, style, name in _LINES:
            rates = [point[what][side] for point in points]
            axis.plot(values, rates, style, label=name, markersize=4, linewidth=1.2)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xticks(values, [f"{value:,}" for value in values], fontsize=7)
        axis.minorticks_off()
        axis.set_xlabel(scale)
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("tokens/s")
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="upper center", ncols=4, frameon=False, fontsize=8)
    figure.tight_layout(rect=(0, 0, 1, 0.92))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
