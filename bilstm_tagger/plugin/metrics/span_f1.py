"""Precision, recall and F1 of spans, as the CoNLL-2000 scorer conlleval counts them."""

from collections.abc import Iterable, Sequence

import torch
import torch.distributed as dist
from allennlp.common.util import is_distributed
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric

from bilstm_tagger.plugin.metrics.token_accuracy import check_lengths
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.spans import Span


class SpanCounts:
    """Numbers of correct, predicted and gold spans of each type."""

    def __init__(self) -> None:
        self.by_type: dict[str, list[int]] = {}

    def add_sentence(self, predicted: Iterable[Span], gold: Iterable[Span]) -> None:
        """Count the spans of a sentence; one is correct if the gold ones hold the very same."""
        predicted, gold = set(predicted), set(gold)
        for column, spans in enumerate((predicted & gold, predicted, gold)):
            for span in spans:
                self.by_type.setdefault(span.label, [0, 0, 0])[column] += 1

    def add_counts(self, by_type: dict[str, list[int]]) -> None:
        """Add the `by_type` of other counts."""
        for label, counts in by_type.items():
            own = self.by_type.setdefault(label, [0, 0, 0])
            self.by_type[label] = [a + b for a, b in zip(own, counts, strict=True)]

    def total(self) -> list[int]:
        """Numbers of correct, predicted and gold spans of all types."""
        return [sum(counts[column] for counts in self.by_type.values()) for column in range(3)]


def precision_recall_f1(correct: int, predicted: int, gold: int) -> tuple[float, float, float]:
    """The three scores between 0 and 1, each 0.0 where it is undefined."""
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    # As conlleval and seqeval compute it, to the last digit.
    f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
    return precision, recall, f1


@Metric.register("span_f1_conll")
class SpanF1(Metric):
    """Micro-averaged precision, recall and F1 of spans, over all calls since the last reset.

    Spans are read as by conlleval (Tjong Kim Sang & Buchholz, 2000), in invalid tag sequences too;
    see `bilstm_tagger.text.encodings.Encoding.spans`. A predicted span is correct if its type and
    both its ends are those of a gold span.

    In distributed training each worker counts its own sentences, and `get_metric` adds up the
    counts of all workers, so all of them have to call it.

    # Parameters

    encoding : `str`
        The encoding of both the predicted and the gold tags: a name `get_encoding` knows.
    per_type : `bool`, optional (default = `False`)
        Whether to report the scores of each type as well.

    # Raises

    `ValueError`, for an unknown encoding.
    """

    supports_distributed = True

    def __init__(self, encoding: str, per_type: bool = False) -> None:
        self._encoding = get_encoding(encoding)
        self._per_type = per_type
        self._counts = SpanCounts()

    def __call__(
        self, predicted_tags: Sequence[Sequence[str]], gold_tags: Sequence[Sequence[str]]
    ) -> None:
        """Count the spans of a batch.

        # Parameters

        predicted_tags : `Sequence[Sequence[str]]`
            The tags of each sentence, without padding.
        gold_tags : `Sequence[Sequence[str]]`
            The same for the gold tags. Types unseen in training count as missed spans.

        # Raises

        `ValueError`, if the numbers of sentences or of their tags differ, or for a malformed tag;
        nothing is counted then.
        """
        check_lengths(predicted_tags, gold_tags)
        read = self._encoding.spans
        batch = SpanCounts()
        for predicted, gold in zip(predicted_tags, gold_tags, strict=True):
            batch.add_sentence(read(predicted), read(gold))
        self._counts.add_counts(batch.by_type)

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """The scores, between 0 and 1, and 0.0 where undefined.

        # Returns

        `dict[str, float]`
            `precision`, `recall` and `f1`; with `per_type` also `precision_<type>`,
            `recall_<type>` and `f1_<type>` of every type predicted or in the gold tags so far.
        """
        scores: dict[str, float] = {}
        if self._per_type:
            counts = self._gather()
            total = counts.total()
        else:
            counts = SpanCounts()
            total = dist_reduce_sum(torch.tensor(self._counts.total())).tolist()
        columns = [("", total)]
        columns += [(f"_{label}", counts.by_type[label]) for label in sorted(counts.by_type)]
        for suffix, numbers in columns:
            precision, recall, f1 = precision_recall_f1(*numbers)
            scores[f"precision{suffix}"] = precision
            scores[f"recall{suffix}"] = recall
            scores[f"f1{suffix}"] = f1
        if reset:
            self.reset()
        return scores

    def reset(self) -> None:
        """Forget all counts."""
        self._counts = SpanCounts()

    def _gather(self) -> SpanCounts:
        """The counts of all workers. Their types may differ, so the tables travel as objects."""
        if not is_distributed():
            return self._counts
        tables: list[dict[str, list[int]]] = [{}] * dist.get_world_size()
        dist.all_gather_object(tables, self._counts.by_type)
        counts = SpanCounts()
        for table in tables:
            counts.add_counts(table)
        return counts
