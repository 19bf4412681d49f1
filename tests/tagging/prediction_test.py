"""Predictions of a task, made of plain values."""

import numpy as np
import pytest

from bilstm_tagger.tagging.prediction import PredictionOptions, TaskPredictor
from bilstm_tagger.text.encodings import get_encoding

LENGTHS = np.array([5, 3, 1])


def predict(labels, encoding=None, written=None, scale=1.0, **settings):
    emissions = np.random.default_rng(2).normal(scale=scale, size=(3, 5, len(labels)))
    constrained = settings.pop("constrained", None)
    predictor = TaskPredictor(
        labels,
        encoding and get_encoding(encoding),
        written and get_encoding(written),
        **settings,
    )
    options = PredictionOptions.of("all", 2, constrained)
    return predictor.predict(emissions.astype("f4"), LENGTHS, options)


@pytest.mark.parametrize(
    ("labels", "encoding"),
    [
        (["O", "B-X", "M-X", "E-X", "S-X"], "IOBES"),  # BMES
        (["O", "B-X", "I-X", "B-Y", "I-Y"], "BIO"),
    ],
)
@pytest.mark.parametrize("constrained", [None, False])
def test_tags_that_are_written_as_they_are(labels, encoding, constrained):
    """In the letters of the training, and with their own probabilities, valid or not."""
    for prediction, length in zip(
        predict(labels, encoding, encoding, constrained=constrained), LENGTHS, strict=True
    ):
        assert len(prediction.tags) == length and set(prediction.tags) <= set(labels)
        for tag, chance, chances in zip(
            prediction.tags,
            prediction.tag_probabilities,
            prediction.distributions,
            strict=True,
        ):
            assert set(chances) == set(labels)
            assert chances[tag] == chance > 0
            assert sum(chances.values()) == pytest.approx(1)


def test_a_softmax_takes_the_best_tag_of_each_token():
    labels = ["A", "B", "C"]
    emissions = np.random.default_rng(2).normal(size=(3, 5, 3)).astype("f4")
    for row, prediction in enumerate(predict(labels)):
        best = emissions[row, : LENGTHS[row]].argmax(-1)
        assert prediction.tags == [labels[index] for index in best]
        chances = np.exp(emissions[row, : LENGTHS[row]])
        chances /= chances.sum(-1, keepdims=True)
        np.testing.assert_allclose(prediction.tag_probabilities, chances.max(-1), rtol=1e-5)
        assert prediction.probability == pytest.approx(chances.max(-1).prod(), rel=1e-5)
        assert prediction.span_probabilities is None
