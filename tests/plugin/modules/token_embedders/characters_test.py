import pytest
import torch
from allennlp.common import Params
from allennlp.data import Vocabulary
from allennlp.modules import TokenEmbedder

from bilstm_tagger.network.character_encoders import CharacterCNN, CharacterLSTM
from bilstm_tagger.plugin.modules.token_embedders import CharacterCNNEmbedder, CharacterLSTMEmbedder

KINDS = {"character_cnn": CharacterCNNEmbedder, "character_lstm": CharacterLSTMEmbedder}

# Two sentences: "ab c ab", and "c" with padding, in words and in characters.
IDS = torch.tensor(
    [[[2, 3, 0], [4, 0, 0], [2, 3, 0]], [[4, 0, 0], [0, 0, 0], [0, 0, 0]]], dtype=torch.int32
)


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary({"token_characters": {"a": 3, "b": 2, "c": 1}, "letters": {"x": 1}})


def make(vocabulary, kind, **settings):
    return TokenEmbedder.from_params(Params({"type": kind, **settings}), vocab=vocabulary)


def test_cnn_of_a_config(vocabulary):
    embedder = make(vocabulary, "character_cnn", embedding_dim=7, num_filters=9, width=5)
    assert isinstance(embedder.encoder, CharacterCNN)
    assert embedder.encoder.embedding.weight.shape == (5, 7)  # padding, unknown, a, b, c
    assert embedder.encoder.weight.shape == (9, 7, 5)
    assert embedder.get_output_dim() == 9


def test_lstm_of_a_config(vocabulary):
    embedder = make(vocabulary, "character_lstm", embedding_dim=7, hidden_size=6)
    assert isinstance(embedder.encoder, CharacterLSTM)
    assert embedder.encoder.embedding.weight.shape == (5, 7)
    assert embedder.get_output_dim() == 12


@pytest.mark.parametrize(
    ("kind", "size"), [("character_cnn", 30), ("character_lstm", 50)], ids=lambda each: str(each)
)
def test_defaults(vocabulary, kind, size):
    embedder = make(vocabulary, kind)
    assert isinstance(embedder, KINDS[kind])
    assert embedder.get_output_dim() == size
    assert embedder.encoder.embedding.embedding_dim == 30
    assert make(vocabulary, kind, namespace="letters").encoder.embedding.num_embeddings == 3


@pytest.mark.parametrize("kind", KINDS)
class TestForward:
    def test_each_word_has_the_vector_of_its_characters(self, vocabulary, kind):
        embedder = make(vocabulary, kind)
        vectors = embedder(IDS)
        assert vectors.shape == (2, 3, embedder.get_output_dim())
        alone = embedder.encoder(torch.tensor([[2, 3], [4, 0]]))
        expected = torch.stack([alone[0], alone[1], alone[0]])
        torch.testing.assert_close(vectors[0], expected)
        torch.testing.assert_close(vectors[1, 0], alone[1])
        assert not torch.allclose(alone[0], alone[1])

    def test_padding_has_zeros(self, vocabulary, kind):
        assert not make(vocabulary, kind)(IDS)[1, 1:].any()

    def test_distinct_words_are_read_once(self, vocabulary, kind, monkeypatch):
        embedder = make(vocabulary, kind)
        shapes = []
        forward = embedder.encoder.forward
        monkeypatch.setattr(
            embedder.encoder, "forward", lambda ids: shapes.append(ids.shape) or forward(ids)
        )
        embedder(IDS)
        assert shapes == [(3, 2)]  # ab, c and padding; as wide as the longest

    def test_every_parameter_is_trained(self, vocabulary, kind):
        embedder = make(vocabulary, kind)
        embedder(IDS).pow(2).sum().backward()
        for parameter in embedder.parameters():
            assert parameter.grad.any()
