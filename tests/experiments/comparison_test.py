import itertools
import warnings

import numpy as np
import pytest
from scipy import stats

from bilstm_tagger.experiments.comparison import compare_all
from bilstm_tagger.experiments.distribution import Scale
from bilstm_tagger.experiments.statistics import permutation_p, welch_p
from bilstm_tagger.experiments.verdicts import gap_text, p_text, verdict

POINTS, PLAIN = Scale(per_cent=True), Scale(per_cent=False, decimals=2)
LOW = [0.901, 0.902, 0.903, 0.904, 0.905]
HIGH = [0.911, 0.912, 0.913, 0.914, 0.915]
NEAR = [0.9015, 0.9025, 0.904, 0.905, 0.9055]


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def compare(a, b, **options):
    (found,) = compare_all({"A": a, "B": b}, **options)
    return found


def test_numbers():
    found = compare(HIGH, LOW)
    assert (found.a, found.b, found.runs) == ("A", "B", (5, 5))
    assert found.difference == pytest.approx(0.01)
    low, high = found.interval
    assert 0.007 < low < 0.01 < high < 0.013
    assert (found.superiority, found.mann_whitney_u) == (1, 25)
    # Of 252 ways to deal out ten runs, one is as extreme on each side.
    assert found.permutation_p == found.mann_whitney_p == pytest.approx(2 / 252)
    assert found.corrected_p == found.permutation_p
    assert found.least_corrected_p == pytest.approx(2 / 252)
    assert found.exact
    assert found.runs_needed == 4
    assert found.better == "A"


def test_superiority():
    # 2 beats 1, and is as good as 2; 3 beats both: 3.5 of 4.
    assert compare([2, 3], [1, 2]).superiority == pytest.approx(3.5 / 4)
    assert compare([2, 3], [1, 2], lower_is_better=True).superiority == pytest.approx(0.5 / 4)


def test_lower_is_better():
    assert compare(HIGH, LOW, lower_is_better=True).better == "B"
    assert compare(LOW, HIGH, lower_is_better=True).better == "A"
    assert compare(LOW, HIGH).better == "B"


def test_all_pairs_corrected_for_their_number():
    samples = {"A": LOW, "B": HIGH, "C": NEAR}
    found = compare_all(samples)
    assert [(each.a, each.b) for each in found] == [("A", "B"), ("A", "C"), ("B", "C")]
    ps = [each.permutation_p for each in found]
    assert ps[0] == ps[2] == pytest.approx(2 / 252)
    assert [each.corrected_p for each in found] == pytest.approx([6 / 252, ps[1], 6 / 252])
    assert {each.comparisons for each in found} == {3}
    assert [each.level for each in found] == pytest.approx([0.05 / 3] * 3)
    bonferroni = compare_all(samples, correction="bonferroni")
    assert bonferroni[1].corrected_p == pytest.approx(min(1, 3 * ps[1]))
    none = compare_all(samples, correction="none")
    assert [each.corrected_p for each in none] == ps
    assert {each.level for each in none} == {0.05}
    # Runs that would do at a stricter level are more.
    assert found[1].runs_needed > none[1].runs_needed


def test_many_comparisons_have_permutations_enough():
    generator = np.random.default_rng(9)
    samples = {str(index): generator.normal(index, 0.1, 10) for index in range(2)}
    (found,) = compare_all(samples, alpha=0.0005)
    assert not found.exact
    # 40,000 permutations: twice as many as usual.
    assert found.permutation_p == pytest.approx(2 / 40_001)
    assert found.better == "1"


@pytest.mark.parametrize(
    "samples, message",
    [
        ({"A": [0.9], "B": LOW}, "A: expected at least two runs, found 1"),
        ({"A": LOW, "B": [0.9, float("nan")]}, "B: expected finite scores, found"),
        ({"A": LOW, "B": [0.9, float("inf")]}, "B: expected finite scores, found"),
    ],
)
def test_samples_that_cannot_be_compared(samples, message):
    with pytest.raises(ValueError, match=message):
        compare_all(samples)


class TestVerdict:
    def test_better(self):
        found = compare(HIGH, LOW)
        low, high = (f"{100 * end:.2f}" for end in found.interval)
        assert verdict(found, POINTS) == (
            f"A is better than B by 1.00 points (95 % interval {low} to {high}; permutation test "
            "p = 0.00794; 5 and 5 runs)."
        )
        # Seen from the side that is better, whichever it is.
        text = verdict(compare(LOW, HIGH), POINTS)
        assert text.startswith("B is better than A by 1.00 points (95 % interval 0.8")
        text = verdict(compare(LOW, HIGH, lower_is_better=True), PLAIN)
        assert text.startswith("A is better than B by 0.01 (95 % interval 0.01 to 0.01; ")

    def test_corrected(self):
        found = compare_all({"A": LOW, "B": HIGH, "C": NEAR})
        assert "p = 0.00794, corrected for 3 comparisons 0.0238; 5" in verdict(found[0], POINTS)
        found = compare_all({"A": LOW, "B": HIGH, "C": NEAR}, correction="none")
        assert "p = 0.00794; 5 and 5 runs)." in verdict(found[0], POINTS)

    def test_not_told_apart(self):
        found = compare(LOW, NEAR)
        text = verdict(found, POINTS)
        assert text.startswith(
            "No significant difference between A and B (difference -0.07 points, 95 % interval -0.2"
        )
        assert text.endswith(
            f"; 5 and 5 runs); if the difference is as large as it looks, about "
            f"{found.runs_needed} runs a side would show it in 4 of 5 cases."
        )
        assert found.runs_needed == 87

    def test_too_few_runs(self):
        found = compare(HIGH[:3], LOW[:3])
        assert found.better is None
        assert verdict(found, POINTS).startswith(
            "3 and 3 runs are too few to show a difference between A and B: whatever their scores, "
            "p is not below 0.05 (difference 1.00 points, 95 % interval "
        )
        assert verdict(found, POINTS).endswith(
            "; permutation test p = 0.1); 4 runs a side could show it."
        )
        # They can at a laxer level.
        assert compare(HIGH[:3], LOW[:3], alpha=0.11).better == "A"

    def test_too_few_runs_for_so_many_comparisons(self):
        samples = {name: [score + shift for score in LOW[:4]] for shift, name in enumerate("ABC")}
        (text, *_) = [verdict(each, PLAIN) for each in compare_all(samples)]
        # 2 / 70 three times is above 0.05; 2 / 252 three times is not.
        assert text.startswith("4 and 4 runs are too few to show a difference between A and B: ")
        assert text.endswith("5 runs a side could show it.")
        assert [each.better for each in compare_all(samples, correction="bh")] == ["B", "C", "C"]

    def test_same_scores(self):
        found = compare(LOW, LOW)
        assert (found.difference, found.permutation_p, found.superiority) == (0, 1, 0.5)
        text = verdict(found, POINTS)
        assert text.startswith(
            "No significant difference between A and B (difference 0.00 points, 95 % "
        )
        assert text.endswith("; permutation test p = 1; 5 and 5 runs).")

    def test_no_spread(self):
        same = compare([0.9] * 5, [0.9] * 5)
        assert verdict(same, POINTS) == (
            "No significant difference between A and B (difference 0.00 points, no spread on "
            "either side; permutation test p = 1; 5 and 5 runs)."
        )
        other = compare([0.9] * 5, [0.8] * 5)
        assert verdict(other, POINTS) == (
            "A is better than B by 10.00 points (no spread on either side; permutation test "
            "p = 0.00794; 5 and 5 runs)."
        )
        one_side = compare([0.9] * 5, [0.8, 0.8, 0.81, 0.82, 0.8])
        assert one_side.better == "A"

    @pytest.mark.parametrize("low, high", [(0.83, 0.83), (0.7, 0.8)])
    def test_no_spread_and_other_numbers_of_runs(self, low, high):
        """Means of equal scores differ by what the sums lose."""
        found = compare([low] * 5, [high] * 7)
        text = verdict(found, POINTS)
        if low == high:
            assert found.difference == 0 and found.runs_needed is None
            assert text.endswith("no spread on either side; permutation test p = 1; 5 and 7 runs).")
        else:
            assert found.better == "B" and found.runs_needed == 4

    def test_perhaps_of_another_spread_alone(self):
        """Three runs of a wide spread, by chance on one side of twenty of a narrow one."""
        wide, narrow = [0.60, 0.75, 0.89], [0.9 + seed / 10_000 for seed in range(20)]
        found = compare(wide, narrow)
        assert found.corrected_p < 0.05 < found.welch_p
        assert found.welch_p == pytest.approx(stats.ttest_ind(wide, narrow, equal_var=False).pvalue)
        assert found.better is None
        text = verdict(found, POINTS)
        assert text.startswith("A and B differ, but perhaps only in spread (difference -15.43")
        assert text.endswith("equal numbers of runs on both sides would show more.")

    def test_difference_too_small_to_be_found(self):
        found = compare([0, 1, 0, 1, 1e-9], [0, 1, 0, 1, 0])
        assert verdict(found, PLAIN).endswith(
            "5 and 5 runs); more than 100,000 runs a side would be needed to show it."
        )


def test_numbers_in_words():
    assert gap_text(-0.00001, (-0.00002, 0.00001), 0.05, POINTS) == (
        "0.00 points",
        "95 % interval 0.00 to 0.00",
    )
    assert gap_text(-0.1, (-0.3, 0.1), 0.01, POINTS, True) == (
        "10.00 points",
        "99 % interval -10.00 to 30.00",
    )
    assert gap_text(-1.5, (-3, 0.5), 0.001, PLAIN) == ("-1.50", "99.9 % interval -3.00 to 0.50")
    assert [p_text(p) for p in (0.0004, 0.0079365, 0.0497, 1.0)] == [
        "< 0.001",
        "= 0.00794",
        "= 0.0497",
        "= 1",
    ]


def test_rates_of_verdicts_on_simulated_runs():
    generator = np.random.default_rng(10)
    trials = 250
    verdicts = {"A": 0, "B": 0, None: 0}
    for _ in range(trials):
        runs = generator.normal(0.9, 0.002, (2, 5))
        verdicts[compare(*runs).better] += 1
    # Six of 252 permutations on each side.
    false_claims = verdicts["A"] + verdicts["B"]
    assert stats.binomtest(false_claims, trials, 12 / 252).pvalue > 0.01
    assert verdicts["A"] > 0 < verdicts["B"]


@pytest.mark.parametrize("n, m, spread", [(3, 20, 5), (5, 10, 2), (20, 3, 5)])
def test_false_verdicts_where_the_fewer_runs_have_another_spread(n, m, spread):
    """By the permutation test alone, 0.43, 0.14 and 0 of them."""
    rng = np.random.default_rng(5)
    false = 0
    for _ in range(200):
        a, b = rng.normal(0, spread, n), rng.normal(0, 1, m)
        p, welch = permutation_p(a, b, 500), welch_p(a, b)
        false += p < 0.05 and welch < 0.05
    # With 200 samples at 0.05, more than 17 are seen in 1 of 100 cases.
    assert false <= 17


def test_order_changes_no_verdict():
    samples = {"A": LOW, "B": HIGH, "C": NEAR}
    expected = {frozenset((each.a, each.b)): each.better for each in compare_all(samples)}
    for order in itertools.permutations(samples):
        found = compare_all({name: samples[name] for name in order})
        assert {frozenset((each.a, each.b)): each.better for each in found} == expected
