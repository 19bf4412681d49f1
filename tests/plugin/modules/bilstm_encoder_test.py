import pytest
import torch
from allennlp.common import Lazy, Params
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.network.stacked_bilstm import StackedBiLSTM
from bilstm_tagger.plugin.modules.bilstm_encoder import BiLSTMEncoder


def from_params(**settings) -> BiLSTMEncoder:
    return BiLSTMEncoder.from_params(Params({"input_size": 4, **settings}))


def dropouts(encoder: BiLSTMEncoder) -> tuple[float, float, float]:
    layer = encoder.layers[0]
    return encoder.naive_dropout, layer.input_dropout, layer.recurrent_dropout


def test_is_a_stack_of_the_sizes_asked_for():
    encoder = from_params(hidden_sizes=[5, 3])
    assert isinstance(encoder, StackedBiLSTM)
    assert encoder.output_sizes == [10, 6]
    outputs = encoder(torch.randn(2, 7, 4))
    assert [output.shape for output in outputs] == [(2, 7, 10), (2, 7, 6)]


@pytest.mark.parametrize(
    ("setting", "naive_input_recurrent"),
    [
        ({}, (0.0, 0.25, 0.25)),
        ({"dropout": [0.1, 0.4]}, (0.0, 0.1, 0.4)),
        ({"dropout": 0.3}, (0.3, 0.0, 0.0)),
        ({"dropout": 0}, (0.0, 0.0, 0.0)),
        ({"dropout": None}, (0.0, 0.0, 0.0)),
    ],
)
def test_dropout_of_a_config(setting, naive_input_recurrent):
    assert dropouts(from_params(hidden_sizes=[5], **setting)) == naive_input_recurrent


def test_recurrent_masks_of_a_config():
    assert from_params(hidden_sizes=[5]).layers[0].recurrent_masks == "batch"
    encoder = from_params(hidden_sizes=[5], recurrent_masks="sequence")
    assert encoder.layers[0].recurrent_masks == "sequence"


def test_input_size_comes_later():
    lazy = Lazy(BiLSTMEncoder, params=Params({"hidden_sizes": [5]}))
    assert lazy.construct(input_size=9).input_size == 9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_sizes": []}, "encoder: hidden_sizes is empty"),
        ({"hidden_sizes": [5, 0]}, "encoder: sizes must be positive"),
        ({"hidden_sizes": [5], "dropout": 1.0}, "encoder: dropout must be in"),
        ({"hidden_sizes": [5], "dropout": [0.5, -0.1]}, "encoder: dropout must be in"),
        ({"hidden_sizes": [5], "recurrent_masks": "token"}, "encoder: recurrent_masks must be"),
        ({"hidden_sizes": [5], "units": 3}, "Extra parameters"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        from_params(**settings)


def test_dropout_of_three_numbers():
    with pytest.raises(ConfigurationError, match="dropout"):
        from_params(hidden_sizes=[5], dropout=[0.1, 0.2, 0.3])
