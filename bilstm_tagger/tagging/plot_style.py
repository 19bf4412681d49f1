"""How the plots look: settings of matplotlib."""

from typing import Any


def plot_style(ink: str, grid: str) -> dict[str, Any]:
    """Thin axes at the left and below, and a grid behind what is drawn.

    # Parameters

    ink : `str`
        The colour of text and axes.
    grid : `str`
        That of the grid.
    """
    return {
        # The same file for the same plot.
        "svg.hashsalt": "bilstm_tagger",
        # A name may have a dollar sign.
        "text.parse_math": False,
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.edgecolor": ink,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "grid.color": grid,
        "grid.linewidth": 0.6,
        "xtick.color": ink,
        "ytick.color": ink,
    }
