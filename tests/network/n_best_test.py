"""The best paths against a sorted list of all."""

from collections.abc import Sequence
from functools import partial
from typing import Optional

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bilstm_tagger.network import crf_functional
from bilstm_tagger.network.crf_functional import Padding, Potentials
from bilstm_tagger.network.n_best import NBest, n_best

near = partial(torch.testing.assert_close, rtol=1e-9, atol=1e-10)


def make_potentials(
    lengths: Sequence[int],
    num_tags: int,
    scale: float = 1.0,
    allowed: float = 1.0,
    dtype: torch.dtype = torch.float64,
    whole: bool = False,
    seed: int = 0,
) -> Potentials:
    """Random scores, of which a part is allowed; `whole` numbers have ties, and no rounding."""
    torch.manual_seed(seed)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)

    def scores(*shape: int) -> Tensor:
        found = torch.randn(*shape, dtype=dtype) * scale
        return found.round() if whole else found

    emissions = scores(*mask.shape, num_tags)
    emissions[~mask] *= 1e4
    constraints = []
    for shape in ((num_tags, num_tags), (num_tags,), (num_tags,)):
        permitted = torch.rand(shape) <= allowed
        permitted.view(-1)[0] = True  # the path of tag 0 alone
        constraints.append(scores(*shape).masked_fill(~permitted, -torch.inf))
    return Potentials(emissions, *constraints, None if mask.all() else Padding.of(mask))


def all_sorted(potentials: Potentials, row: int) -> list[tuple[float, list[int]]]:
    """Log-probability and tags of all permitted paths, in the order that is promised."""
    emissions, transitions, start, end, padding = potentials
    length = emissions.shape[1] if padding is None else int(padding.last[row]) + 1
    paths = torch.cartesian_prod(*[torch.arange(emissions.shape[2])] * length).view(-1, length)
    scores = start[paths[:, 0]] + end[paths[:, -1]]
    for position in range(length):
        scores = scores + emissions[row, position, paths[:, position]]
    for position in range(length - 1):
        scores = scores + transitions[paths[:, position], paths[:, position + 1]]
    values = scores - scores.logsumexp(0)
    ranked = zip(values.tolist(), scores.tolist(), paths.tolist(), strict=True)
    order = sorted(ranked, key=lambda each: (-each[1], each[2][::-1]))
    return [(value, path) for value, score, path in order if score > -torch.inf]


def check_against_enumeration(potentials: Potentials, k: int) -> NBest:
    found = n_best(potentials, k)
    batch, length = potentials.emissions.shape[:2]
    assert found.tags.shape == (batch, k, length) and found.tags.dtype == torch.long
    assert found.log_probabilities.shape == (batch, k)
    for row in range(batch):
        expected = all_sorted(potentials, row)
        count = min(k, len(expected))
        assert int(found.counts[row]) == count
        paths = [path + [0] * (length - len(path)) for _, path in expected[:count]]
        assert found.tags[row, :count].tolist() == paths
        values = torch.tensor([value for value, _ in expected[:count]], dtype=torch.float64)
        near(found.log_probabilities[row, :count].double(), values)
        assert not found.tags[row, count:].any()
        assert (found.log_probabilities[row, count:] == -torch.inf).all()
    return found


@pytest.mark.parametrize("lengths", [[1], [4, 4], [5, 1, 3], [2, 1, 4, 3]])
@pytest.mark.parametrize("num_tags", [1, 2, 4])
@pytest.mark.parametrize("allowed", [1.0, 0.6])
def test_equals_enumeration(lengths: list[int], num_tags: int, allowed: float) -> None:
    potentials = make_potentials(lengths, num_tags, allowed=allowed)
    for k in (1, 2, 5, 30):
        check_against_enumeration(potentials, k)


def test_more_than_there_are() -> None:
    potentials = make_potentials([3, 1, 2], 3)
    found = check_against_enumeration(potentials, 40)
    assert found.counts.tolist() == [27, 3, 9]
    near(found.log_probabilities.exp().sum(1), torch.ones(3, dtype=torch.float64))


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.integers(1, 5),
    st.integers(1, 12),
    st.sampled_from([0.0, 1.0, 1e4]),
    st.sampled_from([1.0, 0.7, 0.3]),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_case_equals_enumeration(
    lengths: list[int], num_tags: int, k: int, scale: float, allowed: float, seed: int
) -> None:
    """Most of these have ties."""
    potentials = make_potentials(lengths, num_tags, scale, allowed, whole=True, seed=seed)
    check_against_enumeration(potentials, k)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("allowed", [1.0, 0.5])
@pytest.mark.parametrize("scale", [0.0, 1.0, 300.0])
@pytest.mark.parametrize("lengths", [[12] * 8, [12, 7, 1, 9]])
def test_the_first_is_that_of_viterbi(
    dtype: torch.dtype, allowed: float, scale: float, lengths: list[int]
) -> None:
    potentials = make_potentials(lengths, 9, scale, allowed, dtype)
    tags, _ = crf_functional.viterbi(potentials)
    for k in (1, 3):
        assert n_best(potentials, k).tags[:, 0].equal(tags)


def test_ties_are_in_the_order_of_tags() -> None:
    potentials = make_potentials([2], 2, scale=0.0)
    found = n_best(potentials, 4)
    assert found.tags[0].tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]
    near(found.log_probabilities.exp(), torch.full((1, 4), 0.25, dtype=torch.float64))


def test_long_sentences() -> None:
    potentials = make_potentials([5000, 4000], 4, scale=1e4)
    found = n_best(potentials, 3)
    values = found.log_probabilities
    assert values.isfinite().all() and bool((values.diff(dim=1) <= 0).all())
    assert values.max() <= 0
    for rank in range(3):
        scores = crf_functional.path_scores(potentials, found.tags[:, rank])
        log_partition = -crf_functional.log_likelihood(potentials, None)
        torch.testing.assert_close(
            (scores - log_partition).clamp(max=0.0), values[:, rank], rtol=1e-9, atol=1e-5
        )
    assert not found.tags[0, 0].equal(found.tags[0, 1])


def test_no_probability_is_above_1() -> None:
    for seed in range(4):
        potentials = make_potentials([100] * 8, 1, scale=30.0, seed=seed)  # one path is all
        values = n_best(potentials, 1).log_probabilities
        assert values.max() <= 0
        near(values, torch.zeros(8, 1, dtype=torch.float64))


def test_padding_has_no_influence() -> None:
    potentials = make_potentials([6, 2, 1], 3)
    assert potentials.padding is not None
    expected = n_best(potentials, 20)
    for garbage in (0.0, 1.5e308, -1.5e308):
        emissions = potentials.emissions.clone()
        emissions[~potentials.padding.valid.t()] = garbage
        found = n_best(potentials._replace(emissions=emissions), 20)
        assert all(a.equal(b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("k", [0, -1])
def test_none_is_an_error(k: int) -> None:
    with pytest.raises(ValueError, match="k must be at least 1"):
        n_best(make_potentials([2], 2), k)


@pytest.mark.parametrize("wrong", [None, torch.nan, torch.inf])
def test_no_best_path_is_an_error(wrong: Optional[float]) -> None:
    potentials = make_potentials([2, 1], 2)
    if wrong is None:  # 0 starts and 1 ends, so that one token has no path
        start = torch.tensor([0.0, -torch.inf], dtype=torch.float64)
        potentials = potentials._replace(start=start, end=start.flip(0))
    else:
        potentials.emissions[0, 0, 0] = wrong
    with pytest.raises(ValueError, match="no best path"):
        n_best(potentials, 2)
