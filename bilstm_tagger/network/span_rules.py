"""How spans are read in sequences of tags, as tensors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from bilstm_tagger.text.encodings import Span, split_tag


class SentenceSpan(NamedTuple):
    """A span of a sentence of a batch, from its token `first` to its token `last`, included."""

    sentence: int
    first: int
    last: int
    label: str


@dataclass(frozen=True, eq=False)
class SpanRules:
    """
    How spans are read in sequences of tags, as tables of neighbouring tags.

    # Parameters

    labels : `dict[str, int]`
        Each label of spans, and its row in `tags`.
    tags : `Tensor`, (labels, n) long
        The tags of each label, filled up with -1.
    starts : `Tensor`, (num_tags + 1, num_tags) bool
        Indexed [from, to]: a span starts at the second tag. From the last row at the start of a
        sentence.
    continues : `Tensor`, (num_tags, num_tags) bool
        Indexed [from, to]: a span that the first tag is in goes on. Else it ends there.
    """

    labels: dict[str, int]
    tags: Tensor
    starts: Tensor
    continues: Tensor

    @property
    def label_of(self) -> Tensor:
        """The row of the label of each tag, (num_tags,) long; -1 for tags that have none."""
        found = torch.full((len(self.continues),), -1, dtype=torch.long)
        for row, tags in enumerate(self.tags):
            found[tags[tags >= 0]] = row
        return found

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
            one that is open, too.
        tags : `Sequence[str]`
            All tags, in the order of their ids.

        # Errors

        `ValueError`, of the function, for tags that it cannot read.
        """
        size = len(tags)
        by_label: dict[str, list[int]] = {}
        for index, tag in enumerate(tags):
            label = split_tag(tag)[1]
            if label:
                by_label.setdefault(label, []).append(index)
        starts = torch.zeros(size + 1, size, dtype=torch.bool)
        continues = torch.zeros(size, size, dtype=torch.bool)
        for to, tag in enumerate(tags):
            starts[size, to] = bool(read([tag]))
            for origin, before in enumerate(tags):
                starts[origin, to] = any(span.start == 1 for span in read([before, tag]))
        for same in by_label.values():
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
        width = max(map(len, by_label.values()), default=0)
        rows = [same + [-1] * (width - len(same)) for same in by_label.values()]
        return cls(
            {label: row for row, label in enumerate(by_label)},
            torch.tensor(rows, dtype=torch.long).view(len(rows), width),
            starts,
            continues,
        )
