"""Word vector files (GloVe, word2vec and fastText as text), read in one pass, in plain Python."""

import gzip
import logging
import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import Optional

import numpy

from bilstm_tagger.data.columns import DataFormatError, PathLike

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors, in the order of the file.

    # Parameters

    path : `str`
        The file that they were read from.
    words : `List[str]`
        Each word once.
    matrix : `numpy.ndarray`
        Shape (number of words, dimension), float32.
    """

    path: str
    words: list[str]
    matrix: numpy.ndarray

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

    `DataFormatError` where there is no such file, or not one vector of the expected dimension.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise DataFormatError(
            path, None, "there is no such file of word vectors; check 'pretrained_file'"
        )
    with open(path, "rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    found: dict[bytes, bytes] = {}
    # Compared as bytes: most lines are never decoded.
    wanted_bytes = None if wanted is None else {word.encode("utf-8", "replace") for word in wanted}
    skipped: list[int] = []
    expected = dimension
    any_vector = False
    with gzip.open(path, "rb") if packed else open(path, "rb") as stream:
        for number, line in enumerate(stream, start=1):
            word, _, numbers = line.partition(b" ")
            numbers = numbers.strip()
            if number == 1 and word.isdigit() and numbers.isdigit():
                continue  # header: number of words and dimension
            if expected is None:
                expected = numbers.count(b" ") + 1
            # Counting blanks costs less than converting; it is needed for wanted words alone.
            if wanted_bytes is not None and word not in wanted_bytes:
                any_vector = True
                continue
            if numbers.count(b" ") + 1 != expected:
                skipped.append(number)
                continue
            any_vector = True
            found.setdefault(word, numbers)
    if skipped:
        logger.warning(
            "%s: skipped %d lines that do not hold a word and %d numbers; the first is line %d",
            path,
            len(skipped),
            expected,
            skipped[0],
        )
    if expected is None or not (found or (any_vector and not skipped)):
        raise DataFormatError(
            path,
            None,
            f"expected a word and {dimension or 'some'} numbers on a line, separated by single "
            "spaces, found none; check 'pretrained_file' and 'embedding_dim'",
        )
    try:
        joined = b" ".join(found.values())
        flat = numpy.fromstring(joined, dtype=numpy.float32, sep=" ") if found else numpy.empty(0)
    except (ValueError, DeprecationWarning):
        raise DataFormatError(path, None, "expected numbers after each word") from None
    if flat.size != len(found) * expected:
        raise DataFormatError(
            path, None, f"expected {expected} numbers after each word, found something else"
        )
    words = [word.decode("utf-8", "replace") for word in found]
    return WordVectors(path, words, flat.reshape(len(found), expected).astype(numpy.float32))
