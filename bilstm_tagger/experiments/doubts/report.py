"""What a report of doubts has: the content of its files, its table and its page."""

from typing import Literal

import msgspec

from bilstm_tagger.experiments.out_of_fold import TokenSpan

# Of the label of a token: it is another one. Of spans: a span of another type, other boundaries
# (of another type perhaps), a span where the labels have none, no span where the labels have one.
Kind = Literal["label", "type", "boundary", "missed", "spurious"]


class Doubt(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place of a corpus whose labels are likely wrong."""

    rank: int  # from 1, over all tasks
    score: float  # the larger, the likelier the labels are wrong; between 0 and 1
    task: str
    kind: Kind
    place: str  # of its first token, as "train.conll:17"
    file: str
    sentence: int  # its number in the file, from 1
    first: int  # token of the sentence, from 0
    last: int  # token, within
    tokens: list[str]  # from the first to the last
    # Spans, and what models suggest in their place; the label of a token is a span of this token.
    gold: list[TokenSpan]
    suggestion: list[TokenSpan]
    # Out of fold: of the labels, and of the suggestion.
    gold_probability: float
    probability: float
    # Whether confident learning takes the labels for wrong: the suggestion has at least the
    # probability that it has on average where it is the label.
    confident: bool
    dataset: str = ""  # that the file is of, where there are several


class DoubtfulSentence(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sentence with doubts in a task."""

    number: int  # in the file, from 1
    place: str
    tokens: list[str]
    doubts: list[Doubt]  # from left to right
    # Spans that are gold and suggested, too: those of no doubt, wanted or not.
    agreed: list[TokenSpan]
    dataset: str = ""  # as of the doubts


class TaskDoubts(msgspec.Struct, frozen=True):
    """The doubts of a task."""

    name: str
    of_spans: bool
    # Of the models by the labels, out of fold: F1 of spans, or the accuracy of other labels.
    score: float
    sentences: int
    tokens: int
    unknown: int  # of the tokens, those without a label
    # Label or type, or "O", to its threshold: the mean probability where it is the label.
    thresholds: dict[str, float]
    # How many doubts of each kind there are, wanted or not, and how many of them are confident.
    kinds: dict[Kind, tuple[int, int]]
    doubtful: list[DoubtfulSentence]  # those with the first doubts come first

    @property
    def metric(self) -> str:
        """What the score of the models is."""
        return "F1" if self.of_spans else "accuracy"

    @property
    def confident(self) -> int:
        """The number of confident doubts."""
        return sum(confident for _, confident in self.kinds.values())

    @property
    def total(self) -> int:
        """The number of doubts, also of those that are not wanted."""
        return sum(count for count, _ in self.kinds.values())

    @property
    def listed(self) -> int:
        """The number of doubts that are wanted."""
        return sum(len(sentence.doubts) for sentence in self.doubtful)


class DoubtReport(msgspec.Struct, frozen=True):
    """The labels of a corpus that are likely wrong."""

    predictions: str  # the file
    doubts: list[Doubt]  # those that are wanted, the likeliest first
    tasks: list[TaskDoubts]
