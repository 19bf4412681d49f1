"""The distribution of scores over seeds, in numbers.

Runs of one config differ by their seed alone, and often by more than the systems of two papers: one
score says little of a config, the distribution of many does (Reimers and Gurevych 2017, *Reporting
Score Distributions Makes a Difference*, arXiv 1707.09861).
"""

import dataclasses
import math
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Optional

import numpy

from bilstm_tagger.experiments.records import DEV, TEST, RecordError, RunRecord, by_config

# The order of two runs is always plus or minus one.
LEAST_FOR_RHO = 3
# Words in the names of metrics of which less is better.
_LOWER = {"loss", "perplexity", "error", "errors", "mae", "mse", "rmse", "wer", "cer"}


@dataclasses.dataclass(frozen=True)
class Summary:
    """Of scores. Quartiles are interpolated linearly; the standard deviation is that of a sample
    (n - 1), and `None` for a single score."""

    n: int
    mean: float
    standard_deviation: Optional[float]
    minimum: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float

    @classmethod
    def of(cls, scores: Sequence[float]) -> Optional["Summary"]:
        """`None` where there are no scores."""
        if not scores:
            return None
        low, median, high = map(float, numpy.quantile(scores, (0.25, 0.5, 0.75)))
        deviation = float(numpy.std(scores, ddof=1)) if len(scores) > 1 else None
        mean = float(numpy.mean(scores))
        return cls(len(scores), mean, deviation, min(scores), low, median, high, max(scores))


@dataclasses.dataclass(frozen=True)
class ScoredRun:
    """A finished run, and its scores by one metric, both of its best epoch."""

    record: RunRecord
    dev: Optional[float]
    test: Optional[float]


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """A run that is in no number, and why."""

    name: str
    seed: int
    reason: str


@dataclasses.dataclass(frozen=True)
class Distribution:
    """The scores of a config over its seeds.

    # Parameters

    name : `str`
        Of the config.
    config_hash : `str`
    metric : `str`
    lower_is_better : `bool`
    runs : `List[ScoredRun]`
        By seed.
    left_out : `List[LeftOut]`
        Runs that failed, or have no score by the metric.
    """

    name: str
    config_hash: str
    metric: str
    lower_is_better: bool
    runs: list[ScoredRun]
    left_out: list[LeftOut]

    @cached_property
    def dev(self) -> Optional[Summary]:
        return Summary.of([run.dev for run in self.runs if run.dev is not None])

    @cached_property
    def test(self) -> Optional[Summary]:
        return Summary.of([run.test for run in self.runs if run.test is not None])

    @property
    def direction(self) -> str:
        """For a title."""
        return f"{'lower' if self.lower_is_better else 'higher'} is better"

    @property
    def best(self) -> Optional[ScoredRun]:
        """The run that is best on dev; the first of equal ones."""
        scored = [run for run in self.runs if run.dev is not None]
        sign = 1 if self.lower_is_better else -1
        return min(scored, key=lambda run: sign * (run.dev or 0.0), default=None)

    @property
    def test_of_best(self) -> Optional[float]:
        """The test score of the run that is best on dev: what is reported where one is chosen."""
        return self.best.test if self.best else None

    @property
    def pairs(self) -> list[tuple[float, float]]:
        """Dev and test of the runs that have both."""
        return [
            (run.dev, run.test) for run in self.runs if run.dev is not None and run.test is not None
        ]

    @cached_property
    def rho(self) -> Optional[float]:
        """Spearman's rank correlation of dev and test over the runs: whether a run that is better
        on dev is better on test. `None` below three runs, or where all of a side are equal."""
        sides = list(zip(*self.pairs, strict=True))
        if len(self.pairs) < LEAST_FOR_RHO or any(len(set(side)) == 1 for side in sides):
            return None
        from scipy.stats import spearmanr  # type: ignore[import-untyped]

        return float(spearmanr(self.pairs).statistic)

    @property
    def best_epoch(self) -> Optional[float]:
        """Mean over the runs."""
        return _mean(run.record.best_epoch for run in self.runs)

    @property
    def minutes(self) -> Optional[float]:
        """That a training took, mean over the runs."""
        seconds = _mean(run.record.seconds for run in self.runs)
        return None if seconds is None else seconds / 60

    def to_json(self) -> dict[str, Any]:
        """All numbers; scores as they are recorded, not in per cent."""
        return {
            "name": self.name,
            "config_hash": self.config_hash,
            "metric": self.metric,
            "lower_is_better": self.lower_is_better,
            "dev": self.dev and dataclasses.asdict(self.dev),
            "test": self.test and dataclasses.asdict(self.test),
            "test_of_best_on_dev": self.test_of_best,
            "spearman": {"rho": self.rho, "n": len(self.pairs)},
            "best_epoch": self.best_epoch,
            "minutes": self.minutes,
            "runs": [
                {"seed": run.record.seed, "dev": run.dev, "test": run.test} for run in self.runs
            ],
            "left_out": [dataclasses.asdict(each) for each in self.left_out],
        }


@dataclasses.dataclass(frozen=True)
class Scale:
    """How scores by a metric are shown."""

    per_cent: bool
    decimals: int = 2

    @classmethod
    def of(cls, group: Iterable[Distribution]) -> "Scale":
        """In per cent where all scores of the configs lie in [0, 1] and are no losses; else with
        four digits of the largest, or two of how far they are apart, if that is more."""
        group = list(group)
        given = [score for each in group for run in each.runs for score in (run.dev, run.test)]
        scores = [score for score in given if score is not None]
        if not any(each.lower_is_better for each in group) and all(0 <= x <= 1 for x in scores):
            return cls(per_cent=True)
        largest = max(map(abs, scores), default=0.0) or 1.0
        decimals = 3 - math.floor(math.log10(largest))
        spread = max(scores, default=0.0) - min(scores, default=0.0)
        if spread > 1e-9 * largest:
            decimals = max(decimals, 1 - math.floor(math.log10(spread)))
        return cls(per_cent=False, decimals=max(0, decimals))

    def __call__(self, score: float) -> float:
        return 100 * score if self.per_cent else score

    def show(self, score: Optional[float]) -> str:
        """Nothing for `None`."""
        return "" if score is None else f"{self(score):.{self.decimals}f}"

    def describe(self, metric: str) -> str:
        return f"{metric}, per cent" if self.per_cent else metric


def distributions(records: Sequence[RunRecord], metric: Optional[str] = None) -> list[Distribution]:
    """The distribution of each config, in the order of the records.

    # Parameters

    records : `Sequence[RunRecord]`
    metric : `str`, optional, (default = `None`)
        Its name, perhaps with + or - before it, for whether more or less of it is better (by
        default as the config says, or its name). By default the one that each config chooses its
        epoch by, the first of several.

    # Errors

    `RecordError` where no run has the metric.
    """
    names = {
        (group[0].name, group[0].config_hash): name for name, group in by_config(records).items()
    }
    runs_of: dict[tuple[str, str], list[RunRecord]] = {}
    for record in records:
        runs_of.setdefault((record.name, record.config_hash), []).append(record)
    known = {
        key.removeprefix(prefix)
        for record in records
        if record.finished
        for key in record.metrics
        for prefix in (DEV, TEST)
        if key.startswith(prefix)
    }
    lower = None
    if metric is not None and metric[:1] in ("+", "-"):
        lower, metric = metric[0] == "-", metric[1:]
    if metric is not None and metric not in known:
        there_are = ", ".join(sorted(known)) or "none, as no run finished"
        raise RecordError(f"no run has the metric '{metric}'; there are: {there_are}")
    found = []
    for (name, config_hash), group in runs_of.items():
        # A config of which every run failed is in no group of `by_config`.
        label = names.get((name, config_hash))
        if label is None:
            many = sum(other == name for other, _ in runs_of) > 1
            label = f"{name} ({config_hash})" if many else name
        chosen = metric or group[0].validation_metric or "loss"
        found.append(_distribution(label, chosen, group, lower))
    return found


def by_metric(found: Iterable[Distribution]) -> dict[str, list[Distribution]]:
    """Those of one metric together."""
    groups: dict[str, list[Distribution]] = {}
    for each in found:
        groups.setdefault(each.metric, []).append(each)
    return groups


def _distribution(
    label: str, metric: str, group: Sequence[RunRecord], lower: Optional[bool] = None
) -> Distribution:
    runs, left_out = [], []
    for record in group:
        given = [each for each in (record.dev(metric), record.test(metric)) if each is not None]
        if not record.finished:
            reason = record.error or f"status: {record.status}"
        elif not given:
            reason = f"no score by '{metric}'"
        elif not all(map(_is_number, given)):
            reason = f"a score by '{metric}' is no number"
        else:
            runs.append(ScoredRun(record, record.dev(metric), record.test(metric)))
            continue
        left_out.append(LeftOut(label, record.seed, reason))
    first = group[0]
    if lower is None:
        lower = _lower_is_better(metric, first)
    return Distribution(label, first.config_hash, metric, lower, runs, left_out)


def _is_number(value: Any) -> bool:
    """Whether it is one; a diverged training has NaN."""
    return isinstance(value, (int, float)) and math.isfinite(value)


def _lower_is_better(metric: str, record: RunRecord) -> bool:
    """As the config has it (- or +); of another metric, by its name."""
    given = (record.config.get("trainer") or {}).get("validation_metric", "-loss")
    signed = given if isinstance(given, list) else [given]
    if f"-{metric}" in signed or f"+{metric}" in signed:
        return f"-{metric}" in signed
    return not _LOWER.isdisjoint(re.split(r"[\W_]+", metric.lower()))


def _mean(values: Iterable[Optional[float]]) -> Optional[float]:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
