import itertools
import math

import pytest
import torch
from allennlp.data import Vocabulary

from bilstm_tagger.plugin.data.fields import UNKNOWN_LABEL
from bilstm_tagger.plugin.modules.decoders import SoftmaxDecoder
from bilstm_tagger.text.encodings import get_encoding

MASK = torch.tensor([[True, True, True], [True, False, False]])


@pytest.fixture
def decoder() -> SoftmaxDecoder:
    vocabulary = Vocabulary({"pos_labels": {"NOUN": 2, "VERB": 1}})
    return SoftmaxDecoder(vocabulary, "pos", [3, 4])


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


class TestConstrained:
    LABELS = ("O", "B-NP", "I-NP", "I-VP")

    @pytest.fixture
    def decoder(self) -> SoftmaxDecoder:
        counts = {label: 9 - number for number, label in enumerate(self.LABELS)}
        vocabulary = Vocabulary({"chunk_labels": counts})
        return SoftmaxDecoder(vocabulary, "chunk", [3, 4], encoding="BIO", constrained=True)

    def test_the_most_probable_permitted_tags(self, decoder):
        """By enumeration."""
        torch.manual_seed(3)
        valid = get_encoding("BIO").first_violation
        for length in (1, 2, 4):
            emissions = 3 * torch.randn(20, length, 4)
            found = decoder.decode(emissions)
            paths = [
                path
                for path in itertools.product(range(4), repeat=length)
                if valid([self.LABELS[tag] for tag in path]) is None
            ]
            changed = 0
            for scores, tags in zip(emissions.log_softmax(-1), found.tolist(), strict=True):
                totals = [sum(scores[i, tag] for i, tag in enumerate(path)) for path in paths]
                assert tuple(tags) == paths[int(torch.stack(totals).argmax())]
                changed += tags != scores.argmax(-1).tolist()
            assert changed  # the constraints decided about some

    def test_padding_does_not_change_the_tags(self, decoder):
        emissions = torch.randn(2, 3, 4)
        found = decoder.decode(emissions, MASK)
        assert found[1, :1].tolist() == decoder.decode(emissions[1:, :1])[0].tolist()

    def test_constraints_are_no_part_of_the_weights(self, decoder):
        assert set(decoder.state_dict()) == {"scorer.weight", "scorer.bias"}
