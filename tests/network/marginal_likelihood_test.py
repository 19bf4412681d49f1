"""The likelihood of labels that are known in part."""

import math

import pytest
import torch

from tests.network.crf_test import (
    SHAPES,
    enumerate_paths,
    gradients_are_right,
    make_allowed,
    make_crf,
    make_emissions,
)


def make_possible(mask: torch.Tensor, num_tags: int, share: float = 0.5) -> torch.Tensor:
    """Tag 0, which is always permitted, and others by chance; nothing on padding."""
    possible = torch.rand(*mask.shape, num_tags) < share
    possible[..., 0] = True
    return possible & mask.unsqueeze(2)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize(("lengths", "num_tags"), SHAPES)
def test_is_the_sum_over_all_paths_that_agree(lengths, num_tags, constrained):
    crf = make_crf(num_tags, allowed=make_allowed(num_tags) if constrained else None)
    emissions, mask = make_emissions(lengths, num_tags)
    possible = make_possible(mask, num_tags)
    likelihood = crf.marginal_log_likelihood(emissions, possible, mask)
    for row, length in enumerate(lengths):
        agreeing = {
            path: score
            for path, score in enumerate_paths(crf, emissions[row, :length], constrained).items()
            if all(possible[row, i, tag] for i, tag in enumerate(path))
        }
        every = enumerate_paths(crf, emissions[row, :length], False)
        total = math.fsum(map(math.exp, every.values()))
        expected = math.fsum(map(math.exp, agreeing.values())) / total
        assert likelihood[row].exp().item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("constrained", [False, True])
def test_gradients_are_those_of_the_sum(constrained):
    crf = make_crf(3, allowed=make_allowed(3) if constrained else None)
    emissions, mask = make_emissions([4, 2], 3)
    emissions[~mask] = 0.5  # numeric derivatives of large numbers are imprecise
    possible = make_possible(mask, 3)
    assert gradients_are_right(
        crf, emissions, lambda emissions: crf.marginal_log_likelihood(emissions, possible, mask)
    )


def test_known_tags_have_their_likelihood():
    crf = make_crf(4, allowed=make_allowed(4))
    emissions, mask = make_emissions([5, 3], 4)
    tags = torch.zeros(2, 5, dtype=torch.long)
    possible = torch.nn.functional.one_hot(tags, 4).bool()
    torch.testing.assert_close(
        crf.marginal_log_likelihood(emissions, possible, mask),
        crf.log_likelihood(emissions, tags, mask),
    )


def test_nothing_known_says_that_the_path_is_permitted():
    allowed = make_allowed(4)
    crf = make_crf(4, allowed=allowed)
    emissions, mask = make_emissions([5, 3], 4)
    likelihood = crf.marginal_log_likelihood(emissions, torch.ones(2, 5, 4, dtype=torch.bool), mask)
    expected = crf.log_partition(emissions, mask, constrained=True) - crf.log_partition(
        emissions, mask
    )
    torch.testing.assert_close(likelihood, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_no_path_is_minus_infinity_without_a_gradient(scale, dtype):
    allowed = make_allowed(3)
    allowed.transitions[1, 2] = False
    crf = make_crf(3, scale, dtype, allowed)
    emissions, mask = make_emissions([4, 4], 3, scale, dtype)
    emissions.requires_grad_()
    possible = torch.ones(2, 4, 3, dtype=torch.bool)
    possible[1, 1], possible[1, 2] = torch.tensor([[False, True, False], [False, False, True]])
    likelihood = crf.marginal_log_likelihood(emissions, possible, mask)
    assert likelihood[0].isfinite()
    assert likelihood[1] == -torch.inf
    likelihood[0].backward()
    assert emissions.grad.isfinite().all()
    assert not emissions.grad[1].any()
    assert all(parameter.grad.isfinite().all() for parameter in crf.parameters())


def test_long_sentences_and_large_scores():
    crf = make_crf(5, 30.0, torch.float32)
    exact = make_crf(5)
    exact.load_state_dict(crf.state_dict())
    emissions, mask = make_emissions([600, 40], 5, 30.0, torch.float32)
    possible = make_possible(mask, 5)
    found = crf.marginal_log_likelihood(emissions, possible, mask)
    expected = exact.marginal_log_likelihood(emissions.double(), possible, mask)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=0.1)


def test_wrong_shapes_are_refused():
    crf = make_crf(3)
    with pytest.raises(ValueError, match="possible must be bool"):
        crf.marginal_log_likelihood(torch.zeros(1, 2, 3), torch.ones(1, 2, dtype=torch.bool))
