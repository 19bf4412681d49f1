"""Labels that are known in part: of tokens without a label, or with several possible ones."""

from collections.abc import Sequence
from typing import NamedTuple, Optional, TypeGuard, Union

import msgspec

from bilstm_tagger.text.encodings import Encoding
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.spans import split_tag

_NONE: frozenset[str] = frozenset()


class Possible(NamedTuple):
    """What is known of the label of a token."""

    labels: frozenset[str]  # those that it may have by what the file says
    # Those that it may have, too, though the file does not name them; `None`: any.
    others: Optional[frozenset[str]] = _NONE
    excluded: frozenset[str] = _NONE  # those that it cannot have, among any

    def permits(self, label: str) -> bool:
        """Whether it may have this label."""
        if label in self.excluded:
            return False
        return self.others is None or label in self.labels or label in self.others

    @property
    def is_certain(self) -> bool:
        """Whether it may have one label alone."""
        return self.others is not None and len((self.labels | self.others) - self.excluded) == 1


ANYTHING = Possible(_NONE, None)
# The labels of the tokens of a sentence: all known, or some in part.
Labels = Union[list[str], list[Possible]]


def is_complete(labels: Labels) -> TypeGuard[list[str]]:
    """Whether the label of every token is known."""
    return not labels or isinstance(labels[0], str)


def certain_labels(labels: Labels) -> list[Optional[str]]:
    """The label of each token; `None` where it is not known for certain."""
    return [
        token if isinstance(token, str) else next(iter(token.labels)) if token.is_certain else None
        for token in labels
    ]


class InvalidTag(ValueError):
    """A tag that cannot be where it is."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index  # of the token in the sentence
        self.message = message


class PartialLabels(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a column says that labels are known in part."""

    # What stands in place of a label that is not known.
    missing: tuple[str, ...] = ("_", "?")
    # What separates several possible labels, as in `B-PER|B-ORG`. `None`: there are none.
    separator: Optional[str] = "|"

    def __post_init__(self) -> None:
        if self.separator == "":
            raise UserError("partial.separator is empty; leave it out, or null for no such labels")

    def is_gap(self, cell: str) -> bool:
        """Whether it is no single label."""
        return cell in self.missing or (self.separator is not None and self.separator in cell)

    def alternatives(self, cell: str) -> Optional[list[str]]:
        """The labels that a token may have; `None`: that is not known. Raises `ValueError` for an
        empty one."""
        if cell in self.missing:
            return None
        labels = [cell] if self.separator is None else cell.split(self.separator)
        if "" in labels:
            raise ValueError(f"{cell!r} has an empty label beside {self.separator!r}")
        return labels

    def possible_labels(self, cells: Sequence[str]) -> list[Possible]:
        """What cells say of plain labels. Raises `InvalidTag`."""
        tokens = []
        for index, cell in enumerate(cells):
            try:
                labels = self.alternatives(cell)
            except ValueError as error:
                raise InvalidTag(index, str(error)) from None
            tokens.append(ANYTHING if labels is None else Possible(frozenset(labels)))
        return tokens


def consistent(encoding: Encoding, tokens: Sequence[Possible]) -> list[Possible]:
    """What is known of the tags of a sentence, without those that no permitted sequence has.

    Raises `InvalidTag` at the first token at which no permitted sequence is left.
    """
    # Of tokens that may have any tag, these stand for all: tags of a type that is not named go with
    # the same neighbours as `O`.
    types = {
        split_tag(tag)[1] for token in tokens for tag in token.labels | (token.others or _NONE)
    }
    every = {"O"}.union(*(encoding.tags_of(label) for label in types if label))
    remaining: list[set[str]] = []
    before: set[Optional[str]] = {None}
    for index, token in enumerate(tokens):
        candidates = every if token.others is None else token.labels | token.others
        reached = {
            tag
            for tag in candidates - token.excluded
            if any(encoding.permits(previous, tag) for previous in before)
        }
        if not reached:
            raise InvalidTag(index, f"no tags in {encoding.name} agree with this and those before")
        remaining.append(reached)
        before = set(reached)
    behind: set[Optional[str]] = {None}
    for tags in reversed(remaining):
        kept = {tag for tag in tags if any(encoding.permits(tag, other) for other in behind)}
        if not kept:
            raise InvalidTag(len(tokens) - 1, f"an open span cannot end there in {encoding.name}")
        tags &= kept
        behind = set(tags)
    return [
        token if token.others is None else Possible(token.labels & tags, token.others & tags)
        for token, tags in zip(tokens, remaining, strict=True)
    ]


def agreeing(tokens: Sequence[Possible], predicted: Sequence[str]) -> list[str]:
    """The labels that agree with what is known, and wherever they can with a prediction."""
    labels = []
    for token, label in zip(tokens, predicted, strict=True):
        if not token.permits(label):
            others = (token.labels or token.others or {"O"}) - token.excluded
            label = "O" if "O" in others else min(others, default="O")
        labels.append(label)
    return labels
