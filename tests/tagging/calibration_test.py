import math
from dataclasses import asdict

import numpy as np
import pytest

from bilstm_tagger.tagging import TaggedSentence, TaggedSpan
from bilstm_tagger.tagging.calibration import CalibrationCounter, calibration_of
from bilstm_tagger.tagging.calibration_plot import plot_calibrations


def filled(found):
    """Edges and numbers of the bins that have predictions."""
    return [(each.low, each.high, each.n) for each in found if each.n]


class TestStatistics:
    # Three of four right at 0.9, one of two at 0.3.
    PROBABILITIES = [0.9, 0.3, 0.9, 0.9, 0.3, 0.9]
    RIGHT = [True, True, True, False, False, True]

    def test_by_hand(self):
        found = calibration_of(self.PROBABILITIES, self.RIGHT)
        assert (found.n, found.errors) == (6, 2)
        assert found.accuracy == pytest.approx(4 / 6)
        assert found.mean_probability == pytest.approx(4.2 / 6)
        assert found.expected_errors == pytest.approx(4 * 0.1 + 2 * 0.7)
        assert found.ece == pytest.approx(4 / 6 * 0.15 + 2 / 6 * 0.2)
        assert found.mce == pytest.approx(0.2)
        assert found.brier == pytest.approx((3 * 0.01 + 0.81 + 0.49 + 0.09) / 6)

    def test_bins_by_hand(self):
        low, high = (each for each in calibration_of(self.PROBABILITIES, self.RIGHT).bins if each.n)
        assert (low.low, low.high, low.n) == (0.2, 0.3, 2)
        assert (high.low, high.high, high.n) == (0.8, 0.9, 4)
        assert low.mean_probability == pytest.approx(0.3)
        assert (low.accuracy, low.gap) == pytest.approx((0.5, 0.2))
        assert (high.accuracy, high.gap) == pytest.approx((0.75, -0.15))
        # Wilson (1927): three of four.
        z, n, p = 1.959964, 4, 0.75
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        assert high.interval == pytest.approx((middle - half, middle + half), abs=1e-6)

    def test_gaps_of_a_bin_cancel_and_those_of_two_do_not(self):
        probabilities, right = [0.6, 0.9], [True, False]
        assert calibration_of(probabilities, right, bins=1).ece == pytest.approx(0.25)
        assert calibration_of(probabilities, right, bins=10).ece == pytest.approx(0.65)

    def test_edges_belong_to_the_bin_below_and_0_to_the_first(self):
        edges = [number / 10 for number in range(11)]
        found = calibration_of(edges, [True] * 11).bins
        assert [each.n for each in found] == [2] + [1] * 9
        assert [(each.low, each.high) for each in found] == [
            (number / 10, (number + 1) / 10) for number in range(10)
        ]
        above = calibration_of([math.nextafter(edge, 1) for edge in edges[1:-1]], [True] * 9).bins
        assert [each.n for each in above] == [0] + [1] * 9
        assert filled(calibration_of(edges, [True] * 11, bins=1).bins) == [(0, 1, 11)]

    def test_probabilities_a_little_above_1(self):
        found = calibration_of([1.0000001, 1.0], [True, True])
        assert filled(found.bins) == [(0.9, 1, 2)]
        assert (found.mean_probability, found.ece, found.brier) == (1, 0, 0)
        assert found.expected_errors == 0

    def test_empty_bins_have_no_numbers(self):
        found = calibration_of([0.95], [False])
        assert len(found.bins) == 10
        for each in found.bins[:-1]:
            assert each.n == 0
            assert each.mean_probability is each.accuracy is each.gap is each.interval is None
        assert found.ece == found.mce == pytest.approx(0.95)
        assert found.bins[-1].interval == pytest.approx((0, 0.793457), abs=1e-5)

    def test_equal_mass(self):
        probabilities = [0.01 * number for number in range(91, 100)] + [0.2]
        right = [True, False] * 5
        found = calibration_of(probabilities, right, bins=5)
        assert [each.n for each in found.adaptive_bins] == [2] * 5
        # In pairs from the lowest: 0.2 and 0.91, 0.92 and 0.93, ...
        gaps = [0.5 - 0.555] + [0.5 - (0.925 + 0.02 * pair) for pair in range(4)]
        assert [each.gap for each in found.adaptive_bins] == pytest.approx(gaps)
        assert found.adaptive_ece == pytest.approx(-sum(gaps) / 5)

    def test_equal_probabilities_stay_together(self):
        probabilities, right = [1.0] * 70 + [0.5] * 30, [True] * 70 + [False] * 30
        found = calibration_of(probabilities, right)
        assert filled(found.adaptive_bins) == [(0, 0.5, 30), (0.5, 1, 70)]
        # So the order of the sentences does not matter.
        other = calibration_of(probabilities[::-1], right[::-1])
        assert other.adaptive_bins == found.adaptive_bins
        assert filled(calibration_of([0.7] * 5, [True] * 5).adaptive_bins) == [(0, 1, 5)]
        # The highest probability, of most of them, does not take the others into its bin.
        two = calibration_of(self.PROBABILITIES, self.RIGHT, bins=2)
        assert [each.n for each in two.adaptive_bins] == [2, 4]
        assert two.adaptive_ece == pytest.approx(4 / 6 * 0.15 + 2 / 6 * 0.2)

    def test_calibrated_data(self):
        generator = np.random.default_rng(1)
        probabilities = generator.random(20_000) ** 0.2
        found = calibration_of(probabilities, generator.random(20_000) < probabilities)
        by_chance = sum(
            math.sqrt(each.n * each.mean_probability * (1 - each.mean_probability))
            for each in found.bins
            if each.n
        )
        assert 0 < found.ece < 2 * by_chance / 20_000 < 0.015
        assert found.adaptive_ece < 0.015
        deviation = math.sqrt((probabilities * (1 - probabilities)).sum())
        assert abs(found.errors - found.expected_errors) < 3 * deviation
        inside = [
            each.interval[0] <= each.mean_probability <= each.interval[1]
            for each in found.bins + found.adaptive_bins
            if each.n
        ]
        assert sum(inside) >= len(inside) - 2

    def test_overconfident_data(self):
        generator = np.random.default_rng(1)
        probabilities = generator.random(20_000)
        found = calibration_of(probabilities, generator.random(20_000) < probabilities**2)
        # The mean of p - p * p.
        assert found.ece == pytest.approx(1 / 6, abs=0.01)
        assert found.adaptive_ece == pytest.approx(1 / 6, abs=0.01)
        assert found.mce == pytest.approx(0.25, abs=0.03)
        assert found.errors - found.expected_errors == pytest.approx(20_000 / 6, rel=0.05)
        assert all(each.gap < 0 for each in found.bins[1:-1])


def sentence(tags, probabilities, spans, probability):
    return TaggedSentence(
        [str(number) for number in range(len(tags))],
        {"chunk": tags, "pos": ["N"] * len(tags)},
        {"chunk": [TaggedSpan(*span[:3], "", probability=span[3]) for span in spans]},
        probabilities={"chunk": probabilities, "pos": [0.6] * len(tags)},
        sequence_probabilities={"chunk": probability, "pos": 0.1},
    )


class TestCounter:
    def test_levels(self):
        counter = CalibrationCounter({"chunk": "BIO", "pos": None})
        # The first span is right, the second one too short, the third has another label.
        predicted = sentence(
            ["B-X", "I-X", "B-X", "O", "B-Y"],
            [0.9, 0.8, 0.7, 0.6, 0.5],
            [("X", 0, 1, 0.85), ("X", 2, 2, 0.55), ("Y", 4, 4, 0.45)],
            0.2,
        )
        gold = ["B-X", "I-X", "B-X", "I-X", "B-X"]
        counter.add(predicted, {"chunk": gold, "pos": ["N", "V", "N", "N", "N"]})
        counter.add(sentence(["O"], [0.95], [], 0.95), {"chunk": ["O"], "pos": ["N"]})
        found = counter.calibrations()
        assert {task: list(levels) for task, levels in found.items()} == {
            "chunk": ["tokens", "spans", "sentences"],
            "pos": ["tokens", "sentences"],
        }
        chunk, pos = found["chunk"], found["pos"]
        assert (chunk["tokens"].n, chunk["tokens"].errors) == (6, 2)
        assert chunk["tokens"].mean_probability == pytest.approx(4.45 / 6)
        assert (chunk["spans"].n, chunk["spans"].errors) == (3, 2)
        assert chunk["spans"].brier == pytest.approx((0.15**2 + 0.55**2 + 0.45**2) / 3)
        assert (chunk["sentences"].n, chunk["sentences"].accuracy) == (2, 0.5)
        assert chunk["sentences"].brier == pytest.approx((0.2**2 + 0.05**2) / 2)
        assert (pos["tokens"].n, pos["tokens"].errors) == (6, 1)
        assert pos["sentences"].errors == 1

    def test_no_spans(self):
        counter = CalibrationCounter({"chunk": "BIO"})
        counter.add(sentence(["O"], [0.9], [], 0.9), {"chunk": ["B-X"]})
        found = counter.calibrations(bins=4)["chunk"]
        assert found["spans"] is None
        assert len(found["tokens"].bins) == 4
        assert asdict(found["tokens"])["bins"][-1]["gap"] == pytest.approx(-0.9)


class TestPlot:
    @pytest.fixture
    def found(self):
        one = calibration_of([0.25, 1.0, 1.0], [True, False, True])
        return {
            "a$b": {"tokens": one, "spans": None, "sentences": one},
            "c": {"tokens": one, "sentences": one},
        }

    def test_svg(self, found):
        picture = plot_calibrations(found, "svg").decode()
        for title in ("a$b, tokens (3)", "a$b, sentences (3)", "c, tokens (3)"):
            assert f"<!-- {title} -->" in picture
        assert "spans (" not in picture
        assert "<!-- 1 errors, 1 expected -->" in picture
        # (0.75 + 2 * 0.5) / 3
        assert "<!-- ECE 0.5833, adaptive 0.5833 -->" in picture
        assert plot_calibrations(found, "svg").decode() == picture

    def test_png(self, found):
        assert plot_calibrations(found, "png").startswith(b"\x89PNG\r\n\x1a\n")
