"""Probabilities of tags, of sequences of tags and of spans, by any model of a linear chain."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple, Optional

import numpy as np

from bilstm_tagger.tagging.chain import Array, Ints, Potentials
from bilstm_tagger.tagging.span_rules import SentenceSpan, SpanRules

_LIMITS = np.finfo(np.float64)
# Stands for the logarithm of nothing where it is subtracted. Two of them add up to a number.
_LEAST = _LIMITS.min / 4
# Below this, relative to the largest, a logarithm may have no number.
_LOST = -np.log(_LIMITS.tiny)


class Neighbours(NamedTuple):
    """What the neighbours of a tag are, together with the tag: probabilities, (tokens, tags).

    # Parameters

    marginals : `Array`
        Of the tag itself.
    starting : `Array`
        Of the tag, and that a span starts at it.
    adjacent : `Array`
        That one does, and the tag before it has the same label.
    ending : `Array`
        Of the tag, and that the tag behind it does not continue its span.
    """

    marginals: Array
    starting: Array
    adjacent: Array
    ending: Array


class TagDistribution:
    """
    The distribution over the sequences of tags of each sentence of a batch: that of a conditional
    random field, or of independent tags, which is one without transition scores; among permitted
    sequences only, where some are forbidden. All results are in double precision.

    The forward and the backward algorithm (Rabiner 1989, section III.A) run over logarithms. A
    step is a product of matrices of numbers relative to the largest of a token; where such a
    number would be lost, steps are sums of exponentials, which take longer.

    # Parameters

    potentials : `Potentials`
        The scores of a sequence; minus infinity is forbidden.

    # Errors

    `ValueError` if no sequence is permitted for the length of a sentence, or if scores are not
    finite.
    """

    def __init__(self, potentials: Potentials) -> None:
        self.potentials = potentials.double()
        self.order = self.potentials.order
        self._scores = self.potentials.position_scores()
        # What a path up to a token, its tag included, sums to, and what a path behind it does.
        self._exact = False
        self._forward, self._following = self._recursions()
        if not self._is_precise():
            self._exact = True
            self._forward, self._following = self._recursions()
        self.log_partition = _log_sum(self._forward[self.order.last])  # (batch,)
        if not np.isfinite(self.log_partition).all():
            raise ValueError(
                "no path is permitted for the length of a sentence, or scores are not finite"
            )

    def _recursions(self) -> tuple[Array, Array]:
        transitions, bounds = self.potentials.transitions, self.order.bounds
        forward, following = self._scores.copy(), np.zeros_like(self._scores)
        steps = list(zip(bounds, bounds[1:], bounds[2:], strict=False))
        for start, here, stop in steps:
            forward[here:stop] += self._step(forward[start : start + stop - here], transitions)
        for start, here, stop in reversed(steps):
            behind = self._scores[here:stop] + following[here:stop]
            following[start : start + stop - here] = self._step(behind, transitions.T)
        return forward, following

    def _step(self, states: Array, weights: Array) -> Array:
        """The logarithm of a product of matrices, of which the logarithms are given: (rows, from)
        by (from, to)."""
        if self._exact:
            return _log_sum((states[:, :, None] + weights).swapaxes(1, 2))
        top = np.maximum(states.max(1, keepdims=True), _LEAST)
        highest = max(weights.max(), _LEAST)
        product: Array = np.exp(states - top) @ np.exp(weights - highest)
        with np.errstate(divide="ignore"):
            np.log(product, out=product)
        product += top + highest
        return product

    def _is_precise(self) -> bool:
        """Whether no number was lost in the recursions.

        A product of two numbers, each relative to the largest of its kind, is lost where their
        logarithms together are below that of the smallest number. If that is so of no token, all
        steps have been exact, one after the other.
        """
        states = _spread(self._forward, 1)
        states = max(states, _spread(self._scores + self._following, 1))
        return states + _spread(self.potentials.transitions, None) < _LOST

    @cached_property
    def marginals(self) -> Array:
        """The probability of each tag of each token (Rabiner 1989, equation 27), packed (tokens,
        tags)."""
        return self._probabilities(self._forward + self._following)

    def _probabilities(self, logarithms: Array) -> Array:
        """Of packed tokens, (tokens, tags)."""
        found = np.exp(logarithms - self.log_partition[self.order.sentence, None])
        return np.minimum(found, 1.0, out=found)

    def log_probabilities(self, ids: Ints) -> Array:
        """The logarithm of the probability of tags, (batch, length): (batch,)."""
        # Rounding may leave a certain sequence a trifle above.
        return np.minimum(self.potentials.path_scores(ids) - self.log_partition, 0.0)

    def span_probabilities(self, spans: Sequence[SentenceSpan], rules: SpanRules) -> Array:
        """
        The probability that exactly these spans, no longer and no shorter, are read in the tags
        of their sentences: (spans,). It is the sum over all sequences of tags that the span is
        read in, valid in the encoding or not (the constrained forward-backward algorithm, Culotta
        & McCallum 2004, "Confidence Estimation for Information Extraction"). A span with a label
        that no tag has gets 0.

        The sums over what is before and behind a span are those of the whole batch; for each span
        there remains one step for each of its tokens.

        # Parameters

        spans : `Sequence[SentenceSpan]`
            Spans, in any order, which may overlap. They lie within their sentences.
        rules : `SpanRules`
            How spans are read.
        """
        if not spans:
            return np.zeros(0)
        sentence, first, last = np.array([span[:3] for span in spans]).T
        labels = np.array([rules.labels.get(span.label, -2) for span in spans])
        # The longest first: those that a step is left for are then the first ones.
        order = np.argsort(first - last, kind="stable")
        sentence, first, last, labels = sentence[order], first[order], last[order], labels[order]
        transitions = self.potentials.transitions
        starts = np.array(self.order.bounds)

        def row(position: Ints) -> Ints:
            """Of a token of each of the first spans."""
            rows: Ints = starts[position] + sentence[: len(position)]
            return rows

        # Into the span: all tags that may stand before it, or the start of the sentence.
        into = np.where(rules.starts[-1], 0.0, -np.inf)[None].repeat(len(spans), 0)
        inner = first > 0
        into[inner] = self._step(
            self._forward[row(np.maximum(first - 1, 0))[inner]],
            np.where(rules.starts[:-1], transitions, -np.inf),
        )
        inside = into + self._scores[row(first)]
        inside[rules.label_of != labels[:, None]] = -np.inf
        # Along it: one step for each token, of the spans that are as long.
        moves = np.where(rules.continues, transitions, -np.inf)
        sizes = last - first
        for step in range(1, int(sizes[0]) + 1):
            count = int((sizes >= step).sum())
            moved = self._step(inside[:count], moves)
            inside[:count] = moved + self._scores[row(first[:count] + step)]
        # Out of it: all tags that do not continue it, or the end of the sentence.
        ends = self.potentials.lengths[sentence] - 1
        going = np.flatnonzero(last < ends)
        behind = starts[last[going] + 1] + sentence[going]
        leaves = np.where(rules.continues, -np.inf, transitions)
        inside[going] += self._step(self._scores[behind] + self._following[behind], leaves.T)
        found = np.exp(_log_sum(inside) - self.log_partition[sentence])
        probabilities = np.empty(len(spans))
        probabilities[order] = np.minimum(found, 1.0)
        return probabilities

    def neighbours(self, rules: SpanRules) -> Neighbours:
        """
        Whether spans start and end at each tag of each token, together with that tag.

        # Parameters

        rules : `SpanRules`
            How spans are read.
        """
        transitions, previous = self.potentials.transitions, self.order.previous
        batch = self.order.bounds[1]
        emitted = self._scores + self._following
        same = rules.starts[:-1] & (rules.label_of[:, None] == rules.label_of)
        starting = np.where(rules.starts[-1], emitted, -np.inf)
        adjacent = np.full_like(emitted, -np.inf)
        going = np.full_like(emitted, -np.inf)
        for target, allowed in ((starting, rules.starts[:-1]), (adjacent, same)):
            moved = self._step(self._forward[previous], np.where(allowed, transitions, -np.inf))
            target[batch:] = moved + emitted[batch:]
        moves = np.where(rules.continues, transitions, -np.inf)
        going[previous] = self._forward[previous] + self._step(emitted[batch:], moves.T)
        ending = np.maximum(self.marginals - self._probabilities(going), 0.0)
        return Neighbours(
            self.marginals, self._probabilities(starting), self._probabilities(adjacent), ending
        )


def _spread(values: Array, axis: Optional[int]) -> float:
    """The largest difference of two finite numbers, of a row or of all."""
    largest = values.max(axis, keepdims=True)
    with np.errstate(invalid="ignore"):  # where all are forbidden
        return float(np.where(values > -np.inf, largest - values, 0.0).max())


def _log_sum(values: Array) -> Array:
    """The logarithm of the sum of exponentials over the last dimension; -inf where all are."""
    top = np.maximum(values.max(-1, keepdims=True), _LEAST)
    with np.errstate(divide="ignore"):
        total: Array = np.log(np.exp(values - top).sum(-1))
    total += top[..., 0]
    return total
