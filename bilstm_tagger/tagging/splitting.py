"""Raw text to sentences: by a task that says of each token whether it starts one, or by rules."""

import re
from collections.abc import Sequence
from typing import Literal, Optional, get_args

import numpy

from bilstm_tagger.tagging.network import EmissionSource
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.specification import START, Specification
from bilstm_tagger.tagging.threads import limited_threads
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.raw_text import RawSentence, SpacySplitter, Splitter
from bilstm_tagger.text.sentence_starts import cut
from bilstm_tagger.text.tokenizer import Tokenizer

# A blank line ends a sentence, whatever the network says.
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
# Tokens of a piece of text that is read at once, as in training, and how many at its ends are left
# to the pieces beside it, which know what is around them.
PIECE, MARGIN = 128, 16
# The rules of the model, if it has those of the language, else spaCy's; or always spaCy's.
TokenizerChoice = Literal["auto", "spacy"]


def splitter_of(
    specification: Specification,
    source: EmissionSource,
    language: Optional[str],
    choice: TokenizerChoice,
    threads: Optional[int],
) -> tuple[Splitter, str]:
    """What splits raw text of a language, and the language. `None`: that of the rules of the model;
    English, if it has none.

    # Errors

    `UserError` for another choice.
    """
    rules, task = specification.tokenizer, specification.sentences
    if choice not in get_args(TokenizerChoice):
        raise UserError(f"'tokenizer' must be 'auto' or 'spacy', found {choice!r:.80}")
    if language is None:
        language = "en" if rules is None else rules.language
    if choice == "spacy" or rules is None or rules.language != language:
        return SpacySplitter(language), language
    tokenizer = Tokenizer(rules)
    if task is None:
        return tokenizer, language
    start = specification.tasks[task].labels.index(START)
    return LearnedSplitter(tokenizer, source, task, start, threads), language


class LearnedSplitter:
    """A `Splitter` whose sentences are those of a task of the model; its tokens are another's.

    # Parameters

    tokenizer : `Splitter`
    source : `EmissionSource`
        The network.
    task : `str`
        The task that says where sentences start.
    start : `int`
        The id of the label `START`.
    threads : `int`, optional (default=`1`)
        As of `Tagger`.
    """

    def __init__(
        self,
        tokenizer: Splitter,
        source: EmissionSource,
        task: str,
        start: int,
        threads: Optional[int] = 1,
    ) -> None:
        self._tokenizer = tokenizer
        self._source = source
        self._task = task
        self._start = start
        self._threads = threads

    def prepare(self) -> None:
        self._tokenizer.prepare()

    def tokenize(self, text: str) -> RawSentence:
        return self._tokenizer.tokenize(text)

    def split(self, texts: Sequence[str]) -> list[list[RawSentence]]:
        tokenized = list(map(self._tokenizer.tokenize, texts))
        return list(map(cut, tokenized, self.starts(texts, tokenized)))

    def starts(self, texts: Sequence[str], tokenized: Sequence[RawSentence]) -> list[list[int]]:
        """The tokens of each text that start a sentence; the first is one."""
        with limited_threads(self._threads):
            starts = self._starts([tokens.tokens for tokens in tokenized])
        return [
            sorted({0, *of_text, *after_blank_lines(text, tokens)}) if tokens.tokens else []
            for text, tokens, of_text in zip(texts, tokenized, starts, strict=True)
        ]

    def _starts(self, texts: Sequence[Sequence[str]]) -> list[list[int]]:
        """The tokens of each text that start a sentence, by the network."""
        pieces, places = [], []
        for number, tokens in enumerate(texts):
            for first in piece_starts(len(tokens)):
                pieces.append(TokenizedSentence(list(tokens[first : first + PIECE])))
                places.append((number, first))
        starts: list[list[int]] = [[] for _ in texts]
        for emissions in self._source.emissions(pieces, [self._task]):
            best = emissions.scores[self._task].argmax(-1) == self._start
            for row, piece in enumerate(emissions.sentences):
                number, first = places[piece]
                length = int(emissions.lengths[row])
                last = first + length == len(texts[number])
                low = MARGIN if first else 0
                high = length if last else length - MARGIN
                token_numbers = numpy.flatnonzero(best[row, low:high]) + (first + low)
                starts[number] += token_numbers.tolist()
        return starts


def piece_starts(length: int) -> range:
    """The first tokens of the pieces of a text of some tokens."""
    step = PIECE - 2 * MARGIN
    return range(0, max(1, length - 2 * MARGIN), step) if length else range(0)


def after_blank_lines(text: str, tokens: RawSentence) -> list[int]:
    """The tokens that are the first behind a blank line."""
    ends = [match.end() for match in _BLANK_LINE.finditer(text)]
    if not ends:
        return []
    first_characters = [first for first, _ in tokens.offsets]
    places = numpy.searchsorted(first_characters, ends).tolist()
    return [place for place in places if place < len(first_characters)]
