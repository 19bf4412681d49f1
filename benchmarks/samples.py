"""What is measured, and what is made of it: medians and ratios."""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Optional

WALL = "wall"
CPU = "cpu"
MEMORY = "memory"

# What `ru_maxrss` counts in.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def megabytes(maxrss: int) -> float:
    """`ru_maxrss` in megabytes (2 ** 20 bytes)."""
    return maxrss * _MAXRSS_UNIT / 2**20


@dataclass(frozen=True)
class Sample:
    """One measurement.

    # Parameters

    wall : `float`
        Seconds by the clock.
    cpu : `float`
        Seconds that the process computed.
    memory : `float`
        The most that the process has had in memory so far, in megabytes.
    """

    wall: float
    cpu: float
    memory: float = 0.0

    def minus(self, other: "Sample") -> "Sample":
        """The same without what `other` took, but never less than nothing."""
        return Sample(max(self.wall - other.wall, 0.0), max(self.cpu - other.cpu, 0.0), self.memory)


def timed(function: Callable[[], Any]) -> Sample:
    """Calls a function; what it took in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Sample(wall, cpu, megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def middle(samples: list[Sample], measure: str) -> float:
    """The median of one measure."""
    return median(getattr(sample, measure) for sample in samples)


def without_start(runs: list[Sample], starts: list[Sample]) -> list[Sample]:
    """Runs less the median of those that do nothing but what all have to do first."""
    start = Sample(middle(starts, WALL), middle(starts, CPU))
    return [sample.minus(start) for sample in runs]


@dataclass
class Figure:
    """One line of the table: ours beside something else, of which less is better.

    # Parameters

    key : `str`
        By which the targets know it.
    title : `str`
        What is measured.
    against : `str`
        What ours is held against.
    ours, reference : `List[Sample]`
        The measurements of both, made in turn. No reference: ours is shown alone.
    measure : `str`, optional (default = `"cpu"`)
        What is compared: "cpu", "wall" or "memory".
    amount : `float`, optional (default = `None`)
        How many `unit` a measurement is for, to tell the rate.
    unit : `str`, optional (default = `""`)
        What the rate counts.
    """

    key: str
    title: str
    against: str
    ours: list[Sample]
    reference: list[Sample]
    measure: str = CPU
    amount: Optional[float] = None
    unit: str = ""

    def ratio(self, measure: Optional[str] = None) -> float:
        """Median of the reference by ours: how many times better ours is."""
        measure = measure or self.measure
        if not self.reference:
            return float("nan")
        ours = middle(self.ours, measure)
        return middle(self.reference, measure) / ours if ours else float("nan")

    @property
    def repetitions(self) -> int:
        return min(len(self.ours), len(self.reference) or len(self.ours))

    def show(self, samples: list[Sample]) -> str:
        """The median in words: a rate, a time, or a size; nothing of no measurements."""
        if not samples:
            return ""
        value = middle(samples, self.measure)
        if self.measure == MEMORY:
            return f"{value:,.0f} MB"
        if self.amount is not None and value:
            return f"{self.amount / value:,.0f} {self.unit}/s"
        return f"{value:,.2f} s" if value >= 1 else f"{1000 * value:,.2f} ms"

    def to_json(self) -> dict[str, Any]:
        """All of it, with both medians and ratios."""
        return {
            "key": self.key,
            "title": self.title,
            "against": self.against,
            "measure": self.measure,
            "amount": self.amount,
            "unit": self.unit,
            "ratio": self.ratio(),
            "ratio_cpu": self.ratio(CPU),
            "ratio_wall": self.ratio(WALL),
            "repetitions": self.repetitions,
            "ours": _summary(self.ours),
            "reference": _summary(self.reference),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Figure":
        """The figure of what `to_json` gave."""
        names = ("key", "title", "against", "measure", "amount", "unit")
        values: dict[str, Any] = {name: content[name] for name in names}
        for side in ("ours", "reference"):
            values[side] = [Sample(**sample) for sample in content[side]["samples"]]
        return cls(**values)


def _summary(samples: list[Sample]) -> dict[str, Any]:
    measures = (WALL, CPU, MEMORY) if samples else ()
    medians = {measure: middle(samples, measure) for measure in measures}
    return {"median": medians, "samples": [asdict(sample) for sample in samples]}


def alternate(
    functions: dict[str, Callable[[], Sample]], repetitions: int
) -> dict[str, list[Sample]]:
    """Measures several things in turn, so that what disturbs one disturbs all.

    # Parameters

    functions : `Dict[str, Callable[[], Sample]]`
        Name to what measures once.
    repetitions : `int`
        How often each is measured.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in functions}
    for _ in range(repetitions):
        for name, function in functions.items():
            samples[name].append(function())
    return samples
