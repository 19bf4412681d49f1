"""The distribution of scores over seeds, in numbers.

Runs of one config differ by their seed alone, and often by more than the systems of two papers: one
score says little about a config, the distribution of many does (Reimers and Gurevych 2017,
*Reporting Score Distributions Makes a Difference*, arXiv 1707.09861).
"""

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Optional

import numpy

from bilstm_tagger.experiments.records import DEV, TEST, RunRecord, is_number
from bilstm_tagger.text.errors import UserError

# The order of two runs is always plus or minus one.
LEAST_FOR_RHO = 3
# Words in the names of metrics that are better when they are lower.
_LOWER = {"loss", "perplexity", "error", "errors", "mae", "mse", "rmse", "wer", "cer"}


@dataclasses.dataclass(frozen=True)
class Summary:
    """A summary of scores. Quartiles are interpolated linearly; the standard deviation is that of a
    sample (n - 1), and `None` for a single score."""

    n: int
    mean: float
    standard_deviation: float | None
    minimum: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float

    @classmethod
    def of(cls, scores: Iterable[float | None]) -> Optional["Summary"]:
        """Of the scores that are not `None`; `None` where there are none."""
        known = [score for score in scores if score is not None]
        if not known:
            return None
        deviation = float(numpy.std(known, ddof=1)) if len(known) > 1 else None
        quartiles = map(float, numpy.quantile(known, (0, 0.25, 0.5, 0.75, 1)))
        return cls(len(known), float(numpy.mean(known)), deviation, *quartiles)


def _mean(numbers: Iterable[float | None]) -> float | None:
    summary = Summary.of(numbers)
    return None if summary is None else summary.mean


@dataclasses.dataclass(frozen=True)
class ScoredRun:
    """A finished run, and its scores by one metric, both of its best epoch."""

    record: RunRecord
    dev: float | None
    test: float | None


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """A run that no number includes, and the reason."""

    name: str
    seed: int
    reason: str


@dataclasses.dataclass(frozen=True)
class Distribution:
    """The scores of a config over its seeds by one metric. `left_out` holds the runs that failed,
    or have no score by the metric."""

    name: str
    config_hash: str
    metric: str
    lower_is_better: bool
    runs: list[ScoredRun]
    left_out: list[LeftOut]

    @cached_property
    def dev(self) -> Summary | None:
        return Summary.of(run.dev for run in self.runs)

    @cached_property
    def test(self) -> Summary | None:
        return Summary.of(run.test for run in self.runs)

    @property
    def direction(self) -> str:
        """For a title."""
        return f"{'lower' if self.lower_is_better else 'higher'} is better"

    @property
    def best(self) -> ScoredRun | None:
        """The run that is best on dev; the first of equal ones."""
        scored = [run for run in self.runs if run.dev is not None]
        sign = 1 if self.lower_is_better else -1
        return min(scored, key=lambda run: sign * (run.dev or 0.0), default=None)

    @property
    def test_of_best(self) -> float | None:
        """The test score of the run that is best on dev: what is reported where one is chosen."""
        return self.best.test if self.best else None

    @property
    def pairs(self) -> list[tuple[float, float]]:
        """Dev and test of the runs that have both."""
        return [
            (run.dev, run.test) for run in self.runs if run.dev is not None and run.test is not None
        ]

    @cached_property
    def rho(self) -> float | None:
        """Spearman's rank correlation of dev and test over the runs: whether a run that is better
        on dev is better on test. `None` below three runs, or where all of a side are equal."""
        sides = list(zip(*self.pairs, strict=True))
        if len(self.pairs) < LEAST_FOR_RHO or any(len(set(side)) == 1 for side in sides):
            return None
        from scipy.stats import spearmanr  # type: ignore[import-untyped]

        return float(spearmanr(self.pairs).statistic)

    @property
    def best_epoch(self) -> float | None:
        """Mean over the runs."""
        return _mean(run.record.best_epoch for run in self.runs)

    @property
    def seconds(self) -> float | None:
        """Duration of a training, mean over the runs."""
        return _mean(run.record.seconds for run in self.runs)

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
            "minutes": self.seconds and self.seconds / 60,
            "runs": [
                {"seed": run.record.seed, "dev": run.dev, "test": run.test} for run in self.runs
            ],
            "left_out": [dataclasses.asdict(run) for run in self.left_out],
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
        runs = [run for config in group for run in config.runs]
        scores = [score for run in runs for score in (run.dev, run.test) if score is not None]
        return cls.of_scores(scores, any(config.lower_is_better for config in group))

    @classmethod
    def of_scores(cls, scores: Sequence[float], losses: bool) -> "Scale":
        """`of`, for scores; `losses`: lower ones are better."""
        if not losses and all(0 <= score <= 1 for score in scores):
            return cls(per_cent=True)
        largest = max(map(abs, scores), default=0.0) or 1.0
        decimals = 3 - math.floor(math.log10(largest))
        spread = max(scores, default=0.0) - min(scores, default=0.0)
        if 1e-9 * largest < spread < math.inf:
            decimals = max(decimals, 1 - math.floor(math.log10(spread)))
        return cls(per_cent=False, decimals=max(0, decimals))

    def __call__(self, score: float) -> float:
        return 100 * score if self.per_cent else score

    def show(self, score: float | None) -> str:
        """Empty for `None`."""
        return "" if score is None else f"{self(score):.{self.decimals}f}"

    def describe(self, metric: str) -> str:
        return f"{metric}, per cent" if self.per_cent else metric


def distributions(records: Sequence[RunRecord], metric: str | None = None) -> list[Distribution]:
    """The distribution of each config, in the order of the records.

    # Parameters

    metric : `str`, optional (default=`None`)
        Its name. A sign before it says whether higher (+) or lower (-) is better; without, the
        config decides, or the metric's name. `None`: the metric that each config chooses its epoch
        by, the first of several.

    # Errors

    `UserError` where no run has the metric.
    """
    lower = None
    if metric is not None and metric[:1] in ("+", "-"):
        lower, metric = metric[0] == "-", metric[1:]
    keys = {key for record in records if record.finished for key in record.metrics}
    known = {re.sub(f"^({DEV}|{TEST})", "", key) for key in keys}
    if metric is not None and metric not in known:
        there_are = ", ".join(sorted(known)) or "none, as no run finished"
        raise UserError(f"no run has the metric '{metric}'; there are: {there_are}")
    groups: dict[tuple[str, str], list[RunRecord]] = {}
    for record in records:
        groups.setdefault((record.name, record.config_hash), []).append(record)
    all_names = Counter(name for name, _ in groups)
    # Where a name has one config with finished runs, that config keeps it.
    finished_names = Counter(group[0].name for group in groups.values() if _any_finished(group))
    found = []
    for (name, config_hash), group in groups.items():
        rivals = finished_names if _any_finished(group) else all_names
        label = name if rivals[name] == 1 else f"{name} ({config_hash})"
        own_metric = metric or group[0].validation_metric or "loss"
        found.append(_distribution(label, own_metric, group, lower))
    return found


def by_metric(configs: Iterable[Distribution]) -> dict[str, list[Distribution]]:
    """Those of one metric together."""
    groups: dict[str, list[Distribution]] = {}
    for config in configs:
        groups.setdefault(config.metric, []).append(config)
    return groups


def _any_finished(group: Iterable[RunRecord]) -> bool:
    return any(record.finished for record in group)


def _distribution(
    label: str, metric: str, group: Sequence[RunRecord], lower: bool | None
) -> Distribution:
    runs, left_out = [], []
    for record in group:
        dev, test = record.dev(metric), record.test(metric)
        if not record.finished:
            reason = record.error or f"status: {record.status}"
        elif dev is None and test is None:
            reason = f"no score by '{metric}'"
        elif not all(map(is_number, (dev or 0.0, test or 0.0))):
            reason = f"a score by '{metric}' is no number"
        else:
            runs.append(ScoredRun(record, dev, test))
            continue
        left_out.append(LeftOut(label, record.seed, reason))
    if lower is None:
        lower = lower_is_better(metric, group[0].signed_metrics)
    return Distribution(label, group[0].config_hash, metric, lower, runs, left_out)


def lower_is_better(metric: str, signed_metrics: Sequence[Any]) -> bool:
    """By the sign that the metric has in the config; of other metrics, by the name."""
    for sign in "-+":
        if sign + metric in signed_metrics:
            return sign == "-"
    return not _LOWER.isdisjoint(re.split(r"[\W_]+", metric.lower()))
