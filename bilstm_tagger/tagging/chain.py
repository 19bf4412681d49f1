"""
Inference in a linear chain, such as a conditional random field, with numpy.

With `s(x, y)` the sum of the start, emission, transition and end scores of tags `y` for a sentence
`x`, `p(y | x) = exp(s(x, y) - log Z(x))` (Lafferty, McCallum & Pereira 2001, section 3).

Inside, the tokens of a batch are packed: those of the first position of all sentences, then those
of the second position, and so on. As the longest sentence comes first, the sentences that go on at
a position are the first ones of the position before it, and there is no padding.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Ints = NDArray[np.integer]


class TokenOrder:
    """Where the tokens of a batch are once they are packed. The lengths are those of the sentences,
    (batch,), the longest first."""

    def __init__(self, lengths: Ints) -> None:
        running = len(lengths) - np.bincount(lengths).cumsum()[:-1]  # sentences at each position
        running = np.concatenate([[len(lengths)], running[1:]])
        ends = running.cumsum()
        starts = ends - running
        rows = np.arange(ends[-1])
        # Position `t` has the rows `bounds[t]` to `bounds[t + 1]`, the latter not included.
        self.bounds: list[int] = [0, *ends.tolist()]
        # Of each row, (tokens,).
        self.sentence = rows - starts.repeat(running)
        self.position = np.arange(len(running)).repeat(running)
        # The row of the last token of each sentence, (batch,).
        self.last = starts[lengths - 1] + np.arange(len(lengths))
        # The row of the token before each one that is not the first of its sentence. These are the
        # rows from `bounds[1]` on: (tokens - batch,).
        self.previous = rows[running[0] :] - running[:-1].repeat(running[1:])

        # For each position but the first, the rows of its tokens, and before them those of the
        # tokens they follow.
        self.steps = [
            (slice(start, start + stop - here), slice(here, stop))
            for start, here, stop in zip(
                self.bounds, self.bounds[1:], self.bounds[2:], strict=False
            )
        ]

    def padded(self, values: Array) -> Array:
        """Packed (tokens, values) to (batch, length, values), 0 on padding."""
        shape = self.bounds[1], len(self.bounds) - 1, values.shape[1]
        found = np.zeros(shape, values.dtype)
        found[self.sentence, self.position] = values
        return found


@dataclass(eq=False)
class Potentials:
    """
    What a sequence of tags is scored with. A start, transition or end of minus infinity is
    forbidden.

    # Errors

    `ValueError` if the lengths do not fit the emissions, or are not in order.
    """

    emissions: Array  # (batch, length, tags); what is on padding has no influence
    transitions: Array  # (tags, tags), indexed [from, to]
    start: Array  # (tags,)
    end: Array
    lengths: Ints  # of the sentences, (batch,), the longest first
    order: TokenOrder = field(init=False)

    def __post_init__(self) -> None:
        lengths, (batch, length, _) = self.lengths, self.emissions.shape
        if lengths.shape != (batch,) or not batch or not 1 <= lengths[-1] <= lengths[0] <= length:
            raise ValueError(
                f"the lengths of {batch} sentences must be from 1 to {length}, the longest first, "
                f"not {lengths.tolist()}"
            )
        if (lengths[1:] > lengths[:-1]).any():
            raise ValueError("sentences must be sorted by length, the longest first")
        self.order = TokenOrder(lengths)

    def double(self, temperature: float = 1.0) -> "Potentials":
        """The same scores in double precision, divided by a temperature."""
        emissions, transitions, start, end = (
            np.divide(scores, temperature, dtype=np.float64)
            for scores in (self.emissions, self.transitions, self.start, self.end)
        )
        return Potentials(emissions, transitions, start, end, self.lengths)

    def position_scores(self) -> Array:
        """The emissions, packed (tokens, tags), with start and end scores added to the first and
        the last tokens, which leaves nothing but transitions to the recursions."""
        order = self.order
        scores = self.emissions[order.sentence, order.position]
        scores[order.last] += self.end
        scores[: order.bounds[1]] += self.start
        return scores

    def path_scores(self, ids: Ints) -> Array:
        """The score `s(x, y)` of tags, (batch, length): (batch,)."""
        order = self.order
        path = ids[order.sentence, order.position]
        scores = self.position_scores()[np.arange(len(path)), path]
        scores[order.bounds[1] :] += self.transitions[path[order.previous], path[order.bounds[1] :]]
        totals: Any = np.bincount(order.sentence, scores)
        return totals


def best_histories(potentials: Potentials) -> Array:
    """
    The score of the best sequence up to each tag of each token (Viterbi 1967), packed
    (tokens, tags).

    # Errors

    `ValueError` if the best score of a sentence is not finite: no sequence is permitted for its
    length, or scores are not finite.
    """
    order = potentials.order
    # The batch is the last dimension, as a maximum over a few tens of tags is several times faster
    # where these are not the innermost dimension.
    scores = np.ascontiguousarray(potentials.position_scores().T)
    tags, bounds = len(scores), order.bounds
    moves = potentials.transitions[:, :, None]
    candidates = np.empty(tags * tags * bounds[1], scores.dtype)
    for start, here, stop in zip(bounds, bounds[1:], bounds[2:], strict=False):
        running = stop - here
        totals = candidates[: tags * tags * running].reshape(tags, tags, running)
        np.add(scores[:, None, start : start + running], moves, out=totals)
        scores[:, here:stop] += np.maximum.reduce(totals, 0)
    histories = np.ascontiguousarray(scores.T)
    if not np.isfinite(histories[order.last].max(1)).all():
        raise ValueError(
            "a sentence has no best path: none is permitted for its length, or the emissions or "
            "parameters are not finite"
        )
    return histories


def viterbi(potentials: Potentials) -> Ints:
    """
    The best sequence of tags of each sentence (Viterbi 1967): ids, (batch, length), 0 on padding.
    Of equally good sequences, the one with the lowest last tag is taken, then with the lowest tag
    before it, and so on.

    # Errors

    `ValueError` as of `best_histories`.
    """
    # No back-pointers: the plain maximum is many times faster than the maximum with its index, and
    # which tag it came from is asked again only along the best path.
    totals, order = best_histories(potentials), potentials.order
    into = np.ascontiguousarray(potentials.transitions.T)  # [to, from]
    path = np.empty(len(totals), np.intp)
    bounds = order.bounds
    following = path[:0]
    for start, stop in zip(bounds[-2::-1], bounds[:0:-1], strict=True):
        step = totals[start:stop]
        step[: len(following)] += into[following]
        following = step.argmax(1, out=path[start:stop])
    ids = np.zeros(potentials.emissions.shape[:2], np.intp)
    ids[order.sentence, order.position] = path
    return ids
