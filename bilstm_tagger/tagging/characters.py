"""Vectors of words by their characters: a convolution or a BiLSTM, in numpy."""

from collections.abc import Iterator, Sequence
from typing import Union

import numpy

from bilstm_tagger.tagging.input_specification import CharacterCNN, CharacterLSTM, Tensors
from bilstm_tagger.tagging.lstm import BiLSTMLayer, Packing

Array = numpy.ndarray

# Words that are encoded together, for the memory that it takes.
_GROUP_SIZE = 512


class CharacterEncoder:
    """Words to vectors; for the parameters see `WordTable`."""

    def __init__(
        self, part: Union[CharacterCNN, CharacterLSTM], tensors: Tensors, name: str
    ) -> None:
        self._part = part
        self._ids = {character: row for row, character in enumerate(part.characters)}
        embedding = tensors[f"{name}.embedding"].astype(numpy.float32)
        if isinstance(part, CharacterLSTM):
            self._layer = BiLSTMLayer(tensors, name, doubled_input=False)
            self._table = self._layer.project(embedding)
        else:
            # A convolution over embeddings is a sum of look-ups in products of the embedding and
            # the kernel, one table for each place in the window. The last row is of padding.
            kernel = tensors[f"{name}.weight"].astype(numpy.float32).transpose(2, 1, 0)
            products = embedding @ kernel  # (width, rows, filters)
            self._tables = numpy.pad(products, ((0, 0), (0, 1), (0, 0)))
            self._bias = tensors[f"{name}.bias"].astype(numpy.float32)

    def __call__(self, words: Sequence[str]) -> Array:
        """`(words, output size)`; a word without characters has zeros."""
        limit, unknown, id_of = self._part.max_length, self._part.unknown, self._ids.get
        ids = [
            [id_of(character, unknown) for character in (word[:limit] if limit > 0 else word)]
            for word in words
        ]
        vectors = numpy.zeros((len(ids), self._part.output_size), numpy.float32)
        encode = self._lstm if isinstance(self._part, CharacterLSTM) else self._cnn
        for group in _groups(ids):
            vectors[group] = encode([ids[index] for index in group])
        return vectors

    def _lstm(self, ids: list[list[int]]) -> Array:
        """The state of the forward direction at the last character, and of the backward one at the
        first (Lample et al. 2016, section 4.1)."""
        packing = Packing(list(map(len, ids)))
        rows = numpy.concatenate([numpy.array(row) for row in ids])
        states = self._layer.read(self._table, rows, packing)
        size = self._layer.hidden_size
        last = packing.starts + packing.lengths - 1
        return numpy.hstack([states[last, :size], states[packing.starts, size:]]) * 0.5

    def _cnn(self, ids: list[list[int]]) -> Array:
        """The maximum over the windows of a word (Ma and Hovy 2016, section 2.1)."""
        width, rows, _ = self._tables.shape
        half, longest = width // 2, len(ids[0])
        lengths = numpy.array(list(map(len, ids)))
        padded = numpy.full((len(ids), longest + 2 * half), rows - 1)
        inside = numpy.arange(longest) < lengths[:, None]
        padded[:, half : half + longest][inside] = numpy.concatenate(
            [numpy.array(row) for row in ids]
        )
        scores = self._tables[0][padded[:, :longest]]  # (words, length, filters)
        for place in range(1, width):
            scores += self._tables[place][padded[:, place : place + longest]]
        scores[~inside] = -numpy.inf
        best: Array = scores.max(axis=1)
        return best + self._bias


def _groups(ids: list[list[int]]) -> Iterator[list[int]]:
    """Words with characters in groups of similar length, the longest first."""
    order = sorted((index for index, row in enumerate(ids) if row), key=lambda i: -len(ids[i]))
    start = 0
    while start < len(order):
        # The memory for a group is that of its longest word.
        size = max(1, min(_GROUP_SIZE, 16 * _GROUP_SIZE // len(ids[order[start]])))
        yield order[start : start + size]
        start += size
