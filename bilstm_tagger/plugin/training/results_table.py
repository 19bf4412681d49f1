"""The results of every epoch and task as a table of tab separated values."""

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Optional

import msgspec

from bilstm_tagger.text.files import write_text


@dataclass(frozen=True)
class Result:
    """What a task has reached by an epoch, counted from 1. Scores are between 0 and 1; those on
    test are `None` where there is no test set.
    """

    epoch: int
    task: str
    # What the scores are, such as `chunk_f1`.
    metric: str
    # Of this epoch, and the best so far.
    dev: float
    best_dev: float
    # Of this epoch, and of that of the best on dev.
    test: Optional[float] = None
    test_at_best_dev: Optional[float] = None


_NAMES = [field.name for field in fields(Result)]
_ONLY_WITH_TEST = {"test", "test_at_best_dev"}


class ResultsTable:
    """A file that has a row for each result, and is complete at any time. One that is there is
    read, and goes on from there. `with_test`: there are columns for the test set.
    """

    def __init__(self, path: Path, with_test: bool) -> None:
        self.path = path
        self._names = [name for name in _NAMES if with_test or name not in _ONLY_WITH_TEST]
        self.results: list[Result] = []
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream, delimiter="\t"):
                    values = {name: value or None for name, value in row.items()}
                    self.results.append(msgspec.convert(values, Result, strict=False))

    def keep_epochs(self, number: int) -> None:
        """Forgets what comes after so many epochs: a training that goes on repeats it."""
        self.results = [result for result in self.results if result.epoch <= number]
        self._write()

    def best(self, task: str) -> Optional[Result]:
        """The result of the best epoch on dev; of equal ones, the first."""
        results = [result for result in self.results if result.task == task]
        return max(results, key=lambda each: each.dev, default=None)

    def add(
        self, epoch: int, task: str, metric: str, dev: float, test: Optional[float]
    ) -> tuple[Result, bool]:
        """Adds the result of an epoch; returns it, and whether it is the best of the task."""
        best = self.best(task)
        is_best = best is None or dev > best.dev
        at_best = (dev, test) if best is None or is_best else (best.dev, best.test)
        self.results.append(Result(epoch, task, metric, dev, at_best[0], test, at_best[1]))
        self._write()
        return self.results[-1], is_best

    def _write(self) -> None:
        stream = io.StringIO()
        writer = csv.DictWriter(
            stream, self._names, extrasaction="ignore", delimiter="\t", lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(asdict(result) for result in self.results)
        write_text(self.path, stream.getvalue())
