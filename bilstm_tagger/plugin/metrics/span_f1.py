"""Precision, recall and F1 of spans, as the CoNLL-2000 scorer conlleval counts them."""

from collections import Counter
from collections.abc import Sequence

import torch.distributed as dist
from allennlp.common.util import is_distributed
from allennlp.training.metrics import Metric

from bilstm_tagger.plugin.metrics.token_accuracy import check_lengths
from bilstm_tagger.text.encodings import get_encoding


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
        self.reset()

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
        sentences = [
            (set(read(predicted)), set(read(gold)))
            for predicted, gold in zip(predicted_tags, gold_tags, strict=True)
        ]
        for predicted, gold in sentences:
            parts = (predicted & gold, predicted, gold)
            for counts, spans in zip(self._counts, parts, strict=True):
                counts.update(span.label for span in spans)

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """The scores, between 0 and 1, and 0.0 where undefined.

        # Returns

        `dict[str, float]`
            `precision`, `recall` and `f1`; with `per_type` also `precision_<type>`,
            `recall_<type>` and `f1_<type>` of every type predicted or in the gold tags so far.
        """
        counts = self._gather()
        columns = {"": [part.total() for part in counts]}
        if self._per_type:
            for label in sorted(counts[1] | counts[2]):
                columns[f"_{label}"] = [part[label] for part in counts]
        scores: dict[str, float] = {}
        for suffix, numbers in columns.items():
            precision, recall, f1 = precision_recall_f1(*numbers)
            scores[f"precision{suffix}"] = precision
            scores[f"recall{suffix}"] = recall
            scores[f"f1{suffix}"] = f1
        if reset:
            self.reset()
        return scores

    def reset(self) -> None:
        """Forget all counts."""
        # Type to number, of correct, predicted and gold spans.
        self._counts: list[Counter[str]] = [Counter(), Counter(), Counter()]

    def _gather(self) -> list[Counter[str]]:
        """The counts of all workers. Their types may differ, so the tables travel as objects."""
        if not is_distributed():
            return self._counts
        workers: list[list[Counter[str]]] = [[]] * dist.get_world_size()
        dist.all_gather_object(workers, self._counts)
        return [sum(tables, Counter()) for tables in zip(*workers, strict=True)]
