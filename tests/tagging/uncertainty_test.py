"""How unsure a model is, against the sum over all taggings, one by one."""

from collections import Counter
from math import log

import numpy as np
import pytest

from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.chain import Potentials
from bilstm_tagger.tagging.prediction import PredictionOptions, TaskPredictor
from bilstm_tagger.tagging.uncertainty import MEASURES, uncertainty
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import UserError

LENGTHS = np.array([4, 3, 1])
TAGS = {
    "BIO": ["O", "B-A", "I-A", "B-B", "I-B"],
    "IOBES": ["O", "B-A", "I-A", "E-A", "S-A"],
    None: ["N", "V", "A"],
}


def spans_of(tags, encoding):
    """The spans of a tagging; of plain labels, its tags by their places."""
    return set(encoding.spans(tags)) if encoding else set(enumerate(tags))


def expected(paths, labels, encoding, length):
    """All measures of a sentence, by its taggings and their log-probabilities, the best first."""
    chances = {path: np.exp(value) for path, value in paths.items()}
    marginals = [Counter() for _ in range(length)]
    for path, chance in chances.items():
        for counter, tag in zip(marginals, path, strict=True):
            counter[tag] += chance
    entropy = -sum(p * log(p) for counter in marginals for p in counter.values())
    read = {path: spans_of([labels[i] for i in path], encoding) for path in paths}
    predicted = read[next(iter(paths))]
    both = sum(chances[path] * len(read[path] ^ predicted) for path in paths)
    # Plain labels: a wrong tag is one error, and not one of each kind.
    errors = both if encoding else both / 2
    ranked = [*chances.values(), 0.0]
    return {
        "probability": -log(ranked[0]) / length,
        "margin": 1 - (ranked[0] - ranked[1]),
        "entropy": entropy / length,
        "total_entropy": entropy,
        "errors": errors,
        "error_rate": errors / length,
    }


@pytest.mark.parametrize("crf", [True, False])
@pytest.mark.parametrize(
    ("encoding", "constrained"), [("BIO", True), ("BIO", False), ("IOBES", True), (None, None)]
)
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_measures_are_those_of_all_taggings(all_paths, encoding, constrained, crf, scale):
    labels, rules = TAGS[encoding], encoding and get_encoding(encoding)
    size = len(labels)
    numbers = np.random.default_rng(5)
    emissions = numbers.normal(scale=scale, size=(3, 4, size))
    scores = [numbers.normal(scale=scale, size=shape) for shape in ((size, size), size, size)]
    free = scores if crf else [np.zeros_like(part) for part in scores]
    predictor = TaskPredictor(labels, rules, rules, *(free if crf else ()), constrained=constrained)
    if constrained:
        allowed = rules.allowed(labels)
        permitted = map(np.array, (allowed.transitions, allowed.start, allowed.end))
        pairs = zip(permitted, free, strict=True)
        free = [np.where(mask, part, -np.inf) for mask, part in pairs]
    potentials = Potentials(emissions, *free, LENGTHS)
    options = PredictionOptions.of(True)
    measured = {
        name: uncertainty(predictor, emissions, LENGTHS, options, name) for name in MEASURES
    }
    for sentence, length in enumerate(LENGTHS):
        wanted = expected(all_paths(potentials, sentence), labels, rules, length)
        for name, value in wanted.items():
            # Transitions of a predictor are in single precision.
            assert measured[name][sentence] == pytest.approx(value, rel=1e-5, abs=1e-6), name


def test_a_model_that_is_sure_has_no_doubts():
    emissions = np.full((1, 3, 3), -1e4)
    emissions[0, [0, 1, 2], [0, 1, 0]] = 1e4
    predictor = TaskPredictor(TAGS["BIO"][:3], get_encoding("BIO"), get_encoding("BIO"))
    for name in MEASURES:
        (value,) = uncertainty(
            predictor, emissions, np.array([3]), PredictionOptions.of(True), name
        )
        assert value == 0.0 and not np.signbit(value), name


def test_one_tagging_alone():
    """There is no second one to compare the best one with."""
    predictor = TaskPredictor(["N"])
    for name in MEASURES:
        options = PredictionOptions.of(True)
        assert uncertainty(predictor, np.ones((1, 2, 1)), np.array([2]), options, name) == [0.0]


def test_a_tagger_gives_them_in_the_order_of_its_sentences(quickstart_archive):
    tagger = Tagger.load(quickstart_archive)
    words = "Confidence in the pound is widely expected to take another sharp dive".split()
    sentences = [TokenizedSentence(words[:length]) for length in (3, 12, 1, 7)]
    for name in MEASURES:
        values = tagger.uncertainties(sentences, name)
        assert [*values[0]] == tagger.tasks
        alone = [tagger.uncertainties([sentence], name)[0] for sentence in sentences]
        for together, single in zip(values, alone, strict=True):
            assert together == pytest.approx(single, rel=1e-4, abs=1e-6)
    tagged = tagger.tag(sentences, probabilities=True)
    for sentence, value in zip(tagged, tagger.uncertainties(sentences, "probability"), strict=True):
        for task, chance in sentence.sequence_probabilities.items():
            assert value[task] == pytest.approx(-log(chance) / len(sentence.tokens))
    assert tagger.uncertainties([], "margin") == []


def test_what_a_tagger_refuses(quickstart_archive):
    tagger = Tagger.load(quickstart_archive)
    with pytest.raises(UserError, match="there is no measure 'doubt'; there are probability, mar"):
        tagger.uncertainties([], "doubt")
    with pytest.raises(UserError, match="expected TokenizedSentence objects"):
        tagger.uncertainties(["words"], "margin")
