"""Weights of labels in the likelihood of a CRF, beside AllenNLP's and by enumeration."""

import math
from itertools import product

import pytest
import torch
from allennlp.modules.conditional_random_field import (
    ConditionalRandomFieldWeightEmission,
    ConditionalRandomFieldWeightLannoy,
    ConditionalRandomFieldWeightTrans,
)

from bilstm_tagger.network import weighted_crf
from tests.network.crf_test import SHAPES, gradients_are_right, make_crf, make_emissions


def likelihoods(crf, strategy, emissions, tags, weights, mask):
    if strategy == "lannoy":
        return crf.lannoy_log_likelihood(emissions, tags, weights, mask)
    moves = weights if strategy == "emission_transition" else None
    return crf.log_likelihood(emissions * weights, tags, mask, transition_weights=moves)


@pytest.mark.parametrize(
    ("strategy", "theirs"),
    [
        ("emission", ConditionalRandomFieldWeightEmission),
        ("emission_transition", ConditionalRandomFieldWeightTrans),
        ("lannoy", ConditionalRandomFieldWeightLannoy),
    ],
)
@pytest.mark.parametrize(("lengths", "num_tags"), [shape for shape in SHAPES if len(shape[0]) > 1])
def test_same_as_allennlp(lengths, num_tags, strategy, theirs):
    crf = make_crf(num_tags)
    emissions, mask = make_emissions(lengths, num_tags)
    emissions = emissions.masked_fill(~mask.unsqueeze(2), 0.0)
    tags = torch.randint(num_tags, mask.shape)
    weights = torch.rand(num_tags, dtype=torch.float64) + 0.5
    other = theirs(num_tags, weights.tolist()).double()
    other.transitions.data = crf.transitions.data
    other.start_transitions.data = crf.start_scores.data
    other.end_transitions.data = crf.end_scores.data
    other.label_weights = weights
    emissions.requires_grad_()
    ours = likelihoods(crf, strategy, emissions, tags, weights, mask).sum()
    gradient = torch.autograd.grad(ours, [emissions, *crf.parameters()])
    expected = other(emissions, tags, mask)
    torch.testing.assert_close(ours, expected)
    parameters = [emissions, other.transitions, other.start_transitions, other.end_transitions]
    for mine, their in zip(gradient, torch.autograd.grad(expected, parameters), strict=True):
        torch.testing.assert_close(mine, their)


@pytest.mark.parametrize("lengths", [[3], [2, 4, 1]])
def test_lannoy_by_enumeration(lengths):
    crf = make_crf(3)
    emissions, mask = make_emissions(lengths, 3)
    tags = torch.randint(3, mask.shape)
    weights = torch.tensor([0.3, 1.0, 4.0], dtype=torch.float64)
    found = crf.lannoy_log_likelihood(emissions, tags, weights, mask)
    start, moves, end = (p.tolist() for p in (crf.start_scores, crf.transitions, crf.end_scores))
    for row, length in enumerate(lengths):
        scores, path = emissions[row].tolist(), tags[row, :length].tolist()

        def prefix_score(prefix, scores=scores):
            score = start[prefix[0]] + sum(scores[i][tag] for i, tag in enumerate(prefix))
            return score + sum(moves[a][b] for a, b in zip(prefix, prefix[1:], strict=False))

        totals = [0.0]
        for size in range(1, length + 1):
            prefixes = product(range(3), repeat=size)
            totals.append(math.log(sum(math.exp(prefix_score(prefix)) for prefix in prefixes)))
        paths = list(product(range(3), repeat=length))
        total = math.log(sum(math.exp(prefix_score(each) + end[each[-1]]) for each in paths))
        expected = start[path[0]] + end[path[-1]] - (total - totals[-1])
        for i, tag in enumerate(path):
            share = scores[i][tag] - (totals[i + 1] - totals[i])
            if i + 1 < length:
                share += moves[tag][path[i + 1]]
            expected += weights[tag].item() * share
        assert found[row].item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("strategy", ["emission", "emission_transition", "lannoy"])
def test_weights_of_1_change_nothing(strategy):
    crf = make_crf(4)
    emissions, mask = make_emissions([5, 2], 4)
    tags = torch.randint(4, mask.shape)
    weights = torch.ones(4, dtype=torch.float64)
    torch.testing.assert_close(
        likelihoods(crf, strategy, emissions, tags, weights, mask),
        crf.log_likelihood(emissions, tags, mask),
    )


def test_lannoy_with_large_scores():
    crf = make_crf(4, 100.0, torch.float32)
    emissions, mask = make_emissions([300, 3], 4, 100.0, torch.float32)
    emissions.requires_grad_()
    weights = torch.tensor([0.1, 1.0, 10.0, 100.0])
    likelihood = crf.lannoy_log_likelihood(emissions, torch.randint(4, mask.shape), weights, mask)
    likelihood.sum().backward()
    assert likelihood.isfinite().all()
    assert emissions.grad.isfinite().all()


@pytest.mark.parametrize("possible", [False, True])
def test_gradients_with_weighted_transitions(possible):
    crf = make_crf(3)
    emissions, mask = make_emissions([4, 2], 3)
    emissions[~mask] = 0.5
    weights = torch.tensor([0.5, 2.0, 1.0], dtype=torch.float64)
    tags = torch.randint(3, mask.shape)
    agreeing = torch.rand(2, 4, 3) < 0.5
    agreeing[..., 0] = True

    def likelihood(emissions):
        if possible:
            return crf.marginal_log_likelihood(emissions * weights, agreeing, mask, weights)
        return crf.log_likelihood(emissions * weights, tags, mask, transition_weights=weights)

    assert gradients_are_right(crf, emissions, likelihood)


def test_lannoy_by_products_is_that_by_logarithms(monkeypatch):
    crf = make_crf(6, 3.0)
    emissions, mask = make_emissions([50, 7, 1], 6, 3.0)
    tags, weights = torch.randint(6, mask.shape), torch.rand(6).double() + 0.5
    emissions.requires_grad_()
    results = []
    for norms in (weighted_crf._scaled_norms, lambda _: None):
        monkeypatch.setattr(weighted_crf, "_scaled_norms", norms)
        likelihood = crf.lannoy_log_likelihood(emissions, tags, weights, mask)
        gradients = torch.autograd.grad(likelihood.sum(), [emissions, *crf.parameters()])
        results.append([likelihood, *gradients])
    for scaled, exact in zip(*results, strict=True):
        torch.testing.assert_close(scaled, exact)
