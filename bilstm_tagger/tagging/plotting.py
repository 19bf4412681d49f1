"""Figures in one style, the same bytes for the same data."""

import io
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from bilstm_tagger.text.requirements import missing

INK, GRID = "#222222", "#e3e3e3"


def draw(
    size: tuple[float, float],
    paint: Callable[[Any], None],
    file_format: str = "svg",
    ink: str = INK,
    grid: str = GRID,
    settings: Mapping[str, Any] | None = None,
) -> bytes:
    """Draws a figure: thin axes at the left and below, and a grid behind the data.

    # Parameters

    size : `Tuple[float, float]`
        Width and height in inches.
    paint : `Callable[[Figure], None]`
        Fills the figure of matplotlib.
    file_format : `str`
        "svg" or "png".
    ink, grid : `str`
        The colours of text and axes, and of the grid.
    settings : `Mapping[str, Any]`, optional
        Further settings of matplotlib.
    """
    try:
        import matplotlib.style
        from matplotlib.figure import Figure
    except ImportError as error:
        raise missing("matplotlib", "report", "A plot") from error

    style: dict[str, Any] = {
        "svg.hashsalt": "bilstm_tagger",
        # A name may have a dollar sign.
        "text.parse_math": False,
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), ink),
        **dict.fromkeys(("xtick.color", "ytick.color"), ink),
        **dict.fromkeys(("axes.linewidth", "grid.linewidth"), 0.6),
        **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
        "axes.axisbelow": True,
        "axes.grid": True,
        "grid.color": grid,
        **(settings or {}),
    }
    buffer = io.BytesIO()
    with matplotlib.style.context(["default", style]), warnings.catch_warnings():
        # The viewer of an SVG has the letters that matplotlib does not have.
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure = Figure(figsize=size, layout="constrained")
        paint(figure)
        metadata = {"Date": None} if file_format == "svg" else None
        figure.savefig(buffer, format=file_format, metadata=metadata)
    return buffer.getvalue()
