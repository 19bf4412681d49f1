"""The best sequences of tags against a sorted list of all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.tagging.chain import Potentials, viterbi
from bilstm_tagger.tagging.distribution import TagDistribution
from bilstm_tagger.tagging.n_best import NBest, n_best


@pytest.fixture(scope="session")
def check(all_paths):
    """Computes the best sequences, which must be those of enumeration in the order promised."""

    def compare(potentials: Potentials, k: int) -> NBest:
        best = n_best(TagDistribution(potentials), k)
        batch, length = potentials.emissions.shape[:2]
        assert best.tags.shape == (batch, k, length)
        assert best.log_probabilities.shape == (batch, k)
        for row in range(batch):
            expected = list(all_paths(potentials, row).items())[:k]
            count = len(expected)
            assert best.counts[row] == count
            paths = [[*path, *[0] * (length - len(path))] for path, _ in expected]
            assert best.tags[row, :count].tolist() == paths
            np.testing.assert_allclose(
                best.log_probabilities[row, :count],
                [value for _, value in expected],
                rtol=1e-9,
                atol=1e-9,
            )
            assert not best.tags[row, count:].any()
            assert (best.log_probabilities[row, count:] == -np.inf).all()
        return best

    return compare


@pytest.mark.parametrize("lengths", [[1], [4, 4], [5, 3, 1], [4, 3, 2, 1]])
@pytest.mark.parametrize("tags", [1, 2, 4])
@pytest.mark.parametrize("permitted", [1.0, 0.6])
def test_best_of_all_sequences(make_chain, check, lengths, tags, permitted):
    for k in (1, 2, 5, 30):
        check(make_chain(lengths, tags, permitted=permitted), k)


def test_more_than_there_are(make_chain, check):
    best = check(make_chain([3, 2, 1], 3), 40)
    assert best.counts.tolist() == [27, 9, 3]
    np.testing.assert_allclose(np.exp(best.log_probabilities).sum(1), 1.0)


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.integers(1, 5),
    st.integers(1, 12),
    st.sampled_from([0.0, 1.0, 1e4]),
    st.sampled_from([1.0, 0.7, 0.3]),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_case(make_chain, check, lengths, tags, k, scale, permitted, seed):
    """Most of these have ties."""
    lengths = sorted(lengths, reverse=True)
    check(make_chain(lengths, tags, scale, permitted=permitted, whole=True, seed=seed), k)


def test_ties_are_in_the_order_of_tags(make_chain):
    best = n_best(TagDistribution(make_chain([2], 2, 0.0)), 4)
    assert best.tags[0].tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]
    np.testing.assert_allclose(np.exp(best.log_probabilities), 0.25)


@pytest.mark.parametrize("permitted", [1.0, 0.5])
@pytest.mark.parametrize("scale", [0.0, 1.0, 300.0])
@pytest.mark.parametrize("lengths", [[12] * 8, [12, 9, 7, 1]])
def test_the_first_is_that_of_viterbi(make_chain, permitted, scale, lengths):
    potentials = make_chain(lengths, 9, scale, permitted=permitted)
    for k in (1, 3):
        best = n_best(TagDistribution(potentials), k)
        assert np.array_equal(best.tags[:, 0], viterbi(potentials))


def test_a_path_that_falls_behind_in_the_middle(check):
    """By 1,000, and is the best in the end: neither tag can follow the other."""
    emissions = np.array([[[0.0, 1000.0], [0.0, -1000.0], [0.0, 1.0]]])
    transitions = np.where(np.eye(2, dtype=bool), 0.0, -np.inf)
    best = check(Potentials(emissions, transitions, *np.zeros((2, 2)), np.array([3])), 3)
    assert best.tags[0].tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert best.counts.tolist() == [2]


def test_long_sentences(make_chain):
    potentials = make_chain([3000, 2000], 4, 1e4)
    distribution = TagDistribution(potentials)
    best = n_best(distribution, 3)
    values = best.log_probabilities
    assert np.isfinite(values).all() and (np.diff(values) <= 0).all() and values.max() <= 0
    for rank in range(3):
        expected = distribution.log_probabilities(best.tags[:, rank])
        np.testing.assert_allclose(values[:, rank], expected, rtol=1e-9, atol=1e-5)
    for row in range(2):
        assert len(np.unique(best.tags[row], axis=0)) == 3


def test_no_probability_is_above_1(make_chain):
    for seed in range(4):
        potentials = make_chain([100] * 8, 1, 30.0, seed=seed)  # one path is all
        values = n_best(TagDistribution(potentials), 1).log_probabilities
        assert values.max() <= 0
        np.testing.assert_allclose(values, 0.0, atol=1e-9)


@pytest.mark.parametrize("garbage", [0.0, 1.5e308, np.inf, np.nan])
def test_padding_has_no_influence(make_chain, garbage):
    potentials = make_chain([6, 2, 1], 3)
    expected = n_best(TagDistribution(potentials), 20)
    potentials.emissions[np.arange(6) >= potentials.lengths[:, None]] = garbage
    for part, same in zip(n_best(TagDistribution(potentials), 20), expected, strict=True):
        assert np.array_equal(part, same)


@pytest.mark.parametrize("k", [0, -1])
def test_none_is_an_error(make_chain, k):
    with pytest.raises(ValueError, match=f"k must be at least 1, not {k}"):
        n_best(TagDistribution(make_chain([2], 2)), k)
