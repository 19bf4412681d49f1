"""Batches of sentences of equal length, data sets in turn."""

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Optional

import numpy
from allennlp.common.checks import ConfigurationError
from allennlp.data import DataLoader, Instance
from allennlp.data.samplers import BatchSampler

Batch = list[int]
# Data set to length to indices of sentences.
Buckets = dict[str, dict[int, list[int]]]

# How much longer than its shortest sentence the longest one of a batch is, outside of training.
_MOST_PADDING = 1.25

SCHEDULES = ("turns", "proportional")


def dataset_of(instance: Instance) -> str:
    """The name of the data set of a sentence; empty where there is one alone."""
    metadata = instance["metadata"].metadata if "metadata" in instance.fields else {}
    name: str = metadata.get("dataset", "")
    return name


def near_equal_bins(items: Sequence[int], size: int) -> Iterator[Batch]:
    """Splits n items into ceil(n / size) bins whose sizes differ by one at most, the larger first.

    So the last of a length has no batch of one sentence beside batches of `size`.
    """
    for part in numpy.array_split(items, -(-len(items) // size)):
        yield part.tolist()


@BatchSampler.register("same_length")
class SameLengthBatchSampler(BatchSampler):
    """Batches of sentences of exactly equal length, each from one data set (Reimers and Gurevych
    2017): no padding, and the fast path of every layer.

    In training, sentences are shuffled within their length, then batches are shuffled. Of several
    data sets, by the schedule "turns", a batch of each follows in turn. An epoch is as many turns
    as the main data set has batches; without a main data set, as the smallest has. Shorter data
    sets start over; of longer ones an epoch sees a part, drawn anew each time. By the schedule
    "proportional", an epoch is all batches of all data sets, in any order, or the share of them
    that `shares` says, drawn anew each time.

    Otherwise every sentence comes exactly once, whatever the number of data sets, and nothing is
    shuffled. Batches are larger, and have sentences of similar length: without gradients, a few
    large batches with a little padding take less time than many small ones without. That is so for
    validation, for `allennlp evaluate`, and wherever nobody has said that the batches are for
    training. The trainer says it of its training data; a training loop of one's own sets the
    attribute `training`.

    Registered as a `BatchSampler` with name "same_length".

    # Parameters

    batch_size : `int`, optional (default=`32`)
        At most that many sentences.
    evaluation_batch_size : `int`, optional (default = four times `batch_size`)
        The same outside of training.
    shares : `Dict[str, float]`, optional (default = all of them whole)
        Data set to the share of its batches that an epoch of training has, above 0 and at most 1.
        Of "proportional" alone.
    main_dataset : `str`, optional (default=`None`)
        The data set whose number of batches is the length of an epoch: the one whose tasks are
        evaluated, where only one's are. Of "turns" alone.
    schedule : `str`, optional (default=`"turns"`)
        "turns" or "proportional".
    """

    def __init__(
        self,
        batch_size: int = 32,
        main_dataset: Optional[str] = None,
        schedule: str = "turns",
        evaluation_batch_size: Optional[int] = None,
        shares: Optional[dict[str, float]] = None,
    ) -> None:
        for name, size in (
            ("batch_size", batch_size),
            ("evaluation_batch_size", evaluation_batch_size),
        ):
            if size is not None and size < 1:
                raise ConfigurationError(f"{name} must be at least 1, found {size}")
        if schedule not in SCHEDULES:
            raise ConfigurationError(f"schedule must be one of {SCHEDULES}, found {schedule!r}")
        if main_dataset is not None and schedule != "turns":
            raise ConfigurationError(
                f"main_dataset is {main_dataset!r}, but an epoch of the schedule {schedule!r} is "
                "all batches of all data sets; leave main_dataset out, or set schedule: 'turns'"
            )
        for name, share in (shares or {}).items():
            if not 0.0 < share <= 1.0:
                raise ConfigurationError(
                    f"shares.{name} must be above 0 and at most 1, found {share}"
                )
        if shares and schedule != "proportional":
            raise ConfigurationError(
                f"shares is {shares}, but an epoch of the schedule {schedule!r} is as many batches "
                "of each data set; leave shares out, or set schedule: 'proportional'"
            )
        # Not a setting: AllenNLP makes the samplers of training, validation and test of one config.
        self.training = False
        self.schedule = schedule
        self.batch_size = batch_size
        self.evaluation_batch_size = evaluation_batch_size or 4 * batch_size
        self.main_dataset = main_dataset
        self.shares = shares or {}

    def _buckets(self, instances: Sequence[Instance]) -> Buckets:
        """In the order of the instances."""
        buckets: Buckets = defaultdict(lambda: defaultdict(list))
        for index, instance in enumerate(instances):
            buckets[dataset_of(instance)][len(instance["tokens"])].append(index)
        return buckets

    def _shuffled(self, lengths: dict[int, list[int]]) -> list[Batch]:
        batches: list[Batch] = []
        for indices in lengths.values():
            shuffled = random.sample(indices, len(indices))
            batches += near_equal_bins(shuffled, self.batch_size)
        random.shuffle(batches)
        return batches

    def _number(self, lengths: dict[int, list[int]]) -> int:
        return sum(-(-len(indices) // self.batch_size) for indices in lengths.values())

    def _number_in_share(self, name: str, lengths: dict[int, list[int]]) -> int:
        return math.ceil(self.shares.get(name, 1.0) * self._number(lengths))

    def _turns(self, buckets: Buckets) -> int:
        if self.main_dataset is not None:
            if self.main_dataset not in buckets:
                raise ConfigurationError(
                    f"main_dataset is {self.main_dataset!r}, but the training data has "
                    f"{sorted(buckets)}; name one of them, or leave it out"
                )
            return self._number(buckets[self.main_dataset])
        return min(map(self._number, buckets.values()), default=0)

    def get_batch_indices(self, instances: Sequence[Instance]) -> Iterable[Batch]:
        buckets = self._buckets(instances)
        if self.training:
            self._check_shares(buckets)
            return self._training_batches(buckets)
        return self._evaluation_batches(buckets)

    def _check_shares(self, buckets: Buckets) -> None:
        for name in self.shares:
            if name not in buckets:
                raise ConfigurationError(
                    f"shares has {name!r}, but the training data has {sorted(buckets)}; name one "
                    "of them, or leave it out, and let an epoch have all of the data: without "
                    "'max_instances' of the dataset reader and 'max_instances_in_memory'"
                )

    def _evaluation_batches(self, buckets: Buckets) -> Iterator[Batch]:
        for lengths in buckets.values():
            batch: Batch = []
            shortest = 0
            for length in sorted(lengths):
                for index in lengths[length]:
                    full = len(batch) >= self.evaluation_batch_size
                    if batch and (full or length > _MOST_PADDING * shortest):
                        yield batch
                        batch = []
                    if not batch:
                        shortest = length
                    batch.append(index)
            if batch:
                yield batch

    def _training_batches(self, buckets: Buckets) -> Iterator[Batch]:
        turns = self._turns(buckets)
        if len(buckets) == 1 or self.schedule == "proportional":
            every = [
                batch
                for name, lengths in buckets.items()
                for batch in self._shuffled(lengths)[: self._number_in_share(name, lengths)]
            ]
            if len(buckets) > 1:
                random.shuffle(every)
            yield from every
            return
        left: dict[str, list[Batch]] = {name: [] for name in buckets}
        for _ in range(turns):
            for name, batches in left.items():
                if not batches:
                    batches += self._shuffled(buckets[name])
                yield batches.pop()

    def get_num_batches(self, instances: Sequence[Instance]) -> int:
        buckets = self._buckets(instances)
        if not self.training:
            return sum(1 for _ in self._evaluation_batches(buckets))
        if len(buckets) > 1 and self.schedule == "turns":
            return self._turns(buckets) * len(buckets)
        return sum(map(self._number_in_share, buckets.keys(), buckets.values()))

    def get_batch_size(self) -> int:
        return self.batch_size


def tell_purposes(training: DataLoader, validation: Optional[DataLoader]) -> None:
    """Tells the samplers of the data loaders of a training what their batches are for; samplers of
    other kinds need no telling.
    """
    for loader, is_training in ((training, True), (validation, False)):
        sampler = getattr(loader, "batch_sampler", None)
        sampler = getattr(sampler, "sampler", sampler)  # that of a ProcessShare
        if isinstance(sampler, SameLengthBatchSampler):
            sampler.training = is_training
