"""The figures: each function measures some and returns lines of the table."""

from collections.abc import Callable

from benchmarks.figures.commands import command_figures
from benchmarks.figures.network import network_figures
from benchmarks.figures.parts import part_figures
from benchmarks.figures.start import start_figures
from benchmarks.figures.tagging import tagging_figures
from benchmarks.plan import Plan
from benchmarks.samples import Figure

# By letter. Some figures come out of the same measurement as others.
MEASUREMENTS: dict[str, Callable[[Plan], list[Figure]]] = {
    "a": network_figures,
    "b": network_figures,
    "c": command_figures,
    "d": start_figures,
    "f": part_figures,
    "g": part_figures,
    "i": tagging_figures,
}
# These make their data themselves.
WITHOUT_DATA = {"d", "f", "g"}
# These have no targets: they compare with other programs that need not be there.
WITHOUT_TARGETS = {"i"}
# Memory is told by the processes that train and start.
LETTERS = (*MEASUREMENTS, "e", "h")

__all__ = ["LETTERS", "MEASUREMENTS", "WITHOUT_DATA", "WITHOUT_TARGETS"]
