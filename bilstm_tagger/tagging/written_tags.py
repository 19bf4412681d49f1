"""Probabilities of tags as they are written, where that is not the encoding of the model."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Optional

import numpy as np

from bilstm_tagger.tagging.chain import Array
from bilstm_tagger.tagging.distribution import TagDistribution
from bilstm_tagger.tagging.span_rules import SpanRules
from bilstm_tagger.text.encodings import Encoding
from bilstm_tagger.text.spans import Span, split_tag
from bilstm_tagger.text.tag_repair import repaired_spans


class WrittenTags:
    """
    The tags that sequences of a model's tags are written as, and their probabilities.

    Which tag is written depends on the spans: whether one starts or ends at a token, and for IOB1
    whether one of the same label ends before it. That depends on the neighbours of a tag; given the
    tag itself, those to its left and those to its right are independent of each other.

    # Parameters

    tags : `Sequence[str]`
        The model's tags, in the order of their ids.
    encoding : `Encoding`, optional (default = `None`)
        That in which tags are written. `None`: they are plain labels and written as they are.
    rules : `SpanRules`, optional (default = `None`)
        How spans are read in the model's tags, so that every tag with a label is in a span. Needed
        with an encoding.
    """

    def __init__(
        self,
        tags: Sequence[str],
        encoding: Optional[Encoding] = None,
        rules: Optional[SpanRules] = None,
    ) -> None:
        self.names = list(tags)
        self._rules = rules
        if encoding is None or rules is None:
            return
        # Of a first, single, inner, last token, alone and right after a span of the same label.
        prefixes = _written_by(encoding, False) + _written_by(encoding, True)
        names = (f"{prefix}-{label}" for label in rules.labels for prefix in prefixes)
        place = {name: index for index, name in enumerate(dict.fromkeys(["O", *names]))}
        self.names = list(place)
        in_span = np.flatnonzero(rules.label_of >= 0)
        # For each kind of token, the share of each tag goes to a name: (kinds, tags, names).
        self._targets = np.zeros((len(prefixes), len(tags), len(place)))
        for kind, prefix in enumerate(prefixes):
            of_labels = np.array([place[f"{prefix}-{label}"] for label in rules.labels], np.intp)
            self._targets[kind, in_span, of_labels[rules.label_of[in_span]]] = 1.0

    def probabilities(self, distribution: TagDistribution) -> Array:
        """The probability of each written tag of each token, packed (tokens, names)."""
        if self._rules is None:
            return distribution.marginals
        marginals, starting, adjacent, ending = distribution.neighbours(self._rules)
        divisor = np.maximum(marginals, np.finfo(marginals.dtype).tiny)
        ends = ending / divisor
        free, inner = starting - adjacent, marginals - starting
        # In the order of `_written_by`: first, single, inner, last. One right after another starts.
        shares = [
            (free, 1 - ends), (free, ends), (inner, 1 - ends), (inner, ends),
            (adjacent, 1 - ends), (adjacent, ends),
        ]  # fmt: skip
        found = sum(
            (joint * chance) @ target
            for (joint, chance), target in zip(shares, self._targets, strict=False)
        )
        assert isinstance(found, np.ndarray)
        found[:, 0] = 1 - found.sum(1)
        return np.clip(found, 0.0, 1.0, out=found)


def _written_by(encoding: Encoding, adjacent: bool) -> list[str]:
    """The prefixes of the first, the single, an inner and the last token of a span, alone or right
    after a span of the same label."""
    before = [Span("X", 0, 1)] if adjacent else []
    start = len(before)
    *_, first, inner, last = encoding.spans_to_tags(
        [*before, Span("X", start, start + 3)], start + 3
    )
    *_, single = encoding.spans_to_tags([*before, Span("X", start, start + 1)], start + 1)
    return [split_tag(tag)[0] for tag in (first, single, inner, last)]


# Not `cached_property`: up to Python 3.11 all of its objects share one lock, which threads wait for
# and a process that is forked meanwhile waits for for ever.
@lru_cache(maxsize=64)
def span_rules_of(
    labels: tuple[str, ...],
    encoding: Encoding,
    written_encoding: Optional[Encoding],
    repair: Optional[str],
) -> SpanRules:
    """How the spans of tags of a model are read, as they are written."""

    def read(tags: Sequence[str]) -> Sequence[Span]:
        spans = encoding.spans(tags) if repair is None else repaired_spans(tags, repair)
        if written_encoding is not None:  # IO joins spans that touch
            return written_encoding.spans(written_encoding.spans_to_tags(spans, len(tags)))
        return spans

    return SpanRules.of(read, labels)


@lru_cache(maxsize=64)
def written_tags_of(
    labels: tuple[str, ...],
    encoding: Optional[Encoding],
    written_encoding: Optional[Encoding],
    repair: Optional[str],
) -> WrittenTags:
    """The tags that those of a model are written as."""
    if encoding is written_encoding and repair is None:
        return WrittenTags(labels)  # as they are, in whatever letters
    rules = None
    if encoding is not None:
        rules = span_rules_of(labels, encoding, written_encoding, repair)
    return WrittenTags(labels, written_encoding, rules)
