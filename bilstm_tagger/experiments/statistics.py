"""Tests and intervals of the difference of two samples of scores, of a few runs each."""

import bisect
import itertools
import math
import warnings
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

import numpy as np
from scipy import stats  # type: ignore[import-untyped]

CORRECTIONS = ("holm", "bonferroni", "bh", "none")
# The share of experiments that find a difference that is there: 4 of 5.
POWER = 0.8
# All permutations of the runs are tried where they are no more than this, else this many by chance.
PERMUTATIONS = 20_000
# Nobody trains more runs a side.
MAX_RUNS = 100_000
# Up to this number of runs a side, the steps of p are coarse.
_COARSE_RUNS = 10
# Digits of scores that count: two sums of the same scores in another order differ by less.
_DIGITS = 11


def permutation_p(
    a: Sequence[float], b: Sequence[float], permutations: int = PERMUTATIONS, seed: int = 13
) -> float:
    """Two-sided p of the permutation test of the difference of means: how often runs dealt to the
    two sides by chance are as far apart. Twice the p of the side that is nearer.

    All permutations are tried where they are no more than `permutations`; else that many by chance,
    and p is (hits + 1) / (permutations + 1), as in Phipson and Smyth (2010), "Permutation P-values
    Should Never Be Zero". Source: Fisher (1935), "The Design of Experiments"; Pitman (1937).
    """
    digits = _digits(a, b)

    # scipy takes two differences for equal only if they differ by less than 1e-14 of themselves,
    # which sums of the same scores in another order often do not.
    def difference(x: Any, y: Any, axis: int = -1) -> Any:
        return np.round(x.mean(axis) - y.mean(axis), digits)

    result = stats.permutation_test(
        (np.asarray(a, float), np.asarray(b, float)),
        difference,
        vectorized=True,
        n_resamples=permutations,
        batch=PERMUTATIONS,
        rng=np.random.default_rng(seed),
    )
    return min(1.0, float(result.pvalue))


def mean_difference(a: Sequence[float], b: Sequence[float]) -> float:
    """Mean of a minus mean of b; zero where only the order of the sums makes a difference."""
    return round(fmean(a) - fmean(b), _digits(a, b))


def _digits(*samples: Sequence[float]) -> int:
    largest = max(abs(score) for sample in samples for score in sample)
    return _DIGITS - math.ceil(math.log10(largest)) if largest else _DIGITS


def _no_spread(a: Sequence[float], b: Sequence[float]) -> bool:
    return len(set(a)) == len(set(b)) == 1


def welch_p(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Two-sided p of the t test of the difference of means of samples that may differ in spread;
    `None` where neither has any. Source: Welch (1947), "The Generalization of 'Student's' Problem
    when Several Different Population Variances are Involved".
    """
    if _no_spread(a, b):
        return None
    # The computed deviation of equal scores is tiny, but not zero.
    sides = (
        (fmean(side), stdev(side) if len(set(side)) > 1 else 0.0, len(side)) for side in (a, b)
    )
    result = stats.ttest_ind_from_stats(*itertools.chain(*sides), equal_var=False)
    return float(result.pvalue)


def least_p(n: int, m: int, permutations: int = PERMUTATIONS) -> float:
    """The smallest possible p of `permutation_p` for n and m runs."""
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
) -> tuple[tuple[float, float] | None, str | None]:
    """Interval of the difference of means, and its method: "BCa", or "percentile" where BCa is
    undefined; (None, None) where neither side has any spread.

    Source: Efron (1987), "Better Bootstrap Confidence Intervals".
    """
    if _no_spread(a, b):
        return None, None

    def difference(x: Any, y: Any, axis: int = -1) -> Any:
        return x.mean(axis) - y.mean(axis)

    for method in ("BCa", "percentile"):
        # The result shows whether BCa is undefined.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            low, high = stats.bootstrap(
                (np.asarray(a, float), np.asarray(b, float)),
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
    """U of a (the number of pairs in which the score of a is higher, ties half), and its two-sided
    p: exact without ties, or where all permutations can be tried; else by the normal approximation.

    Source: Mann and Whitney (1947), "On a Test of Whether one of Two Random Variables is
    Stochastically Larger than the Other".
    """
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

    correction : `str`
        `"holm"`: Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure"; the chance
        of any false claim is at most alpha. `"bonferroni"`: the same, of less power; Dunn (1961),
        "Multiple Comparisons Among Means". `"bh"`: Benjamini and Hochberg (1995), "Controlling the
        False Discovery Rate": the expected share of false claims among the claims is at most alpha,
        for independent or positively dependent tests. `"none"`: unchanged.

    # Errors

    `ValueError` for another name.
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"unknown correction {correction!r}; permitted: {', '.join(CORRECTIONS)}")
    values, count = np.array(ps, float), len(ps)
    if count and correction == "bonferroni":
        values = np.minimum(1.0, count * values)
    elif count and correction == "bh":
        values = stats.false_discovery_control(values, method="bh")
    elif count and correction == "holm":
        order = np.argsort(values)
        steps = np.arange(count, 0, -1) * values[order]
        values[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return values.tolist()


def pooled_deviation(a: Sequence[float], b: Sequence[float]) -> float:
    """The standard deviation of the scores about the means of their sides."""
    if _no_spread(a, b):
        return 0.0
    squares = sum(float(np.var(side)) * len(side) for side in (a, b))
    return math.sqrt(squares / (len(a) + len(b) - 2))


def power(n: int, effect: float, alpha: float = 0.05) -> float:
    """The chance that a two-sided t test of two samples of n finds a difference of means of
    `effect` standard deviations. Source: Cohen (1988), "Statistical Power Analysis for the
    Behavioral Sciences", by the noncentral t distribution.
    """
    degrees, shift = 2 * n - 2, abs(effect) * math.sqrt(n / 2)
    bound = stats.t.isf(alpha / 2, degrees)
    # The other tail is zero where scipy cannot compute it (nan).
    other = np.nan_to_num(stats.nct.cdf(-bound, degrees, shift))
    return float(stats.nct.sf(bound, degrees, shift) + other)


def runs_needed(difference: float, sd: float, alpha: float = 0.05) -> int | None:
    """The number of runs a side that would show a difference of means in 4 of 5 cases.

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

    candidates = range(least, MAX_RUNS + 1)
    index = bisect.bisect_left(candidates, True, key=enough)
    return candidates[index] if index < len(candidates) else None
