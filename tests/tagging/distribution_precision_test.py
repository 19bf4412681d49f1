"""Probabilities in long sentences and of large scores."""

import numpy as np
import pytest

from bilstm_tagger.tagging.chain import Potentials
from bilstm_tagger.tagging.distribution import TagDistribution
from bilstm_tagger.tagging.n_best import n_best
from bilstm_tagger.tagging.span_rules import SentenceSpan, SpanRules
from bilstm_tagger.text.encodings import get_encoding

TAGS = ["O", "B-A", "I-A", "B-B", "I-B"]


# What rounding may cost a probability for each unit of a score, in sentences of any length.
ROUNDING = 1e-12


@pytest.mark.parametrize(("scale", "constrained"), [(1.0, False), (1e4, True)])
def test_long_sentences(make_chain, scale, constrained):
    encoding = get_encoding("BIO")
    rules = SpanRules.of(encoding.spans, TAGS)
    potentials = make_chain(
        [3000, 300, 1], 5, scale, encoding.allowed(TAGS) if constrained else None
    )
    distribution = TagDistribution(potentials)
    assert distribution.marginals.min() >= 0
    np.testing.assert_allclose(
        distribution.marginals.sum(1), 1.0, rtol=0, atol=ROUNDING * max(scale, 10)
    )
    best = n_best(distribution, 1).tags[:, 0]
    assert np.isfinite(distribution.log_probabilities(best)).all()
    spans = [SentenceSpan(0, first, first, "A") for first in range(0, 3000, 10)]
    spans += [SentenceSpan(0, 0, 2999, "B"), SentenceSpan(1, 299, 299, "B")]
    found = distribution.span_probabilities(spans, rules)
    assert found.min() >= 0 and 0.3 < found.max() <= 1
    # The spans of the best path are those of the distribution if scores are that extreme.
    if scale > 1:
        read = encoding.spans([TAGS[tag] for tag in best[0]])
        spans = [SentenceSpan(0, start, end - 1, label) for label, start, end in read]
        assert distribution.span_probabilities(spans, rules).mean() > 0.99


def test_a_span_of_thousands_of_tokens():
    emissions = np.zeros((1, 3000, 3), np.float32)
    emissions[:, 0, 1] = emissions[:, 1:, 2] = 30.0
    scores = np.zeros((3, 3)), np.zeros(3), np.zeros(3)
    distribution = TagDistribution(Potentials(emissions, *scores, np.array([3000])))
    rules = SpanRules.of(get_encoding("BIO").spans, ["O", "B-X", "I-X"])
    spans = [SentenceSpan(0, 0, last, "X") for last in (2998, 2999)]
    less, whole = distribution.span_probabilities(spans, rules)
    assert whole == pytest.approx(1.0, abs=1e-6) and less < 1e-9
    assert distribution.marginals.dtype == np.float64  # of scores in single precision


def test_large_scores_of_long_sentences_cost_no_precision(make_chain):
    potentials = make_chain([3000], 3)
    for part in (potentials.transitions, potentials.start, potentials.end):
        part[:] = 0.0
    # Rounded as the large ones are.
    potentials.emissions[:] += 2.0**17
    potentials.emissions[:] -= 2.0**17
    expected = TagDistribution(potentials).marginals
    potentials.emissions[:] += 2.0**17
    marginals = TagDistribution(potentials).marginals
    np.testing.assert_allclose(marginals, expected, rtol=0, atol=ROUNDING * 10)


def test_no_probability_is_above_1(make_chain):
    distribution = TagDistribution(make_chain([300] * 16, 1, 30.0))  # one path, which is certain
    values = distribution.log_probabilities(np.zeros((16, 300), int))
    assert values.max() <= 0 and distribution.marginals.max() <= 1
    np.testing.assert_allclose(values, 0.0, atol=1e-9)
    np.testing.assert_allclose(distribution.marginals, 1.0)


def test_a_number_too_large_is_not_lost():
    """The only path is so improbable beside what leads nowhere that the number which it is scaled
    with is infinite, although no number is lost on the way."""
    emissions = np.zeros((1, 3, 9))
    emissions[0, 0, 8] = emissions[0, 1, 0] = -354.15
    transitions = np.full((9, 9), -np.inf)
    transitions[8, 0] = transitions[0, 1] = 0.0
    start = np.array([-np.inf] + [0.0] * 8)
    potentials = Potentials(emissions, transitions, start, np.zeros(9), np.array([3]))
    distribution = TagDistribution(potentials)
    np.testing.assert_allclose(distribution.log_partition, -708.3)
    np.testing.assert_allclose(distribution.marginals, np.eye(9)[[8, 0, 1]], atol=1e-9)
