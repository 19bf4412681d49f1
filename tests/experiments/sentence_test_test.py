import gzip
import itertools

import numpy as np
import pytest
from scipy import stats

from bilstm_tagger.experiments import sentence_test
from bilstm_tagger.experiments.sentence_test import (
    check_same,
    compare_predictions,
    counts_of,
    read_predictions,
)
from bilstm_tagger.plugin.metrics.span_f1 import SpanF1
from bilstm_tagger.text.errors import DataFormatError

FIRST = "The DT B-X B-X\ncat NN I-X I-X\nsat VB O B-Y\n\nIt PR B-X O\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="a.conll"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


class TestReading:
    def test_last_two_columns(self, write):
        first, second = read_predictions(write(FIRST))
        assert first.tokens == ["The", "cat", "sat"]
        assert first.columns == {"gold": ["B-X", "I-X", "O"], "predicted": ["B-X", "I-X", "B-Y"]}
        assert second.columns == {"gold": ["B-X"], "predicted": ["O"]}
        assert second.line_numbers == [5]

    def test_other_columns_gzip_and_dividers(self, write):
        text = "-DOCSTART- -X- O O\n\n" + FIRST
        path = write(gzip.compress(text.encode()), "a.conll.gz")
        first, _ = read_predictions(path, gold=1, predicted=-2)
        assert first.columns == {"gold": ["DT", "NN", "VB"], "predicted": ["B-X", "I-X", "O"]}

    def test_conllu(self, write):
        text = "# text = Im\n1-2\tIm\t_\t_\n1\tI\tPRON\tPRON\n2\tm\tAUX\tX\n\n"
        (only,) = read_predictions(write(text), conllu=True)
        assert only.tokens == ["I", "m"]
        assert counts_of([only], "accuracy") == [(1, 2)]

    @pytest.mark.parametrize(
        "text, options, message",
        [
            ("The O\n", {}, r":1: expected three different columns of 2, found .*see --gold"),
            (FIRST, {"gold": 3}, ":1: expected three different columns"),
            (FIRST, {"gold": 4}, ":1: expected a column 4 of gold tags, found 4 .*set --gold"),
            (FIRST, {"predicted": -5}, ":1: expected a column -5 of predicted .*set --predicted"),
            ("The O O\ncat O\n", {}, ":2: expected 3 columns as in line 1"),
            ("\n\n", {}, "expected at least one sentence"),
        ],
    )
    def test_errors(self, write, text, options, message):
        with pytest.raises(DataFormatError, match=message):
            read_predictions(write(text), **options)


@pytest.mark.parametrize(
    "second, message",
    [
        (FIRST.replace("cat", "dog"), r"b\.conll:2: expected the token 'cat' as in .*a\.conll:2, "),
        (FIRST.replace("B-X O\n", "B-Y O\n"), r"b\.conll:5: expected the gold tag 'B-X' as in"),
        (FIRST + "\nNew PR O O\n", r"b\.conll:7: expected the same sentences as in .*a\.conll"),
        (FIRST.partition("\n\n")[0], r"a\.conll:5: expected the same sentences as in .*b\.conll"),
        (FIRST + "is VB O O\n", r"b\.conll:6: expected the end .* a\.conll:5, found 'is'"),
        (FIRST.replace("sat VB O B-Y\n", ""), r"a\.conll:3: expected the end of the sentence, as"),
    ],
)
def test_different_sentences_are_one_error(write, second, message):
    message = message.replace(" a\\.", " .*a\\.")
    first = read_predictions(write(FIRST))
    check_same(first, first)
    check_same(first, read_predictions(write(FIRST.replace("B-Y", "O"), "b.conll")))
    with pytest.raises(DataFormatError, match=message):
        check_same(first, read_predictions(write(second, "b.conll")))


class TestCounts:
    def test_by_hand(self, write):
        sentences = read_predictions(write(FIRST))
        # Sentence 0: X right, Y false. Sentence 1: X missed.
        assert counts_of(sentences, "f1") == [(2, 3), (0, 1)]
        assert counts_of(sentences, "accuracy") == [(2, 3), (0, 1)]

    def test_scores_are_those_of_the_metrics(self, write):
        generator = np.random.default_rng(1)
        tags = ["O", "B-X", "I-X", "I-Y", "S-Y", "E-X", "U-Z"]
        pairs = [generator.choice(tags, (2, size)) for size in generator.integers(1, 9, 50)]
        text = "".join(
            "".join(f"w {gold} {predicted}\n" for gold, predicted in zip(*pair, strict=True)) + "\n"
            for pair in pairs
        )
        counts = counts_of(read_predictions(write(text)), "f1")
        metric = SpanF1("BIO")
        metric([pair[1].tolist() for pair in pairs], [pair[0].tolist() for pair in pairs])
        found = compare_predictions(counts, counts, "f1", rounds=99)
        assert found.a == found.b == pytest.approx(metric.get_metric()["f1"])

    @pytest.mark.parametrize("column, row", [("gold", "NN O"), ("predicted", "O NN")])
    def test_labels_that_mark_no_span(self, write, column, row):
        sentences = read_predictions(write(f"a O O\nb {row}\n"))
        with pytest.raises(DataFormatError, match=f":2: expected {column} tags .*'NN' is neither"):
            counts_of(sentences, "f1")
        assert counts_of(sentences, "accuracy") == [(1, 2)]


def f1(counts):
    return sum(n for n, _ in counts) / sum(d for _, d in counts)


class TestRandomisation:
    A = [(2, 4), (4, 4), (2, 3), (4, 6), (0, 2), (2, 2)]
    B = [(0, 4), (4, 4), (2, 4), (2, 6), (0, 1), (0, 2)]

    def test_p_is_that_of_all_swaps(self):
        observed = f1(self.A) - f1(self.B)
        pairs = [*zip(self.A, self.B, strict=True)]
        swaps = []
        for each in itertools.product((False, True), repeat=len(pairs)):
            rows = (pair[::-1] if swap else pair for pair, swap in zip(pairs, each, strict=True))
            swaps.append(zip(*rows, strict=True))
        hits = sum(abs(f1(a) - f1(b)) >= observed - 1e-12 for a, b in swaps)
        found = compare_predictions(self.A, self.B, "f1", rounds=20_000)
        assert found.difference == pytest.approx(observed)
        assert 0.1 < hits / len(swaps) < 0.9
        assert found.p == pytest.approx(hits / len(swaps), abs=0.012)
        assert (found.sentences, found.differing) == (6, 5)

    def test_interval_is_that_of_sentences_drawn_with_replacement(self):
        found = compare_predictions(self.A * 20, self.B * 20, "f1")
        generator = np.random.default_rng(2)
        a, b = np.array(self.A * 20), np.array(self.B * 20)
        drawn = []
        for _ in range(4000):
            chosen = generator.integers(0, len(a), len(a))
            drawn.append(f1(a[chosen]) - f1(b[chosen]))
        assert found.interval == pytest.approx(np.quantile(drawn, (0.025, 0.975)), abs=0.005)

    def test_seed_and_blocks(self, monkeypatch):
        found = compare_predictions(self.A, self.B, "f1")
        assert found == compare_predictions(self.A, self.B, "f1")
        assert found != compare_predictions(self.A, self.B, "f1", seed=14)
        # The same rounds, some at a time.
        monkeypatch.setattr(sentence_test, "_BLOCK", 64)
        assert [*sentence_test._blocks(10, 20)] == [3, 3, 3, 1]
        assert compare_predictions(self.A, self.B, "f1").p == pytest.approx(found.p)

    def test_sides(self):
        found = compare_predictions(self.A, self.B, "f1")
        other = compare_predictions(self.B, self.A, "f1")
        assert other.difference == -found.difference
        assert other.p == pytest.approx(found.p, abs=0.02)

    def test_same_predictions(self):
        found = compare_predictions(self.A, self.A, "f1")
        assert (found.difference, found.p, found.differing) == (0, 1, 0)
        assert found.interval == (0, 0)
        assert found.verdict("A", "B") == (
            "No significant difference between the predictions of A and B (difference in f1 0.00 "
            "points, 95 % interval 0.00 to 0.00; approximate randomisation p = 1; 6 sentences)."
        )

    def test_no_spans_at_all(self):
        nothing = [(0, 0)] * 3
        found = compare_predictions(nothing, nothing, "f1")
        assert (found.a, found.b, found.p) == (0, 0, 1)

    def test_clear_difference(self):
        a, b = [(4, 4)] * 100, [(2, 4)] * 50 + [(4, 4)] * 50
        found = compare_predictions(a, b, "f1")
        assert found.p == 1 / 10_001
        assert found.verdict("A", "B") == (
            "The predictions of A are better than those of B by 25.00 points of f1 (95 % interval "
            "20.00 to 30.00; approximate randomisation p < 0.001; 100 sentences), which holds for "
            "these two runs and says nothing about other seeds."
        )
        other = compare_predictions(b, a, "f1").verdict("A", "B")
        assert other.startswith("The predictions of B are better than those of A by 25.00 points")


def simulated(generator, gold, rate):
    """Counts of a system that finds each span at this rate, and often a wrong one in its place."""
    found = generator.binomial(gold, rate)
    wrong = generator.binomial(gold - found, 0.7)
    return [*zip((2 * found).tolist(), (gold + found + wrong).tolist(), strict=True)]


def claims(rates, trials, seed):
    """Rates of verdicts for the first system, and for the second."""
    generator = np.random.default_rng(seed)
    better = [0, 0]
    for trial in range(trials):
        gold = generator.integers(0, 9, 200)
        a, b = (simulated(generator, gold, rate) for rate in rates)
        found = compare_predictions(a, b, "f1", rounds=400, seed=trial)
        if found.p < 0.05:
            better[found.difference < 0] += 1
    return better


def test_false_positives_are_at_the_nominal_rate():
    better = claims((0.9, 0.9), 300, seed=3)
    assert stats.binomtest(sum(better), 300, 0.05).pvalue > 0.01
    assert min(better) > 0


def test_power():
    """As much as by the normal approximation of the difference of two rates."""
    rates, trials = (0.90, 0.93), 150
    better = claims(rates, trials, seed=4)
    # About 800 spans; F1 goes with the rate of spans found, a little less than one to one.
    error = np.sqrt(sum(rate * (1 - rate) for rate in rates) / 800)
    power = stats.norm.sf(1.96 - 0.03 / error)
    assert power == pytest.approx(0.58, abs=0.03)
    assert better[0] == 0
    assert better[1] / trials == pytest.approx(power, abs=0.12)
