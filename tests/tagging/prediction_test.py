"""Predictions of a task, made of plain values."""

import numpy as np
import pytest

from bilstm_tagger.tagging.prediction import PredictionOptions, TaskPredictor, written
from bilstm_tagger.text.encodings import ENCODINGS, get_encoding
from bilstm_tagger.text.errors import UserError

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
        (["O", "B-X", "M-X", "E-X", "S-X"], "BMES"),
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


@pytest.fixture
def enumerated(all_paths):
    """The written tags of all sequences of a sentence, with their probabilities, the best first."""

    def enumerate_tags(predictor, emissions, options, sentence, labels, write):
        potentials = predictor._potentials(emissions, LENGTHS, options)
        return [
            (write([labels[tag] for tag in path]), np.exp(value))
            for path, value in all_paths(potentials.double(), sentence).items()
        ]

    return enumerate_tags


SMALL = ["O", "B-X", "I-X", "B-Y"]


def make_predictor(repair=None, written="BIO", scores=True):
    random = np.random.default_rng(4)
    parts = [random.normal(size=shape) for shape in ((4, 4), 4, 4)] if scores else []
    encodings = get_encoding("BIO"), get_encoding(written)
    return TaskPredictor(SMALL, *encodings, *parts, repair=repair)


def make_emissions(scale=1.0, labels=4):
    return np.random.default_rng(2).normal(scale=scale, size=(3, 5, labels)).astype("f4")


@pytest.mark.parametrize("scores", [True, False])
@pytest.mark.parametrize(
    ("repair", "target", "constrained"),
    [
        *((None, target, constrained) for target in ENCODINGS for constrained in (True, False)),
        *(("B", target, False) for target in ENCODINGS),
        *((repair, target, True) for repair in "OB" for target in ("BIO", "IOBES")),
    ],
)
def test_all_probabilities_equal_enumeration(enumerated, repair, target, constrained, scores):
    """Of the chosen sequence that of the model's tags; of tags and spans those of all sequences
    that they are written for."""
    predictor, emissions = make_predictor(repair, target, scores), make_emissions()
    options = PredictionOptions.of("all", 3, constrained)
    encodings = get_encoding("BIO"), get_encoding(target)
    for sentence, prediction in enumerate(predictor.predict(emissions, LENGTHS, options)):
        sequences = enumerated(
            predictor, emissions, options, sentence, SMALL,
            lambda tags: written(tags, *encodings, repair),
        )  # fmt: skip
        best = sequences[:3]
        assert prediction.tags == best[0][0]
        assert [tags for tags, _ in prediction.alternatives] == [tags for tags, _ in best]
        chances = [chance for _, chance in prediction.alternatives]
        np.testing.assert_allclose(chances, [chance for _, chance in best], rtol=1e-6)
        assert prediction.probability == pytest.approx(best[0][1])
        spans = encodings[1].spans
        sums = [
            sum(chance for tags, chance in sequences if span in spans(tags))
            for span in spans(prediction.tags)
        ]
        np.testing.assert_allclose(prediction.span_probabilities, sums, atol=1e-9)
        for token, tag in enumerate(prediction.tags):
            expected = dict.fromkeys(prediction.distributions[token], 0.0)
            for tags, chance in sequences:
                expected[tags[token]] += chance  # a tag that is not known is a KeyError
            assert prediction.distributions[token] == pytest.approx(expected, abs=1e-9)
            assert prediction.tag_probabilities[token] == prediction.distributions[token][tag]


@pytest.mark.parametrize("constrained", [True, False])
def test_more_alternatives_than_sequences(constrained):
    options = PredictionOptions.of(False, 100, constrained)
    predictions = make_predictor().predict(make_emissions(), LENGTHS, options)
    counts = [len(prediction.alternatives) for prediction in predictions]
    # Constrained: I-X only follows B-X or itself, which leaves 3, 10 and 34 sequences.
    assert counts == ([100, 34, 3] if constrained else [100, 64, 4])
    for prediction in predictions[1:]:
        assert sum(chance for _, chance in prediction.alternatives) == pytest.approx(1)
        assert prediction.probability is prediction.tag_probabilities is None
        assert prediction.span_probabilities is prediction.distributions is None


@pytest.mark.parametrize("repair", [None, "O", "B"])
@pytest.mark.parametrize("constrained", [True, False])
def test_tags_do_not_depend_on_what_else_is_asked_for(repair, constrained):
    predictor = make_predictor(repair)
    emissions = make_emissions(20.0)
    plain = predictor.predict(emissions, LENGTHS, PredictionOptions(constrained))
    more = predictor.predict(emissions, LENGTHS, PredictionOptions(constrained, top_k=4))
    assert [each.tags for each in plain] == [each.tags for each in more]
    assert all(each.alternatives is each.probability is None for each in plain)


def test_a_repair_without_constraints():
    """`O` leaves tags without probabilities of their own; the tags themselves are repaired."""
    predictor, emissions = make_predictor("O"), make_emissions()
    emissions[:, 0, 2] += 100.0  # I-X at the start
    with pytest.raises(UserError, match="leave decoding constrained"):
        predictor.predict(emissions, LENGTHS, PredictionOptions.of(True, constrained=False))
    options = PredictionOptions.of(False, constrained=False)
    for repair, first in (("O", "O"), ("B", "B-X")):
        predictions = make_predictor(repair).predict(emissions, LENGTHS, options)
        assert {prediction.tags[0] for prediction in predictions} == {first}
    predictions = make_predictor().predict(emissions, LENGTHS, options)
    assert {prediction.tags[0] for prediction in predictions} == {"I-X"}


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("options", [PredictionOptions(), PredictionOptions.of("all", 2)])
def test_scores_that_are_not_finite(options, wrong):
    emissions = make_emissions()
    emissions[1, 2, 3] = wrong
    with pytest.raises(ValueError, match="not finite"):
        make_predictor().predict(emissions, LENGTHS, options)


@pytest.mark.parametrize("options", [PredictionOptions(True), PredictionOptions.of(True, 2, True)])
def test_a_length_without_a_permitted_sequence(options):
    """B-X must be followed by E-X, so that one token has no tag."""
    encoding = get_encoding("IOBES")
    predictor = TaskPredictor(["B-X", "E-X"], encoding, encoding)
    emissions = make_emissions(labels=2)[:, :2]
    predictions = predictor.predict(emissions[:1], np.array([2]), options)
    assert predictions[0].tags == ["B-X", "E-X"]
    with pytest.raises(ValueError, match="permitted"):
        predictor.predict(emissions, np.array([2, 2, 1]), options)


def test_constraints_are_left_out_where_they_do_not_fit_any_length():
    """Unless they are asked for."""
    encoding = get_encoding("IOBES")
    predictor = TaskPredictor(["B-X", "E-X"], encoding, encoding)
    assert not predictor.is_constrained(PredictionOptions())
    assert predictor.is_constrained(PredictionOptions(True))
    assert make_predictor().is_constrained(PredictionOptions())
    assert not make_predictor().is_constrained(PredictionOptions(False))
    plain = TaskPredictor(["A", "B"])
    assert not plain.is_constrained(PredictionOptions(True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("some",), "must be False, True or 'all', found 'some'"),
        ((True, -1), "0 or more, found -1"),
    ],
)
def test_options_that_do_not_exist(arguments, message):
    with pytest.raises(UserError, match=message):
        PredictionOptions.of(*arguments)
