"""Raw text to sentences and tokens: what splits it, and spaCy, which does."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import missing

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Token


class RawSentence(NamedTuple):
    """Tokens, and for each its first character and the one behind its last."""

    tokens: list[str]
    offsets: list[tuple[int, int]]


class Splitter(Protocol):
    """What splits raw text. White space is no token; nothing else is left out."""

    def prepare(self) -> None:
        """Makes ready what splits raw text. A `UserError` where that cannot be."""

    def split(self, texts: Sequence[str]) -> list[list[RawSentence]]:
        """Splits raw texts into sentences and tokens."""

    def tokenize(self, text: str) -> RawSentence:
        """Splits the raw text of one sentence into tokens. There are none in white space."""


class SpacySplitter:
    """Splits raw text by the rules of spaCy for a language, given by its code."""

    def __init__(self, language: str) -> None:
        self._language = language

    def prepare(self) -> None:
        """Imports spaCy. A `UserError` where it is not installed or does not know the language."""
        spacy_pipeline(self._language)

    def split(self, texts: Sequence[str]) -> list[list[RawSentence]]:
        return [split_text(text, self._language) for text in texts]

    def tokenize(self, text: str) -> RawSentence:
        """Splits the raw text of one sentence into tokens."""
        return tokenize_text(text, self._language)


# Words that a pipeline may see before it is made anew: it keeps each of them, half a KB.
_MAX_WORDS = 100_000


def spacy_pipeline(language: str) -> "Language":
    """What splits raw text: the rules of spaCy for a language."""
    pipeline, most = _new_pipeline(language)
    if len(pipeline.vocab.strings) > most:
        _new_pipeline.cache_clear()
        pipeline, _ = _new_pipeline(language)
    return pipeline


@lru_cache(maxsize=8)
def _new_pipeline(language: str) -> tuple["Language", int]:
    """A pipeline, and how many strings it may have."""
    try:
        import spacy  # takes longer to import than all else
    except ImportError as error:
        raise missing("spacy", "text", "Raw text") from error
    # A blank pipeline: rules alone, nothing to download. Its limit on the length of a text is for
    # statistical models.
    try:
        pipeline = spacy.blank(language)
    except ImportError as error:  # of an unknown language, or one that needs another package
        why = " ".join(str(error).split())
        raise UserError(
            f"spaCy cannot split text of the language {language!r} ({why:.200}); choose another "
            "code of a language, such as 'en'"
        ) from error
    pipeline.add_pipe("sentencizer")
    pipeline.max_length = 2**62
    return pipeline, len(pipeline.vocab.strings) + _MAX_WORDS


def split_text(text: str, language: str = "en") -> list[RawSentence]:
    """Splits raw text into sentences and tokens, by the rules of a language, given by its code.
    White space is no token; nothing else is left out."""
    sentences = map(_sentence, spacy_pipeline(language)(text).sents)
    return [sentence for sentence in sentences if sentence.tokens]


def tokenize_text(text: str, language: str = "en") -> RawSentence:
    """Splits the raw text of one sentence into tokens, by the same rules. There are none in white
    space."""
    return _sentence(spacy_pipeline(language).make_doc(text))


def _sentence(tokens: Iterable["Token"]) -> RawSentence:
    words = [token for token in tokens if not token.is_space]
    offsets = [(token.idx, token.idx + len(token.text)) for token in words]
    return RawSentence([token.text for token in words], offsets)
