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

    named: frozenset[str]  # the labels that the file names, one of which it may be
    # Labels that it may be, too, though the file does not name them; `None`: any.
    unnamed: Optional[frozenset[str]] = _NONE
    excluded: frozenset[str] = _NONE  # labels that it is not, among any
    # How probable each of the named labels is, where that is known; 1 together.
    chances: tuple[tuple[str, float], ...] = ()

    def permits(self, label: str) -> bool:
        """Whether it may be this label; of labels with probabilities, the most probable one may."""
        if self.chances:
            return label == self.certain
        if label in self.excluded:
            return False
        return self.unnamed is None or label in self.named or label in self.unnamed

    @property
    def certain(self) -> Optional[str]:
        """Its label, if there is one possibility alone, or the most probable one of those that
        have probabilities."""
        if self.chances:
            return max(self.chances, key=lambda chance: chance[1])[0]
        if self.unnamed is None:
            return None
        labels = self.named | self.unnamed
        return next(iter(labels)) if len(labels) == 1 else None


ANYTHING = Possible(_NONE, None)
# The labels of the tokens of a sentence: all known, or some in part.
Labels = Union[list[str], list[Possible]]


def is_complete(labels: Labels) -> TypeGuard[list[str]]:
    """Whether the label of every token is known."""
    return not labels or isinstance(labels[0], str)


def has_certain(labels: Labels) -> bool:
    """Whether the label of some token is known for certain."""
    return any(isinstance(label, str) or label.certain is not None for label in labels)


def most_probable(labels: Labels) -> Labels:
    """Of labels with probabilities, the most probable ones; other labels as they are."""
    if is_complete(labels) or not labels[0].chances:  # type: ignore[union-attr]
        return labels
    return [str(label.certain) for label in labels]  # type: ignore[union-attr]


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
            raise ValueError(
                f"{cell!r} has an empty label beside {self.separator!r}; fix it, or, where labels "
                "contain that, set partial: {separator: null}"
            )
        for label in labels:
            if label in self.missing:
                raise ValueError(
                    f"{cell!r} has {label!r} beside another label: that stands alone, and means "
                    "that any label is possible"
                )
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
        split_tag(tag)[1] for token in tokens for tag in token.named | (token.unnamed or _NONE)
    }
    every = {"O"}.union(*(encoding.tags_of(label) for label in types if label))
    remaining: list[set[str]] = []
    before: set[Optional[str]] = {None}
    for index, token in enumerate(tokens):
        candidates = every if token.unnamed is None else token.named | token.unnamed
        reached = {
            tag
            for tag in candidates - token.excluded
            if any(encoding.permits(previous, tag) for previous in before)
        }
        if not reached:
            raise InvalidTag(index, "no sequence of tags agrees with this and those before it")
        remaining.append(reached)
        before = set(reached)
    behind: set[Optional[str]] = {None}
    for tags in reversed(remaining):
        kept = {tag for tag in tags if any(encoding.permits(tag, other) for other in behind)}
        if not kept:
            problem = "no sequence of tags agrees with this at the end of the sentence"
            raise InvalidTag(len(tokens) - 1, problem)
        tags &= kept
        behind = set(tags)
    return [
        token if token.unnamed is None else Possible(token.named & tags, token.unnamed & tags)
        for token, tags in zip(tokens, remaining, strict=True)
    ]
