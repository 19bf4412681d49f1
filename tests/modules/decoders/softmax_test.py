import math

import pytest
import torch
from allennlp.data import Vocabulary

from bilstm_tagger.data.fields import UNKNOWN_LABEL
from bilstm_tagger.modules.decoders import SoftmaxDecoder

MASK = torch.tensor([[True, True, True], [True, False, False]])


@pytest.fixture
def decoder() -> SoftmaxDecoder:
    vocabulary = Vocabulary({"pos_labels": {"NOUN": 2, "VERB": 1}})
    return SoftmaxDecoder(vocabulary, "pos", [4])


def scores_of(probabilities) -> torch.Tensor:
    return torch.tensor(probabilities).log().requires_grad_()


def test_loss_is_the_mean_cross_entropy_of_tokens(decoder):
    emissions = scores_of([[[0.5, 0.5], [0.2, 0.8]]])
    gold = torch.tensor([[0, 1]])
    assert float(decoder.loss(emissions, gold).detach()) == pytest.approx(
        -(math.log(0.5) + math.log(0.8)) / 2
    )


def test_loss_leaves_out_padding(decoder):
    probabilities = [[[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]], [[0.3, 0.7], [0.5, 0.5], [0.5, 0.5]]]
    emissions = scores_of(probabilities)
    gold = torch.tensor([[0, 1, 1], [0, 1, 0]])
    loss = decoder.loss(emissions, gold, MASK)
    expected = -(math.log(0.5) + math.log(0.8) + math.log(0.1) + math.log(0.3)) / 4
    assert float(loss.detach()) == pytest.approx(expected)
    loss.backward()
    assert bool((emissions.grad[~MASK] == 0).all())
    assert bool((emissions.grad[MASK] != 0).all())


def test_loss_leaves_out_unknown_labels(decoder):
    emissions = scores_of([[[0.5, 0.5], [0.2, 0.8]]])
    loss = decoder.loss(emissions, torch.tensor([[UNKNOWN_LABEL, 1]]))
    assert float(loss.detach()) == pytest.approx(-math.log(0.8))


def test_nothing_known_is_no_loss(decoder):
    emissions = scores_of([[[0.5, 0.5], [0.2, 0.8]]])
    loss = decoder.loss(emissions, torch.full((1, 2), UNKNOWN_LABEL))
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert not emissions.grad.any()


def test_decodes_the_best_tag_of_each_token(decoder):
    emissions = torch.tensor([[[0.0, 1.0], [3.0, 2.0], [-1.0, -2.0]]])
    assert decoder.decode(emissions).tolist() == [[1, 0, 0]]
    assert decoder.decode(emissions, torch.tensor([[True, True, False]]))[0, :2].tolist() == [1, 0]
