"""How spans are read in sequences of tags, as tables of neighbouring tags."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from bilstm_tagger.tagging.chain import Ints
from bilstm_tagger.text.spans import Span, split_tag


class SentenceSpan(NamedTuple):
    """A span of a sentence of a batch, from its token `first` to its token `last`, included."""

    sentence: int
    first: int
    last: int
    label: str


class SpanRules(NamedTuple):
    """How spans are read in sequences of tags."""

    labels: dict[str, int]  # each label of spans, and its number
    label_of: Ints  # (tags,): the number of the label of each tag; -1 for tags that have none
    # (tags + 1, tags) bool, indexed [from, to]: a span starts at the second tag. From the last row
    # at the start of a sentence.
    starts: np.ndarray
    # (tags, tags) bool, indexed [from, to]: a span that the first tag is in goes on. Else it ends
    # there. Only tags of one label continue each other.
    continues: np.ndarray

    @classmethod
    def of(
        cls, read: Callable[[Sequence[str]], Sequence[Span]], tags: Sequence[str]
    ) -> "SpanRules":
        """
        The rules by which a function reads spans, found by having it read all short sequences.

        # Parameters

        read : `Callable[[Sequence[str]], Sequence[Span]]`
            The spans in tags, such as `Encoding.spans`. Tags of a span have its label. Whether a
            tag starts a span must depend on itself and the tag before it; whether it continues
            one that is open, too. It raises `ValueError` for tags that it cannot read.
        tags : `Sequence[str]`
            All tags, in the order of their ids.
        """
        size = len(tags)
        labels: dict[str, int] = {}
        label_of = np.full(size, -1)
        for index, tag in enumerate(tags):
            if label := split_tag(tag)[1]:
                label_of[index] = labels.setdefault(label, len(labels))
        starts = np.zeros((size + 1, size), dtype=bool)
        continues = np.zeros((size, size), dtype=bool)
        for to, tag in enumerate(tags):
            starts[size, to] = bool(read([tag]))
            for origin, before in enumerate(tags):
                starts[origin, to] = any(span.start == 1 for span in read([before, tag]))
        for number in labels.values():
            same = np.flatnonzero(label_of == number).tolist()
            for origin in same:
                for to in same:
                    pair = [tags[origin], tags[to]]
                    # A reader may not see an open span without the tag that opens it.
                    contexts = [pair, *([tags[opening], *pair] for opening in same)]
                    continues[origin, to] = any(
                        span.start <= len(context) - 2 and span.end == len(context)
                        for context in contexts
                        for span in read(context)
                    )
        return cls(labels, label_of, starts, continues)
