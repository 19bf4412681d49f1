"""Probabilities of tags, of sequences of tags and of spans, by any model of a linear chain."""

from collections.abc import Sequence
from typing import NamedTuple, Optional

import numpy as np

from bilstm_tagger.tagging.chain import Array, Ints, Potentials
from bilstm_tagger.tagging.span_rules import SentenceSpan, SpanRules

_LIMITS = np.finfo(np.float64)
# Stands for the logarithm of nothing where it is subtracted. Two of them add up to a number.
_LEAST = _LIMITS.min / 4
# A number whose logarithm is this far below that of the largest may be lost.
_LOST = -np.log(_LIMITS.tiny)


class Neighbours(NamedTuple):
    """What the neighbours of a tag are, together with the tag: probabilities, (tokens, tags)."""

    marginals: Array  # of the tag itself
    starting: Array  # of the tag, and that a span starts at it
    adjacent: Array  # that one does, and the tag before it has the same label
    ending: Array  # of the tag, and that the tag behind it does not continue its span


class TagDistribution:
    """
    The distribution over the sequences of tags of each sentence of a batch: that of a conditional
    random field, or of independent tags, which is one without transition scores; among permitted
    sequences only, where some are forbidden. All results are in double precision.

    The forward and the backward algorithm (Rabiner 1989, section III.A) are scaled so that what
    leads to a token sums to 1 (section V.A): nothing grows with the length of a sentence, neither
    the numbers nor their errors. Where a number would be lost, as it is too small beside the
    largest of its token, both run over logarithms, which takes longer.

    # Parameters

    potentials : `Potentials`
    temperature : `float`, optional (default=`1.0`)
        What all scores are divided by: above 1, probabilities are less extreme (Guo et al. 2017,
        arXiv 1706.04599, section 4.2). The best sequence stays the same.

    # Errors

    `ValueError` if no sequence is permitted for the length of a sentence, or if scores are not
    finite.
    """

    def __init__(self, potentials: Potentials, temperature: float = 1.0) -> None:
        self.potentials = potentials.double(temperature)
        self.order = self.potentials.order
        # From here on scores are relative: what leads to a token, its tag included, sums to 1, and
        # so does that times what follows the token. The rest of a token is its share of log Z.
        self._scores = self.potentials.position_scores()
        self._exact = False
        self._forward, self._following, shares = self._scaled_recursions()
        if not self._is_precise():
            self._exact = True
            self._forward, self._following, shares = self._exact_recursions()
        self.log_partition = np.bincount(self.order.sentence, shares)  # (batch,)
        if not np.isfinite(self.log_partition).all():
            raise ValueError(
                "no path is permitted for the length of a sentence, or scores are not finite"
            )
        self._scores -= shares[:, None]

    def _scaled_recursions(self) -> tuple[Array, Array, Array]:
        """The logarithms of what leads to each tag and of what follows it, and the share that each
        token has in log Z."""
        scores, order = self._scores, self.order
        highest = max(self.potentials.transitions.max(), _LEAST)
        tops = np.maximum(scores.max(1), _LEAST)
        # A sentence without a path has no logarithms of numbers, which is found out later.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            moves = np.exp(self.potentials.transitions - highest)
            emitted = np.exp(scores - tops[:, None])
            sums = emitted.sum(1, keepdims=True)
            forward, following = emitted / sums, np.ones_like(emitted)
            for before, rows in order.steps:
                leading = forward[before] @ moves
                leading *= emitted[rows]
                leading.sum(1, keepdims=True, out=sums[rows])
                np.divide(leading, sums[rows], out=forward[rows])
            emitted /= sums
            for before, rows in reversed(order.steps):
                np.matmul(emitted[rows] * following[rows], moves.T, out=following[before])
            shares = np.log(sums[:, 0]) + tops
            shares[order.bounds[1] :] += highest
            return np.log(forward), np.log(following), shares

    def _exact_recursions(self) -> tuple[Array, Array, Array]:
        """The same, by sums of logarithms."""
        transitions = self.potentials.transitions
        following = np.zeros_like(self._scores)
        with np.errstate(invalid="ignore"):
            shares = _log_sum(self._scores)
            forward = self._scores - shares[:, None]
            for before, rows in self.order.steps:
                leading = self._scores[rows] + self._step(forward[before], transitions)
                shares[rows] = _log_sum(leading)
                forward[rows] = leading - shares[rows, None]
            emitted = self._scores - shares[:, None]
            for before, rows in reversed(self.order.steps):
                following[before] = self._step(emitted[rows] + following[rows], transitions.T)
        return forward, following, shares

    def _step(self, states: Array, weights: Array) -> Array:
        """The logarithm of a product of matrices, of which the logarithms are given: (rows, from)
        by (from, to)."""
        if self._exact or not _spread(states, 1) + _spread(weights, None) < _LOST:
            return _log_sum((states[:, :, None] + weights).swapaxes(1, 2))
        top = np.maximum(states.max(1, keepdims=True), _LEAST)
        highest = max(weights.max(), _LEAST)
        product: Array = np.exp(states - top) @ np.exp(weights - highest)
        with np.errstate(divide="ignore"):
            np.log(product, out=product)
        product += top + highest
        return product

    def _is_precise(self) -> bool:
        """Whether no number was lost in the scaled recursions.

        A number of a step is a product of three, each relative to the largest of its kind; it is
        lost where their logarithms together are below that of the smallest number. If that is so
        of no token, all steps have been exact, one after the other.
        """
        states = np.maximum(_spread(self._forward, 1), _spread(self._following, 1))
        scores = _spread(self._scores, 1) + _spread(self.potentials.transitions, None)
        return bool(states + scores < _LOST)

    @property
    def marginals(self) -> Array:
        """The probability of each tag of each token (Rabiner 1989, equation 27), packed (tokens,
        tags)."""
        return self._probabilities(self._forward + self._following)

    def _probabilities(self, logarithms: Array) -> Array:
        """Of packed tokens, (tokens, tags)."""
        probabilities = np.exp(logarithms)
        return np.minimum(probabilities, 1.0, out=probabilities)

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
        probabilities = np.empty(len(spans))
        probabilities[order] = np.minimum(np.exp(_log_sum(inside)), 1.0)
        return probabilities

    def neighbours(self, rules: SpanRules) -> Neighbours:
        """Whether spans start and end at each tag of each token, together with that tag."""
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
        marginals = self.marginals
        ending = np.maximum(marginals - self._probabilities(going), 0.0)
        return Neighbours(
            marginals, self._probabilities(starting), self._probabilities(adjacent), ending
        )


def _spread(values: Array, axis: Optional[int]) -> float:
    """The largest difference of two numbers that are not forbidden, of a row or of all; NaN where
    one of them is NaN."""
    largest = values.max(axis, keepdims=True)
    with np.errstate(invalid="ignore"):  # where all are forbidden
        return float(np.where(values == -np.inf, 0.0, largest - values).max(initial=0.0))


def _log_sum(values: Array) -> Array:
    """The logarithm of the sum of exponentials over the last dimension; -inf where all are."""
    top = np.maximum(values.max(-1, keepdims=True), _LEAST)
    with np.errstate(divide="ignore"):
        total: Array = np.log(np.exp(values - top).sum(-1))
    total += top[..., 0]
    return total
