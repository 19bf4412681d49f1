"""Raw text to sentences and tokens, by spaCy."""

from functools import lru_cache
from typing import NamedTuple

import spacy
from spacy.language import Language


class RawSentence(NamedTuple):
    """Tokens, and for each its first character and the one behind its last."""

    tokens: list[str]
    offsets: list[tuple[int, int]]


@lru_cache(maxsize=8)
def _pipeline(language: str) -> Language:
    # A blank pipeline: rules alone, nothing to download. Its limit on the length of a text is for
    # statistical models.
    pipeline = spacy.blank(language)
    pipeline.add_pipe("sentencizer")
    pipeline.max_length = 2**62
    return pipeline


def split_text(text: str, language: str = "en") -> list[RawSentence]:
    """Splits raw text into sentences and tokens. White space is no token; nothing else is left out.

    # Parameters

    text : `str`
        The text.
    language : `str`, optional (default=`"en"`)
        The code of the language, whose rules for tokens apply.
    """
    sentences = []
    for span in _pipeline(language)(text).sents:
        words = [token for token in span if not token.is_space]
        if words:
            offsets = [(token.idx, token.idx + len(token.text)) for token in words]
            sentences.append(RawSentence([token.text for token in words], offsets))
    return sentences
