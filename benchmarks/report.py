"""The table, and the file that keeps all numbers."""

import importlib.metadata
import json
import math
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.processes import limited_to_avx2
from benchmarks.samples import Figure
from benchmarks.targets import TARGETS, Verdict

_PACKAGES = ("torch", "allennlp", "allennlp-models", "numpy")


def processor() -> str:
    """The model of the processor, in words."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def surroundings() -> dict[str, Any]:
    """Machine and versions."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        **({"instructions": "AVX2"} if limited_to_avx2() else {}),
        "system": platform.system(),
        "python": platform.python_version(),
        **versions,
    }


def make_console() -> Console:
    """A console as wide as the table, where there is no terminal that says how wide it is."""
    console = Console()
    return console if console.is_terminal else Console(width=130)


def show_ratio(ratio: float) -> str:
    if math.isnan(ratio):
        return ""
    return f"{ratio:.2f} x" if ratio < 10 else f"{ratio:.1f} x"


def figure_cells(figure: Figure) -> list[str]:
    """A row of the table of figures: title, against, ours, other, ratio, target, n."""
    target = TARGETS.get(figure.key)
    return [
        figure.title,
        figure.against,
        figure.show(figure.ours),
        figure.show(figure.reference),
        show_ratio(figure.ratio()),
        "" if target is None else f"{target:g} x",
        str(figure.repetitions),
    ]


def _coloured(figure: Figure, text: str) -> str:
    """A ratio, red where it misses its target."""
    target = TARGETS.get(figure.key)
    if target is None:
        return text
    colour = "green" if Verdict(figure.key, figure.ratio(), target).reached else "red"
    return f"[{colour}]{text}[/{colour}]"


def print_figures(figures: Sequence[Figure], console: Console) -> None:
    """The table of figures."""
    table = Table(title="Medians, measured in turn")
    table.add_column("figure")
    table.add_column("against")
    for heading in ("ours", "other", "ratio", "target", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    for figure in figures:
        *left, ratio, target, number = figure_cells(figure)
        table.add_row(*left, _coloured(figure, ratio), target, number)
    console.print(table)


def print_growth(growth: Sequence[dict[str, Any]], console: Console) -> None:
    """The table of how training and decoding grow."""
    table = Table(title="Growth, tokens/s")
    table.add_column("what grows")
    table.add_column("to", justify="right")
    for heading in ("training, ours", "theirs", "ratio", "decoding, ours", "theirs", "ratio"):
        table.add_column(heading, justify="right", no_wrap=True)
    for point in growth:
        cells = []
        for what in ("training", "decoding"):
            ours, theirs = point[what]["ours"], point[what]["theirs"]
            cells += [f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.1f} x"]
        table.add_row(point["dimension"], f"{point['value']:,}", *cells)
    console.print(table)


def write_json(
    path: Path, figures: Sequence[Figure], growth: Sequence[dict[str, Any]], short: bool
) -> None:
    """All numbers, with machine and versions."""
    content = {
        "surroundings": surroundings(),
        "short": short,
        "figures": [{**figure.to_json(), "target": TARGETS.get(figure.key)} for figure in figures],
        "growth": list(growth),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
