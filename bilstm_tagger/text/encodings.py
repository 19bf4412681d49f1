"""Chunk tag encodings: IO, IOB1, BIO (IOB2), IOBES (BIOES), BMES, BMEWO and BILOU.

A tag is `O` or `<prefix>-<type>`; the type is all that follows the first dash. An encoding is a
table of the prefixes that may follow each prefix, and the prefixes in which it writes a span. All
encodings are read alike: see `bilstm_tagger.text.spans`.

Sources: Ramshaw & Marcus (1995), "Text Chunking using Transformation-Based Learning" (IOB);
Ratinov & Roth (2009), "Design Challenges and Misconceptions in Named Entity Recognition" (BILOU).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from bilstm_tagger.text.memo import Memo
from bilstm_tagger.text.spans import Span, read_spans, read_tag

_START = attrgetter("start")


class Violation(NamedTuple):
    """What is wrong with the tag at `index`, in words that name the tags expected there.

    An open chunk at the end of a sentence is reported at the last tag.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    message: str


class Allowed(NamedTuple):
    """The label sequences an encoding permits: `transitions[i][j]` is "label i, then label j"."""

    start: list[bool]
    transitions: list[list[bool]]
    end: list[bool]

    @property
    def fits_any_length(self) -> bool:
        """Whether there is a sequence for sentences of any length: a label that can be repeated
        from the first token to the last. Labels of very few sentences may have none."""
        return any(
            start and self.transitions[label][label] and end
            for label, (start, end) in enumerate(zip(self.start, self.end, strict=True))
        )


@cache
def _shaped(shape: str, label: str) -> tuple[str, ...]:
    """The tags of a span: of a single token, and of the first, the inner and the last token."""
    return tuple(f"{prefix}-{label}" for prefix in shape)


class Encoding:
    """One encoding of chunks as tags, given by its tables. Use `get_encoding` to obtain one.

    # Parameters

    name : `str`
        The name, as in error messages.
    rules : `Iterable[tuple[str, str, str]]`
        Rows of prefixes: these may be followed by those with the same type, and by those with
        another type or `O`. A sentence is taken to stand between two `O`s.
    shape : `str`
        The prefixes of a span of one token, and of the first, inner and last ones of a longer one.
    after_same : `str`, optional
        The same for a span right after one of its own type; `shape` if left out.
    spellings : `Mapping[str, str]`, optional
        Other letters accepted in tags for prefixes of the encoding.
    """

    def __init__(
        self,
        name: str,
        rules: Iterable[tuple[str, str, str]],
        shape: str,
        after_same: str = "",
        spellings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self._rules = {prefix: (same, other) for row, same, other in rules for prefix in row}
        self._shape = shape
        self._after_same = after_same or shape
        self._prefixes = {prefix: prefix for prefix in self._rules if prefix != "O"}
        self._prefixes.update(spellings)
        self._faults = cache(self._fault)
        self._repaired = Memo(self._repaired_tag)

    spans = staticmethod(read_spans)

    @property
    def marks_starts(self) -> bool:
        """Whether the first tag of a span tells that the span starts there."""
        return self._shape[0] != self._shape[2]

    @property
    def marks_ends(self) -> bool:
        """Whether the last tag of a span tells that the span ends there."""
        return self._shape[0] != self._shape[1]

    def tags_of(self, label: str) -> tuple[str, ...]:
        """The tags of spans of a type: of a single token, and of the first, an inner and the last
        token of a longer one."""
        return _shaped(self._shape, label)

    def read(self, tag: str) -> tuple[str, str]:
        """The prefix of a tag, as the encoding writes it, and its type, empty for `O`. Raises
        `ValueError` for a tag of another encoding."""
        return self._own_letter(tag)

    def permits(self, previous: str | None, tag: str | None) -> bool:
        """Whether a tag may follow another; `None`: outside of the sentence."""
        return self._faults(previous, tag) is None

    def __repr__(self) -> str:
        return f"<Encoding {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], "Encoding"], tuple[str]]:
        return get_encoding, (self.name,)

    def spans_to_tags(self, spans: Iterable[Span], length: int) -> list[str]:
        """The tags of a sentence of `length` tokens with these spans, which may be in any order.

        Raises `ValueError` if a span is empty, untyped, outside the sentence or overlaps another.
        """
        tags = ["O"] * length
        end, label_before = 0, ""
        for span in sorted(spans, key=_START):
            label, start, stop = span
            if not label:
                raise ValueError(f"{span} has no type")
            if not 0 <= start < stop <= length:
                raise ValueError(f"{span} is empty or outside a sentence of {length} tokens")
            if start < end:
                raise ValueError(f"{span} overlaps the span before it, which ends at {end}")
            adjacent = start == end and label == label_before
            shape = self._after_same if adjacent else self._shape
            single, first, inside, last = _shaped(shape, label)
            if stop - start == 1:
                tags[start] = single
            else:
                tags[start:stop] = [first, *[inside] * (stop - start - 2), last]
            end, label_before = stop, label
        return tags

    def repair(self, tags: Sequence[str]) -> list[str]:
        """Valid tags for the spans conlleval reads in `tags`, which may be of another encoding.
        Raises `ValueError` as `spans`."""
        # Where spans start and end depends on neighbours alone, and few of these are distinct.
        before, behind = chain((None,), tags), chain(tags[1:], (None,))
        try:
            return list(map(self._repaired.__getitem__, zip(before, tags, behind, strict=False)))
        except ValueError:
            self.spans(tags)  # says which tag it is
            raise

    def _repaired_tag(self, neighbours: tuple[str | None, str, str | None]) -> str:
        """The valid tag for the second of three that follow one another; `None`: outside of the
        sentence."""
        tags = [tag for tag in neighbours if tag is not None]
        index = int(neighbours[0] is not None)
        return self.spans_to_tags(self.spans(tags), len(tags))[index]

    def first_violation(self, tags: Sequence[str]) -> Violation | None:
        """The first fault of `tags`, or None if, but for spelling, `spans_to_tags` yields them."""
        previous = None
        for index, tag in enumerate(tags):
            message = self._faults(previous, tag)
            if message is not None:
                return Violation(index, message)
            previous = tag
        message = self._faults(previous, None)
        return None if message is None else Violation(len(tags) - 1, message)

    def allowed(self, labels: Sequence[str]) -> Allowed:
        """Which of the labels may start a sentence, follow one another and end a sentence.

        The lists are in the order of the labels. Raises `ValueError` for one of another encoding.
        """
        for label in labels:
            self._own_letter(label)
        return Allowed(
            start=[self._faults(None, label) is None for label in labels],
            transitions=[[self._faults(old, new) is None for new in labels] for old in labels],
            end=[self._faults(label, None) is None for label in labels],
        )

    def _own_letter(self, tag: str | None) -> tuple[str, str]:
        return read_tag(tag, self._prefixes, f"permitted in {self.name}: O, ")

    def _fault(self, previous: str | None, tag: str | None) -> str | None:
        """Why `tag` may not follow `previous` (None: outside the sentence), or None if it may."""
        try:
            before, label_before = self._own_letter(previous)
            letter, label = self._own_letter(tag)
        except ValueError as error:
            return str(error)
        same, other = self._rules[before]
        permitted = same if label and label == label_before else other
        if letter in permitted:
            return None
        expected = [f"'{prefix}-{label}'" for prefix in permitted if label and prefix != "O"]
        expected = expected or [f"'{prefix}-{label_before}'" for prefix in same]  # a chunk is open
        if previous is None:
            what = f"{tag!r} cannot start a sentence"
        elif tag is None:
            what = f"{previous!r} cannot end a sentence"
        else:
            what = f"{tag!r} cannot follow {previous!r}"
        after = " after it" if tag is None else ""
        return f"{what} in {self.name}; {' or '.join(expected)} expected{after}"


def _with_ends(name: str, shape: str, spellings: Mapping[str, str] | None = None) -> Encoding:
    """An encoding with letters of its own for the last token of a span, and for a span of one."""
    single, first, inner, last = list(shape)
    outside = "O", "", f"O{first}{single}"
    opened = f"{first}{inner}", f"{inner}{last}", ""
    closed = f"{last}{single}", f"{first}{single}", f"O{first}{single}"
    rules = outside, opened, closed
    return Encoding(name, rules, shape, spellings=spellings or {})


_ENCODINGS = (
    Encoding("IOB1", (("O", "", "OI"), ("IB", "BI", "OI")), shape="IIII", after_same="BBII"),
    Encoding("BIO", (("O", "", "OB"), ("BI", "BI", "OB")), shape="BBII"),
    _with_ends("IOBES", "SBIE"),
    # What these read as M and W stands in models that were trained when they wrote I and S.
    _with_ends("BMES", "SBME", {"I": "M"}),
    _with_ends("BMEWO", "WBME", {"I": "M", "S": "W"}),
    _with_ends("BILOU", "UBIL"),
    # It cannot tell two spans of one type from a longer one, where they touch.
    Encoding("IO", (("OI", "I", "OI"),), shape="IIII"),
)
ENCODINGS: Mapping[str, Encoding] = MappingProxyType(
    {encoding.name: encoding for encoding in _ENCODINGS}
)
_ALIASES = {"IOB2": "BIO", "BIOES": "IOBES", "BIOUL": "BILOU"}


def get_encoding(name: str) -> Encoding:
    """The encoding of this name, in upper or lower case.

    Other names are `IOB2` for BIO, `BIOES` for IOBES, `BIOUL` for BILOU. Raises `ValueError` for an
    unknown one, with those permitted.
    """
    key = name.upper()
    key = _ALIASES.get(key, key)
    if key not in ENCODINGS:
        permitted = ", ".join([*ENCODINGS, *_ALIASES])
        raise ValueError(f"unknown tag encoding {name!r}; permitted: {permitted}")
    return ENCODINGS[key]
