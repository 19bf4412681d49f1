"""The tables of `docs/performance.md`: `python -m benchmarks.markdown [build/benchmark.json]`."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from benchmarks.report import figure_cells, show_ratio
from benchmarks.samples import Figure
from benchmarks.settings import ROOT


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def figures_table(figures: Sequence[Figure]) -> Iterator[str]:
    """The lines of the table of figures."""
    yield _row("figure", "against", "ours", "other", "ratio", "target", "n")
    yield _row(*["---"] * 2, *["---:"] * 5)
    for figure in figures:
        title, *cells = figure_cells(figure)
        yield _row(title.strip(), *cells)


def growth_table(growth: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of the table of growth, in tokens per second."""
    yield _row(
        "what grows", "to", "training", "crf_tagger", "ratio", "decoding", "crf_tagger", "ratio"
    )
    yield _row("---", *["---:"] * 7)
    for point in growth:
        cells = []
        for what in ("training", "decoding"):
            ours, theirs = point[what]["ours"], point[what]["theirs"]
            cells += [f"{ours:,.0f}", f"{theirs:,.0f}", show_ratio(ours / theirs)]
        yield _row(point["dimension"], f"{point['value']:,}", *cells)


def main(arguments: Optional[Sequence[str]] = None) -> None:
    given = sys.argv[1:] if arguments is None else arguments
    path = Path(given[0]) if given else ROOT / "build" / "benchmark.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    print("\n".join(figures_table([Figure.from_json(each) for each in content["figures"]])))
    if content["growth"]:
        print("\n" + "\n".join(growth_table(content["growth"])))


if __name__ == "__main__":
    main()
