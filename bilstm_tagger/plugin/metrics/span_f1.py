"""Precision, recall and F1 of spans, as the CoNLL-2000 scorer conlleval counts them."""

from collections import Counter
from collections.abc import Sequence

import torch.distributed as dist
from allennlp.common.util import is_distributed
from allennlp.training.metrics import Metric

from bilstm_tagger.plugin.metrics.token_accuracy import Pair, TagMetric
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.known_spans import judged_spans, known_spans
from bilstm_tagger.text.possible_labels import Possible
from bilstm_tagger.text.spans import Span, common_spans, precision_recall_f1, read_steps


@Metric.register("span_f1_conll")
class SpanF1(TagMetric):
    """Micro-averaged precision, recall and F1 of spans. Registered as a `Metric` with name
    "span_f1_conll".

    Spans are read as by conlleval (Tjong Kim Sang & Buchholz, 2000), in invalid tag sequences too;
    see `bilstm_tagger.text.encodings.Encoding.spans`. A predicted span is correct if its type and
    both its ends are those of a gold span. Where gold tags are known in part, the spans count that
    are known, and the predicted ones that are right or wrong by that; see `judged_spans`.

    # Parameters

    encoding : `str`
        The encoding of both the predicted and the gold tags: a name `get_encoding` knows.
    per_type : `bool`, optional (default = `False`)
        Whether to report the scores of each type as well.

    # Raises

    `ValueError`, for an unknown encoding.
    """

    def __init__(self, encoding: str, per_type: bool = False) -> None:
        self._encoding = get_encoding(encoding)
        self._per_type = per_type
        super().__init__()

    def count(self, pairs: list[Pair]) -> None:
        # All are read before one is counted.
        correct: list[str] = []
        found: list[str] = []
        expected: list[str] = []
        for predicted, gold in pairs:
            in_gold = read_steps(gold)
            labels = [label for _, label in in_gold if label is not None]
            expected += labels
            if predicted == gold:
                found += labels
                correct += labels
            else:
                in_predicted = read_steps(predicted)
                found += [label for _, label in in_predicted if label is not None]
                correct += common_spans(in_predicted, in_gold)
        self._count(correct, found, expected)

    def count_partial(
        self, predicted: Sequence[str], known: Sequence[Possible], ends_are_marked: bool = False
    ) -> None:
        gold = known_spans(known, self._encoding)

        def is_outside(span: Span) -> bool:
            # Where tags do not say that a span ends, it is known by the token behind it alone.
            behind = known[span.end : span.end + 1]
            if behind and behind[0].unnamed is None and not ends_are_marked:
                return False
            tags = self._encoding.tags_of(span.label)
            tokens = known[span.start : span.end]
            return all(token.permits("O") and not any(map(token.permits, tags)) for token in tokens)

        judged = judged_spans(self._encoding.spans(predicted), gold, is_outside)
        parts = {*judged} & {*gold}, {*judged}, {*gold}
        self._count(*([span.label for span in spans] for spans in parts))

    def _count(self, *parts: list[str]) -> None:
        """The types of correct, predicted and gold spans."""
        for counts, labels in zip(self._counts, parts, strict=True):
            counts.update(labels)

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
        # Type to number, of correct, predicted and gold spans.
        self._counts: list[Counter[str]] = [Counter(), Counter(), Counter()]

    def _gather(self) -> list[Counter[str]]:
        """The counts of all workers. Their types may differ, so the tables travel as objects."""
        if not is_distributed():
            return self._counts
        workers: list[list[Counter[str]]] = [[]] * dist.get_world_size()
        dist.all_gather_object(workers, self._counts)
        return [sum(tables, Counter()) for tables in zip(*workers, strict=True)]
