"""Word vector files (GloVe, word2vec and fastText as text), read in one pass, in plain Python."""

import logging
import os
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from typing import Optional

import numpy

from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.lines import read_raw_lines

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors, in the order of the file."""

    path: str  # the file that they were read from
    words: list[str]  # each word once
    matrix: numpy.ndarray  # (number of words, dimension), float32

    @property
    def dimension(self) -> int:
        return int(self.matrix.shape[1])


def read_word_vectors(
    path: PathLike, wanted: Optional[Collection[str]] = None, dimension: Optional[int] = None
) -> WordVectors:
    """Reads a file of word vectors: UTF-8 text, plain or gzip, on each line a word and its numbers,
    separated by single spaces. A first line of two numbers (the header of word2vec) is accepted.

    Only the numbers of wanted words are ever converted, which is what makes it fast.

    # Parameters

    path : `PathLike`
        The file.
    wanted : `Collection[str]`, optional
        The words to keep; a set, best. `None` keeps all.
    dimension : `int`, optional
        The dimension that is expected. `None`: that of the first vector. A line of another one is
        reported and skipped. A word that is there twice keeps its first vector.

    # Errors

    `DataFormatError` where there is no such file, or not one vector of the expected dimension, or
    something else than numbers after a wanted word.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise DataFormatError(
            path, None, "there is no such file of word vectors; check 'pretrained_file'"
        )
    kept = _Kept(path)
    # Compared as bytes: most lines are never decoded.
    wanted_bytes = None if wanted is None else {word.encode("utf-8", "replace") for word in wanted}
    skipped: list[int] = []
    expected = dimension
    any_vector = False
    for number, line in read_raw_lines(path):
        word = line.split(b" ", 1)[0]
        # Most lines end here, and all else is dear.
        if wanted_bytes is not None and number > 2 and word not in wanted_bytes:
            continue
        numbers = line[len(word) + 1 :].strip()
        if number == 1 and word.isdigit() and numbers.isdigit():
            continue  # header: number of words and dimension
        if expected is None:
            expected = numbers.count(b" ") + 1
        if wanted_bytes is not None and word not in wanted_bytes:
            any_vector = True
            continue
        if numbers.count(b" ") + 1 != expected:
            skipped.append(number)
            continue
        any_vector = True
        kept.add(number, word, numbers, expected)
    if skipped:
        logger.warning(
            "%s: skipped %d lines that do not hold a word and %d numbers; the first is line %d",
            path,
            len(skipped),
            expected,
            skipped[0],
        )
    if expected is None or not (kept.words or (any_vector and not skipped)):
        raise DataFormatError(
            path,
            None,
            f"expected a word and {dimension or 'some'} numbers on a line, separated by single "
            "spaces, found none; check 'pretrained_file' and 'embedding_dim'",
        )
    matrix = kept.matrix(expected)
    return WordVectors(path, [word.decode("utf-8", "replace") for word in kept.words], matrix)


class _Kept:
    """The vectors that are kept, as text for a while, then as numbers, which are smaller."""

    BLOCK = 2048

    def __init__(self, path: str) -> None:
        self._path = path
        self.words: dict[bytes, None] = {}
        self._waiting: list[tuple[int, bytes, bytes]] = []  # line number, word, text
        self._blocks: list[numpy.ndarray] = []

    def add(self, number: int, word: bytes, numbers: bytes, dimension: int) -> None:
        """Keeps a vector, unless the word has one already."""
        if word not in self.words:
            self.words[word] = None
            self._waiting.append((number, word, numbers))
            if len(self._waiting) == self.BLOCK:
                self._convert(dimension)

    def matrix(self, dimension: int) -> numpy.ndarray:
        """(words, dimension)"""
        self._convert(dimension)
        matrix = numpy.empty((len(self.words), dimension), dtype=numpy.float32)
        end = len(matrix)
        while self._blocks:  # from behind, as each is let go of
            block = self._blocks.pop()
            matrix[end - len(block) : end] = block
            end -= len(block)
        return matrix

    def _convert(self, dimension: int) -> None:
        try:
            self._blocks.append(_matrix([text for _, _, text in self._waiting], dimension))
        except ValueError:
            number, word, text = next(each for each in self._waiting if not _is_vector(each[2]))
            line = (word + b" " + text).decode("utf-8", "replace")
            raise DataFormatError(
                self._path,
                number,
                f"expected {dimension} numbers after the word, found {line[:80]!r}; fix the line, "
                "or check 'pretrained_file'",
            ) from None
        self._waiting = []


def _matrix(vectors: Collection[bytes], dimension: int) -> numpy.ndarray:
    """The numbers of vectors of one dimension. Raises `ValueError` where there are others."""
    if not vectors:
        return numpy.empty((0, dimension), dtype=numpy.float32)
    with warnings.catch_warnings():
        # What later versions of numpy raise as an error.
        warnings.simplefilter("error", DeprecationWarning)
        try:
            flat = numpy.fromstring(b" ".join(vectors), dtype=numpy.float32, sep=" ")
        except DeprecationWarning as warning:
            raise ValueError(str(warning)) from None
    return flat.reshape(len(vectors), dimension)


def _is_vector(text: bytes) -> bool:
    try:
        _matrix([text], text.count(b" ") + 1)
    except ValueError:
        return False
    return True
