"""Spans of tokens, and how they are read in tags, whatever the encoding.

A tag is `O` or `<prefix>-<type>`; the type is all that follows the first dash. The letters of the
encodings agree, so one reading serves all of them: that of conlleval, the scorer of the CoNLL-2000
shared task (Tjong Kim Sang & Buchholz 2000, "Introduction to the CoNLL-2000 Shared Task:
Chunking"), which gives spans to invalid sequences too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple


class Span(NamedTuple):
    """A chunk of type `label` over the tokens `start` to `end`, `end` not included."""

    label: str
    start: int
    end: int


def split_tag(tag: str | None) -> tuple[str, str]:
    """Prefix and type; ("O", "") for `O` and for None, the place outside the sentence."""
    if tag is None or tag == "O":
        return "O", ""
    prefix, _, label = tag.partition("-")
    if not label:
        raise ValueError(f"{tag!r} is neither 'O' nor '<prefix>-<type>'")
    return prefix, label


# conlleval's letter of each prefix.
CONLLEVAL_LETTERS = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S", "M": "I", "W": "S"}
# conlleval's startOfChunk and endOfChunk in one table: these pairs, within one type, continue a
# chunk. Every other prefix starts one, which ends the chunk before it, and so does O.
_CONTINUES = frozenset({("B", "I"), ("B", "E"), ("I", "I"), ("I", "E")})


def read_tag(tag: str | None, letters: Mapping[str, str], permitted: str) -> tuple[str, str]:
    """As `split_tag`, with the letter of each prefix; a `ValueError` for a prefix without one says
    what is permitted."""
    prefix, label = split_tag(tag)
    if not label:
        return prefix, label
    if prefix not in letters:
        raise ValueError(f"unknown prefix in {tag!r}; {permitted}{', '.join(letters)}")
    return letters[prefix], label


def conlleval_tag(tag: str | None) -> tuple[str, str]:
    """As `split_tag`, with conlleval's letter of the prefix; a `ValueError` for other prefixes."""
    return read_tag(tag, CONLLEVAL_LETTERS, "permitted: ")


# Whether a span ends or starts at a tag, and the type of the one that starts.
Step = tuple[bool, str | None]


@cache
def _read_step(previous: str | None, tag: str | None) -> Step:
    before, label_before = conlleval_tag(previous)
    letter, label = conlleval_tag(tag)
    if letter == "O":
        return before != "O", None
    if label == label_before and (before, letter) in _CONTINUES:
        return False, None
    return True, label


def read_spans(tags: Sequence[str]) -> list[Span]:
    """The spans conlleval reads in `tags`, whether they are valid or not.

    A chunk starts at `B`, at `S`, at a change of type, and at an `I` or `E` with no open chunk
    to its left; `L` and `U` are read as `E` and `S`, `M` and `W` as `I` and `S`. conlleval
    itself leaves out the rules for `S` and for a `B` after an `E` of its type; they are as in
    seqeval's default mode.

    Raises `ValueError` for a tag that is not `O` or a known prefix with a type.
    """
    spans: list[Span] = []
    if tags.count("O") == len(tags):  # most sentences have no names
        return spans
    label: str | None = None
    start, index = 0, 0
    previous = "O"
    try:
        for index, tag in enumerate(tags):
            if previous == "O" == tag:
                continue
            changes, started = _read_step(previous, tag)
            if changes:
                if label is not None:
                    spans.append(Span(label, start, index))
                label, start = started, index
            previous = tag
    except ValueError as error:
        raise ValueError(f"tag {index}: {error}") from None
    if label is not None:
        spans.append(Span(label, start, len(tags)))
    return spans


def read_steps(tags: Sequence[str]) -> list[Step]:
    """Where the spans of `read_spans` start and end: a step for each tag, and one for the end of
    the sentence. A `ValueError` as of `read_spans`."""
    try:
        return list(map(_read_step, ("O", *tags), (*tags, "O")))
    except ValueError:
        read_spans(tags)  # says which tag it is
        raise


def common_spans(steps: Iterable[Step], others: Iterable[Step]) -> Iterator[str]:
    """The types of the spans that two readings of a sentence have in common."""
    common: str | None = None
    for (changes, label), (other_changes, other) in zip(steps, others, strict=True):
        if changes and other_changes:
            if common is not None:
                yield common
            common = label if label == other else None
        elif changes or other_changes:
            common = None


def precision_recall_f1(correct: int, predicted: int, gold: int) -> tuple[float, float, float]:
    """The three scores between 0 and 1, each 0.0 where it is undefined."""
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    # As conlleval and seqeval compute it, to the last digit.
    f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
    return precision, recall, f1
