"""SVG pictures inside the text of a page.

They take ink, grid and series colours from the page (`currentColor`, `--grid`, `--dev`, `--test`,
`--quiet`, `--page`), and so follow it into the dark. The page scales them. All that are shown
beside each other have the same width, so that their letters stay equal.
"""

import re
from collections.abc import Callable
from html import escape
from typing import Any

from bilstm_tagger.tagging.plotting import draw

# Points of 1/72 inch; a point is an SVG unit. The width of a small screen, and of a large one.
WIDTH, WIDE = 360, 800
# The colours that matplotlib draws, which nothing else has, and those of the page.
INK, GRID, DEV, TEST, PAGE, TRAINING = (f"#01020{number}" for number in range(6))
_CSS = {
    INK: "currentColor",
    GRID: "var(--grid)",
    DEV: "var(--dev)",
    TEST: "var(--test)",
    PAGE: "var(--page)",
    TRAINING: "var(--quiet)",
}
_SETTINGS = {
    "svg.fonttype": "none",
    "savefig.transparent": True,
    # On a screen of 360 pixels, 11 pixels.
    **dict.fromkeys(("font.size", "axes.labelsize"), 12),
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 12),
    "axes.formatter.useoffset": False,
}
# Marks a point that is the best.
RING: dict[str, Any] = {
    "color": "none",
    "markeredgecolor": INK,
    "markersize": 10,
    "markeredgewidth": 1.2,
}


def svg_element(
    height: float, paint: Callable[[Any], None], label: str, prefix: str, width: float = WIDTH
) -> str:
    """An element of a page.

    # Parameters

    height, width : `float`
        In SVG units.
    paint : `Callable[[Axes], None]`
        Fills the axes of matplotlib.
    label : `str`
        What a screen reader says.
    prefix : `str`
        Stands before the ids in the SVG: each picture of a page needs its own.
    """
    svg = draw(
        (width / 72, height / 72),
        lambda figure: paint(figure.add_subplot()),
        ink=INK,
        grid=GRID,
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
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{content}'
