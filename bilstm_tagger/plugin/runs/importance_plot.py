"""The plot of what a search found to matter."""

from collections.abc import Mapping
from pathlib import Path


def plot_importances(importances: Mapping[str, float], metric: str, path: Path) -> None:
    """Draws a bar for each setting, the most important at the top; the format is that of the name.

    # Parameters

    importances : `Mapping[str, float]`
        Setting to the part of the spread of the scores that is due to it.
    metric : `str`
    path : `Path`
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    ordered = sorted(importances.items(), key=lambda item: item[1])
    figure = Figure(figsize=(7, 1 + 0.32 * len(ordered)), layout="constrained")
    axes = figure.add_subplot()
    bars = axes.barh([name for name, _ in ordered], [value for _, value in ordered], height=0.6)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set_xlim(0, 1.1 * max(value for _, value in ordered))
    axes.set_xlabel(f"part of the spread of {metric} (fANOVA)")
    axes.spines[["top", "right"]].set_visible(False)
    # The same numbers make the same file.
    with rc_context({"svg.hashsalt": path.stem}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
