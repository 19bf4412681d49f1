"""Measures and reports: `python -m benchmarks.run [--short] [--only a,b] [--repetitions N]`."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from benchmarks.figures import LETTERS, MEASUREMENTS, WITHOUT_DATA
from benchmarks.figures.growth import growth_points
from benchmarks.plan import Plan, progress
from benchmarks.plot import plot_growth
from benchmarks.processes import AVX2
from benchmarks.report import make_console, print_figures, print_growth, write_json
from benchmarks.samples import Figure
from benchmarks.settings import ROOT

_JSON = ROOT / "build" / "benchmark.json"
_PLOT = ROOT / "docs" / "performance.png"
_SHORT_PLOT = ROOT / "build" / "performance.png"


def _letters(text: str) -> list[str]:
    letters = [letter.strip() for letter in text.split(",")]
    for letter in letters:
        if letter not in LETTERS:
            raise argparse.ArgumentTypeError(f"{letter!r} is none of {', '.join(LETTERS)}")
    return letters


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=ROOT / "data", help="folder with conll2000/ and glove/"
    )
    parser.add_argument("--short", action="store_true", help="parts of everything")
    parser.add_argument(
        "--only", type=_letters, default=list(LETTERS), help="letters of figures, such as a,b"
    )
    parser.add_argument("--before", type=Path, help="a checkout of an earlier version, for i")
    parser.add_argument(
        "--avx2", action="store_true", help="without AVX-512, on a processor that has it"
    )
    parser.add_argument("--repetitions", type=int, help="instead of those of each figure")
    return parser


def measure(plan: Plan, letters: Sequence[str]) -> list[Figure]:
    """The figures of these letters; the lines that come with them, too."""
    wanted = [MEASUREMENTS[letter] for letter in letters if letter in MEASUREMENTS]
    if "e" in letters:
        wanted += [MEASUREMENTS["a"], MEASUREMENTS["d"]]
    return [figure for function in dict.fromkeys(wanted) for figure in function(plan)]


def make_plan(
    data: Path,
    short: bool,
    repetitions: Optional[int] = None,
    before: Optional[Path] = None,
) -> Plan:
    """A plan whose files go to `build/`."""
    directory = ROOT / "build" / "benchmark"
    directory.mkdir(parents=True, exist_ok=True)
    return Plan(data.resolve(), directory, short, repetitions, before and before.resolve())


def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = _parser().parse_args(arguments)
    if options.avx2:
        os.environ.update(AVX2)
    plan = make_plan(options.data, options.short, options.repetitions, options.before)
    if set(options.only) - WITHOUT_DATA:
        plan.require_data()
    figures = measure(plan, options.only)
    growth: list[dict[str, Any]] = growth_points(plan) if "h" in options.only else []
    console = make_console()
    if figures:
        print_figures(figures, console)
    if growth:
        print_growth(growth, console)
        plot_growth(growth, _SHORT_PLOT if plan.short else _PLOT)
    write_json(_JSON, figures, growth, plan.short)
    progress(f"All numbers are in {_JSON.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
