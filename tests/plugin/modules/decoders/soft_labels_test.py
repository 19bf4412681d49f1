"""The loss of labels that have probabilities."""

import pytest
import torch
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.plugin.modules.decoders import CRFDecoder, SoftmaxDecoder
from tests.plugin.modules.decoders.possible_labels_test import MASK, make

NOTHING = torch.tensor([0.0, 0.0, 0.0])


def make_chances():
    return torch.randn(2, 3, 3).softmax(-1)


def test_softmax_is_the_cross_entropy():
    emissions, chances = torch.randn(2, 3, 3), make_chances()
    loss = make(SoftmaxDecoder).loss(emissions, chances, MASK)
    of_tokens = torch.nn.functional.cross_entropy(emissions[MASK], chances[MASK], reduction="none")
    torch.testing.assert_close(loss, of_tokens.mean())


def test_softmax_weighs_labels():
    decoder = make(SoftmaxDecoder, label_weights={"A": 3.0})
    emissions, chances = torch.randn(2, 3, 3), make_chances()
    weighted = (chances * torch.tensor([1.0, 3.0, 3.0]))[MASK]
    expected = -(weighted * emissions[MASK].log_softmax(-1)).sum() / weighted.sum()
    torch.testing.assert_close(decoder.loss(emissions, chances, MASK), expected)


@pytest.mark.parametrize("kind", [SoftmaxDecoder, CRFDecoder])
def test_certain_labels_have_the_usual_loss(kind):
    decoder = make(kind)
    emissions = torch.randn(2, 3, 3)
    gold = torch.tensor([[1, 2, 0], [0, 1, -1]])
    certain = (gold.unsqueeze(-1) == torch.arange(3)).float()
    torch.testing.assert_close(
        decoder.loss(emissions, certain, MASK), decoder.loss(emissions, gold, MASK)
    )


def test_crf_leaves_out_a_sentence_with_a_label_that_the_model_does_not_have():
    decoder = make(CRFDecoder)
    emissions = torch.randn(2, 3, 3, requires_grad=True)
    chances = make_chances()
    chances[1, 0] = NOTHING
    loss = decoder.loss(emissions, chances)
    torch.testing.assert_close(
        loss, -decoder.crf.expected_log_likelihood(emissions[:1], chances[:1])[0]
    )
    loss.backward()
    assert not emissions.grad[1].any()


def test_softmax_leaves_out_a_token_with_such_a_label():
    emissions, chances = torch.randn(1, 2, 3), make_chances()[:1, :2]
    chances[0, 0] = NOTHING
    expected = torch.nn.functional.cross_entropy(emissions[0, 1], chances[0, 1])
    torch.testing.assert_close(make(SoftmaxDecoder).loss(emissions, chances), expected)


def test_crf_weighs_emissions():
    decoder = make(CRFDecoder, label_weights={"A": 3.0}, weight_strategy="emission")
    emissions, chances = torch.randn(2, 3, 3), make_chances()
    expected = decoder.crf.expected_log_likelihood(
        emissions * torch.tensor([1.0, 3.0, 3.0]), chances, MASK
    )
    torch.testing.assert_close(decoder.loss(emissions, chances, MASK), -expected.mean())


def test_crf_cannot_weigh_tokens():
    decoder = make(CRFDecoder, label_weights={"A": 3.0})
    with pytest.raises(ConfigurationError, match="'lannoy', the default, needs a label of every"):
        decoder.loss(torch.randn(2, 3, 3), make_chances(), MASK)
