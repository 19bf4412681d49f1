import random
from collections import Counter
from itertools import pairwise

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Instance
from allennlp.data.fields import MetadataField
from allennlp.data.samplers import BatchSampler
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.plugin.data.column_token import ColumnToken
from bilstm_tagger.plugin.data.fields import SentenceField
from bilstm_tagger.plugin.data.samplers import SameLengthBatchSampler
from bilstm_tagger.plugin.data.samplers.same_length import near_equal_bins


def sentence(length, dataset=""):
    return Instance(
        {
            "tokens": SentenceField([ColumnToken("x")] * length),
            "metadata": MetadataField({"dataset": dataset}),
        }
    )


def sentences(**datasets):
    """Keyword: data set; value: lengths."""
    return [sentence(length, name) for name, lengths in datasets.items() for length in lengths]


def batches(sampler, instances, training=True):
    sampler.training = training
    found = list(sampler.get_batch_indices(instances))
    assert sampler.get_num_batches(instances) == len(found)
    return found


def dataset(instances, batch):
    return instances[batch[0]]["metadata"]["dataset"]


def datasets(instances, found):
    return [dataset(instances, batch) for batch in found]


@pytest.fixture
def many():
    """36 sentences, 12 of each of three lengths, in no order."""
    generator = random.Random(1)
    return [sentence(length) for length in generator.sample([3, 5, 8] * 12, 36)]


@pytest.fixture
def three_sets():
    """With batches of 2: 6 of a, 2 of b, 3 of c."""
    return sentences(a=[1, 2, 3] * 4, b=[2, 2, 2], c=[1, 2, 3])


@pytest.mark.parametrize(
    "number, size, expected",
    [
        (33, 32, [17, 16]),
        (32, 32, [32]),
        (31, 32, [31]),
        (1, 32, [1]),
        (64, 32, [32, 32]),
        (65, 32, [22, 22, 21]),
        (100, 32, [25, 25, 25, 25]),
        (5, 1, [1, 1, 1, 1, 1]),
        (7, 3, [3, 2, 2]),
    ],
)
def test_near_equal_bins(number, size, expected):
    bins = list(near_equal_bins(range(number), size))
    assert [len(each) for each in bins] == expected
    assert [item for each in bins for item in each] == list(range(number))


@given(
    lengths=st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 4)), min_size=1, max_size=60),
    size=st.integers(1, 9),
    training=st.booleans(),
)
@settings(deadline=None)
def test_batches_of_any_data(lengths, size, training):
    instances = [sentence(length, name) for name, length in lengths]
    sampler = SameLengthBatchSampler(size)
    found = batches(sampler, instances, training)
    for batch in found:
        assert 1 <= len(batch) <= (size if training else 4 * size)
        of_batch = [len(instances[index]["tokens"]) for index in batch]
        assert max(of_batch) <= min(of_batch) * (1 if training else 1.25)
        assert len({instances[index]["metadata"]["dataset"] for index in batch}) == 1
    seen = Counter(index for batch in found for index in batch)
    if not training or len({name for name, _ in lengths}) == 1:
        assert seen == Counter(range(len(instances)))


# Evaluation


@pytest.mark.parametrize("main_dataset", [None, "a", "b", "not among these"])
def test_evaluation_sees_every_sentence_once(three_sets, main_dataset):
    sampler = SameLengthBatchSampler(2, main_dataset)
    found = batches(sampler, three_sets, training=False)
    assert sorted(index for batch in found for index in batch) == list(range(18))
    assert len(found) == sampler.get_num_batches(three_sets)


@pytest.mark.parametrize(("settings", "size"), [({}, 8), ({"evaluation_batch_size": 3}, 3)])
def test_evaluation_has_larger_batches_of_similar_length(settings, size):
    instances = sentences(a=[8, 10, 9, 11, 20, *[10] * 20, 5, 5])
    found = batches(SameLengthBatchSampler(2, **settings), instances, training=False)
    lengths = [[len(instances[index]["tokens"]) for index in batch] for batch in found]
    assert max(map(len, lengths)) == size
    assert lengths[0] == [5, 5]
    assert lengths[1][:3] == [8, 9, 10]  # 10 is no more than a quarter longer
    assert lengths[-1] == [20]


def test_without_being_told_it_is_evaluation():
    """A loop over a data loader, with gradients or not, sees all sentences: 110, not 20."""
    instances = sentences(a=[1, 2, 3, 4, 5] * 20, b=[1, 2] * 5)
    for batch_size in (1, 8):
        sampler = SameLengthBatchSampler(batch_size)
        found = list(sampler.get_batch_indices(instances))
        assert sorted(index for batch in found for index in batch) == list(range(110))
        assert sampler.get_num_batches(instances) == len(found)


def test_evaluation_does_not_shuffle(three_sets, many):
    sampler = SameLengthBatchSampler(2)
    for instances in (three_sets, many):
        first, second = (batches(sampler, instances, training=False) for _ in range(2))
        assert first == second
    found = batches(sampler, many, training=False)
    lengths = [len(many[batch[0]]["tokens"]) for batch in found]
    assert lengths == sorted(lengths)
    state = random.getstate()
    batches(sampler, many, training=False)
    assert random.getstate() == state


# Training on one data set


def test_training_sees_every_sentence_once(many):
    sampler = SameLengthBatchSampler(5)
    found = batches(sampler, many)
    assert sorted(index for batch in found for index in batch) == list(range(36))
    # 12 of each length: three bins of four, not 5, 5 and 2.
    assert [len(batch) for batch in found] == [4] * 9


def test_training_shuffles_sentences_and_batches(many):
    random.seed(13)
    sampler = SameLengthBatchSampler(4)
    epochs = [batches(sampler, many) for _ in range(4)]
    for first, second in pairwise(epochs):
        assert first != second
        # Not the same batches in another order, but other ones.
        assert {frozenset(batch) for batch in first} != {frozenset(batch) for batch in second}
    lengths = [[len(many[batch[0]]["tokens"]) for batch in epoch] for epoch in epochs]
    assert all(each != sorted(each) for each in lengths)


def test_training_is_determined_by_the_seed(many, three_sets):
    sampler = SameLengthBatchSampler(2)
    for instances in (many, three_sets):
        found = []
        for _ in range(2):
            random.seed(7)
            found.append([batches(sampler, instances) for _ in range(2)])
        assert found[0] == found[1]


# Training on several data sets


@pytest.mark.parametrize("main_dataset, turns", [(None, 2), ("a", 6), ("b", 2), ("c", 3)])
def test_length_of_an_epoch_and_turns(three_sets, main_dataset, turns):
    sampler = SameLengthBatchSampler(2, main_dataset)
    found = batches(sampler, three_sets)
    assert datasets(three_sets, found) == ["a", "b", "c"] * turns
    assert len(found) == 3 * turns


def test_the_main_data_set_is_seen_once(three_sets):
    found = batches(SameLengthBatchSampler(2, "a"), three_sets)
    of_a = [index for batch in found for index in batch if index < 12]
    assert sorted(of_a) == list(range(12))


def test_shorter_data_sets_start_over():
    instances = sentences(long=[4] * 20, short=[1, 2, 3])
    found = batches(SameLengthBatchSampler(2, "long"), instances)
    short = [batch[0] for batch in found if dataset(instances, batch) == "short"]
    assert len(short) == 10
    # Each round is the whole of it.
    for start in (0, 3, 6):
        assert sorted(short[start : start + 3]) == [20, 21, 22]
    assert short[9] in (20, 21, 22)


def test_a_longer_data_set_is_drawn_anew():
    random.seed(3)
    instances = sentences(long=list(range(1, 41)), short=[1, 2, 3])
    sampler = SameLengthBatchSampler(2)
    drawn = []
    for _ in range(2):
        found = batches(sampler, instances)
        assert datasets(instances, found) == ["long", "short"] * 3
        drawn.append({index for batch in found for index in batch if index < 40})
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize("names", [["a"], ["a", "b"]])
def test_main_data_set_that_is_not_there(names):
    instances = sentences(**{name: [1, 2] for name in names})
    message = r"main_dataset is 'x', but the training data has \['a'.*\]; name one of them"
    with pytest.raises(ConfigurationError, match=message):
        batches(SameLengthBatchSampler(2, "x"), instances)


# Settings


def test_instances_without_metadata():
    instances = [Instance({"tokens": SentenceField([ColumnToken("x")] * n)}) for n in (1, 2, 1)]
    found = batches(SameLengthBatchSampler(), instances, training=False)
    assert found == [[0, 2], [1]]


def test_registered():
    sampler = BatchSampler.from_params(
        Params({"type": "same_length", "batch_size": 3, "main_dataset": "a"})
    )
    assert isinstance(sampler, SameLengthBatchSampler)
    assert (sampler.get_batch_size(), sampler.main_dataset) == (3, "a")
    assert SameLengthBatchSampler().get_batch_size() == 32


def test_no_sentences():
    for training in (True, False):
        assert batches(SameLengthBatchSampler(), [], training) == []


def test_wrong_batch_size():
    with pytest.raises(ConfigurationError, match="batch_size must be at least 1, found 0"):
        SameLengthBatchSampler(0)


class TestProportional:
    def test_an_epoch_is_all_batches_of_all_data_sets(self, three_sets):
        sampler = SameLengthBatchSampler(2, schedule="proportional")
        found = batches(sampler, three_sets)
        assert sorted(index for batch in found for index in batch) == list(range(len(three_sets)))
        assert Counter(datasets(three_sets, found)) == {"a": 6, "b": 2, "c": 3}
        assert len(found) == 11

    def test_in_any_order(self, three_sets):
        sampler = SameLengthBatchSampler(2, schedule="proportional")
        orders = {tuple(datasets(three_sets, batches(sampler, three_sets))) for _ in range(10)}
        assert len(orders) > 5

    def test_evaluation_is_that_of_any_schedule(self, three_sets):
        proportional = SameLengthBatchSampler(2, schedule="proportional")
        assert batches(proportional, three_sets, training=False) == batches(
            SameLengthBatchSampler(2), three_sets, training=False
        )


class TestShares:
    def sampler(self, **shares):
        return SameLengthBatchSampler(2, schedule="proportional", shares=shares)

    def test_batches_of_an_epoch(self, three_sets):
        found = batches(self.sampler(a=0.25, b=0.5, c=1), three_sets)
        assert Counter(datasets(three_sets, found)) == {"a": 2, "b": 1, "c": 3}

    def test_every_epoch_draws_anew(self, three_sets):
        random.seed(1)
        sampler = self.sampler(a=0.2)
        drawn = set()
        for _ in range(20):
            of_a = [batch for batch in batches(sampler, three_sets) if batch[0] < 12]
            assert len(of_a) == 2
            drawn.update(index for batch in of_a for index in batch)
        assert drawn == set(range(12))

    def test_evaluation_sees_everything(self, three_sets):
        found = batches(self.sampler(a=0.1), three_sets, training=False)
        assert sorted(index for batch in found for index in batch) == list(range(len(three_sets)))

    @pytest.mark.parametrize("share", [0, -1, 1.5, float("nan")])
    def test_wrong_share(self, share):
        with pytest.raises(ConfigurationError, match="shares.a must be above 0 and at most 1"):
            self.sampler(a=share)

    def test_data_set_that_is_not_there(self, three_sets):
        message = r"shares has 'x', but the training data has \['a', 'b', 'c'\]; name one"
        with pytest.raises(ConfigurationError, match=message):
            batches(self.sampler(x=0.5), three_sets)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"schedule": "random"}, "schedule must be one of"),
        ({"schedule": "proportional", "main_dataset": "a"}, "leave main_dataset out"),
        ({"shares": {"a": 0.5}}, "set schedule: 'proportional'"),
    ],
)
def test_wrong_schedule(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        SameLengthBatchSampler(**settings)
