"""Do the scores of configs differ by more than their seeds make them differ?

Runs of one config that differ by their seed alone differ in score, often by more than two methods
do, so that a single run of each tells nothing. Here the scores of several runs a side are compared.

Source: Reimers and Gurevych, "Reporting Score Distributions Makes a Difference" (EMNLP 2017, arXiv
1707.09861), and "Why Comparing Single Performance Scores Does Not Allow to Draw Conclusions About
Machine Learning Approaches" (arXiv 1803.09578).
"""

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Optional

from bilstm_tagger.experiments.distribution import Distribution, distributions
from bilstm_tagger.experiments.records import (
    RecordError,
    check_names,
    chosen,
    read_records,
)
from bilstm_tagger.experiments.statistics import (
    PERMUTATIONS,
    bootstrap_interval,
    correct,
    is_exact,
    least_p,
    mann_whitney,
    mean_difference,
    permutation_p,
    pooled_deviation,
    runs_needed,
    welch_p,
)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two configs, A and B, and what the test of them was.

    # Parameters

    a, b : `str`
        Their names.
    runs : `Tuple[int, int]`
        Of A and of B.
    difference : `float`
        Mean of A minus mean of B.
    interval : `Tuple[float, float]`, optional
        Bootstrap interval of the difference, of level 1 - alpha, for this comparison alone. It is
        too narrow for few runs. `None` where neither side has any spread.
    interval_method : `str`, optional
        "BCa", or "percentile" where BCa is undefined.
    superiority : `float`
        Probability that a random run of A is better than a random run of B, ties half.
    mann_whitney_u, mann_whitney_p : `float`
        U of A, and two-sided p.
    permutation_p : `float`
        Two-sided p of the permutation test of the difference of means.
    welch_p : `float`
        Two-sided p of Welch's t test of it, corrected likewise. The permutation test asks whether
        the sides are of one distribution: where the side of fewer runs has the wider spread, it
        says too often that they are not, with equal means, too. The verdict that one is better
        takes both.
    exact : `bool`
        Whether that tried all permutations.
    corrected_p : `float`
        `permutation_p`, corrected for the number of comparisons.
    least_corrected_p : `float`
        What `corrected_p` is at least with so many runs, whatever their scores.
    level : `float`
        The p that is below alpha after correction, whatever the other comparisons give.
    runs_needed : `int`, optional
        Runs a side that would show such a difference at `level` in 4 of 5 cases.
    alpha : `float`
        The rate of false claims that is accepted.
    correction : `str`
        See `statistics.correct`.
    comparisons : `int`
        The number of comparisons that is corrected for.
    lower_is_better : `bool`
    """

    a: str
    b: str
    runs: tuple[int, int]
    difference: float
    interval: Optional[tuple[float, float]]
    interval_method: Optional[str]
    superiority: float
    mann_whitney_u: float
    mann_whitney_p: float
    permutation_p: float
    welch_p: float
    exact: bool
    corrected_p: float
    least_corrected_p: float
    level: float
    runs_needed: Optional[int]
    alpha: float
    correction: str
    comparisons: int
    lower_is_better: bool

    @property
    def differ(self) -> bool:
        """Whether the sides differ, be it in spread alone."""
        return self.corrected_p < self.alpha

    @property
    def better(self) -> Optional[str]:
        """The name of the better config; `None` where the tests do not tell."""
        if not (self.differ and self.welch_p < self.alpha):
            return None
        return self.a if (self.difference > 0) != self.lower_is_better else self.b


def read_configs(
    sources: Sequence[str], metric: Optional[str] = None, only: Sequence[str] = ()
) -> dict[str, Distribution]:
    """The configs of all sources, by a name for each.

    # Parameters

    sources : `Sequence[str]`
        Folders of runs, or tables of them. A config that stands in several with other runs is
        taken for several, as it may come from other code or another machine.
    metric : `str`, optional
        By default the one that the configs choose their epoch by.
    only : `Sequence[str]`, optional
        Names, or hashes, of the configs that are wanted; by default all.

    # Errors

    `RecordError` where there are fewer than two, or where they have no metric in common.
    """
    found: list[tuple[str, Distribution]] = []
    records_of = {source: read_records(source) for source in sources}
    check_names(list(itertools.chain(*records_of.values())), only)
    for source, all_records in records_of.items():
        records = chosen(all_records, only)
        if not records:
            continue
        try:
            configs = distributions(records, metric)
        except RecordError as error:
            raise RecordError(f"{source}: {error}") from error
        for each in configs:
            # The same runs come twice where a folder lies within another.
            if not any(each.runs and each.runs == other.runs for _, other in found):
                found.append((source, each))
    if len(found) < 2:
        raise RecordError(
            f"{', '.join(sources)}: expected the runs of at least two configs, found "
            + (f"those of {found[0][1].name} alone" if found else "none")
        )
    metrics = sorted({each.metric for _, each in found})
    if len(metrics) > 1:
        raise RecordError(
            f"the configs choose their epoch by different metrics, {', '.join(metrics)}: say which "
            "to compare by, --metric, and where not all have it, of which configs, --configs"
        )
    directions = {each.lower_is_better for _, each in found}
    if len(directions) > 1:
        raise RecordError(
            f"by the configs' validation_metric higher {metrics[0]} is better in some, lower in "
            "others; compare them by another, --metric"
        )
    names = Counter(each.name for _, each in found)
    return {
        each.name if names[each.name] == 1 else f"{each.name} ({source})": each
        for source, each in found
    }


def scores_of(name: str, config: Distribution, part: str) -> list[float]:
    """The scores of a config's runs on a part, "dev" or "test"; those without are left out.

    # Errors

    `RecordError` where there are fewer than two.
    """
    scores = [getattr(run, part) for run in config.runs]
    known = [score for score in scores if score is not None]
    if part == "test" and scores and not known:
        raise RecordError(
            f"{name}: no run has a test score by '{config.metric}'; compare the scores on the "
            "validation data, --part dev"
        )
    if len(known) < 2:
        reasons = Counter(run.reason for run in config.left_out)
        left_out = "".join(f"; {count} left out: {why}" for why, count in reasons.items())
        raise RecordError(
            f"{name}: expected at least two runs with a {part} score by '{config.metric}', found "
            f"{len(known)}{left_out}; choose the others by --configs"
        )
    return known


def compare_all(
    samples: Mapping[str, Sequence[float]],
    alpha: float = 0.05,
    correction: str = "holm",
    seed: int = 13,
    lower_is_better: bool = False,
) -> list[Comparison]:
    """Compares each config with each other one.

    # Parameters

    samples : `Dict[str, List[float]]`
        The scores of the runs of each config, by its name; at least two of each.
    alpha : `float`
        The rate of false claims that is accepted.
    correction : `str`
        For the number of comparisons, see `statistics.correct`.
    seed : `int`
        Of the resampling.
    lower_is_better : `bool`

    # Errors

    `ValueError` for a sample of fewer than two scores, a score that is no finite number, or an
    unknown correction.
    """
    for name, sample in samples.items():
        if len(sample) < 2:
            raise ValueError(f"{name}: expected at least two runs, found {len(sample)}")
        if not all(map(math.isfinite, sample)):
            raise ValueError(f"{name}: expected finite scores, found {list(sample)}")
    pairs = [(a, b, samples[a], samples[b]) for a, b in itertools.combinations(samples, 2)]
    level = alpha if correction == "none" else alpha / max(1, len(pairs))
    # So many that at the level there are ten on each side.
    permutations = max(PERMUTATIONS, math.ceil(20 / level))
    ps = [permutation_p(x, y, permutations, seed) for _, _, x, y in pairs]
    welch = [
        p if (each := welch_p(x, y)) is None else each
        for (_, _, x, y), p in zip(pairs, ps, strict=True)
    ]
    least = [least_p(len(x), len(y), permutations) for _, _, x, y in pairs]
    # Each correction is monotone: none goes below that of the least p of all comparisons.
    corrected = zip(ps, *(correct(each, correction) for each in (welch, ps, least)), strict=True)
    found = []
    for (a, b, x, y), (p, welch_corrected_p, corrected_p, least_corrected_p) in zip(
        pairs, corrected, strict=True
    ):
        u, u_p = mann_whitney(x, y)
        higher = u / (len(x) * len(y))
        difference = mean_difference(x, y)
        interval, method = bootstrap_interval(x, y, 1 - alpha, seed)
        found.append(
            Comparison(
                a=a,
                b=b,
                runs=(len(x), len(y)),
                difference=difference,
                interval=interval,
                interval_method=method,
                superiority=1 - higher if lower_is_better else higher,
                mann_whitney_u=u,
                mann_whitney_p=u_p,
                permutation_p=p,
                welch_p=welch_corrected_p,
                exact=is_exact(len(x), len(y), permutations),
                corrected_p=corrected_p,
                least_corrected_p=least_corrected_p,
                level=level,
                runs_needed=runs_needed(difference, pooled_deviation(x, y), level),
                alpha=alpha,
                correction=correction,
                comparisons=len(pairs),
                lower_is_better=lower_is_better,
            )
        )
    return found
