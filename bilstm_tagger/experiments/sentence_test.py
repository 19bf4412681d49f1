"""Are the predictions of one run better than those of another on the same sentences?

This is about two runs as they are. Whether a config is better than another is a question of many
runs: `bilstm_tagger.experiments.comparison`.
"""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bilstm_tagger.experiments.distribution import Scale
from bilstm_tagger.experiments.verdicts import gap_text, p_text
from bilstm_tagger.text.columns import TOKENS, ColumnFormat, Sentence, read_sentences
from bilstm_tagger.text.encodings import Span, get_encoding
from bilstm_tagger.text.errors import DataFormatError, PathLike

if TYPE_CHECKING:
    import numpy as np

METRICS = ("f1", "accuracy")
ROUNDS = 10_000
GOLD, PREDICTED = "gold", "predicted"
# Numbers that are held in memory at a time.
_BLOCK = 2**21
# Two F1 scores of different counts differ by more.
_EPSILON = 1e-12


@dataclasses.dataclass(frozen=True)
class SentenceTest:
    """The predictions of two runs, A and B.

    # Parameters

    metric : `str`
        "f1" or "accuracy".
    a, b : `float`
        Their scores, between 0 and 1.
    sentences : `int`
    differing : `int`
        Sentences on which the counts of A and B differ.
    difference : `float`
        A minus B.
    interval : `Tuple[float, float]`
        Paired bootstrap interval of the difference over sentences, of level 1 - alpha.
    p : `float`
        Two-sided p of approximate randomisation.
    rounds : `int`
    alpha : `float`
    """

    metric: str
    a: float
    b: float
    sentences: int
    differing: int
    difference: float
    interval: tuple[float, float]
    p: float
    rounds: int
    alpha: float

    def verdict(self, a: str, b: str) -> str:
        """What the test tells, in one sentence that claims no more."""
        found = self.p < self.alpha
        gap, interval = gap_text(self.difference, self.interval, self.alpha, Scale(True), found)
        why = f"approximate randomisation p {p_text(self.p)}; {self.sentences:,} sentences"
        if not found:
            return (
                f"These predictions do not tell {a} from {b} (difference in {self.metric} {gap}, "
                f"{interval}; {why})."
            )
        better, worse = (a, b) if self.difference > 0 else (b, a)
        return (
            f"The predictions of {better} are better than those of {worse} by {gap} of "
            f"{self.metric} ({interval}; {why}), which holds for these two runs and says "
            "nothing of other seeds."
        )


def read_predictions(
    path: PathLike, gold: int = -2, predicted: int = -1, conllu: bool = False
) -> list[Sentence]:
    """The sentences of a column file, with the columns `gold` and `predicted`.

    # Parameters

    path : `PathLike`
        The file, plain or gzip. Tokens are in its first column, or the second of CoNLL-U;
        `-DOCSTART-` lines are no sentences.
    gold, predicted : `int`
        Indices of columns, from 0, or from the end: -1 is the last.
    conllu : `bool`
        CoNLL-U: tabs, comments, ranges and empty nodes are no tokens.

    # Errors

    `DataFormatError` where the columns are not there, and as
    `bilstm_tagger.text.columns.read_sentences`.
    """

    def layout(columns: dict[str, int]) -> ColumnFormat:
        return ColumnFormat(
            {TOKENS: 1 if conllu else 0, **columns}, document_dividers=True, conllu=conllu
        )

    first = next(read_sentences(path, layout({}), keep_lines=True))
    line = next(line for line, kind in first.source_lines if kind == "token")
    width = len(layout({}).split(line))
    columns = {}
    for name, index in ((GOLD, gold), (PREDICTED, predicted)):
        columns[name] = index + width if index < 0 else index
        if not 0 <= columns[name] < width:
            raise DataFormatError(
                path,
                first.line_numbers[0],
                f"expected a column {index} of {name} tags, found {width} columns: {line[:80]!r}; "
                f"set --{name}",
            )
    used = layout(columns).columns
    if len(set(used.values())) < len(used):
        raise DataFormatError(
            path,
            first.line_numbers[0],
            f"expected three different columns of {width}, found {used}; the file needs gold and "
            "predicted tags, see --gold and --predicted",
        )
    return list(read_sentences(path, layout(columns)))


def check_same(first: Sequence[Sentence], second: Sequence[Sentence]) -> None:
    """Raises `DataFormatError` unless both have the same tokens and gold tags."""
    for a, b in itertools.zip_longest(first, second):
        if a is None or b is None:
            extra, other = (a, second) if b is None else (b, first)
            raise DataFormatError(
                extra.path,
                extra.line_numbers[0],
                f"expected the same sentences as in {other[0].path}, which ends before this one",
            )
        rows = ((each.tokens, each.columns[GOLD], each.line_numbers) for each in (a, b))
        for ours, theirs in itertools.zip_longest(*(zip(*row, strict=True) for row in rows)):
            if ours is None or theirs is None:
                longer, shorter = (a, b) if theirs is None else (b, a)
                raise DataFormatError(
                    longer.path,
                    longer.line_numbers[len(shorter.tokens)],
                    f"expected the end of the sentence, as in {shorter.path}:"
                    f"{shorter.line_numbers[-1]}, found {longer.tokens[len(shorter.tokens)]!r}",
                )
            for what, expected, found in zip(
                ("token", "gold tag"), ours[:2], theirs[:2], strict=True
            ):
                if expected != found:
                    raise DataFormatError(
                        b.path,
                        theirs[2],
                        f"expected the {what} {expected!r} as in {a.path}:{ours[2]}, found "
                        f"{found!r}",
                    )


def counts_of(sentences: Sequence[Sentence], metric: str) -> list[tuple[int, int]]:
    """Numerator and denominator of each sentence: the score is the sum of the ones by that of the
    others.

    For accuracy correct tokens and tokens. For F1 twice the correct spans, and predicted and gold
    spans, as conlleval reads them in any encoding.

    # Errors

    `DataFormatError` for a tag that marks no span.
    """
    if metric == "accuracy":
        pairs = [
            zip(each.columns[GOLD], each.columns[PREDICTED], strict=True) for each in sentences
        ]
        correct = [sum(gold == predicted for gold, predicted in pair) for pair in pairs]
        return [(hits, len(each.tokens)) for hits, each in zip(correct, sentences, strict=True)]
    counts = []
    for each in sentences:
        gold, predicted = (set(_spans(each, column)) for column in (GOLD, PREDICTED))
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
        See `counts_of`; as long as one another.
    metric : `str`
        What the counts are of: "f1" or "accuracy".
    alpha : `float`
        The rate of false claims that is accepted.
    rounds : `int`
        Of the test, and of the bootstrap.
    seed : `int`
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    total = np.array([*map(sum, zip(*a, strict=True)), *map(sum, zip(*b, strict=True))])
    observed = float(_differences(total))
    # Sentences of the same counts are drawn together. Swaps of the same difference do the same,
    # and those of none do nothing.
    swaps = Counter((n_b - n_a, d_b - d_a) for (n_a, d_a), (n_b, d_b) in zip(a, b, strict=True))
    swaps.pop((0, 0), None)
    hits = 0
    changes = np.array([*swaps], int).reshape(-1, 2)
    for size in _blocks(rounds, len(swaps)):
        changed = generator.binomial([*swaps.values()], 0.5, (size, len(swaps))) @ changes
        swapped = _differences(total + np.concatenate((changed, -changed), axis=1))
        hits += int((np.abs(swapped) >= abs(observed) - _EPSILON).sum())

    kinds = Counter((*ours, *theirs) for ours, theirs in zip(a, b, strict=True))
    shares = np.array([*kinds.values()]) / len(a)
    drawn = np.concatenate(
        [
            _differences(generator.multinomial(len(a), shares, size) @ np.array([*kinds]))
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


def _spans(sentence: Sentence, column: str) -> list[Span]:
    # Encodings differ in how spans are written, not in how they are read.
    read = get_encoding("BIO").spans
    tags = sentence.columns[column]
    try:
        return read(tags)
    except ValueError:
        for number, tag in zip(sentence.line_numbers, tags, strict=True):
            try:
                read([tag])
            except ValueError as error:
                raise DataFormatError(
                    sentence.path,
                    number,
                    f"expected {column} tags of spans, found {str(error).partition(': ')[2]}; "
                    f"set --{column}, or --metric accuracy for plain labels",
                ) from None
        raise


def _blocks(rounds: int, width: int) -> Iterator[int]:
    """Sizes of the blocks in which rounds of so many numbers are computed."""
    size = max(1, _BLOCK // max(1, width))
    for start in range(0, rounds, size):
        yield min(size, rounds - start)


def _scores(sums: "np.ndarray") -> "np.ndarray":
    """Of sums (..., 2): numerators and denominators."""
    import numpy as np

    return sums[..., 0] / np.maximum(sums[..., 1], 1)


def _differences(sums: "np.ndarray") -> "np.ndarray":
    """Of sums (..., 4), those of A and those of B: the score of A minus that of B."""
    return _scores(sums[..., :2]) - _scores(sums[..., 2:])
