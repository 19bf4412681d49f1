"""The share of tokens with the right tag."""

from collections.abc import Sequence

import torch
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric


def check_lengths(
    predicted_tags: Sequence[Sequence[str]], gold_tags: Sequence[Sequence[str]]
) -> None:
    """Raise `ValueError` unless both have as many sentences, each with as many tags."""
    if len(predicted_tags) != len(gold_tags):
        raise ValueError(
            f"{len(predicted_tags)} predicted sentences for {len(gold_tags)} gold ones"
        )
    for index, (predicted, gold) in enumerate(zip(predicted_tags, gold_tags, strict=True)):
        if len(predicted) != len(gold):
            raise ValueError(
                f"sentence {index} of the batch: {len(predicted)} predicted tags for "
                f"{len(gold)} gold ones"
            )


@Metric.register("token_accuracy")
class TokenAccuracy(Metric):
    """The share of tokens whose predicted tag is the gold tag, over all calls since the last reset.

    In distributed training each worker counts its own sentences, and `get_metric` adds up the
    counts of all workers, so all of them have to call it.
    """

    supports_distributed = True

    def __init__(self) -> None:
        self._correct = 0
        self._total = 0

    def __call__(
        self, predicted_tags: Sequence[Sequence[str]], gold_tags: Sequence[Sequence[str]]
    ) -> None:
        """Count the tags of a batch.

        # Parameters

        predicted_tags : `Sequence[Sequence[str]]`
            The tags of each sentence, without padding.
        gold_tags : `Sequence[Sequence[str]]`
            The same for the gold tags, which may hold tags unseen in training.

        # Raises

        `ValueError`, if the numbers of sentences or of their tags differ; nothing is counted then.
        """
        check_lengths(predicted_tags, gold_tags)
        for predicted, gold in zip(predicted_tags, gold_tags, strict=True):
            self._correct += sum(
                ours == theirs for ours, theirs in zip(predicted, gold, strict=True)
            )
            self._total += len(gold)

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """`{"accuracy": ...}`, between 0 and 1; 0.0 if no token was counted."""
        correct, total = dist_reduce_sum(torch.tensor([self._correct, self._total])).tolist()
        if reset:
            self.reset()
        return {"accuracy": correct / total if total else 0.0}

    def reset(self) -> None:
        """Forget all counts."""
        self._correct = 0
        self._total = 0
