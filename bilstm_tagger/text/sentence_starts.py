"""Where the sentences of a text start, by the rules of spaCy's sentencizer."""

from collections.abc import Sequence, Set
from itertools import pairwise
from unicodedata import category

from bilstm_tagger.text.raw_text import RawSentence


def sentence_starts(text: str, tokens: RawSentence, ends: Set[str]) -> list[int]:
    """The tokens that start a sentence: the first; and the first behind one that ends a sentence,
    unless it is punctuation that no more than a blank separates."""
    if not tokens.tokens:
        return []
    words, offsets = tokens
    starts = [0]
    for end in [index for index, word in enumerate(words) if word in ends]:
        if end < starts[-1]:
            continue
        start = end + 1
        while (
            start < len(words)
            and text[offsets[start - 1][1] : offsets[start][0]] in ("", " ")
            and (words[start] in ends or _is_punctuation(words[start]))
        ):
            start += 1
        if start == len(words):
            break
        starts.append(start)
    return starts


def _is_punctuation(token: str) -> bool:
    return all(category(character)[0] == "P" for character in token)


def cut(tokens: RawSentence, starts: Sequence[int]) -> list[RawSentence]:
    """The sentences that start at some tokens, of which the first token is one."""
    return [
        RawSentence(tokens.tokens[first:behind], tokens.offsets[first:behind])
        for first, behind in pairwise([*starts, len(tokens.tokens)])
    ]
