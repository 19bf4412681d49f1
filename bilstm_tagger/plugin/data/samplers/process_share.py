"""Batches of one process of a distributed training."""

from collections.abc import Callable, Iterable, Sequence

from allennlp.common.checks import ConfigurationError
from allennlp.data import Instance
from allennlp.data.samplers import BatchSampler

from bilstm_tagger.plugin.data.samplers.same_length import Batch, dataset_of


class ProcessShare(BatchSampler):
    """The share that a process has of the batches of another sampler. Every sentence is in the
    share of one process, and all processes have the same number of batches: none waits for another
    in vain, and none has to stop early.

    Each process makes all batches, so they need the same instances in the same order, and the same
    random numbers.

    # Parameters

    sampler : `BatchSampler`
        It makes the batches. They are of its size, so a step of all processes is `number_of_shares`
        times as large as that of one.
    share, number_of_shares : `int`
        The rank of the process, from 0, and the number of processes.
    """

    def __init__(self, sampler: BatchSampler, share: int, number_of_shares: int) -> None:
        self.sampler = sampler
        self.share = share
        self.number_of_shares = number_of_shares

    def get_batch_indices(self, instances: Sequence[Instance]) -> Iterable[Batch]:
        batches = [list(batch) for batch in self.sampler.get_batch_indices(instances)]
        shares = rounded(
            batches, self.number_of_shares, lambda batch: dataset_of(instances[batch[0]])
        )
        return shares[self.share :: self.number_of_shares]

    def get_num_batches(self, instances: Sequence[Instance]) -> int:
        number = self.sampler.get_num_batches(instances)
        missing = -number % self.number_of_shares
        can_split = len(instances) - number >= missing
        return (number + (missing if can_split else 0)) // self.number_of_shares

    def get_batch_size(self) -> int:
        size: int = self.sampler.get_batch_size()
        return size


def rounded(batches: list[Batch], multiple: int, group: Callable[[Batch], str]) -> list[Batch]:
    """Batches of the same items, in the same order, whose number is a multiple. Large ones are
    split; where all have one item, as with a batch size of 1, the last are joined with others of
    the same `group`. A `ConfigurationError` where there are too few items.
    """
    batches = list(batches)
    for _ in range(-len(batches) % multiple):
        largest = max(range(len(batches)), key=lambda index: len(batches[index]))
        batch = batches[largest]
        if len(batch) == 1:
            break
        half = (len(batch) + 1) // 2
        batches[largest : largest + 1] = [batch[:half], batch[half:]]
    while len(batches) % multiple:
        groups = [group(batch) for batch in batches]
        last = next(
            (index for index in reversed(range(len(batches))) if groups[index] in groups[:index]),
            None,
        )
        if last is None or len(batches) < multiple:
            raise ConfigurationError(
                f"{sum(map(len, batches))} sentences are too few to be shared out among {multiple} "
                "processes; train in one process, without 'distributed'"
            )
        partners = (index for index in range(last) if groups[index] == groups[last])
        smallest = min(partners, key=lambda index: len(batches[index]))
        batches[smallest] = batches[smallest] + batches.pop(last)
    return batches
