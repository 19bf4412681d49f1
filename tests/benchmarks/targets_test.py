import io
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.check import judge
from benchmarks.plan import Plan
from benchmarks.samples import Figure, Sample
from benchmarks.targets import TARGETS, Verdict, verdicts


def figure(key: str, ratio: float) -> Figure:
    """A figure whose ratio is as given, in every measure."""
    return Figure(key, key, "something", [Sample(1.0, 1.0, 1.0)], [Sample(ratio, ratio, ratio)])


def judged(ratios: dict[str, float]) -> tuple[bool, str]:
    text = io.StringIO()
    passed = judge([figure(*item) for item in ratios.items()], Console(file=text, width=200))
    return passed, text.getvalue()


def test_targets_are_ratios_that_better_figures_exceed() -> None:
    assert all(target > 0.0 for target in TARGETS.values())
    # Against itself, or against less than all of the work, ours can only lose.
    assert {key for key, target in TARGETS.items() if target < 1.0} == {
        "a_training_by_plain_loop",
        "b_decoding_by_plain_loop",
        "g_bilstm",
        "plain_decoding_by_products",
        "plain_training_by_products",
    }


@pytest.mark.parametrize(
    "ratio, reached, passed",
    [(4.0, True, True), (3.99, False, True), (3.2, False, True), (3.19, False, False)],
)
def test_a_verdict_tolerates_a_fifth(ratio: float, reached: bool, passed: bool) -> None:
    verdict = Verdict("a_training", ratio, 4.0)
    assert (verdict.reached, verdict.passed) == (reached, passed)
    assert ("MISSED" in str(verdict)) is not passed


def test_a_ratio_that_is_not_a_number_does_not_pass() -> None:
    assert not Verdict("a_training", float("nan"), 4.0).passed


def test_verdicts_are_of_figures_with_a_target() -> None:
    found = verdicts([figure("a_training", 5.0), figure("d_start_plain", 1.0)])
    expected = [("a_training", 5.0, TARGETS["a_training"])]
    assert [(each.key, each.ratio, each.target) for each in found] == expected


def test_all_targets_reached_pass() -> None:
    passed, text = judged(dict(TARGETS))
    assert passed
    assert "MISSED" not in text


def test_one_target_missed_fails() -> None:
    passed, text = judged({**TARGETS, "b_decoding": 5.0})
    assert not passed
    assert "b_decoding: 5.00 x, target 7 x: MISSED" in text
    assert text.count("MISSED") == 1


def test_a_target_that_was_not_measured_fails() -> None:
    passed, text = judged({key: ratio for key, ratio in TARGETS.items() if key != "g_bilstm"})
    assert not passed
    assert "g_bilstm: not measured" in text


def test_missing_data_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="there is no .*glove.*: 'make data', or DATA=FOLDER"):
        Plan(tmp_path, tmp_path).require_data()
