"""The share of tokens with the right tag."""

from collections.abc import Sequence
from operator import eq

import torch
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric

from bilstm_tagger.text.possible_labels import Possible

# The predicted and the gold tags of a sentence.
Pair = tuple[Sequence[str], Sequence[str]]


class TagMetric(Metric):
    """Compares predicted with gold tags, over all calls since the last reset.

    In distributed training each worker counts its own sentences, and `get_metric` adds up the
    counts of all workers, so all of them have to call it.
    """

    supports_distributed = True

    def __init__(self) -> None:
        self.reset()

    def __call__(
        self, predicted_tags: Sequence[Sequence[str]], gold_tags: Sequence[Sequence[str]]
    ) -> None:
        """Count a batch.

        # Parameters

        predicted_tags : `Sequence[Sequence[str]]`
            The tags of each sentence, without padding.
        gold_tags : `Sequence[Sequence[str]]`
            The same for the gold tags, which may hold tags unseen in training.

        # Raises

        `ValueError`, if the numbers of sentences or of their tags differ, or for a malformed tag;
        nothing is counted then.
        """
        if len(predicted_tags) != len(gold_tags):
            raise ValueError(
                f"{len(predicted_tags)} predicted sentences for {len(gold_tags)} gold ones"
            )
        pairs = list(zip(predicted_tags, gold_tags, strict=True))
        for index, (predicted, gold) in enumerate(pairs):
            if len(predicted) != len(gold):
                raise ValueError(
                    f"sentence {index} of the batch: {len(predicted)} predicted tags for "
                    f"{len(gold)} gold ones"
                )
        self.count(pairs)

    def count(self, pairs: list[Pair]) -> None:
        raise NotImplementedError

    def count_partial(
        self, predicted: Sequence[str], known: Sequence[Possible], ends_are_marked: bool = False
    ) -> None:
        """Count a sentence whose gold tags are known in part.

        # Parameters

        predicted : `Sequence[str]`
            The tags of the sentence, in the encoding of the model.
        known : `Sequence[Possible]`
            What is known of the gold tags. What is not is neither right nor wrong.
        ends_are_marked : `bool`, optional (default = `False`)
            Whether the tags of the file mark where spans end.
        """
        raise NotImplementedError


@Metric.register("token_accuracy")
class TokenAccuracy(TagMetric):
    """The share of tokens whose predicted tag is the gold tag, or one of several possible ones.
    Registered as a `Metric` with name "token_accuracy".
    """

    def count(self, pairs: list[Pair]) -> None:
        for predicted, gold in pairs:
            self._correct += sum(map(eq, predicted, gold))
            self._total += len(gold)

    def count_partial(
        self, predicted: Sequence[str], known: Sequence[Possible], ends_are_marked: bool = False
    ) -> None:
        for tag, possible in zip(predicted, known, strict=True):
            if possible.unnamed is not None:
                self._correct += possible.permits(tag)
                self._total += 1

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """`{"accuracy": ...}`, between 0 and 1; 0.0 if no token was counted."""
        correct, total = dist_reduce_sum(torch.tensor([self._correct, self._total])).tolist()
        if reset:
            self.reset()
        return {"accuracy": correct / total if total else 0.0}

    def reset(self) -> None:
        self._correct = self._total = 0
