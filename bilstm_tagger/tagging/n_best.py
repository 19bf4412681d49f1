"""The best sequences of tags of a sentence, as many as are asked for."""

from typing import NamedTuple

import numpy as np

from bilstm_tagger.tagging.chain import Array, Ints, best_histories
from bilstm_tagger.tagging.distribution import TagDistribution


class NBest(NamedTuple):
    """The best sequences of tags of each sentence of a batch, the best one first."""

    tags: Ints  # (batch, k, length); 0 on padding, and for sequences beyond the count
    log_probabilities: Array  # (batch, k); minus infinity for sequences beyond the count
    counts: Ints  # (batch,): `k`, or as many as are permitted, if these are fewer


def n_best(distribution: TagDistribution, k: int) -> NBest:
    """
    The `k` most probable sequences of tags of each sentence and their log-probabilities, by the
    tree-trellis search (Soong & Huang 1991, "A Tree-Trellis Based Fast Search for Finding the N
    Best Sentence Hypotheses"): a forward pass of the Viterbi algorithm, and a search from the last
    token to the first that rates a partial sequence by the best sequence which it is the end of.
    All sentences go backward together, token by token, and keep the `k` best partial sequences.
    That is exact: if an end is not among them, `k` sequences are better than all that it ends.

    Of sequences with the same score, the one with the lowest last tag comes first, then with the
    lowest tag before it, and so on; the first of all is that of `viterbi`, unless scores are equal
    but for rounding.

    # Errors

    `ValueError` if `k` is below 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    potentials = distribution.potentials
    batch, length, tags = potentials.emissions.shape
    scores, histories = potentials.position_scores(), best_histories(potentials)
    bounds = potentials.order.bounds
    # The tag behind the sentence has number `tags`, and all may stand before it.
    into = np.vstack([potentials.transitions.T, np.zeros(tags)])  # [to, from]
    last_tags = np.full((batch, k), tags)
    ends = np.full((batch, k), -np.inf)  # the score of what is behind a token
    ends[:, 0] = 0.0
    steps = []
    for start, stop in zip(bounds[-2::-1], bounds[:0:-1], strict=True):
        running = stop - start
        moved = ends[:running, :, None] + into[last_tags[:running]]  # (running, k, tags)
        totals = (moved + histories[start:stop, None]).reshape(running, -1)
        # In ascending order: of equal ones the first.
        chosen = np.sort(np.argsort(-totals, axis=1, kind="stable")[:, :k], axis=1)
        origins, new = chosen // tags, chosen % tags
        behind = np.take_along_axis(moved.reshape(running, -1), chosen, 1)
        last_tags[:running] = new
        ends[:running] = behind + np.take_along_axis(scores[start:stop], new, 1)
        steps.append((origins, new))
    # They are in the order of their tags, and become that of their scores.
    slots = np.argsort(-ends, axis=1, kind="stable")
    totals = np.take_along_axis(ends, slots, 1)
    exists = totals > -np.inf
    found = np.zeros((batch, k, length), np.intp)
    for position, (origins, new) in enumerate(reversed(steps)):
        running = len(new)
        found[:running, :, position] = np.take_along_axis(new, slots[:running], 1)
        slots[:running] = np.take_along_axis(origins, slots[:running], 1)
    found *= exists[:, :, None]
    # Rounding may leave the best a trifle above the sum of all.
    log_probabilities = np.minimum(totals - distribution.log_partition[:, None], 0.0)
    return NBest(found, log_probabilities, exists.sum(1))
