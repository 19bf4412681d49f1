"""Are the predictions of one run better than those of another on the same sentences?

This is about two runs as they are. Whether a config is better than another is a question of many
runs: `bilstm_tagger.experiments.comparison`.
"""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from bilstm_tagger.experiments.distribution import Scale
from bilstm_tagger.experiments.verdicts import gap_text, p_text
from bilstm_tagger.text.column_format import TOKENS, ColumnFormat
from bilstm_tagger.text.columns import Sentence, read_sentences
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.spans import Span, conlleval_tag, read_spans
from bilstm_tagger.text.tag_spelling import USUAL, TagSpelling, recognised_spelling

METRICS = ("f1", "accuracy")
ROUNDS = 10_000
GOLD, PREDICTED = "gold", "predicted"
# Numbers that are held in memory at a time.
_BLOCK = 2**21
# Two F1 scores of different counts differ by more.
_EPSILON = 1e-12


@dataclasses.dataclass(frozen=True)
class SentenceTest:
    """The comparison of the predictions of two runs, A and B, by approximate randomisation."""

    metric: str
    # Scores between 0 and 1.
    a: float
    b: float
    # The number of all sentences, and of those on which the counts of A and B differ.
    sentences: int
    differing: int
    # A minus B, and its paired bootstrap interval over sentences, of level 1 - alpha.
    difference: float
    interval: tuple[float, float]
    p: float
    rounds: int
    alpha: float

    def verdict(self, a: str, b: str) -> str:
        """The result in one sentence that claims no more than the test shows."""
        significant = self.p < self.alpha
        gap, interval = gap_text(
            self.difference, self.interval, self.alpha, Scale(True), significant
        )
        why = f"approximate randomisation p {p_text(self.p)}; {self.sentences:,} sentences"
        if not significant:
            return (
                f"No significant difference between the predictions of {a} and {b} (difference in "
                f"{self.metric} {gap}, {interval}; {why})."
            )
        better, worse = (a, b) if self.difference > 0 else (b, a)
        return (
            f"The predictions of {better} are better than those of {worse} by {gap} of "
            f"{self.metric} ({interval}; {why}), which holds for these two runs and says "
            "nothing about other seeds."
        )


def read_predictions(
    path: PathLike, gold: int = -2, predicted: int = -1, conllu: bool = False
) -> list[Sentence]:
    """The sentences of a column file with the columns `gold` and `predicted`, whose
    indices count from 0, or from the end: -1 is the last. Tokens are in the first column, or the
    second of CoNLL-U; `-DOCSTART-` lines are no sentences.

    # Errors

    `DataFormatError` where the columns are not there, and as
    `bilstm_tagger.text.columns.read_sentences`.
    """
    tokens = ColumnFormat({TOKENS: 1 if conllu else 0}, document_dividers=True, conllu=conllu)
    first = next(read_sentences(path, tokens, keep_lines=True))
    line = next(line for line, kind in first.source_lines if kind == "token")
    width = len(tokens.split(line))
    columns = dict(tokens.columns)
    for name, index in ((GOLD, gold), (PREDICTED, predicted)):
        place = columns[name] = index + width if index < 0 else index
        if not 0 <= place < width:
            raise _error(
                first,
                0,
                f"expected a column {index} of {name} tags, found {width} columns: {line[:80]!r}; "
                f"set --{name}",
            )
    if len(set(columns.values())) < len(columns):
        what = f"three different columns of {width}, found {columns}; the file needs gold and "
        raise _error(first, 0, f"expected {what}predicted tags, see --gold and --predicted")
    return list(read_sentences(path, dataclasses.replace(tokens, columns=columns)))


def check_same(first: Sequence[Sentence], second: Sequence[Sentence]) -> None:
    """Raises `DataFormatError` unless both have the same tokens and gold tags."""
    for a, b in itertools.zip_longest(first, second):
        if a is None or b is None:
            extra, other = (a, second) if b is None else (b, first)
            what = f"the same sentences as in {other[0].path}, which ends before this one"
            raise _error(extra, 0, f"expected {what}")
        kinds = (("token", a.tokens, b.tokens), ("gold tag", a.columns[GOLD], b.columns[GOLD]))
        length = min(len(a.tokens), len(b.tokens))
        for index, (what, ours, theirs) in itertools.product(range(length), kinds):
            if ours[index] != theirs[index]:
                place = f"{a.path}:{a.line_numbers[index]}"
                what = f"the {what} {ours[index]!r} as in {place}, found {theirs[index]!r}"
                raise _error(b, index, f"expected {what}")
        if len(a.tokens) != len(b.tokens):
            shorter, longer = sorted((a, b), key=lambda sentence: len(sentence.tokens))
            place = f"{shorter.path}:{shorter.line_numbers[-1]}"
            what = f"the end of the sentence, as in {place}, found {longer.tokens[length]!r}"
            raise _error(longer, length, f"expected {what}")


def counts_of(sentences: Sequence[Sentence], metric: str) -> list[tuple[int, int]]:
    """Numerator and denominator of each sentence: the score is the sum of the numerators, divided
    by that of the denominators.

    For accuracy correct tokens and tokens. For F1 twice the correct spans, and predicted and gold
    spans, as conlleval reads them in any encoding.

    # Errors

    `DataFormatError` for a tag that marks no span.
    """
    counts = []
    tags = {t for s in sentences for name in (GOLD, PREDICTED) for t in s.columns[name]}
    spelling = recognised_spelling(tags)
    if spelling is None or spelling.prefix == "none":  # plain labels may have an O, too
        spelling = USUAL
    for sentence in sentences:
        if metric == "accuracy":
            pairs = zip(sentence.columns[GOLD], sentence.columns[PREDICTED], strict=True)
            counts.append((sum(a == b for a, b in pairs), len(sentence.tokens)))
        else:
            gold, predicted = (
                set(_spans(sentence, column, spelling)) for column in (GOLD, PREDICTED)
            )
            counts.append((2 * len(gold & predicted), len(gold) + len(predicted)))
    return counts


def compare_predictions(
    a: Sequence[tuple[int, int]],
    b: Sequence[tuple[int, int]],
    metric: str,
    alpha: float = 0.05,
    rounds: int = ROUNDS,
    seed: int = 13,
) -> SentenceTest:
    """Compares two runs by their counts on the same sentences.

    Approximate randomisation: in each round the predictions of A and B are swapped, sentence by
    sentence, by the toss of a coin; p is (hits + 1) / (rounds + 1), where a hit is a difference at
    least as large as that of A and B, to either side. The interval is that of the percentiles of
    the difference over sentences drawn with replacement, the same for A and B.

    Sources: Noreen (1989), "Computer-Intensive Methods for Testing Hypotheses"; Yeh (2000), "More
    accurate tests for the statistical significance of result differences"; for the interval Efron
    and Tibshirani (1993), "An Introduction to the Bootstrap".

    # Parameters

    a, b : `List[Tuple[int, int]]`
        See `counts_of`; of equal length.
    alpha : `float`
        The accepted rate of false claims.
    rounds : `int`
        Of the test, and of the bootstrap.
    """
    generator = np.random.default_rng(seed)
    # Sentences of the same counts are drawn together; swaps that change the counts alike are too,
    # and those that change nothing are left out.
    kinds = Counter((*ours, *theirs) for ours, theirs in zip(a, b, strict=True))
    swaps: Counter[tuple[int, int]] = Counter()
    for (n_a, d_a, n_b, d_b), count in kinds.items():
        swaps[n_b - n_a, d_b - d_a] += count
    swaps.pop((0, 0), None)
    counts = np.array([*kinds])
    total = np.array([*kinds.values()]) @ counts
    observed = float(_differences(total))

    hits = 0
    changes = np.array([*swaps], int).reshape(-1, 2)
    for size in _blocks(rounds, len(swaps)):
        changed = generator.binomial([*swaps.values()], 0.5, (size, len(swaps))) @ changes
        swapped = _differences(total + np.concatenate((changed, -changed), axis=1))
        hits += int((np.abs(swapped) >= abs(observed) - _EPSILON).sum())

    shares = np.array([*kinds.values()]) / len(a)
    drawn = np.concatenate(
        [
            _differences(generator.multinomial(len(a), shares, size) @ counts)
            for size in _blocks(rounds, len(kinds))
        ]
    )
    low, high = np.quantile(drawn, (alpha / 2, 1 - alpha / 2))
    return SentenceTest(
        metric=metric,
        a=float(_scores(total[:2])),
        b=float(_scores(total[2:])),
        sentences=len(a),
        differing=sum(swaps.values()),
        difference=observed,
        interval=(float(low), float(high)),
        p=(hits + 1) / (rounds + 1),
        rounds=rounds,
        alpha=alpha,
    )


def _error(sentence: Sentence, token: int, problem: str) -> DataFormatError:
    return DataFormatError(sentence.path, sentence.line_numbers[token], problem)


def _spans(sentence: Sentence, column: str, spelling: TagSpelling) -> list[Span]:
    # Encodings differ in how spans are written, not in how they are read.
    tags = []
    for number, tag in zip(sentence.line_numbers, sentence.columns[column], strict=True):
        try:
            tags.append(spelling.read(tag))
            conlleval_tag(tags[-1])
        except ValueError as error:
            raise DataFormatError(
                sentence.path,
                number,
                f"expected {column} tags of spans, found {error}; set --{column}, or --metric "
                "accuracy for plain labels",
            ) from None
    return read_spans(tags)


def _blocks(rounds: int, width: int) -> Iterator[int]:
    """Sizes of the blocks in which rounds of `width` numbers are computed."""
    size = max(1, _BLOCK // max(1, width))
    for start in range(0, rounds, size):
        yield min(size, rounds - start)


def _scores(sums: np.ndarray) -> np.ndarray:
    """Of sums (..., 2): numerators and denominators."""
    return sums[..., 0] / np.maximum(sums[..., 1], 1)


def _differences(sums: np.ndarray) -> np.ndarray:
    """Of sums (..., 4), those of A and those of B: the score of A minus that of B."""
    return _scores(sums[..., :2]) - _scores(sums[..., 2:])
