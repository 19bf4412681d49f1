"""Spans by character offsets, and the tokens that they cover."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from bilstm_tagger.text.spans import Span

Offsets = Sequence[tuple[int, int]]
# What becomes of a span that cuts a token, overlaps another, or has gaps.
Policy = Literal["error", "leave_out", "widen"]


# Characters that no label can have: they would break lines of output, or steer a terminal.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# These, and unpaired surrogates, which cannot be written as UTF-8.
UNPRINTABLE = re.compile(f"{CONTROL.pattern}|[\ud800-\udfff]")


class CharacterSpan(NamedTuple):
    """A span of a text."""

    label: str
    # The first character of each piece, and the one behind its last. Only BRAT has several.
    pieces: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        pieces = " and ".join(f"{start} to {end}" for start, end in self.pieces)
        return f"the span {self.label!r}, characters {pieces}"


def parse_span(value: Any) -> CharacterSpan:
    """A span as annotation tools write it: `[start, end, label]`, or an object with `start` and
    `end` (or `start_offset` and `end_offset`), and `label` (or `labels`, a list of one); Label
    Studio has these under `value`. Raises `ValueError` for what is none of them."""
    start = end = label = None
    if isinstance(value, list) and len(value) == 3:
        start, end, label = value
    elif isinstance(value, dict):
        inner = value["value"] if isinstance(value.get("value"), dict) else value
        start = inner.get("start", inner.get("start_offset"))
        end = inner.get("end", inner.get("end_offset"))
        labels = inner.get("labels", [])
        label = labels[0] if isinstance(labels, list) and len(labels) == 1 else inner.get("label")
    numbers = type(start) is int and type(end) is int
    if not numbers or not isinstance(label, str) or not label.strip() or CONTROL.search(label):
        raise ValueError(
            "expected a span, [start, end, label] or an object with 'start', 'end' and 'label' "
            "(without control characters), "
            f"found {value!r:.80}"
        )
    return CharacterSpan(label, ((start, end),))  # type: ignore[arg-type]  # both are numbers


class AlignedSpans:
    """The spans of one text, over tokens.

    # Parameters

    text : `str`
    offsets : `Offsets`
        Of each token, its first character and the one behind its last, from left to right.
    policy : `Policy`
        What becomes of a span that cuts a token ("widen" takes the whole token), has gaps ("widen"
        fills them), covers no token or overlaps a longer one (both are left out, unless "error").

    # Errors

    `ValueError` for a span that does not lie in the text; with "error" also for the above.
    """

    def __init__(
        self, text: str, offsets: Offsets, spans: Sequence[CharacterSpan], policy: Policy
    ) -> None:
        self.changes: Counter[str] = Counter()  # what was done to how many
        self._text = text
        self._starts = [start for start, _ in offsets]
        self._ends = [end for _, end in offsets]
        self._policy = policy
        aligned = [(span, tokens) for span in spans if (tokens := self._tokens(span)) is not None]
        # The longest first, then the first.
        aligned.sort(key=lambda pair: (pair[1][0] - pair[1][1], pair[1]))
        taken: dict[int, CharacterSpan] = {}
        self.spans: list[Span] = []
        for span, (first, behind) in aligned:
            other = next((taken[i] for i in range(first, behind) if i in taken), None)
            if other is not None:
                if span != other:  # else it is there twice
                    self._left_out(f"{span}, overlaps {other}", "overlapping spans")
                continue
            self.spans.append(Span(span.label, first, behind))
            taken.update(dict.fromkeys(range(first, behind), span))
        self.spans.sort(key=lambda span: span.start)

    def _tokens(self, span: CharacterSpan) -> tuple[int, int] | None:
        """Its first token and the one behind its last; `None` where it is left out."""
        start, end = span.pieces[0][0], span.pieces[-1][1]
        if not 0 <= start < end <= len(self._text):
            raise ValueError(
                f"{span}, is not in the text, which has {len(self._text)} characters; fix the "
                "offsets, which count characters (not bytes) from 0"
            )
        gaps = zip(span.pieces, span.pieces[1:], strict=False)
        # BRAT has a piece of a span on each line.
        if any(self._text[end:start].strip() for (_, end), (start, _) in gaps):
            if self._policy != "widen":
                self._left_out(f"{span}, has a gap", "spans with gaps")
                return None
            self.changes["spans with gaps were filled"] += 1
        while start < end and self._text[start].isspace():
            start += 1
        while start < end and self._text[end - 1].isspace():
            end -= 1
        first, behind = bisect_right(self._ends, start), bisect_left(self._starts, end)
        if first >= behind:
            self._left_out(f"{span}, covers no token", "empty spans")
            return None
        if self._starts[first] < start or end < self._ends[behind - 1]:
            whole = self._text[self._starts[first] : self._ends[behind - 1]]
            if self._policy != "widen":
                cut = f"{span} ({self._text[start:end]!r:.80}), cuts a token of {whole!r:.80}"
                self._left_out(cut, "spans that cut a token")
                return None
            self.changes["spans that cut a token were widened"] += 1
        return first, behind

    def _left_out(self, problem: str, kind: str) -> None:
        if self._policy == "error":
            raise ValueError(
                f"{problem}; fix it, or set invalid_spans of the dataset reader: 'leave_out', or "
                "'widen' (to whole tokens)"
            )
        self.changes[f"{kind} were left out"] += 1
