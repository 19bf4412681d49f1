import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary

from bilstm_tagger.plugin.modules.decoders import CRFDecoder, SoftmaxDecoder, TaskDecoder

LABELS = ["O", "B-NP", "I-NP", "B-VP"]


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary({"chunk_labels": {label: 9 - i for i, label in enumerate(LABELS)}})


def make(
    vocabulary, kind="softmax", task="chunk", input_sizes=(3, 6, 4), **settings
) -> TaskDecoder:
    return TaskDecoder.from_params(
        Params({"type": kind, **settings}),
        vocab=vocabulary,
        task=task,
        input_sizes=list(input_sizes),
    )


def layers(batch=2, length=5, sizes=(3, 6, 4)) -> list[torch.Tensor]:
    """The embedded tokens, and the output of two shared layers."""
    return [torch.randn(batch, length, size) for size in sizes]


def test_types_of_a_config(vocabulary):
    assert isinstance(make(vocabulary, "softmax"), SoftmaxDecoder)
    assert isinstance(make(vocabulary, "crf"), CRFDecoder)
    assert set(TaskDecoder.list_available()) >= {"crf", "softmax"}


def test_labels_are_those_of_the_vocabulary_in_the_order_of_their_ids(vocabulary):
    decoder = make(vocabulary)
    assert decoder.labels == LABELS
    assert decoder.scorer.out_features == len(LABELS)


def test_defaults(vocabulary):
    decoder = make(vocabulary)
    assert decoder.level == 2
    assert decoder.loss_weight == 1.0
    assert (decoder.encoding, decoder.encoder, decoder.per_type) == (None, None, False)


@pytest.mark.parametrize("level", [1, 2])
def test_scores_are_linear_in_the_layer_read(vocabulary, level):
    decoder = make(vocabulary, level=level)
    given = layers()
    emissions = decoder(given)
    assert emissions.shape == (2, 5, 4)
    torch.testing.assert_close(
        emissions, given[level] @ decoder.scorer.weight.t() + decoder.scorer.bias
    )


@pytest.mark.parametrize(("level", "size"), [(0, 3), (1, 6)])
def test_own_layers_stand_between(vocabulary, level, size):
    decoder = make(vocabulary, level=level, encoder={"hidden_sizes": [5, 3], "dropout": 0})
    assert decoder.encoder.input_size == size
    assert decoder.scorer.in_features == 6
    given = layers()
    torch.testing.assert_close(decoder(given), decoder.scorer(decoder.encoder(given[level])[-1]))


def test_own_layers_do_not_read_padding(vocabulary):
    decoder = make(vocabulary, encoder={"hidden_sizes": [3], "dropout": 0})
    given = layers()
    lengths = torch.tensor([5, 2])
    whole = decoder(given, lengths)
    alone = decoder([layer[1:, :2] for layer in given])
    torch.testing.assert_close(whole[1:, :2], alone)
    assert not torch.allclose(decoder(given)[1:, :2], alone)


def test_encoding_of_a_config(vocabulary):
    assert make(vocabulary, encoding="BIO", per_type=True).encoding.name == "BIO"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "pos"}, "model.tasks.pos: the training data has no labels"),
        ({"level": 3}, "model.tasks.chunk.level is 3, but .* layers 1 to 2"),
        ({"level": 0}, "model.tasks.chunk.level is 0"),
        ({"encoding": "XYZ"}, "model.tasks.chunk.encoding: .*XYZ"),
        ({"per_type": True}, "model.tasks.chunk.per_type needs"),
        ({"encoder": {"hidden_sizes": []}}, "hidden_sizes is empty"),
        ({"constrained": True}, "model.tasks.chunk.constrained needs"),
        ({"repair": "O"}, "model.tasks.chunk.repair needs"),
        ({"encoding": "BIO", "repair": "X"}, "repair must be one of O, B, found 'X'"),
        ({"constraint": True}, "Extra parameters"),
        ({"kind": "crf", "constrained": True}, "model.tasks.chunk.constrained needs"),
    ],
)
def test_wrong_settings(vocabulary, settings, message):
    with pytest.raises(ConfigurationError, match=message):
        make(vocabulary, **settings)


def test_a_decoder_says_how_it_trains_and_decodes(vocabulary):
    decoder = TaskDecoder(vocabulary, "chunk", [3, 6])
    emissions = decoder([torch.randn(1, 2, 3), torch.randn(1, 2, 6)])
    with pytest.raises(NotImplementedError):
        decoder.loss(emissions, torch.zeros(1, 2, dtype=torch.long))
    with pytest.raises(NotImplementedError):
        decoder.decode(emissions)


@pytest.mark.parametrize("kind", ["softmax", "crf"])
def test_labels_of_another_encoding(kind):
    vocabulary = Vocabulary({"chunk_labels": {"O": 3, "S-NP": 2, "E-NP": 1}})
    with pytest.raises(ConfigurationError, match=r"model\.tasks\.chunk\.encoding does not fit"):
        make(vocabulary, kind, encoding="BIO")


@pytest.mark.parametrize(("constrained", "expected"), [(None, True), (True, True), (False, False)])
def test_whether_prediction_is_constrained(vocabulary, constrained, expected):
    decoder = make(vocabulary, encoding="BIO", constrained=constrained)
    assert decoder.constrains_prediction() is expected
    assert not make(vocabulary).constrains_prediction()


def test_labels_that_leave_no_way_are_not_constrained():
    vocabulary = Vocabulary({"chunk_labels": {"B-NP": 3, "E-NP": 2}})
    decoder = make(vocabulary, encoding="IOBES")
    assert not decoder.constrains_prediction()


@pytest.mark.parametrize("kind", ["softmax", "crf"])
def test_constraints_may_be_asked_for(vocabulary, kind):
    decoder = make(vocabulary, kind, encoding="BIO")
    # `I-NP` throughout, which may not start a sentence.
    emissions = torch.full((1, 3, 4), -5.0)
    emissions[..., LABELS.index("I-NP")] = 5.0
    assert decoder.decode(emissions).tolist() == [[2, 2, 2]]
    assert decoder.decode(emissions, None, True).tolist() == [[1, 2, 2]]
