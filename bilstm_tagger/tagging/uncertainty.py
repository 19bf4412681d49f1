"""How unsure a model is of a sentence, by its distribution over the sequences of tags."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bilstm_tagger.tagging.chain import Array, Ints
from bilstm_tagger.tagging.distribution import TagDistribution
from bilstm_tagger.tagging.n_best import n_best
from bilstm_tagger.tagging.prediction import PredictionOptions, TaskPredictor

# The value of each sentence, (batch,), by the predictor of a task and its distribution.
Measure = Callable[[TaskPredictor, TagDistribution, PredictionOptions], Array]


def _probability(
    predictor: TaskPredictor, distribution: TagDistribution, options: PredictionOptions
) -> Array:
    best = predictor.best(distribution.potentials, options)
    doubts: Array = 0.0 - distribution.log_probabilities(best)  # not the negative zero
    return doubts / distribution.potentials.lengths


def _margin(_: TaskPredictor, distribution: TagDistribution, options: PredictionOptions) -> Array:
    chances = np.exp(n_best(distribution, 2).log_probabilities)
    margin: Array = 1 - (chances[:, 0] - chances[:, 1])
    return margin


def _total_entropy(
    _: TaskPredictor, distribution: TagDistribution, options: PredictionOptions
) -> Array:
    chances = distribution.marginals
    tiny = np.finfo(chances.dtype).tiny
    entropies = -(chances * np.log(np.maximum(chances, tiny))).sum(1)
    return _of_sentences(distribution, np.maximum(entropies, 0.0))


def _errors(
    predictor: TaskPredictor, distribution: TagDistribution, options: PredictionOptions
) -> Array:
    ids = predictor.best(distribution.potentials, options)
    order, lengths = distribution.order, distribution.potentials.lengths
    spans = predictor.spans(predictor.tags(ids, lengths))
    if spans is None:
        chosen = ids[order.sentence, order.position]
        chances = distribution.marginals[np.arange(len(chosen)), chosen]
        return _of_sentences(distribution, 1 - chances)
    starting = distribution.neighbours(predictor.span_rules).starting.sum(1)
    expected = _of_sentences(distribution, starting)
    right = np.array(list(map(sum, predictor.span_probabilities(distribution, spans))))
    predicted = np.array(list(map(len, spans)))
    return np.maximum(predicted - right, 0.0) + np.maximum(expected - right, 0.0)


def _of_sentences(distribution: TagDistribution, values: Array) -> Array:
    """The sum of the values of tokens, packed (tokens,): (batch,)."""
    sums: Any = np.bincount(distribution.order.sentence, values)
    return sums


def _per_token(measure: Measure) -> Measure:
    def mean(
        predictor: TaskPredictor, distribution: TagDistribution, options: PredictionOptions
    ) -> Array:
        return measure(predictor, distribution, options) / distribution.potentials.lengths

    return mean


# All are 0 for a model that is sure, and grow with its doubts.
MEASURES: dict[str, Measure] = {
    # The logarithm of the probability of the best tagging, divided by the number of tokens, with
    # the sign changed (Shen et al. 2018, "Deep Active Learning for Named Entity Recognition").
    "probability": _probability,
    # 1 minus the difference of the probabilities of the two best taggings (Scheffer et al. 2001).
    "margin": _margin,
    # The entropy of the tag of a token in nats, mean and sum over the tokens (Settles & Craven
    # 2008, "An Analysis of Active Learning Strategies for Sequence Labeling Tasks").
    "entropy": _per_token(_total_entropy),
    "total_entropy": _total_entropy,
    # The expected number of predicted spans that are wrong, and of right ones that are missing; of
    # a task without spans, of wrong tags. The sum of the sentence, and the mean over its tokens.
    "errors": _errors,
    "error_rate": _per_token(_errors),
}


def uncertainty(
    predictor: TaskPredictor,
    emissions: Array,
    lengths: Ints,
    options: PredictionOptions,
    measure: str,
) -> Array:
    """How unsure a task is of each sentence of a batch, (batch,), by one of `MEASURES`; the other
    parameters are those of `TaskPredictor.predict`."""
    distribution = predictor.distribution(emissions, lengths, options)
    return MEASURES[measure](predictor, distribution, options)
