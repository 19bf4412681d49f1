import itertools
import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from bilstm_tagger.experiments.statistics import (
    bootstrap_interval,
    correct,
    is_exact,
    least_p,
    least_runs,
    mann_whitney,
    permutation_p,
    pooled_deviation,
    power,
    runs_needed,
)


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def agrees(hits, trials, rate):
    """Whether so many hits are what a rate gives, within binomial error."""
    return stats.binomtest(int(hits), trials, rate).pvalue > 0.01


def enumerated_p(a, b):
    """Two-sided p of the permutation test, in exact arithmetic: all ways to deal out the scores."""
    pooled = [Fraction(str(score)) for score in (*a, *b)]
    places = range(len(pooled))
    sums = [sum(pooled[i] for i in chosen) for chosen in itertools.combinations(places, len(a))]
    observed = sum(pooled[: len(a)])
    lower = sum(each <= observed for each in sums)
    upper = sum(each >= observed for each in sums)
    return min(1.0, 2 * min(lower, upper) / len(sums))


class TestPermutationTest:
    @pytest.mark.parametrize(
        "a, b, expected",
        [
            ([1, 2, 3], [4, 5, 6], 2 / 20),
            ([4, 5, 6, 7], [1, 2, 3, 0], 2 / 70),
            ([1, 2], [3, 4, 5], 2 / 10),
            # Sums of two are 3, 4, 5, 5, 6, 7: 2 of 6 are at most 4.
            ([1, 3], [2, 4], 4 / 6),
            ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5], 1),
            ([0, 0], [0, 0], 1),
        ],
    )
    def test_by_hand(self, a, b, expected):
        assert permutation_p(a, b) == pytest.approx(expected)

    @pytest.mark.parametrize("shift", [0, 0.01, -0.02, 0.05])
    @pytest.mark.parametrize("offset", [0.9, 90, 1e-4])
    def test_sums_that_are_equal_but_for_rounding_are_ties(self, offset, shift):
        # Scores of few digits: many splits have the same sum, in floating point only nearly.
        generator = np.random.default_rng(3)
        step = offset / 1000
        a = [float(f"{offset + step * k:.7f}") for k in generator.integers(0, 5, 5)]
        b = [float(f"{offset + step * k + shift * step * 100:.7f}") for k in (0, 1, 2, 2, 4)]
        assert permutation_p(a, b) == pytest.approx(enumerated_p(a, b))

    def test_random_permutations(self):
        generator = np.random.default_rng(4)
        a, b = generator.normal(0.9, 1, 12), generator.normal(size=12)
        assert not is_exact(12, 12)
        p = permutation_p(a, b)
        assert p == permutation_p(a, b)
        assert p != permutation_p(a, b, seed=14)
        assert p == pytest.approx(stats.ttest_ind(a, b).pvalue, abs=0.01)

    def test_least_p(self):
        assert least_p(3, 3) == pytest.approx(0.1)
        assert least_p(4, 4) == pytest.approx(2 / 70)
        assert least_p(3, 5) == pytest.approx(2 / 56)
        assert least_p(1, 1) == 1
        far = [float(each) for each in range(100, 115)], [float(each) for each in range(15)]
        assert permutation_p(*far) == pytest.approx(least_p(15, 15)) == pytest.approx(2 / 20_001)
        assert (least_runs(0.05), least_runs(0.1), least_runs(0.001)) == (4, 4, 7)

    def test_rejects_at_the_nominal_rate_where_there_is_no_difference(self):
        generator = np.random.default_rng(5)
        trials = 600
        ps = [permutation_p(*generator.gamma(2, size=(2, 5))) for _ in range(trials)]
        # p is a multiple of 2/252: below 0.05 there are six.
        assert agrees(sum(p < 0.05 for p in ps), trials, 12 / 252)
        assert agrees(sum(p < 0.2 for p in ps), trials, 50 / 252)


class TestPower:
    @pytest.mark.parametrize(
        "effect, runs, expected",
        # Of G*Power.
        [(0.8, 26, 0.8074866), (0.5, 64, 0.8014596), (1.0, 17, 0.8070367), (0.2, 394, 0.8005938)],
    )
    def test_known_values(self, effect, runs, expected):
        assert power(runs, effect) == pytest.approx(expected, abs=1e-6)
        assert runs_needed(effect, 1) == runs_needed(-effect / 10, 0.1) == runs

    def test_no_effect_is_found_as_often_as_alpha(self):
        assert power(10, 0) == pytest.approx(0.05)
        assert power(10, 0, 0.01) == pytest.approx(0.01)

    def test_very_large_effects(self):
        for effect in (10, 50, 1e3, 1e6):
            assert 0.99 < power(4, effect) <= 1
        # A t test of two a side would do; the permutation test has too few permutations.
        assert power(2, 50) > 0.8
        assert runs_needed(50, 1) == 4

    def test_limits(self):
        assert runs_needed(0, 1) is None
        assert runs_needed(0, 0) is None
        assert runs_needed(0.1, 0) == 4
        assert runs_needed(1e-9, 1) is None
        assert runs_needed(0.013, 1) == pytest.approx(92_890, rel=0.001)

    def test_so_many_runs_show_the_difference_in_4_of_5_cases(self):
        effect = 1.83
        runs = runs_needed(effect, 1)
        assert runs == 6
        generator = np.random.default_rng(6)
        trials = 400
        hits = sum(
            permutation_p(generator.normal(effect, 1, runs), generator.normal(0, 1, runs)) < 0.05
            for _ in range(trials)
        )
        assert power(runs, effect) == pytest.approx(0.81, abs=0.01)
        assert agrees(hits, trials, power(runs, effect))
        # With fewer runs it is seen less often: with four a side p is 2/70, 4/70, ...
        hits = sum(
            permutation_p(generator.normal(effect, 1, 4), generator.normal(0, 1, 4)) < 0.05
            for _ in range(trials)
        )
        assert agrees(hits, trials, power(4, effect, 2 / 70))
        assert not agrees(hits, trials, 0.8)

    def test_steps_of_p(self):
        # At 0.05 itself four a side would do.
        assert power(4, 2.5) > 0.8 > power(4, 2.5, 2 / 70)
        assert runs_needed(2.5, 1) == 5


class TestInterval:
    def test_covers_the_difference_at_nearly_its_level(self):
        generator = np.random.default_rng(7)
        trials, difference = 500, 0.5
        hits = 0
        for _ in range(trials):
            a, b = generator.normal(difference, 1, 20), generator.normal(0, 1, 20)
            (low, high), method = bootstrap_interval(a, b)
            assert method == "BCa"
            hits += low <= difference <= high
        assert 0.91 < hits / trials < 0.975

    def test_level_and_seed(self):
        a, b = [0.91, 0.92, 0.95, 0.93, 0.9], [0.88, 0.9, 0.91, 0.87, 0.9]
        (low, high), _ = bootstrap_interval(a, b)
        (lower, higher), _ = bootstrap_interval(a, b, level=0.99)
        assert lower < low < 0.03 < high < higher
        assert bootstrap_interval(a, b)[0] == (low, high)
        assert bootstrap_interval(a, b, seed=14)[0] != (low, high)
        (low_b, high_b), _ = bootstrap_interval(b, a)
        assert (low_b, high_b) == pytest.approx((-high, -low), abs=0.003)

    def test_no_spread(self):
        assert bootstrap_interval([0.9, 0.9], [0.8, 0.8, 0.8]) == (None, None)

    @pytest.mark.parametrize(
        "a, b", [([1, 1], [1, 2]), ([0.5, 0.5, 0.5], [0.5, 0.5, 0.6]), ([1, 2], [2, 1])]
    )
    def test_little_spread(self, a, b):
        (low, high), method = bootstrap_interval(a, b)
        assert method in ("BCa", "percentile")
        assert low <= np.mean(a) - np.mean(b) <= high

    def test_percentile_where_bca_is_undefined(self, monkeypatch):
        methods = []
        bootstrap = stats.bootstrap

        def undefined(*arguments, method, **options):
            methods.append(method)
            result = bootstrap(*arguments, method=method, **options)
            if method == "BCa":
                result.confidence_interval = (math.nan, math.nan)
            return result

        monkeypatch.setattr(stats, "bootstrap", undefined)
        (low, high), method = bootstrap_interval([1, 2, 3], [0, 1, 2])
        assert (methods, method) == (["BCa", "percentile"], "percentile")
        assert low < 1 < high


class TestMannWhitney:
    def test_by_hand(self):
        assert mann_whitney([1, 2, 3], [4, 5, 6]) == (0, pytest.approx(0.1))
        # 2 > 1; 4 > 1, 3; 6 > 1, 3, 5. Of 20 orders 7 have so high a U, 6 to 9.
        assert mann_whitney([2, 4, 6], [1, 3, 5]) == (6, pytest.approx(0.7))

    def test_ties_count_half(self):
        # 2 = 2 twice. Dealt out otherwise, U is 1 or 3, three ways each.
        assert mann_whitney([1, 2], [2, 2]) == (1, pytest.approx(1))
        assert mann_whitney([2, 2, 2], [1, 1, 1]) == (9, pytest.approx(0.1))
        assert mann_whitney([0.9, 0.9], [0.9, 0.9, 0.9]) == (3, 1)

    def test_many_with_ties(self):
        a, b = [1, 2, 2, 3] * 5, [2, 3, 3, 4] * 5
        u, p = mann_whitney(a, b)
        assert u == sum((x > y) + (x == y) / 2 for x in a for y in b)
        assert 0 < p < 0.01


class TestCorrection:
    PS = [0.01, 0.04, 0.03, 0.005]

    @pytest.mark.parametrize(
        "name, expected",
        [
            # 4 * 0.005, 3 * 0.01, 2 * 0.03, and 0.04 raised to the one before.
            ("holm", [0.03, 0.06, 0.06, 0.02]),
            ("bonferroni", [0.04, 0.16, 0.12, 0.02]),
            # 0.04, 4 / 3 * 0.03, 4 / 2 * 0.01, 4 * 0.005.
            ("bh", [0.02, 0.04, 0.04, 0.02]),
            ("none", [0.01, 0.04, 0.03, 0.005]),
        ],
    )
    def test_by_hand(self, name, expected):
        assert correct(self.PS, name) == pytest.approx(expected)
        assert correct([0.7, 0.7], name)[0] == pytest.approx(
            {"bh": 0.7, "none": 0.7}.get(name, 1.0)
        )
        assert correct([0.03], name) == [0.03]
        assert correct([], name) == []

    def test_unknown(self):
        with pytest.raises(ValueError, match="'sidak'; permitted: holm, bonferroni, bh, none"):
            correct([0.1], "sidak")

    def test_holm_keeps_the_rate_of_any_false_claim(self):
        generator = np.random.default_rng(8)
        trials = 250
        uncorrected = holm = 0
        for _ in range(trials):
            runs = generator.normal(size=(3, 5))
            ps = [permutation_p(a, b) for a, b in itertools.combinations(runs, 2)]
            uncorrected += min(ps) < 0.05
            holm += min(correct(ps, "holm")) < 0.05
        assert stats.binomtest(uncorrected, trials, 0.05, "greater").pvalue < 0.001
        assert stats.binomtest(holm, trials, 0.05, "greater").pvalue > 0.05
        assert holm > 0


def test_pooled_deviation():
    # Variances 2 and 8, of one degree of freedom each.
    assert pooled_deviation([1, 3], [2, 6]) == pytest.approx(math.sqrt(5))
    assert pooled_deviation([1, 2, 3], [5, 5]) == pytest.approx(math.sqrt(2 / 3))
    assert pooled_deviation([1, 1], [2, 2]) == 0
