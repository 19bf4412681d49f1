"""Where the tokens of a batch are, and the best tags: by enumeration, and as in training."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.network import crf_functional
from bilstm_tagger.network.viterbi import viterbi as torch_viterbi
from bilstm_tagger.tagging.chain import Potentials, TokenOrder, viterbi


@pytest.mark.parametrize("lengths", [[1], [3], [1, 1], [4, 4, 4], [5, 3, 3, 1], [7, 1, 1]])
def test_order_of_tokens(lengths):
    """The tokens of the first position of all sentences, then those of the second."""
    order = TokenOrder(np.array(lengths))
    tokens = [
        (sentence, position)
        for position in range(lengths[0])
        for sentence, length in enumerate(lengths)
        if position < length
    ]
    assert list(zip(order.sentence, order.position, strict=True)) == tokens
    starts = [index for index, token in enumerate(tokens) if token[0] == 0]
    assert order.bounds == [*starts, len(tokens)]
    lasts = [tokens.index((sentence, length - 1)) for sentence, length in enumerate(lengths)]
    assert order.last.tolist() == lasts
    before = [tokens.index((sentence, position - 1)) for sentence, position in tokens if position]
    assert order.previous.tolist() == before
    padded = order.padded(np.arange(1, len(tokens) + 1)[:, None])
    assert padded.shape == (len(lengths), lengths[0], 1)
    for sentence, length in enumerate(lengths):
        rows = [tokens.index((sentence, position)) + 1 for position in range(length)]
        assert padded[sentence, :, 0].tolist() == rows + [0] * (lengths[0] - length)


@pytest.mark.parametrize("lengths", [[3], [2, 0], [4, 1], [2, 1, 1], [[2, 1]]])
def test_lengths_that_do_not_fit_the_emissions(lengths):
    with pytest.raises(ValueError, match="of 2 sentences must be from 1 to 3, the longest first"):
        Potentials(np.zeros((2, 3, 2)), np.zeros((2, 2)), *np.zeros((2, 2)), np.array(lengths))


def test_lengths_out_of_order():
    with pytest.raises(ValueError, match="longest first"):
        Potentials(np.zeros((3, 3, 2)), np.zeros((2, 2)), *np.zeros((2, 2)), np.array([3, 1, 2]))


def test_scores_of_paths(make_chain):
    potentials = make_chain([4, 2, 1], 3)
    ids = np.array([[2, 0, 1, 1], [1, 2, -9, -9], [2, -9, -9, -9]])  # anything on padding
    emissions, transitions = potentials.emissions, potentials.transitions
    expected = []
    for sentence, path in enumerate(([2, 0, 1, 1], [1, 2], [2])):
        score = potentials.start[path[0]] + potentials.end[path[-1]]
        score += sum(emissions[sentence, position, tag] for position, tag in enumerate(path))
        score += sum(transitions[a, b] for a, b in zip(path, path[1:], strict=False))
        expected.append(score)
    np.testing.assert_allclose(potentials.path_scores(ids), expected)


def test_double_precision_keeps_the_scores():
    parts = [np.ones(shape, np.float32) / 3 for shape in ((1, 2, 2), (2, 2), 2, 2)]
    double = Potentials(*parts, np.array([2])).double()
    for part, converted in zip(parts, list(vars(double).values())[:4], strict=True):
        assert converted.dtype == np.float64 and np.array_equal(part, converted)


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.integers(1, 4),
    st.sampled_from([0.0, 1.0, 1e4]),
    st.sampled_from([1.0, 0.7, 0.3]),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_best_of_all_paths(make_chain, all_paths, lengths, tags, scale, permitted, seed):
    """Most of these have ties."""
    lengths = sorted(lengths, reverse=True)
    potentials = make_chain(lengths, tags, scale, permitted=permitted, whole=True, seed=seed)
    ids = viterbi(potentials)
    assert ids.shape == potentials.emissions.shape[:2]
    for sentence, length in enumerate(lengths):
        best = next(iter(all_paths(potentials, sentence)))
        assert ids[sentence].tolist() == [*best, *[0] * (lengths[0] - length)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("permitted", [1.0, 0.5])
@pytest.mark.parametrize("scale", [0.0, 1.0, 300.0])
@pytest.mark.parametrize("lengths", [[12] * 8, [12, 9, 7, 7, 1], [2000, 3]])
def test_same_as_in_training(make_chain, dtype, permitted, scale, lengths):
    made = make_chain(lengths, 9, scale, permitted=permitted)
    scores = [part.astype(dtype) for part in list(vars(made).values())[:4]]
    mask = torch.arange(lengths[0]) < torch.tensor(lengths)[:, None]
    padding = None if mask.all() else crf_functional.Padding.of(mask)
    tensors = crf_functional.Potentials(*map(torch.from_numpy, scores), padding)
    expected, totals = torch_viterbi(tensors)
    potentials = Potentials(*scores, made.lengths)
    ids = viterbi(potentials)
    assert np.array_equal(ids, expected.numpy())
    np.testing.assert_allclose(potentials.path_scores(ids), totals.numpy(), rtol=1e-5, atol=1e-3)


def test_a_path_that_falls_behind_in_the_middle():
    """By 1,000, and is the best in the end: neither tag can follow the other."""
    emissions = np.array([[[0.0, 1000.0], [0.0, -1000.0], [0.0, 1.0]]])
    transitions = np.where(np.eye(2, dtype=bool), 0.0, -np.inf)
    potentials = Potentials(emissions, transitions, *np.zeros((2, 2)), np.array([3]))
    assert viterbi(potentials).tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("garbage", [0.0, 1.5e308, -np.inf, np.inf, np.nan])
def test_padding_has_no_influence(make_chain, garbage):
    potentials = make_chain([6, 2, 1], 3)
    expected = viterbi(potentials)
    potentials.emissions[np.arange(6) >= potentials.lengths[:, None]] = garbage
    assert np.array_equal(viterbi(potentials), expected)


def test_scores_are_left_as_they_are(make_chain):
    potentials = make_chain([4, 2], 3, permitted=0.7)
    before = copy.deepcopy(vars(potentials))
    viterbi(potentials)
    for name in ("emissions", "transitions", "start", "end", "lengths"):
        assert np.array_equal(getattr(potentials, name), before[name])


def test_a_length_without_a_permitted_path(make_chain):
    potentials = make_chain([2, 1], 2)
    potentials.start[1] = potentials.end[0] = -np.inf  # 0 starts and 1 ends
    with pytest.raises(ValueError, match="no best path"):
        viterbi(potentials)
    only = Potentials(potentials.emissions[:1], *list(vars(potentials).values())[1:4],
                      np.array([2]))  # fmt: skip
    assert viterbi(only).tolist() == [[0, 1]]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_scores_that_are_not_finite(make_chain, wrong, position):
    potentials = make_chain([3, 3, 1], 2)
    potentials.emissions[1, position, 1] = wrong
    with pytest.raises(ValueError, match="not finite"):
        viterbi(potentials)
