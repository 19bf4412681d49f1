"""How well rankings find labels that were changed on purpose."""

import bisect
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from benchmarks.noise import Change
from bilstm_tagger.experiments.doubts.ranking import find_doubts
from bilstm_tagger.experiments.out_of_fold import (
    OutOfFoldSentence,
    TokenSpan,
    gold_spans,
    read_out_of_fold,
)
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.spans import Span

# Sentence, first and last token, all from 0.
Item = tuple[int, int, int]
# The least probability that has a logarithm here.
_TINY = 1e-300


class RankingScore(NamedTuple):
    """Of a ranking of places."""

    precision: dict[int, float]  # by the number of first places that count
    average_precision: float
    recall: float  # of all changes, by all that is ranked
    items: int


def score(
    ranking: Iterable[Item], changes: Sequence[Change], repeated: bool, cuts: Sequence[int]
) -> RankingScore:
    """An item is right if it has a token of a changed span, or of the one that it was before. A
    change is found once: with `repeated`, an item that finds no other one is wrong; else it is left
    out, as if whoever looks at the place had corrected all of it.

    Average precision is the mean, over all changes, of the precision at the item that finds one;
    that of a change which is not found is 0.
    """
    of_sentence = defaultdict(list)
    for number, change in enumerate(changes):
        spans = [span for span in (change.before, change.after) if span is not None]
        first, end = min(span.start for span in spans), max(span.end for span in spans)
        of_sentence[change.sentence].append((first, end - 1, number))
    found: set[int] = set()
    right = items = 0
    total = 0.0
    precision = {}
    for sentence, first, last in ranking:
        hits = {n for start, end, n in of_sentence[sentence] if start <= last and first <= end}
        new = hits - found
        if hits and not new and not repeated:
            continue
        items += 1
        if new:
            right += 1
            found |= new
            total += len(new) * right / items
        if items in cuts:
            precision[items] = right / items
    return RankingScore(precision, total / len(changes), len(found) / len(changes), items)


def token_average_precision(
    ranking: Iterable[Item], before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]
) -> float:
    """Average precision of single tokens, of which those are right whose tag was changed. A token
    is ranked by the first item that has it; those of an item are in their order."""
    changed = {
        (sentence, token)
        for sentence, (old, new) in enumerate(zip(before, after, strict=True))
        for token, (tag, other) in enumerate(zip(old, new, strict=True))
        if tag != other
    }
    seen: set[tuple[int, int]] = set()
    right = 0
    total = 0.0
    for sentence, first, last in ranking:
        for token in range(first, last + 1):
            if (sentence, token) in seen:
                continue
            seen.add((sentence, token))
            if (sentence, token) in changed:
                right += 1
                total += right / len(seen)
    return total / len(changed)


def doubts_rankings(path: str) -> tuple[list[Item], list[Item]]:
    """That of the command `doubts`, and that of the single tokens whose tags it would change."""
    places: list[Item] = []
    tokens: list[Item] = []
    for doubt in find_doubts(path).doubts:
        number = doubt.sentence - 1
        places.append((number, doubt.first, doubt.last))
        old, new = (_tags(spans, doubt.last + 1) for spans in (doubt.gold, doubt.suggestion))
        changed = (token for token, tag in enumerate(old) if tag != new[token])
        tokens.extend((number, token, token) for token in changed)
    return places, tokens


def _tags(spans: Sequence[TokenSpan], length: int) -> list[str]:
    return get_encoding("BIO").spans_to_tags(
        [Span(label, first, last + 1) for first, last, label in spans], length
    )


def loss_rankings(path: str, task: str) -> dict[str, list[Item]]:
    """All labels by their loss, the negative logarithm of their probability, the largest first: of
    each token, of each span and each token outside of spans, and the sum of a sentence."""
    items: dict[str, list[tuple[float, Item]]] = {"tokens": [], "spans": [], "sentences": []}
    for index, sentence in enumerate(read_out_of_fold(path)):
        tokens = list(_token_chances(sentence, task))
        for unit, chances in (("tokens", tokens), ("spans", _span_chances(sentence, task))):
            items[unit].extend((chance, (index, first, last)) for chance, first, last in chances)
        total = sum(math.log(max(chance, _TINY)) for chance, _, _ in tokens)
        items["sentences"].append((total, (index, 0, len(tokens) - 1)))
    return {unit: [item for _, item in sorted(of_unit)] for unit, of_unit in items.items()}


def _token_chances(sentence: OutOfFoldSentence, task: str) -> Iterator[tuple[float, int, int]]:
    predicted = sentence.tasks[task]
    for token, (tag, labels) in enumerate(zip(predicted.gold, predicted.labels, strict=True)):
        yield dict(labels).get(tag, 0.0), token, token


def _span_chances(sentence: OutOfFoldSentence, task: str) -> Iterator[tuple[float, int, int]]:
    predicted = sentence.tasks[task]
    chances = {(first, last, label): chance for first, last, label, chance in predicted.spans}
    for span in gold_spans(predicted.gold):
        yield chances[span], span[0], span[1]
    for chance, token, _ in _token_chances(sentence, task):
        if predicted.gold[token] == "O":
            yield chance, token, token


def items_of_tokens(numbers: Iterable[int], lengths: Sequence[int]) -> Iterator[Item]:
    """Tokens that are counted over all sentences, as items."""
    starts = [0]
    for length in lengths:
        starts.append(starts[-1] + length)
    for number in numbers:
        sentence = bisect.bisect_right(starts, number) - 1
        yield sentence, number - starts[sentence], number - starts[sentence]
