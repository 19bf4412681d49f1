"""Tokens to vectors: words, characters, and features."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Union

import numpy

from bilstm_tagger.tagging import input_specification as specified
from bilstm_tagger.tagging.characters import CharacterEncoder
from bilstm_tagger.tagging.input_specification import Feature, Tensors, Words
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.specification import Specification
from bilstm_tagger.text.lexicon import Lexicon
from bilstm_tagger.text.word_forms import casing, known_form

logger = logging.getLogger(__name__)

Array = numpy.ndarray
# The text of a token; of a model with feature columns or lexicons, a tuple of it and their values.
Token = Union[str, tuple[str, ...]]


class WordTable:
    """Word vectors, by the look-up chain.

    # Parameters

    part : `Words`, tensors : `Tensors`, name : `str`
        The input, the tensors of the model, and what the names of its own begin with.

    # Errors

    `ValueError` for words that are no UTF-8, or a word that is there twice.
    """

    def __init__(self, part: Words, tensors: Tensors, name: str) -> None:
        self.part = part
        self.vectors = tensors[f"{name}.vectors"]  # (words, dimension)
        words = _lines(tensors[f"{name}.words"])
        self.ids = dict(zip(words, range(len(words)), strict=True))
        if len(self.ids) < len(words):
            raise ValueError(f"{name}.words has a word twice")

    def __call__(self, words: Sequence[str]) -> Array:
        ids, unknown = self.ids, self.part.unknown
        rows = [unknown if (form := known_form(word, ids)) is None else ids[form] for word in words]
        return self.vectors[rows].astype(numpy.float32, copy=False)

    def add(self, words: Sequence[str], vectors: Array) -> None:
        """Adds words that are not there yet, and their vectors, (words, dimension)."""
        first = len(self.ids)
        self.vectors = numpy.concatenate([self.vectors, vectors.astype(self.vectors.dtype)])
        # Another dictionary: a thread that tags meanwhile keeps the one that it has.
        self.ids = {**self.ids, **dict(zip(words, range(first, first + len(words)), strict=True))}


class FeatureTable:
    """Vectors of a feature; for the parameters see `WordTable`. A value that training has not seen
    is one warning."""

    def __init__(
        self, part: Union[Feature, specified.Lexicon], tensors: Tensors, name: str
    ) -> None:
        self._part = part
        # What is looked up; of a lexicon, matches come as they are.
        self._of = part.of if isinstance(part, Feature) else "token"
        self._name = (part.column if isinstance(part, Feature) else None) or name
        self._vectors = tensors[f"{name}.vectors"].astype(numpy.float32)
        self._ids = {value: row for row, value in enumerate(part.values)}
        self._warned: set[str] = set()

    def __call__(self, values: Sequence[str]) -> Array:
        if self._of == "casing":
            values = list(map(casing, values))
        elif self._of == "lower":
            values = [value.lower() for value in values]
        elif self._of == "form":
            values = [known_form(value, self._ids) or value for value in values]
        if self._of in ("casing", "column"):
            for value in dict.fromkeys(values):
                if value not in self._ids and value not in self._warned:
                    self._warned.add(value)
                    logger.warning(
                        "The feature '%s' has the value %r, which the training data does not have; "
                        "it is treated as unknown.",
                        self._name,
                        value,
                    )
        return self._vectors[[self._ids.get(value, self._part.unknown) for value in values]]


def _lines(tensor: Array) -> list[str]:
    return tensor.tobytes().decode("utf-8").split("\n")


class InputVectors:
    """The vectors of tokens, by all inputs of a model."""

    def __init__(self, specification: Specification, tensors: Tensors) -> None:
        self._columns = specification.feature_columns
        columns = {name: i for i, name in enumerate(self._columns, 1)}
        # Their matches stand behind the columns.
        self._lexicons: list[Lexicon] = []
        self.words: dict[str, WordTable] = {}
        # For each input the place in a token of what it reads.
        self._parts: list[tuple[int, Union[WordTable, FeatureTable, CharacterEncoder]]] = []
        for name, part in specification.inputs.items():
            prefix = f"inputs.{name}"
            if isinstance(part, Words):
                self.words[name] = WordTable(part, tensors, prefix)
                self._parts.append((0, self.words[name]))
            elif isinstance(part, Feature):
                place = 0 if part.column is None else columns[part.column]
                self._parts.append((place, FeatureTable(part, tensors, prefix)))
            elif isinstance(part, specified.Lexicon):
                entries = _lines(tensors[f"{prefix}.entries"])
                self._lexicons.append(Lexicon(entries, part.ignore_case))
                place = len(columns) + len(self._lexicons)
                self._parts.append((place, FeatureTable(part, tensors, prefix)))
            else:
                self._parts.append((0, CharacterEncoder(part, tensors, prefix)))

    def tokens_of(self, sentences: Iterable[TokenizedSentence]) -> list[Token]:
        """The tokens of sentences one behind the other, with the values of features, if any."""
        tokens: list[Token] = []
        for sentence in sentences:
            if self._columns or self._lexicons:
                features = [sentence.columns[name] for name in self._columns]
                features += [lexicon(sentence.tokens) for lexicon in self._lexicons]
                tokens += zip(sentence.tokens, *features, strict=True)
            else:
                tokens += sentence.tokens
        return tokens

    def __call__(self, tokens: Sequence[Token]) -> Array:
        """`(tokens, features)`"""
        of_features = self._columns or self._lexicons
        places: list[Any] = list(zip(*tokens, strict=True)) if of_features else [tokens]
        return numpy.hstack([vectors(places[place]) for place, vectors in self._parts])
