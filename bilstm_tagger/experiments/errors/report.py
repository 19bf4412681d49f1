"""What an error report has: the content of its JSON, its tables and its page."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Optional, TypeVar

import msgspec

K = TypeVar("K")
V = TypeVar("V")

# Of a span, as in SemEval 2013 task 9.1: the same ends and type; other ends or another type, or
# both, of spans that overlap; a gold span without a predicted one; a predicted span without a gold
# one. Of a label of a token: right, or of another type.
Kind = Literal["right", "type", "boundary", "type and boundary", "missing", "spurious"]
# The ways of counting of SemEval 2013 task 9.1.
Scheme = Literal["strict", "exact", "partial", "type"]
# By what right and wrong are counted in groups.
Property = Literal["words", "frequency", "span length", "sentence length"]


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """A span, or the label of a token, as it is in the gold tags and as a model predicts it."""

    kind: Kind
    # First token and last token, both within, and the type. `None`: there is none.
    gold: Optional[tuple[int, int, str]] = None
    predicted: Optional[tuple[int, int, str]] = None
    # Of what is predicted: that exactly this is there.
    probability: Optional[float] = None


class SentenceErrors(msgspec.Struct, frozen=True):
    """A sentence on which some model makes an error in a task."""

    # Its number in the file, from 1, and the place where it starts, as "dev.conll:17".
    number: int
    place: str
    tokens: list[str]
    # For each model all outcomes in the sentence, the right ones of spans too, from left to right;
    # of labels of tokens the wrong ones alone.
    outcomes: list[list[Outcome]]


class Score(msgspec.Struct, frozen=True):
    """Precision, recall and F1 between 0 and 1, and what they are made of."""

    precision: float
    recall: float
    f1: float
    correct: int
    incorrect: int
    partial: int
    missing: int
    spurious: int


class TypeScore(msgspec.Struct, frozen=True):
    """A type of spans (strict), or a label of tokens."""

    label: str
    precision: float
    recall: float
    f1: float
    gold: int
    predicted: int


class Confusion(msgspec.Struct, frozen=True):
    """How often gold spans or tokens of one label were predicted as another. `None`: no span."""

    gold: Optional[str]
    predicted: Optional[str]
    count: int


class Group(msgspec.Struct, frozen=True):
    """What is gold in a group of words or sentences, and how much of that is right."""

    name: str
    gold: int
    right: int


class ModelErrors(msgspec.Struct, frozen=True):
    """What a model gets right and wrong in a task."""

    # Spans: by scheme. Labels of tokens: empty.
    scores: dict[Scheme, Score]
    # Of tokens.
    accuracy: float
    kinds: dict[Kind, int]
    types: list[TypeScore]
    # The largest first; what is right is left out.
    confusions: list[Confusion]
    groups: dict[Property, list[Group]]


class TaskErrors(msgspec.Struct, frozen=True):
    """A task."""

    name: str
    of_spans: bool
    sentences: int
    tokens: int
    models: list[ModelErrors]
    # The sentences with an error; first those of which a model was surest of its error.
    errors: list[SentenceErrors]
    # Two models: the number of gold spans or tokens that the first alone gets right, and the second
    # alone; the paired test of their predictions, and its verdict in one sentence.
    only_right: Optional[tuple[int, int]] = None
    test: Optional[dict[str, Any]] = None
    verdict: Optional[str] = None


class ErrorReport(msgspec.Struct, frozen=True):
    """What one or two models get wrong in files with gold tags."""

    models: list[str]
    # Data set to file.
    gold: dict[str, str]
    tasks: list[TaskErrors]


def side_by_side(tables: Sequence[Mapping[K, V]]) -> list[tuple[K, list[Optional[V]]]]:
    """The rows of several tables as one, in the order of the first that has a row."""
    keys = dict.fromkeys(itertools.chain(*tables))
    return [(key, [table.get(key) for table in tables]) for key in keys]
