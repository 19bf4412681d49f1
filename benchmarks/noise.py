"""Corpora with labels that are wrong on purpose: spans changed at random."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, Optional

from bilstm_tagger.text.spans import Span

# The kinds of changes; each is made as often as the others.
KINDS = ("type", "boundary", "removed", "invented")
_LONGEST_INVENTED = 3

Spans = list[Span]


class Change(NamedTuple):
    """What was changed in a sentence."""

    sentence: int  # from 0
    kind: str
    before: Optional[Span]  # `None`: invented
    after: Optional[Span]  # `None`: removed

    def position(self) -> tuple[int, int]:
        """The sentence, and the first token of what is or was a span."""
        return self.sentence, min(s.start for s in (self.before, self.after) if s is not None)


class SpanNoise:
    """Changes spans at random, the same ones for the same seed.

    A type becomes another one, drawn by how frequent the types are; one of the two ends moves by a
    token, inwards or onto a token outside of all spans; a span is removed; one to three tokens
    outside of all spans become a span. No token is part of two changes.

    # Parameters

    sentences : `Sequence[Spans]`
        The spans of each sentence, from left to right.
    lengths : `Sequence[int]`
        The number of tokens of each sentence.
    share : `float`
        The number of changes, as a share of the number of spans.
    """

    def __init__(
        self, sentences: Sequence[Spans], lengths: Sequence[int], share: float, seed: int
    ) -> None:
        self.spans = [list(spans) for spans in sentences]
        self.changes: list[Change] = []
        self._lengths = lengths
        self._random = random.Random(seed)
        self._types = Counter(span.label for spans in sentences for span in spans)
        # Tokens that a change has touched, and those beside them.
        self._touched: list[set[int]] = [set() for _ in sentences]
        wanted = round(share * sum(self._types.values()) / len(KINDS))
        makers: dict[str, Callable[[int, Span], Optional[Span]]] = {
            "type": self._other_type,
            "boundary": self._moved_end,
            "removed": lambda sentence, span: None,
        }
        places = [(number, span) for number, spans in enumerate(sentences) for span in spans]
        self._random.shuffle(places)
        for kind, maker in makers.items():
            self._change(kind, maker, places, wanted)
        self._invent(wanted)
        self.changes.sort(key=Change.position)

    def _change(
        self,
        kind: str,
        maker: Callable[[int, Span], Optional[Span]],
        places: list[tuple[int, Span]],
        wanted: int,
    ) -> None:
        """Changes that number of the last places, or of those before them where one cannot be."""
        while wanted and places:
            number, span = places.pop()
            after = maker(number, span)
            if after == span or not self._is_free(number, span):
                continue
            spans = self.spans[number]
            spans.remove(span)
            if after is not None:
                spans.append(after)
                spans.sort(key=lambda item: item.start)
            self._record(Change(number, kind, span, after))
            wanted -= 1

    def _other_type(self, sentence: int, span: Span) -> Span:
        return span._replace(label=self._drawn_type(span.label))

    def _drawn_type(self, other_than: str = "") -> str:
        types = {label: count for label, count in self._types.items() if label != other_than}
        return self._random.choices(list(types), list(types.values()))[0]

    def _moved_end(self, sentence: int, span: Span) -> Span:
        """The span itself where no end can move."""
        outside = self._outside(sentence)
        moved = []
        if span.end - span.start > 1:
            moved += [span._replace(start=span.start + 1), span._replace(end=span.end - 1)]
        if span.start - 1 in outside:
            moved.append(span._replace(start=span.start - 1))
        if span.end in outside:
            moved.append(span._replace(end=span.end + 1))
        return self._random.choice(moved) if moved else span

    def _outside(self, sentence: int) -> set[int]:
        """The tokens that are in no span."""
        outside = set(range(self._lengths[sentence]))
        return outside.difference(*(range(s.start, s.end) for s in self.spans[sentence]))

    def _invent(self, wanted: int) -> None:
        outside = [
            (number, token) for number in range(len(self.spans)) for token in self._outside(number)
        ]
        self._random.shuffle(outside)
        while wanted and outside:
            number, start = outside.pop()
            free = self._outside(number)
            end = start + 1
            while end - start < self._random.randint(1, _LONGEST_INVENTED) and end in free:
                end += 1
            span = Span(self._drawn_type(), start, end)
            if start not in free or not self._is_free(number, span):
                continue
            self.spans[number] = sorted([*self.spans[number], span], key=lambda item: item.start)
            self._record(Change(number, "invented", None, span))
            wanted -= 1

    def _is_free(self, sentence: int, span: Span) -> bool:
        return self._touched[sentence].isdisjoint(range(span.start - 1, span.end + 1))

    def _record(self, change: Change) -> None:
        self.changes.append(change)
        for span in (change.before, change.after):
            if span is not None:
                self._touched[change.sentence].update(range(span.start, span.end))
