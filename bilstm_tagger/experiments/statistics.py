"""Tests and intervals of the difference of two samples of scores, of a few runs each."""

import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from statistics import fmean, stdev
from typing import Any, Optional

CORRECTIONS = ("holm", "bonferroni", "bh", "none")
# The share of experiments that shall find a difference that is there: 4 of 5.
POWER = 0.8
# All rearrangements of the runs are tried where they are no more than this, else as many by chance.
PERMUTATIONS = 20_000
# Beyond this many runs a side nobody asks how many it takes.
MAX_RUNS = 100_000
# Up to so many runs a side, the steps of p are coarse.
_COARSE_RUNS = 10
# Digits of scores that count: two sums of the same scores in another order differ by less.
_DIGITS = 11


def permutation_p(
    a: Sequence[float], b: Sequence[float], permutations: int = PERMUTATIONS, seed: int = 13
) -> float:
    """Two-sided p of the permutation test of the difference of means: how often runs dealt to the
    two sides by chance are as far apart. Twice the p of the side that is nearer.

    All permutations are tried where they are no more than `permutations`; else so many by chance,
    and p is (hits + 1) / (permutations + 1), as in Phipson and Smyth (2010), "Permutation P-values
    Should Never Be Zero". Source: Fisher (1935), "The Design of Experiments"; Pitman (1937).
    """
    import numpy as np
    from scipy import stats  # type: ignore[import-untyped]

    x, y = np.asarray(a, float), np.asarray(b, float)
    digits = _digits(a, b)

    # scipy takes two differences for equal only if they differ by less than 1e-14 of themselves,
    # which sums of the same scores in another order often do not.
    def difference(x: Any, y: Any, axis: int = -1) -> Any:
        return np.round(x.mean(axis) - y.mean(axis), digits)

    result = stats.permutation_test(
        (x, y),
        difference,
        vectorized=True,
        n_resamples=permutations,
        batch=PERMUTATIONS,
        rng=np.random.default_rng(seed),
    )
    return min(1.0, float(result.pvalue))


def mean_difference(a: Sequence[float], b: Sequence[float]) -> float:
    """Mean of a minus mean of b; zero where no more than the order of the sums tells them apart."""
    return round(fmean(a) - fmean(b), _digits(a, b))


def _digits(*samples: Sequence[float]) -> int:
    largest = max(abs(score) for sample in samples for score in sample)
    return _DIGITS - math.ceil(math.log10(largest)) if largest else _DIGITS


def welch_p(a: Sequence[float], b: Sequence[float]) -> Optional[float]:
    """Two-sided p of the t test of the difference of means of samples that may differ in spread;
    `None` where neither has any. Source: Welch (1947), "The Generalization of 'Student's' Problem
    when Several Different Population Variances are Involved".
    """
    from scipy import stats

    if len(set(a)) == len(set(b)) == 1:
        return None
    # Of equal scores the deviation comes out as less than nothing of the mean, but not as nothing.
    sides = (
        (fmean(side), stdev(side) if len(set(side)) > 1 else 0.0, len(side)) for side in (a, b)
    )
    result = stats.ttest_ind_from_stats(*itertools.chain(*sides), equal_var=False)
    return float(result.pvalue)


def least_p(n: int, m: int, permutations: int = PERMUTATIONS) -> float:
    """The least p of `permutation_p` for n and m runs, whatever their scores."""
    ways = math.comb(n + m, n) if is_exact(n, m, permutations) else permutations + 1
    return min(1.0, 2 / ways)


def is_exact(n: int, m: int, permutations: int = PERMUTATIONS) -> bool:
    """Whether `permutation_p` tries all permutations of n and m runs."""
    return math.comb(n + m, n) <= permutations


def least_runs(alpha: float) -> int:
    """The fewest runs a side with which an exact two-sided permutation test can reach p < alpha."""
    return next(n for n in itertools.count(2) if 2 / math.comb(2 * n, n) < alpha)


def bootstrap_interval(
    a: Sequence[float], b: Sequence[float], level: float = 0.95, seed: int = 13
) -> tuple[Optional[tuple[float, float]], Optional[str]]:
    """Interval of the difference of means, and by which method: "BCa", or "percentile" where that
    is undefined; (None, None) where neither side has any spread.

    Source: Efron (1987), "Better Bootstrap Confidence Intervals".
    """
    import numpy as np
    from scipy import stats

    if len(set(a)) == len(set(b)) == 1:
        return None, None

    def difference(x: Any, y: Any, axis: int = -1) -> Any:
        return x.mean(axis) - y.mean(axis)

    data = (np.asarray(a, float), np.asarray(b, float))
    for method in ("BCa", "percentile"):
        # Whether BCa is undefined shows in its result.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            low, high = stats.bootstrap(
                data,
                difference,
                vectorized=True,
                confidence_level=level,
                method=method,
                rng=np.random.default_rng(seed),
            ).confidence_interval
        if math.isfinite(low) and math.isfinite(high):
            return (float(low), float(high)), method
    return None, None


def mann_whitney(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """U of a (the pairs of which that of a is higher, ties half), and its two-sided p: exact
    without ties, or where all permutations can be tried; else by the normal approximation.

    Source: Mann and Whitney (1947), "On a Test of Whether one of Two Random Variables is
    Stochastically Larger than the Other".
    """
    from scipy import stats

    pooled = {*a, *b}
    if len(pooled) == 1:
        return len(a) * len(b) / 2, 1.0
    method: Any = "asymptotic"
    if len(pooled) == len(a) + len(b):
        method = "exact"
    elif is_exact(len(a), len(b)):
        method = stats.PermutationMethod(n_resamples=PERMUTATIONS)
    result = stats.mannwhitneyu(a, b, alternative="two-sided", method=method)
    return float(result.statistic), min(1.0, float(result.pvalue))


def correct(ps: Sequence[float], correction: str) -> list[float]:
    """The p of several tests, corrected for their number.

    # Parameters

    ps : `List[float]`
    correction : `str`
        `"holm"`: Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure"; the chance
        of any false claim is at most alpha. `"bonferroni"`: the same, of less power; Dunn (1961),
        "Multiple Comparisons Among Means". `"bh"`: Benjamini and Hochberg (1995), "Controlling the
        False Discovery Rate": the expected share of false claims among the claims is at most alpha,
        for independent or positively dependent tests. `"none"`: as they are.

    # Errors

    `ValueError` for another name.
    """
    count = len(ps)
    if correction not in CORRECTIONS:
        raise ValueError(f"unknown correction {correction!r}; permitted: {', '.join(CORRECTIONS)}")
    if correction == "none" or not ps:
        return list(ps)
    if correction == "bonferroni":
        return [min(1.0, count * p) for p in ps]
    if correction == "bh":
        from scipy import stats

        return [float(p) for p in stats.false_discovery_control(ps, method="bh")]
    order = sorted(range(count), key=lambda index: ps[index])
    steps = (min(1.0, (count - rank) * ps[index]) for rank, index in enumerate(order))
    raised = dict(zip(order, itertools.accumulate(steps, max), strict=True))
    return [raised[index] for index in range(count)]


def pooled_deviation(a: Sequence[float], b: Sequence[float]) -> float:
    """The standard deviation of the scores about the means of their sides."""
    import numpy as np

    if len(set(a)) == len(set(b)) == 1:
        return 0.0
    squares = sum(float(np.var(side)) * len(side) for side in (a, b))
    return math.sqrt(squares / (len(a) + len(b) - 2))


def power(n: int, effect: float, alpha: float = 0.05) -> float:
    """The chance that a two-sided t test of two samples of n finds a difference of means of
    `effect` standard deviations. Source: Cohen (1988), "Statistical Power Analysis for the
    Behavioral Sciences", by the noncentral t distribution.
    """
    import numpy as np
    from scipy import stats

    degrees, shift = 2 * n - 2, abs(effect) * math.sqrt(n / 2)
    bound = stats.t.isf(alpha / 2, degrees)
    # The other tail is nothing where scipy cannot compute it (nan).
    other = np.nan_to_num(stats.nct.cdf(-bound, degrees, shift))
    return float(stats.nct.sf(bound, degrees, shift) + other)


def runs_needed(difference: float, sd: float, alpha: float = 0.05) -> Optional[int]:
    """How many runs a side would show a difference of means in 4 of 5 cases.

    The smallest n at which `power` is 0.8, at the largest p below alpha that the permutation test
    has for n and n runs (with four a side p goes in steps of 2/70), and with which it can reach
    p < alpha at all. `None` where there is no difference, or where it takes more than 100,000.
    """
    if difference == 0:
        return None
    least = least_runs(alpha)
    if sd == 0:
        return least

    def enough(n: int) -> bool:
        level = alpha
        if n <= _COARSE_RUNS:
            ways = math.comb(2 * n, n)
            level = 2 * (math.ceil(alpha * ways / 2) - 1) / ways
        return power(n, difference / sd, level) >= POWER

    return _first(enough, least, MAX_RUNS)


def _first(holds: Callable[[int], bool], low: int, high: int) -> Optional[int]:
    """The first number from low to high for which a monotone condition holds."""
    if not holds(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
