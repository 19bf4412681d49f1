"""The share of tokens with the right tag."""

from collections.abc import Sequence
from typing import NamedTuple, Optional

import torch
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric

from bilstm_tagger.text.possible_labels import Possible

# What is known of the gold tags of a sentence; `None`: all.
Known = Optional[Sequence[Possible]]


class Pair(NamedTuple):
    """The predicted and the gold tags of a sentence; where the latter are known in part, tags that
    agree with what is known, and wherever they can with the prediction."""

    predicted: Sequence[str]
    gold: Sequence[str]
    known: Known = None


class TagMetric(Metric):
    """Compares predicted with gold tags, over all calls since the last reset.

    In distributed training each worker counts its own sentences, and `get_metric` adds up the
    counts of all workers, so all of them have to call it.
    """

    supports_distributed = True

    def __init__(self) -> None:
        self.reset()

    def __call__(
        self,
        predicted_tags: Sequence[Sequence[str]],
        gold_tags: Sequence[Sequence[str]],
        known: Optional[Sequence[Known]] = None,
    ) -> None:
        """Count a batch.

        # Parameters

        predicted_tags : `Sequence[Sequence[str]]`
            The tags of each sentence, without padding.
        gold_tags : `Sequence[Sequence[str]]`
            The same for the gold tags, which may hold tags unseen in training.
        known : `Sequence[Optional[Sequence[Possible]]]`, optional
            Of each sentence, what is known of the gold tags, see `Pair`; what is not is not scored.

        # Raises

        `ValueError`, if the numbers of sentences or of their tags differ, or for a malformed tag;
        nothing is counted then.
        """
        if len(predicted_tags) != len(gold_tags):
            raise ValueError(
                f"{len(predicted_tags)} predicted sentences for {len(gold_tags)} gold ones"
            )
        known = [None] * len(gold_tags) if known is None else known
        pairs = list(map(Pair, predicted_tags, gold_tags, known))
        for index, (predicted, gold, _) in enumerate(pairs):
            if len(predicted) != len(gold):
                raise ValueError(
                    f"sentence {index} of the batch: {len(predicted)} predicted tags for "
                    f"{len(gold)} gold ones"
                )
        self.count(pairs)

    def count(self, pairs: list[Pair]) -> None:
        raise NotImplementedError


@Metric.register("token_accuracy")
class TokenAccuracy(TagMetric):
    """The share of tokens whose predicted tag is the gold tag, or one of several possible ones, of
    those whose gold tag is known at all. Registered as a `Metric` with name "token_accuracy".
    """

    def count(self, pairs: list[Pair]) -> None:
        for predicted, gold, known in pairs:
            right = [a == b for a, b in zip(predicted, gold, strict=True)]
            if known is not None:
                of_tokens = zip(right, known, strict=True)
                right = [hit for hit, possible in of_tokens if possible.others is not None]
            self._correct += sum(right)
            self._total += len(right)

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """`{"accuracy": ...}`, between 0 and 1; 0.0 if no token was counted."""
        correct, total = dist_reduce_sum(torch.tensor([self._correct, self._total])).tolist()
        if reset:
            self.reset()
        return {"accuracy": correct / total if total else 0.0}

    def reset(self) -> None:
        self._correct = self._total = 0
