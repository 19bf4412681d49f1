"""Probabilities of tags as they are written, where that is not the encoding of the model."""

from collections.abc import Sequence
from typing import Optional

import torch
from torch import Tensor

from bilstm_tagger.network.crf_probabilities import TagDistribution
from bilstm_tagger.network.span_rules import SpanRules
from bilstm_tagger.text.encodings import Encoding, Span, split_tag


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
        alone, adjacent = _written_by(encoding, False), _written_by(encoding, True)
        self.names = ["O"]
        # For each kind of token and each label, the index of the name.
        self._targets = torch.zeros(8, len(rules.labels), dtype=torch.long)
        for label, row in rules.labels.items():
            for kind, prefix in enumerate(alone + adjacent):
                name = f"{prefix}-{label}"
                if name not in self.names:
                    self.names.append(name)
                self._targets[kind, row] = self.names.index(name)

    @torch.no_grad()
    def probabilities(self, distribution: TagDistribution) -> Tensor:
        """The probability of each written tag of each token: (batch, length, names), 0 on padding.

        # Parameters

        distribution : `TagDistribution`
            Over the model's tags.
        """
        if self._rules is None:
            return distribution.marginals()
        neighbours = distribution.neighbours(self._rules)
        device = neighbours.marginals.device
        label_of = self._rules.label_of.to(device)
        in_span = label_of >= 0
        found = neighbours.marginals.new_zeros(*neighbours.marginals.shape[:2], len(self.names))
        targets = self._targets.to(device)[:, label_of[in_span]]  # (8, tags in spans)
        marginals, starting, adjacent, ending = (values[..., in_span] for values in neighbours)
        going = 1 - ending
        # In the order of `_written_by`: first, single, inner, last.
        free = starting - adjacent
        inner = 1 - starting
        shares = [free * going, free * ending, inner * going, inner * ending]
        shares += [adjacent * going, adjacent * ending]
        for target, share in zip(targets, shares, strict=False):
            found.index_add_(2, target, marginals * share)
        valid = neighbours.marginals.sum(2) > 0
        found[..., 0] = (1 - found.sum(2)).clamp_(min=0.0) * valid
        return found


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
