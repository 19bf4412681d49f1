"""Bidirectional LSTM layers in numpy: sequences of any lengths together, without padding.

What a layer makes of a token before the recurrence, more than half of the arithmetic, is looked up
in a table, in which the same word has one row. The sequences are sorted by length, so that a step
of the loop over time takes those that are still running, and nothing else.
"""

from collections.abc import Mapping, Sequence
from typing import Optional

import numpy

Array = numpy.ndarray


class Packing:
    """The tokens of several sequences one behind the other, and the order in which a bidirectional
    layer reads them.

    # Parameters

    lengths : `Sequence[int]`
        Tokens of each sequence, at least one, the longest sequence first.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        self.lengths = numpy.asarray(lengths)
        self.starts = self.lengths.cumsum() - self.lengths
        self.tokens = int(self.lengths.sum())
        steps = numpy.arange(self.lengths[0])[:, None]
        running = steps < self.lengths  # (length, sequences)
        # How many sequences each step takes.
        self.widths: list[int] = running.sum(1).tolist()
        # The rows of a step in a table of (token, direction): those of the forward direction, then
        # those of the backward one, which starts from the end of each sequence.
        rows = numpy.stack(
            [2 * (self.starts + steps), 2 * (self.starts + self.lengths - 1 - steps) + 1], axis=1
        )  # (length, direction, sequences)
        if self.lengths[0] == self.lengths[-1]:
            self.order = rows.reshape(-1)
        else:
            self.order = rows[running[:, None].repeat(2, axis=1)]
        # Where the turn of each row is.
        self.place = numpy.empty(2 * self.tokens, dtype=numpy.intp)
        self.place[self.order] = numpy.arange(2 * self.tokens)

    def pad(self, values: Array) -> Array:
        """`(tokens, features)` to `(sequences, length, features)`; any values on padding."""
        if len(self.lengths) == 1:
            return values[None]
        positions = self.starts[:, None] + numpy.arange(self.lengths[0])
        return values[numpy.minimum(positions, self.tokens - 1)]


class BiLSTMLayer:
    """A bidirectional LSTM layer from a zero state.

    A sigmoid is `(tanh(x / 2) + 1) / 2`, so one tanh serves all gates. The halves are in the
    weights; and what comes out are the states *doubled*, which the weights of the next layer
    account for. Products with powers of two are exact.

    # Parameters

    tensors : `Mapping[str, numpy.ndarray]`, name : `str`
        The tensors of a model, and the name of the layer in it: see `layer_shapes`.
    doubled_input : `bool`
        Whether the inputs are the states of another layer.
    """

    def __init__(self, tensors: Mapping[str, Array], name: str, doubled_input: bool) -> None:
        directions = ("forward", "backward")
        scale = 0.5 if doubled_input else 1.0
        inputs = [
            _gates(tensors[f"{name}.{direction}.input_weight"]) * scale for direction in directions
        ]
        recurrent = [
            _gates(tensors[f"{name}.{direction}.recurrent_weight"]).T * 0.5
            for direction in directions
        ]
        biases = [_gates(tensors[f"{name}.{direction}.bias"]) for direction in directions]
        self.hidden_size = len(biases[0]) // 4
        self._input_weight = numpy.ascontiguousarray(numpy.concatenate(inputs).T, numpy.float32)
        self._bias = numpy.concatenate(biases).astype(numpy.float32)
        self._recurrent = numpy.stack(recurrent).astype(numpy.float32)  # (2, hidden, 4 * hidden)

    def project(self, inputs: Array) -> Array:
        """What both directions make of tokens before the recurrence: `(rows, input)` to
        `(rows, 8 * hidden)`."""
        projected: Array = inputs @ self._input_weight
        projected += self._bias
        return projected

    def read(self, projected: Array, rows: Optional[Array], packing: Packing) -> Array:
        """The doubled states of all tokens, `(tokens, 2 * hidden)`. `projected` is of `project`;
        `rows` says which row of it each token has, `(tokens,)`, `None` that each has its own;
        `packing` has the sequences that the tokens make up."""
        size, order = self.hidden_size, packing.order
        if rows is not None:
            order = 2 * rows[order >> 1] + (order & 1)
        table = projected.reshape(-1, 4 * size)
        widest = packing.widths[0]
        buffers = numpy.empty((2, 2 * widest * 4 * size), numpy.float32)
        cells = numpy.zeros((2, widest, size), numpy.float32)
        outputs = numpy.empty((len(order), size), numpy.float32)
        hidden: Optional[Array] = None
        start = before = 0
        for width in packing.widths:
            end = start + 2 * width
            if width != before:
                # Steps of the same width, such as all those of one sentence, share their views.
                gates, product = buffers[:, : 2 * width * 4 * size].reshape(2, 2, width, 4 * size)
                rows_of_gates, sigmoids = gates.reshape(-1, 4 * size), gates[..., : 3 * size]
                entry, forget = gates[..., :size], gates[..., size : 2 * size]
                output, candidate = gates[..., 2 * size : 3 * size], gates[..., 3 * size :]
                cell = cells[:, :width]
                hidden = None if hidden is None else hidden[:, :width]
                before = width
            # "clip" checks nothing: the rows are ours.
            table.take(order[start:end], axis=0, out=rows_of_gates, mode="clip")
            if hidden is not None:
                numpy.matmul(hidden, self._recurrent, out=product)
                gates += product
            numpy.tanh(gates, out=gates)
            sigmoids += 1.0
            cell *= forget
            entry *= candidate
            cell += entry
            cell *= 0.5
            numpy.tanh(cell, out=candidate)
            hidden = outputs[start:end].reshape(2, width, size)
            numpy.multiply(output, candidate, out=hidden)
            start = end
        return outputs[packing.place].reshape(packing.tokens, 2 * size)


class StackedBiLSTM:
    """BiLSTM layers one above the other.

    # Parameters

    tensors, name, doubled_input
        As of `BiLSTMLayer`.
    depth : `int`
        The number of layers.
    """

    def __init__(
        self, tensors: Mapping[str, Array], name: str, depth: int, doubled_input: bool = False
    ) -> None:
        self.layers = [
            BiLSTMLayer(tensors, f"{name}.{number}", doubled_input or number > 0)
            for number in range(depth)
        ]

    def read(self, projected: Array, rows: Optional[Array], packing: Packing) -> list[Array]:
        """The doubled states of each layer; see `BiLSTMLayer.read`, whose `project` of the lowest
        layer `projected` is."""
        outputs: list[Array] = []
        for layer in self.layers:
            if outputs:
                projected, rows = layer.project(outputs[-1]), None
            outputs.append(layer.read(projected, rows, packing))
        return outputs


def _gates(weight: Array) -> Array:
    """The gates in the order input, forget, output, cell; those of a sigmoid halved."""
    entry, forget, candidate, output = numpy.split(weight.astype(numpy.float32), 4)
    return numpy.concatenate([entry * 0.5, forget * 0.5, output * 0.5, candidate])
