"""The loss of labels that are known in part."""

import pytest
import torch
from allennlp.data import Vocabulary

from bilstm_tagger.plugin.modules.decoders import CRFDecoder, SoftmaxDecoder

LABELS = ["O", "B-A", "I-A"]
MASK = torch.tensor([[True, True, True], [True, True, False]])


def make(kind, **settings):
    vocabulary = Vocabulary({"ner_labels": {label: 9 - i for i, label in enumerate(LABELS)}})
    return kind(vocab=vocabulary, task="ner", input_sizes=[3, 4], encoding="BIO", **settings)


def possible(*rows):
    """(batch, length, labels) of strings such as "OB", "." for none, "*" for all."""
    letters = {"*": "OBI", ".": ""}
    return torch.tensor(
        [[[x in letters.get(cell, cell) for x in "OBI"] for cell in row.split()] for row in rows]
    )


def test_softmax_is_that_of_the_possible_labels_together():
    decoder = make(SoftmaxDecoder)
    emissions = torch.randn(2, 3, 3, requires_grad=True)
    # Of the second sentence, nothing is known but padding.
    gold = possible("OB I *", "* . O")
    loss = decoder.loss(emissions, gold, MASK)
    chances = emissions.softmax(-1)
    expected = -(chances[0, 0, :2].sum().log() + chances[0, 1, 2].log()) / 2
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert not emissions.grad[1].any()
    assert not emissions.grad[0, 2].any()


def test_softmax_with_weights():
    decoder = make(SoftmaxDecoder, label_weights={"A": 3.0})
    emissions = torch.randn(1, 2, 3)
    chances = emissions.softmax(-1)
    expected = -(2.0 * chances[0, 0, :2].sum().log() + 3.0 * chances[0, 1, 2].log()) / 5.0
    torch.testing.assert_close(decoder.loss(emissions, possible("OB I")), expected)


@pytest.mark.parametrize("kind", [SoftmaxDecoder, CRFDecoder])
def test_one_label_each_is_the_usual_loss(kind):
    decoder = make(kind)
    emissions = torch.randn(2, 3, 3)
    gold = torch.tensor([[1, 2, 0], [0, 1, -1]])
    torch.testing.assert_close(
        decoder.loss(emissions, possible("B I O", "O B ."), MASK),
        decoder.loss(emissions, gold, MASK),
    )


def test_crf_is_the_mean_of_sentences_with_labels():
    decoder = make(CRFDecoder)
    emissions = torch.randn(3, 3, 3, requires_grad=True)
    mask = torch.ones(3, 3, dtype=torch.bool)
    # The second has a label that training has not, the third no permitted sequence.
    gold = possible("B * O", ". B O", "O I *")
    loss = decoder.loss(emissions, gold, mask)
    expected = -decoder.crf.marginal_log_likelihood(emissions[:1], gold[:1])[0]
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert emissions.grad.isfinite().all()
    assert emissions.grad[0].any()
    assert not emissions.grad[1:].any()


@pytest.mark.parametrize("kind", [SoftmaxDecoder, CRFDecoder])
def test_nothing_known_is_no_loss(kind):
    emissions = torch.randn(1, 2, 3, requires_grad=True)
    loss = make(kind).loss(emissions, possible(". ."))
    loss.backward()
    assert loss == 0
    assert not emissions.grad.any()


def test_training_with_gaps_learns_what_they_leave_open():
    decoder = make(CRFDecoder)
    torch.manual_seed(0)
    emissions = torch.zeros(1, 3, 3, requires_grad=True)
    optimizer = torch.optim.Adam([emissions, *decoder.parameters()], lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        decoder.loss(emissions, possible("* I O")).backward()
        optimizer.step()
    # Nothing but "B" can stand before it.
    assert decoder.decode(emissions).tolist() == [[1, 2, 0]]
