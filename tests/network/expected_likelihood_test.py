"""The expected likelihood of labels with probabilities."""

import math

import pytest
import torch

from tests.network.crf_test import (
    SHAPES,
    enumerate_paths,
    gradients_are_right,
    make_crf,
    make_emissions,
)


def make_chances(mask: torch.Tensor, num_tags: int) -> torch.Tensor:
    """Of no meaning on padding."""
    chances = torch.randn(*mask.shape, num_tags, dtype=torch.float64).softmax(-1)
    return chances.where(mask.unsqueeze(2), 7.0)


@pytest.mark.parametrize(("lengths", "num_tags"), SHAPES)
def test_is_the_mean_over_all_paths(lengths, num_tags):
    crf = make_crf(num_tags)
    emissions, mask = make_emissions(lengths, num_tags)
    chances = make_chances(mask, num_tags)
    likelihood = crf.expected_log_likelihood(emissions, chances, mask)
    for row, length in enumerate(lengths):
        scores = enumerate_paths(crf, emissions[row, :length], False)
        partition = math.log(math.fsum(map(math.exp, scores.values())))
        expected = math.fsum(
            math.prod(chances[row, i, tag].item() for i, tag in enumerate(path))
            * (score - partition)
            for path, score in scores.items()
        )
        assert likelihood[row].item() == pytest.approx(expected, rel=1e-9)


def test_gradients_are_those_of_the_mean():
    crf = make_crf(3)
    emissions, mask = make_emissions([4, 2], 3)
    emissions[~mask] = 0.5  # numeric derivatives of large numbers are imprecise
    chances = make_chances(mask, 3)
    assert gradients_are_right(
        crf, emissions, lambda emissions: crf.expected_log_likelihood(emissions, chances, mask)
    )


def test_is_greatest_where_the_posterior_is_the_target():
    crf = make_crf(3)
    emissions, mask = make_emissions([4, 2], 3)
    emissions.requires_grad_()
    chances = crf.marginals(emissions.detach(), mask)
    crf.expected_log_likelihood(emissions, chances, mask).sum().backward()
    torch.testing.assert_close(emissions.grad[mask], torch.zeros_like(emissions.grad[mask]))


@pytest.mark.parametrize("padded", [False, True])
def test_certain_tags_have_their_likelihood(padded):
    crf = make_crf(4)
    emissions, mask = make_emissions([5, 3] if padded else [5, 5], 4)
    tags = torch.randint(4, (2, 5)) * mask
    certain = torch.nn.functional.one_hot(tags, 4).double()
    weights = torch.rand(4, dtype=torch.float64)
    given = mask if padded else None
    torch.testing.assert_close(
        crf.expected_log_likelihood(emissions, certain, given, weights),
        crf.log_likelihood(emissions, tags, given, transition_weights=weights),
    )


@pytest.mark.parametrize("chances", [torch.ones(2, 5), torch.ones(2, 5, 4, dtype=torch.bool)])
def test_refuses_other_shapes_and_types(chances):
    crf = make_crf(4)
    emissions, _ = make_emissions([5, 5], 4)
    with pytest.raises(ValueError, match="chances must be floating"):
        crf.expected_log_likelihood(emissions, chances)


def test_is_not_lowered_by_mixed_precision():
    crf = make_crf(4, dtype=torch.float32)
    emissions, mask = make_emissions([5, 3], 4, dtype=torch.float32)
    chances = torch.randn(2, 5, 4).softmax(-1)
    expected = crf.expected_log_likelihood(emissions, chances, mask)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(crf.expected_log_likelihood(emissions, chances, mask), expected)
