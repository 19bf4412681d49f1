"""Do the scores of configs differ by more than their seeds make them differ?

Runs of one config that differ by their seed alone differ in score, often by more than two methods
do, so that a single run of each shows nothing. Here the scores of several runs a side are compared.

Source: Reimers and Gurevych, "Reporting Score Distributions Makes a Difference" (EMNLP 2017, arXiv
1707.09861), and "Why Comparing Single Performance Scores Does Not Allow to Draw Conclusions About
Machine Learning Approaches" (arXiv 1803.09578).
"""

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from bilstm_tagger.experiments.distribution import Distribution, distributions
from bilstm_tagger.experiments.records import check_names, read_records, select
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
from bilstm_tagger.text.errors import UserError


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The test of two configs, A and B.

    The permutation test asks whether the sides are of one distribution: where the side of fewer
    runs has the wider spread, it denies that too often although the means are equal. The verdict
    that one is better therefore takes Welch's t test, too.
    """

    a: str
    b: str
    runs: tuple[int, int]
    # Mean of A minus mean of B; its bootstrap interval of level 1 - alpha, for this comparison
    # alone, too narrow for few runs; the interval's method, see `statistics.bootstrap_interval`.
    difference: float
    interval: tuple[float, float] | None
    interval_method: str | None
    # Probability that a random run of A is better than a random run of B, ties half.
    superiority: float
    mann_whitney_u: float
    mann_whitney_p: float
    permutation_p: float
    # Corrected for the number of comparisons, as `corrected_p`.
    welch_p: float
    # Whether the permutation test tried all permutations.
    exact: bool
    # `permutation_p` after correction, and the smallest that these numbers of runs can give.
    corrected_p: float
    least_corrected_p: float
    # The p that is below alpha after correction, whatever the other comparisons give, and the runs
    # a side that would show such a difference at this level in 4 of 5 cases.
    level: float
    runs_needed: int | None
    alpha: float
    correction: str
    comparisons: int
    lower_is_better: bool

    @property
    def differ(self) -> bool:
        """Whether the sides differ, perhaps only in spread."""
        return self.corrected_p < self.alpha

    @property
    def better(self) -> str | None:
        """The name of the better config; `None` where the tests do not show one."""
        if not (self.differ and self.welch_p < self.alpha):
            return None
        return self.a if (self.difference > 0) != self.lower_is_better else self.b


def read_configs(
    sources: Sequence[str], metric: str | None = None, only: Sequence[str] = ()
) -> dict[str, Distribution]:
    """The configs of all sources, folders of runs or tables of them, by a name for each; with
    `only` those of these names or hashes. A config that several sources have with other runs counts
    as several, as it may come from other code or another machine.

    # Errors

    `UserError` where there are fewer than two configs, or where they have no metric in common.
    """
    records_of = {source: read_records(source) for source in sources}
    check_names(list(itertools.chain(*records_of.values())), only)
    configs: list[tuple[str, Distribution]] = []
    for source, all_records in records_of.items():
        records = select(all_records, only)
        try:
            of_source = distributions(records, metric) if records else []
        except UserError as error:
            raise UserError(str(error), source) from error
        # The same runs come twice where a folder lies within another.
        known = [config.runs for _, config in configs if config.runs]
        configs += [(source, config) for config in of_source if config.runs not in known]
    if len(configs) < 2:
        found = f"those of {configs[0][1].name} alone" if configs else "none"
        raise UserError(
            f"{', '.join(sources)}: expected the runs of at least two configs, found {found}"
        )
    metrics = sorted({config.metric for _, config in configs})
    if len(metrics) > 1:
        raise UserError(
            f"the configs choose their epoch by different metrics, {', '.join(metrics)}: choose "
            "one with --metric, and if not all configs have it, choose those that do with --configs"
        )
    if len({config.lower_is_better for _, config in configs}) > 1:
        raise UserError(
            f"by the configs' validation_metric higher {metrics[0]} is better in some, lower in "
            "others; compare them by another, --metric"
        )
    folds = [run.record.fold for _, config in configs for run in config.runs]
    if any(fold != folds[0] for fold in folds):
        raise UserError(
            "these runs left out different folds, or folds of different data (`allennlp "
            "crossval`), and are scored on different sentences: choose those of one fold with "
            "--configs"
        )
    names = Counter(config.name for _, config in configs)
    return {
        config.name if names[config.name] == 1 else f"{config.name} ({source})": config
        for source, config in configs
    }


def scores_of(name: str, config: Distribution, part: str) -> list[float]:
    """The scores of a config's runs on a part, "dev" or "test"; runs without one are left out.

    # Errors

    `UserError` where there are fewer than two.
    """
    scores = [score for run in config.runs if (score := getattr(run, part)) is not None]
    if part == "test" and config.runs and not scores:
        raise UserError(
            f"{name}: no run has a test score by '{config.metric}'; compare the scores on the "
            "validation data, --part dev"
        )
    if len(scores) < 2:
        reasons = Counter(run.reason for run in config.left_out)
        left_out = "".join(f"; {count} left out: {reason}" for reason, count in reasons.items())
        raise UserError(
            f"{name}: expected at least two runs with a {part} score by '{config.metric}', found "
            f"{len(scores)}{left_out}; choose the others by --configs"
        )
    return scores


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
        The scores of the runs of each config, by its name.
    alpha : `float`
        The accepted rate of false claims.
    correction : `str`
        See `statistics.correct`.

    # Errors

    `ValueError` for a sample of fewer than two scores, a score that is no finite number, or an
    unknown correction.
    """
    for name, sample in samples.items():
        if len(sample) < 2:
            raise ValueError(f"{name}: expected at least two runs, found {len(sample)}")
        if not all(map(math.isfinite, sample)):
            raise ValueError(f"{name}: expected finite scores, found {list(sample)}")
    pairs = list(itertools.combinations(samples, 2))
    pairs_of_samples = [(samples[a], samples[b]) for a, b in pairs]
    level = alpha if correction == "none" else alpha / max(1, len(pairs))
    # At this number there are ten permutations below the level on each side.
    permutations = max(PERMUTATIONS, math.ceil(20 / level))
    ps = [permutation_p(x, y, permutations, seed) for x, y in pairs_of_samples]
    welch_ps = [welch_p(x, y) for x, y in pairs_of_samples]
    least_ps = [least_p(len(x), len(y), permutations) for x, y in pairs_of_samples]
    corrected_ps = correct(ps, correction)
    corrected_welch_ps = correct(
        [p if welch is None else welch for p, welch in zip(ps, welch_ps, strict=True)], correction
    )
    # Each correction is monotone: none goes below that of the least p of all comparisons.
    corrected_least_ps = correct(least_ps, correction)
    comparisons = []
    for index, ((a, b), (x, y)) in enumerate(zip(pairs, pairs_of_samples, strict=True)):
        u, u_p = mann_whitney(x, y)
        higher = u / (len(x) * len(y))
        difference = mean_difference(x, y)
        interval, method = bootstrap_interval(x, y, 1 - alpha, seed)
        comparisons.append(
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
                permutation_p=ps[index],
                welch_p=corrected_welch_ps[index],
                exact=is_exact(len(x), len(y), permutations),
                corrected_p=corrected_ps[index],
                least_corrected_p=corrected_least_ps[index],
                level=level,
                runs_needed=runs_needed(difference, pooled_deviation(x, y), level),
                alpha=alpha,
                correction=correction,
                comparisons=len(pairs),
                lower_is_better=lower_is_better,
            )
        )
    return comparisons
