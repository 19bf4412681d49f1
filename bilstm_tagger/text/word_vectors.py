"""Word vector files (GloVe, word2vec and fastText as text, word2vec as bytes), read in one pass."""

import io
import logging
import os
import warnings
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Optional

import numpy

from bilstm_tagger.text.content import binary_kind, check_text
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.kept_vectors import KeptVectors
from bilstm_tagger.text.lines import numbered_lines, unpacked_file
from bilstm_tagger.text.vector_lines import VectorLines, vector_lines, what_is_no_vectors
from bilstm_tagger.text.word2vec_binary import BinaryHeader, binary_header, read_binary_vectors

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


def read_word_vectors(path: PathLike, wanted: Optional[Collection[str]] = None) -> WordVectors:
    """Reads a file of word vectors, plain or packed, of one of two forms, told by its content:

    - UTF-8 text, on each line a word and its numbers, separated by blanks. A first line of two
      numbers (the header of word2vec) is accepted. The dimension is that of the header, or of the
      first vector; a line of another one is reported and skipped;
    - the binary form of word2vec.

    A word that is there twice keeps its first vector. Only the numbers of wanted words are ever
    converted, which is what makes it fast.

    # Parameters

    path : `PathLike`
        The file.
    wanted : `Collection[str]`, optional
        The words to keep; a set, best. `None` keeps all.

    # Errors

    `DataFormatError` where there is no such file, or no vector in it, or something else than finite
    numbers after a wanted word, or a file that is damaged or cut short.
    """
    path = os.fspath(path)
    # Compared as bytes: most lines are never decoded.
    wanted_bytes = None if wanted is None else {word.encode("utf-8", "replace") for word in wanted}
    with _opened(path) as content:
        layout = _layout(path, content)
        if isinstance(layout, BinaryHeader):
            kept = read_binary_vectors(content, path, layout, wanted_bytes)
        else:
            kept = _read_text(content, path, layout, wanted_bytes)
        words = kept.words
        matrix = kept.matrix()
    return WordVectors(path, words, matrix)


def vector_dimension(path: PathLike) -> int:
    """The dimension of the vectors of a file, by its first lines. Errors as `read_word_vectors`."""
    path = os.fspath(path)
    with _opened(path) as content:
        return _layout(path, content).dimension


def _opened(path: str) -> AbstractContextManager[io.BufferedReader]:
    if not os.path.isfile(path):
        raise DataFormatError(
            path, None, "there is no such file of word vectors; check 'pretrained_file'"
        )
    return unpacked_file(path)


def _layout(path: str, content: io.BufferedReader) -> BinaryHeader | VectorLines:
    """How vectors are laid out in an opened file."""
    start = content.peek()
    if (header := binary_header(start)) is not None:
        return header
    # What has a name is named below, with advice for word vectors.
    if binary_kind(start) is None:
        check_text(start)
    layout = vector_lines(start)
    if layout is None:
        raise DataFormatError(
            path,
            None,
            "expected a word and its numbers on each line, or the binary form of word2vec, found "
            f"{what_is_no_vectors(start)}",
        )
    return layout


def _read_text(
    content: io.BufferedReader, path: str, layout: VectorLines, wanted: Optional[Collection[bytes]]
) -> KeptVectors:
    dimension, separator = layout.dimension, layout.separator

    def no_vector(number: int, word: bytes, vector: bytes, problem: str) -> DataFormatError:
        line = (word + b" " + vector).decode("utf-8", "replace")
        return DataFormatError(
            path,
            number,
            f"{problem} after the word, found {line[:80]!r}; fix the line, or name another file",
        )

    kept = KeptVectors(dimension, _matrix, no_vector)
    skipped: list[int] = []
    lines = numbered_lines(path, content)
    number = 0
    if layout.words is not None:
        next(lines)
    if layout.is_loose:
        lines = ((number, layout.tidy(line)) for number, line in lines)
    for number, line in lines:
        word = line.split(separator, 1)[0]
        # Most lines end here, and all else is dear.
        if wanted is not None and word not in wanted:
            continue
        numbers = line[len(word) + 1 :].strip()
        if numbers.count(b" ") + 1 == dimension:
            kept.add(number, word, numbers)
        else:
            skipped.append(number)
    if skipped:
        logger.warning(
            "%s: skipped %d lines that do not hold a word and %d numbers; the first is line %d",
            path,
            len(skipped),
            dimension,
            skipped[0],
        )
    if layout.words is not None and number <= layout.words:
        logger.warning(
            "%s: the header says %d words, but the file has %d; it may be cut short",
            path,
            layout.words,
            max(number - 1, 0),
        )
    return kept


def _matrix(vectors: list[bytes], dimension: int) -> numpy.ndarray:
    """The numbers of vectors of one dimension. Raises `ValueError` where there are others."""
    with warnings.catch_warnings():
        # What later versions of numpy raise as an error.
        warnings.simplefilter("error", DeprecationWarning)
        try:
            flat = numpy.fromstring(b" ".join(vectors), dtype=numpy.float32, sep=" ")
        except DeprecationWarning as warning:
            raise ValueError(str(warning)) from None
    return flat.reshape(len(vectors), dimension)
