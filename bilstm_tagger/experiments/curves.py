"""One training in numbers: losses, scores and learning rates over its epochs."""

import csv
import dataclasses
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Optional

import numpy

from bilstm_tagger.experiments.distribution import Scale, lower_is_better
from bilstm_tagger.experiments.records import LEARNING_RATE, is_number, signed_metrics
from bilstm_tagger.text.errors import PathLike, UserError

# The parts of the data.
TRAINING, DEV, TEST = PARTS = ("training", "validation", "test")
# Plots of scores where nothing says which of them matter: a plot takes a tenth of a second.
_MAX_SCORES = 20


@dataclasses.dataclass(frozen=True)
class Curve:
    """A metric over the epochs of a training."""

    metric: str
    lower_is_better: bool
    # The number of each value, counted from 1.
    epochs: Sequence[int]
    # By the part of the data, only of parts that have it: a value for each epoch, NaN for none.
    values: dict[str, list[float]]

    @property
    def best(self) -> Optional[int]:
        """The index of the best epoch on dev, the first of equal ones; `None` without scores."""
        scores = numpy.array(self.values.get(DEV, ()))
        if not numpy.isfinite(scores).any():
            return None
        return int(numpy.nanargmin(scores) if self.lower_is_better else numpy.nanargmax(scores))

    @property
    def scale(self) -> Scale:
        """How its values are shown. A loss has the digits that its last values need: it begins far
        above them."""
        losses = self.lower_is_better or self.is_rate
        start = -1 if losses else 0
        numbers = [value for values in self.values.values() for value in values[start:]]
        return Scale.of_scores([*filter(is_number, numbers)], losses)

    @property
    def is_rate(self) -> bool:
        """Whether it is a learning rate, of which none is the best."""
        return self.metric.startswith(LEARNING_RATE)

    @property
    def is_loss(self) -> bool:
        return self.metric.split("_")[-1] == "loss"

    def to_json(self) -> dict[str, Any]:
        """All numbers, as they are recorded; `None` where there is none."""
        best = self.best
        return {
            "metric": self.metric,
            "lower_is_better": self.lower_is_better,
            "best_epoch": None if best is None else self.epochs[best],
            **{
                part: [value if is_number(value) else None for value in values]
                for part, values in self.values.items()
            },
        }


@dataclasses.dataclass(frozen=True)
class Training:
    """What a training has left in its folder so far."""

    name: str
    finished: bool
    # The numbers of the epochs, counted from 1.
    epochs: list[int]
    # The epoch whose weights the archive has, and the metrics that it is chosen by.
    best_epoch: Optional[int]
    chosen_by: list[str]
    curves: list[Curve]
    # The metrics that the table of results has, one for each task.
    main_metrics: list[str]

    @property
    def losses(self) -> list[Curve]:
        """That of all tasks comes first."""
        losses = [curve for curve in self.curves if curve.is_loss]
        return sorted(losses, key=lambda curve: curve.metric != "loss")

    @property
    def rates(self) -> list[Curve]:
        return [curve for curve in self.curves if curve.is_rate]

    @cached_property
    def main_scores(self) -> list[Curve]:
        """The score of each task; where the tasks are not known, the first scores."""
        scores = [curve for curve in self.curves if not curve.is_loss and not curve.is_rate]
        of_tasks = [curve for curve in scores if curve.metric in self.main_metrics]
        return of_tasks or scores[:_MAX_SCORES]

    @property
    def all_in_order(self) -> list[Curve]:
        """The scores of the tasks, then losses, learning rates and all other scores."""
        first = [*self.main_scores, *self.losses, *self.rates]
        return [*first, *(curve for curve in self.curves if curve not in first)]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "finished": self.finished,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "chosen_by": self.chosen_by,
            "curves": [curve.to_json() for curve in self.all_in_order],
        }


def read_training(folder: PathLike) -> Training:
    """What is in the folder of a training (`allennlp train -s`), which may still be going on.

    # Errors

    `UserError` where there is no epoch, or a file cannot be read.
    """
    folder = Path(folder)
    paths = {
        int(suffix): path
        for path in folder.glob("metrics_epoch_*.json")
        if (suffix := path.stem.rsplit("_", 1)[1]).isdecimal()
    }
    if not paths:
        raise UserError(
            "no epoch of a training is here: give the folder of one training (allennlp train -s), "
            "which has metrics_epoch_0.json when its first epoch is over",
            folder,
        )
    metrics: list[dict[str, Any]] = []
    epochs: list[int] = []
    for number in sorted(paths):
        try:
            metrics.append(_json_object(paths[number]))
        except UserError:
            if not metrics or number < max(paths):
                raise
            break  # It is being written.
        epochs.append(number + 1)
    config_file = folder / "config.json"
    chosen_by = signed_metrics(_json_object(config_file) if config_file.is_file() else {})
    table = _read_table(folder / "results.tsv")
    series: dict[str, dict[str, list[float]]] = {}
    for key in {key: None for epoch in metrics for key in epoch}:
        part, _, metric = key.partition("_")
        if part in (TRAINING, DEV) and not metric.endswith("_memory_MB"):
            values = [_number(epoch.get(key)) for epoch in metrics]
            if metric != "duration" and numpy.isfinite(values).any():
                series.setdefault(metric, {})[part] = values
    for metric, scores in table.items():
        values = [scores.get(epoch, numpy.nan) for epoch in epochs]
        if metric in series and numpy.isfinite(values).any():
            series[metric][TEST] = values
    if not series:
        raise UserError(
            "no epoch has a loss, a score or a learning rate that is a number; give the folder of "
            "another training",
            folder,
        )
    best = metrics[-1].get("best_epoch")
    return Training(
        name=folder.resolve().name,
        finished=(folder / "metrics.json").is_file(),
        epochs=epochs,
        best_epoch=best + 1 if isinstance(best, int) else None,
        chosen_by=[str(metric).lstrip("+-") for metric in chosen_by],
        curves=[
            Curve(metric, lower_is_better(metric, chosen_by), epochs, values)
            for metric, values in series.items()
        ],
        main_metrics=[*table],
    )


def _read_table(path: Path) -> dict[str, dict[int, float]]:
    """Of `results.tsv`: metric to epoch to score on test, which is empty without a test set. None
    where there is no table: other trainings do not write it."""
    table: dict[str, dict[int, float]] = {}
    if path.is_file():
        try:
            for row in csv.DictReader(
                path.read_text(encoding="utf-8").splitlines(), delimiter="\t"
            ):
                scores = table.setdefault(row["metric"], {})
                if test := row.get("test"):
                    scores[int(row["epoch"])] = float(test)
        except (KeyError, ValueError) as error:
            raise UserError(f"not a table of results ({error!r}); remove it", path) from error
    return table


def _json_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", path) from error
    except ValueError as error:
        raise UserError(f"no valid JSON ({error}); remove it", path) from error
    if not isinstance(content, dict):
        raise UserError("expected a JSON object, as a training writes it; remove it", path)
    return content


def _number(value: Any) -> float:
    return float(value) if is_number(value) else numpy.nan
