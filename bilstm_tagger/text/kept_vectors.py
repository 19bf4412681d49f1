"""Vectors that are kept while a file is read: as they were written for a while, then as numbers."""

from collections.abc import Callable
from typing import Optional

import numpy

from bilstm_tagger.text.errors import DataFormatError

# As many are turned into numbers together.
_BLOCK = 2048


class KeptVectors:
    """Collects words and vectors of one dimension; of a word that comes twice, the first vector.

    # Parameters

    dimension : `int`
        The dimension of the vectors.
    numbers : `Callable`
        Makes a matrix (vectors, dimension) of vectors as they are written. Raises `ValueError`
        where one of them cannot be read.
    error : `Callable`
        The error for a vector that cannot be read, or has numbers that are not finite: of the place
        where it was read, its word, the vector as it is written, and what is wrong with it.
    """

    def __init__(
        self,
        dimension: int,
        numbers: Callable[[list[bytes], int], numpy.ndarray],
        error: Callable[[int, bytes, bytes, str], DataFormatError],
    ) -> None:
        self._dimension = dimension
        self._numbers = numbers
        self._error = error
        self._words: dict[bytes, None] = {}
        self._waiting: list[tuple[int, bytes, bytes]] = []  # place, word, vector
        self._blocks: list[numpy.ndarray] = []

    def add(self, place: int, word: bytes, vector: bytes) -> None:
        """Keeps a vector, unless the word has one already."""
        if word not in self._words:
            self._words[word] = None
            self._waiting.append((place, word, vector))
            if len(self._waiting) == _BLOCK:
                self._convert()

    @property
    def words(self) -> list[str]:
        return [word.decode("utf-8", "replace") for word in self._words]

    def matrix(self) -> numpy.ndarray:
        """(words, dimension), float32. To be called once, at the end."""
        self._convert()
        matrix = numpy.empty((len(self._words), self._dimension), dtype=numpy.float32)
        end = len(matrix)
        while self._blocks:  # from behind, as each is let go of
            block = self._blocks.pop()
            matrix[end - len(block) : end] = block
            end -= len(block)
        return matrix

    def _convert(self) -> None:
        if not self._waiting:
            return
        try:
            block = self._numbers([vector for _, _, vector in self._waiting], self._dimension)
            valid = bool(numpy.isfinite(block).all())
        except ValueError:
            valid = False
        if not valid:
            raise next(filter(None, map(self._problem, self._waiting)))
        self._blocks.append(block)
        self._waiting = []

    def _problem(self, waiting: tuple[int, bytes, bytes]) -> Optional[DataFormatError]:
        """The error for one of those that wait; `None` for a vector of finite numbers."""
        place, word, vector = waiting
        try:
            if numpy.isfinite(self._numbers([vector], self._dimension)).all():
                return None
        except ValueError:
            return self._error(place, word, vector, f"expected {self._dimension} numbers")
        return self._error(place, word, vector, "expected finite numbers, neither NaN nor infinity")
