"""Which candidates are chosen: high scores, and not the same thing again and again."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy

from bilstm_tagger.tagging.chain import Array


class Similarity:
    """The similarity of sentences: the cosine of their words in lower case, each weighted by its
    number in the sentence and the logarithm of its rarity among the sentences (TF-IDF)."""

    def __init__(self, sentences: Sequence[Sequence[str]]) -> None:
        counts = [Counter(map(str.lower, tokens)) for tokens in sentences]
        frequencies = Counter(word for words in counts for word in words)
        ids = {word: number for number, word in enumerate(frequencies)}
        total = len(sentences)
        rarity = numpy.log((1 + total) / (1 + numpy.array([*frequencies.values()]))) + 1
        self._words = [numpy.fromiter(map(ids.__getitem__, words), int) for words in counts]
        self._weights = []
        for number, words in zip(self._words, counts, strict=True):
            weights = numpy.fromiter(words.values(), float) * rarity[number]
            self._weights.append(weights / numpy.linalg.norm(weights))
        # Of each word the sentences that have it, and its weights there.
        columns = numpy.concatenate(self._words)
        rows = numpy.repeat(numpy.arange(total), list(map(len, self._words)))
        order = numpy.argsort(columns, kind="stable")
        self._rows, self._values = rows[order], numpy.concatenate(self._weights)[order]
        self._bounds = numpy.searchsorted(columns[order], numpy.arange(len(ids) + 1))

    def to(self, sentence: int) -> Array:
        """Of all sentences to one of them, from 0 to 1, (sentences,)."""
        similarity = numpy.zeros(len(self._words))
        for word, weight in zip(self._words[sentence], self._weights[sentence], strict=True):
            part = slice(self._bounds[word], self._bounds[word + 1])
            # A sentence is there once for each word.
            similarity[self._rows[part]] += weight * self._values[part]
        return numpy.minimum(similarity, 1.0)


def choose(
    scores: Sequence[float],
    sentences: Sequence[Sequence[str]],
    budget: int,
    costs: Iterable[int],
    diversity: float = 0.0,
) -> list[int]:
    """
    Chooses sentences one by one, the best one first, as maximal marginal relevance does (Carbonell
    & Goldstein 1998): the one whose score, times `1 - diversity * s`, is the highest, where `s` is
    its similarity to the most similar one of those that were chosen before. Of equal ones the first
    is chosen.

    # Parameters

    scores : `Sequence[float]`
        Of each sentence, 0 or more.
    sentences : `Sequence[Sequence[str]]`
        The tokens of each.
    budget : `int`
        What the chosen sentences may cost. A sentence that costs more than what is left is passed
        over.
    costs : `Iterable[int]`
        Of each sentence, 1 or more.
    diversity : `float`
        From 0, scores alone count, to 1.

    # Returns

    The numbers of the chosen sentences, in the order of their choice.
    """
    chosen: list[int] = []
    if not sentences:
        return chosen
    prices = numpy.fromiter(costs, int)
    similarity = Similarity(sentences) if diversity else None
    values = numpy.array(scores, float)
    nearest = numpy.zeros(len(values))
    is_open = prices <= budget
    while is_open.any():
        current = numpy.where(is_open, values * (1 - diversity * nearest), -1.0)
        best = int(current.argmax())
        chosen.append(best)
        budget -= int(prices[best])
        is_open[best] = False
        is_open &= prices <= budget
        if similarity is not None:
            numpy.maximum(nearest, similarity.to(best), out=nearest)
    return chosen
