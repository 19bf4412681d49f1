import random
from collections import Counter

import pytest
from allennlp.common.checks import ConfigurationError
from allennlp.data import Instance
from allennlp.data.fields import MetadataField
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bilstm_tagger.plugin.data.column_token import ColumnToken
from bilstm_tagger.plugin.data.fields import SentenceField
from bilstm_tagger.plugin.data.samplers import ProcessShare, SameLengthBatchSampler
from bilstm_tagger.plugin.data.samplers.process_share import rounded


def sentence(length, dataset=""):
    return Instance(
        {
            "tokens": SentenceField([ColumnToken("x")] * length),
            "metadata": MetadataField({"dataset": dataset}),
        }
    )


def one_group(batch):
    return ""


@pytest.mark.parametrize(
    "batches, multiple, expected",
    [
        ([[0], [1]], 2, [[0], [1]]),
        ([], 3, []),
        ([[0, 1, 2]], 2, [[0, 1], [2]]),
        ([[0], [1, 2, 3, 4], [5]], 2, [[0], [1, 2], [3, 4], [5]]),
        ([[0, 1, 2, 3]], 4, [[0], [1], [2], [3]]),
        # No sentence to split off: the last is joined with another.
        ([[0], [1], [2]], 2, [[0, 2], [1]]),
        ([[0], [1], [2], [3], [4, 5]], 4, [[0, 5], [1, 4], [2], [3]]),
    ],
)
def test_rounded(batches, multiple, expected):
    found = rounded(batches, multiple, one_group)
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))
    assert len(found) == len(expected)


def test_only_batches_of_one_data_set_are_joined():
    assert rounded([[0], [1], [2]], 2, lambda batch: "aba"[batch[0]]) == [[0, 2], [1]]
    with pytest.raises(ConfigurationError, match="3 sentences are too few .* among 2 processes"):
        rounded([[0], [1], [2]], 2, lambda batch: "abc"[batch[0]])


def test_fewer_sentences_than_processes():
    with pytest.raises(ConfigurationError, match="too few"):
        rounded([[0]], 2, one_group)


@given(
    lengths=st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 4)), min_size=8, max_size=60),
    size=st.integers(1, 9),
    processes=st.integers(1, 5),
    training=st.booleans(),
    schedule=st.sampled_from(["turns", "proportional"]),
)
@settings(deadline=None)
def test_shares_of_any_data(lengths, size, processes, training, schedule):
    instances = [sentence(length, name) for name, length in lengths]
    shares = []
    for rank in range(processes):
        sampler = SameLengthBatchSampler(size, schedule=schedule)
        sampler.training = training
        # An epoch of turns may be a part of the data: too few, where one data set is tiny.
        assume(sampler.get_num_batches(instances) >= processes)
        share = ProcessShare(sampler, rank, processes)
        random.seed(5)
        shares.append(list(share.get_batch_indices(instances)))
    random.seed(5)
    expected = Counter(index for batch in sampler.get_batch_indices(instances) for index in batch)
    # As of one process: every sentence once, if the schedule has each once.
    assert Counter(index for each in shares for batch in each for index in batch) == expected
    assert len({len(each) for each in shares}) == 1
    for batch in (batch for each in shares for batch in each):
        assert len({instances[index]["metadata"]["dataset"] for index in batch}) == 1
    if not training or schedule == "proportional":
        assert share.get_num_batches(instances) == len(shares[0])
