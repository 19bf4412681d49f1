"""The places of a sentence where models see something else than its labels say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bilstm_tagger.experiments.doubts.confidence import OUTSIDE, confident_label
from bilstm_tagger.experiments.doubts.report import Kind
from bilstm_tagger.experiments.out_of_fold import OutOfFoldTask, TokenSpan, gold_spans


class Place(NamedTuple):
    """A place where the labels say one thing, and the models another one.

    Spans are those that only one side has; a label of a token is a span of this token.
    """

    kind: Kind
    gold: list[TokenSpan]
    suggestion: list[TokenSpan]
    gold_probability: float
    probability: float  # of the suggestion

    @property
    def tokens(self) -> tuple[int, int]:
        """The first and the last token."""
        spans = self.gold + self.suggestion
        return min(span[0] for span in spans), max(span[1] for span in spans)

    @property
    def classes(self) -> tuple[str, str]:
        """The class of the labels and of the suggestion: a label, a type, or "O"."""
        return self._class(self.gold), self._class(self.suggestion)

    @staticmethod
    def _class(spans: Sequence[TokenSpan]) -> str:
        return spans[0][2] if spans else OUTSIDE


def label_places(task: OutOfFoldTask, thresholds: Mapping[str, float]) -> Iterator[Place]:
    """The tokens that confident learning counts for another label than their own, and those for
    which another label is the most probable one."""
    for token, (gold, labels) in enumerate(zip(task.gold, task.labels, strict=True)):
        if not gold:  # not known
            continue
        chances = dict(labels)
        label = confident_label(chances, thresholds)
        if label in (None, gold):
            label = max(chances, key=chances.__getitem__)
        if label != gold:
            yield Place(
                "label",
                [(token, token, gold)],
                [(token, token, label)],
                chances.get(gold, 0.0),
                chances[label],
            )


def span_places(task: OutOfFoldTask) -> Iterator[Place]:
    """The places where the most probable spans are other ones than those of the labels.

    Spans that overlap are one place, and so are all that hang together by such overlaps. The
    probability of several spans is that of the least probable one, which is the most that they can
    have together; that of no span is the smallest probability of a token to be outside of spans.
    Places with a token whose label is not known are left out.
    """
    outside = [dict(labels).get(OUTSIDE, 0.0) for labels in task.labels]
    probabilities = {(first, last, label): value for first, last, label, value in task.spans}
    gold = set(gold_spans(task.gold))
    known = {token for token, tag in enumerate(task.gold) if tag}
    suggested = set(best_spans(task.spans, outside))
    for spans in overlapping(gold ^ suggested):
        ours = [span for span in spans if span in gold]
        theirs = [span for span in spans if span in suggested]
        tokens = range(spans[0][0], max(last for _, last, _ in spans) + 1)
        if not known.issuperset(tokens):
            continue
        no_span = min(outside[token] for token in tokens)
        gold_probability = min((probabilities[span] for span in ours), default=no_span)
        probability = min((probabilities[span] for span in theirs), default=no_span)
        yield Place(_kind(ours, theirs), ours, theirs, gold_probability, probability)


def best_spans(
    spans: Sequence[tuple[int, int, str, float]], outside: Sequence[float]
) -> list[TokenSpan]:
    """The spans, without overlaps, by which most tokens are expected to be right: those of a span
    if it is exactly there, and others if they are outside of spans.

    # Parameters

    spans : `Sequence[tuple[int, int, str, float]]`
        First and last token, type and probability.
    outside : `Sequence[float]`
        The probability of each token to be outside of spans.
    """
    ending: dict[int, list[tuple[int, int, str, float]]] = {}
    for span in spans:
        ending.setdefault(span[1], []).append(span)
    # Of the tokens before each token: how many are expected to be right, and the spans.
    best: list[tuple[float, list[TokenSpan]]] = [(0.0, [])]
    for token, probability in enumerate(outside):
        choice = (best[token][0] + probability, best[token][1])
        for first, last, label, chance in ending.get(token, ()):
            expected = best[first][0] + chance * (last - first + 1)
            if expected > choice[0]:
                choice = (expected, [*best[first][1], (first, last, label)])
        best.append(choice)
    return best[-1][1]


def overlapping(spans: set[TokenSpan]) -> Iterator[list[TokenSpan]]:
    """The spans from left to right, in groups that hang together by overlaps."""
    group: list[TokenSpan] = []
    end = -1
    for span in sorted(spans):
        if group and span[0] > end:
            yield group
            group = []
        group.append(span)
        end = max(end, span[1])
    if group:
        yield group


def _kind(gold: Sequence[TokenSpan], suggestion: Sequence[TokenSpan]) -> Kind:
    if not gold:
        return "missed"
    if not suggestion:
        return "spurious"
    same_ends = [span[:2] for span in gold] == [span[:2] for span in suggestion]
    return "type" if same_ends else "boundary"
