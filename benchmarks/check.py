"""Holds a fresh short run against the targets: `python -m benchmarks.check [--data DIR]`.

Ends with 1 if a target is missed by more than a fifth.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from rich.console import Console

from benchmarks.figures import MEASUREMENTS, WITHOUT_TARGETS
from benchmarks.report import make_console, print_figures
from benchmarks.run import make_plan, measure
from benchmarks.samples import Figure
from benchmarks.settings import ROOT
from benchmarks.targets import TARGETS, verdicts


def judge(figures: Sequence[Figure], console: Console) -> bool:
    """Says how each figure stands to its target; whether all pass. A target that was not measured
    does not pass."""
    found = verdicts(list(figures))
    missing = sorted(set(TARGETS) - {verdict.key for verdict in found})
    for verdict in found:
        console.print(str(verdict), highlight=False)
    for key in missing:
        console.print(f"{key}: not measured", highlight=False)
    return not missing and all(verdict.passed for verdict in found)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.check", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "data")
    options = parser.parse_args(arguments)
    plan = make_plan(options.data, short=True)
    plan.require_data()
    figures = measure(plan, [letter for letter in MEASUREMENTS if letter not in WITHOUT_TARGETS])
    console = make_console()
    print_figures(figures, console)
    return 0 if judge(figures, console) else 1


if __name__ == "__main__":
    sys.exit(main())
