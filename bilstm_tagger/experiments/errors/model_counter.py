"""What one model gets right and wrong in one task."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Optional

from bilstm_tagger.experiments.errors.groups import GroupCounter, WordGroups
from bilstm_tagger.experiments.errors.outcomes import SchemeCounter, TokenSpan
from bilstm_tagger.experiments.errors.report import (
    Confusion,
    Kind,
    ModelErrors,
    Outcome,
    TypeScore,
)
from bilstm_tagger.tagging.results import TaggedSentence, rounded
from bilstm_tagger.text.spans import precision_recall_f1

_OF_SPANS: tuple[Kind, ...] = (
    *("right", "type", "boundary", "type and boundary", "missing", "spurious"),
)
# Of a token, by whether it is right.
_OF_TOKENS: tuple[Kind, Kind] = ("type", "right")


class SentenceResult(NamedTuple):
    """What a model gets right and wrong in a sentence."""

    outcomes: list[Outcome]
    # Of each gold span or token, whether it is right.
    right: list[bool]
    # How sure the model is of its error; `None`: there is none.
    sureness: Optional[float]


class ModelCounter:
    """Collects the errors of a model in a task.

    # Parameters

    of_spans : `bool`
        Whether the tags of the task mark spans.
    word_groups : `WordGroups`, optional
        How well the model knows words; `None`: that is not known.
    """

    def __init__(self, of_spans: bool, word_groups: Optional[WordGroups]) -> None:
        self._word_groups = word_groups
        self._groups = GroupCounter(word_groups is not None and word_groups.by_frequency)
        self._schemes = SchemeCounter() if of_spans else None
        self._right_tags = 0
        # Types or labels.
        self._pairs: Counter[tuple[Optional[str], Optional[str], Kind]] = Counter()
        # For the paired test, as of `counts_of`.
        self.counts: list[tuple[int, int]] = []

    def add_tokens(
        self, task: str, gold: Sequence[str], sentence: TaggedSentence
    ) -> SentenceResult:
        predicted, probabilities = sentence.tags[task], sentence.probabilities[task]
        right = [label == tag for label, tag in zip(gold, predicted, strict=True)]
        kinds = map(_OF_TOKENS.__getitem__, right)
        self._pairs.update(zip(gold, predicted, kinds, strict=True))
        self._right_tags += sum(right)
        self.counts.append((sum(right), len(right)))
        words = self._groups_of(sentence.tokens)
        self._groups.add(right, len(right), words)
        outcomes = []
        for index, hit in enumerate(right):
            if not hit:
                label, tag = gold[index], predicted[index]
                chance = rounded(probabilities[index])
                outcomes.append(Outcome("type", (index, index, label), (index, index, tag), chance))
        sureness = max((probabilities[i] for i, hit in enumerate(right) if not hit), default=None)
        return SentenceResult(outcomes, right, sureness)

    def add_spans(
        self,
        task: str,
        tags: Sequence[str],
        gold: Sequence[TokenSpan],
        sentence: TaggedSentence,
    ) -> SentenceResult:
        predicted, chances = [], {}
        for span in sentence.spans[task]:
            predicted.append((span.first_token, span.last_token, span.label))
            assert span.probability is not None
            chances[predicted[-1]] = rounded(span.probability)
        assert self._schemes is not None
        outcomes = self._schemes.add(gold, predicted, chances)
        hits = {outcome.gold for outcome in outcomes if outcome.kind == "right"}
        right = [span in hits for span in gold]
        for outcome in outcomes:
            label = None if outcome.gold is None else outcome.gold[2]
            predicted_label = None if outcome.predicted is None else outcome.predicted[2]
            self._pairs[label, predicted_label, outcome.kind] += 1
        self._right_tags += sum(map(str.__eq__, tags, sentence.tags[task]))
        self.counts.append((2 * len(hits), len(gold) + len(predicted)))
        words = self._groups_of(sentence.tokens)
        lengths = [last + 1 - first for first, last, _ in gold]
        # A span is as rare as its rarest word.
        rarest = [min(words[first : last + 1]) for first, last, _ in gold] if words else []
        self._groups.add(right, len(tags), rarest, lengths)
        wrong = [outcome for outcome in outcomes if outcome.kind != "right"]
        return SentenceResult(outcomes, right, _sureness(task, tags, wrong, sentence))

    def _groups_of(self, words: Sequence[str]) -> list[int]:
        groups = self._word_groups
        return [] if groups is None else list(map(groups.__getitem__, words))

    def errors(self, tokens: int) -> ModelErrors:
        """`tokens`: their number."""
        kinds = dict.fromkeys(_OF_TOKENS[::-1] if self._schemes is None else _OF_SPANS, 0)
        gold: Counter[str] = Counter()
        predicted: Counter[str] = Counter()
        right: Counter[str] = Counter()
        confusions: Counter[tuple[Optional[str], Optional[str]]] = Counter()
        for (label, predicted_label, kind), count in self._pairs.items():
            kinds[kind] += count
            if label is not None:
                gold[label] += count
                right[label] += count * (kind == "right")
            if predicted_label is not None:
                predicted[predicted_label] += count
            if kind != "right":
                confusions[label, predicted_label] += count
        labels = sorted(gold.keys() | predicted.keys(), key=lambda name: (-gold[name], name))
        types = []
        for label in labels:
            counts = gold[label], predicted[label]
            scores = precision_recall_f1(right[label], predicted[label], gold[label])
            types.append(TypeScore(label, *scores, *counts))
        largest_first = sorted(
            confusions, key=lambda pair: (-confusions[pair], *(label or "" for label in pair))
        )
        return ModelErrors(
            scores={} if self._schemes is None else self._schemes.scores(),
            accuracy=self._right_tags / tokens,
            kinds=kinds,
            types=types,
            confusions=[Confusion(*pair, confusions[pair]) for pair in largest_first],
            groups=self._groups.groups(),
        )


def _sureness(
    task: str, tags: Sequence[str], wrong: Sequence[Outcome], sentence: TaggedSentence
) -> Optional[float]:
    """The highest probability of a wrong span, or, of a missing one, of a wrong tag in its place;
    `None` where nothing is wrong."""
    predicted, probabilities = sentence.tags[task], sentence.probabilities[task]
    chances = []
    for outcome in wrong:
        if outcome.probability is not None:
            chances.append(outcome.probability)
        elif outcome.gold is not None:
            first, last, _ = outcome.gold
            places = range(first, last + 1)
            chances += [probabilities[i] for i in places if tags[i] != predicted[i]]
    # All tags of a missing span may be right: those of IO, in a predicted span that is longer.
    return max(chances, default=0.0) if wrong else None
