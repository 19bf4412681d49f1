"""Stacked bidirectional LSTM with naive or variational dropout, in plain torch.

The layers of Reimers and Gurevych (2017, arXiv 1707.06799). The recurrence itself is left to
torch's fused kernel: what variational dropout adds to it is done to the kernel's inputs and to its
weights, which costs next to nothing.
"""

from collections.abc import Sequence
from typing import Any, Optional, Union

import torch
from torch import Tensor
from torch.nn import functional as F

from bilstm_tagger.network.fused_lstm import (
    LSTMDirection,
    fused_lstm,
    reversal_indices,
    reverse_sequences,
)

RECURRENT_MASKS = ("batch", "sequence")


def dropout_mask(reference: Tensor, shape: Sequence[int], probability: float) -> Tensor:
    """An inverted dropout mask, of the device and type of `reference`: zero with `probability`, in
    [0, 1), else `1 / (1 - probability)`."""
    keep = 1.0 - probability
    return reference.new_empty(shape).bernoulli_(keep).div_(keep)


class BiLSTMLayer(torch.nn.Module):
    """One bidirectional LSTM layer with variational dropout; see `StackedBiLSTM`.

    # Parameters

    input_dropout : `float`
        Dropped from the input, a mask for each sequence and direction.
    recurrent_dropout : `float`
        Dropped from h(t-1), a mask for each direction.
    recurrent_masks : `str`
        "batch" or "sequence": who shares a mask on h(t-1).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        input_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        recurrent_masks: str = "batch",
    ) -> None:
        super().__init__()
        self.input_dropout = input_dropout
        self.recurrent_dropout = recurrent_dropout
        self.recurrent_masks = recurrent_masks
        self.forward_direction = LSTMDirection(input_size, hidden_size)
        self.backward_direction = LSTMDirection(input_size, hidden_size)

    def forward(self, inputs: Tensor, reversal: Optional[Tensor] = None) -> Tensor:
        """`(length, batch, input)` to `(length, batch, 2 * hidden)`.

        `reversal` holds `reversal_indices` if lengths differ; the output on padding is undefined.
        """
        batch_size, input_size = inputs.shape[1:]
        hidden_size = self.forward_direction.hidden_size
        drop_input = self.training and self.input_dropout > 0.0
        drop_states = self.training and self.recurrent_dropout > 0.0
        of_sequences = drop_states and self.recurrent_masks == "sequence"
        masks: list[Any] = [None, None]  # of the directions
        if drop_states:
            shape = (batch_size if of_sequences else 1, hidden_size)
            masks = [dropout_mask(inputs, shape, self.recurrent_dropout) for _ in masks]

        if not (of_sequences or drop_input) and reversal is None:
            # Both directions read the same: one call is faster than two.
            forward_weights = self.forward_direction.weights(masks[0])
            backward_weights = self.backward_direction.weights(masks[1])
            return fused_lstm(inputs, forward_weights + backward_weights, hidden_size)

        ahead, back = inputs, reverse_sequences(inputs, reversal)
        if drop_input:
            # One mask for all time steps: (batch, input) against (length, batch, input).
            ahead = ahead * dropout_mask(inputs, (batch_size, input_size), self.input_dropout)
            back = back * dropout_mask(inputs, (batch_size, input_size), self.input_dropout)
        if of_sequences:
            ahead, back = self._loop(ahead, back, torch.stack(masks))
        else:
            ahead = self.forward_direction(ahead, masks[0])
            back = self.backward_direction(back, masks[1])
        return torch.cat([ahead, reverse_sequences(back, reversal)], dim=-1)

    def _loop(self, ahead: Tensor, back: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
        """Both directions by a loop over time; `back` is reversed already.

        `masks`, `(2, batch, hidden)`, are laid on h(t-1), each sequence having its own.
        """
        directions = (self.forward_direction, self.backward_direction)
        # What does not depend on the state is computed for all steps at once.
        projected = torch.stack(
            [
                F.linear(inputs, direction.input_weight, direction.bias)
                for inputs, direction in zip((ahead, back), directions, strict=True)
            ],
            dim=1,
        )  # (length, 2, batch, 4 * hidden)
        recurrent = torch.stack([direction.recurrent_weight.t() for direction in directions])
        hidden = cell = torch.zeros_like(masks)
        outputs = []
        for step in projected.unbind(0):
            gates = torch.baddbmm(step, hidden * masks, recurrent)
            entry, forget, candidate, output = gates.chunk(4, dim=-1)
            cell = forget.sigmoid() * cell + entry.sigmoid() * candidate.tanh()
            hidden = output.sigmoid() * cell.tanh()
            outputs.append(hidden)
        first, second = torch.stack(outputs, dim=1).unbind(0)  # (length, batch, hidden) each
        return first, second


class StackedBiLSTM(torch.nn.Module):
    """A stack of bidirectional LSTM layers; the output of every layer stays reachable.

    Dropout is of two kinds. *Naive*: elements of each layer's output are dropped, all
    independently. *Variational* (Gal and Ghahramani 2016, arXiv 1512.05287, section 4, gates tied):
    masks are drawn once for a sequence and kept over all its time steps, one for the input of every
    layer and one for h(t-1), the same for all gates; the two directions have their own; nothing is
    dropped after the last layer. What is kept is scaled by `1 / (1 - p)`, and in evaluation mode
    nothing is dropped.

    # Parameters

    input_size : `int`
        Features of the input.
    hidden_sizes : `list[int]`
        Units per direction of each layer, the lowest layer first.
    dropout : `Union[None, float, tuple[float, float]]`, optional (default = `(0.25, 0.25)`)
        `None` or 0: none. A number: naive dropout. A pair: variational dropout of the input and of
        h(t-1).
    recurrent_masks : `str`, optional (default = `"batch"`)
        `"batch"`: the sequences of a mini-batch share the mask on h(t-1), which lets the fused
        kernel apply it at no cost. `"sequence"`: each has its own, as in the paper, by a loop over
        time in training, which is slower. With one sequence in the batch they are the same.

    # Raises

    `ValueError` for sizes that are not positive, no layer at all, dropout outside [0, 1), a list
    that is not a pair, or an unknown `recurrent_masks`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_sizes: list[int],
        dropout: Union[None, float, Sequence[float]] = (0.25, 0.25),
        recurrent_masks: str = "batch",
    ) -> None:
        super().__init__()
        if not hidden_sizes:
            raise ValueError("hidden_sizes is empty: give the units of at least one layer")
        if input_size < 1 or any(size < 1 for size in hidden_sizes):
            raise ValueError(
                f"sizes must be positive, got input_size {input_size}, hidden_sizes {hidden_sizes}"
            )
        if recurrent_masks not in RECURRENT_MASKS:
            raise ValueError(
                f"recurrent_masks must be one of {RECURRENT_MASKS}, got {recurrent_masks!r}"
            )
        self.naive_dropout, input_dropout, recurrent_dropout = _parse_dropout(dropout)
        self.input_size = input_size
        self.output_sizes = [2 * size for size in hidden_sizes]
        input_sizes = [input_size, *self.output_sizes[:-1]]
        self.layers = torch.nn.ModuleList(
            BiLSTMLayer(size, hidden_size, input_dropout, recurrent_dropout, recurrent_masks)
            for size, hidden_size in zip(input_sizes, hidden_sizes, strict=True)
        )

    def forward(self, inputs: Tensor, lengths: Optional[Tensor] = None) -> list[Tensor]:
        """The output of each layer, `(batch, length, 2 * hidden_sizes[k])`, for inputs `(batch,
        length, input_size)`. A sequence's output does not depend on the others in its batch, and is
        zero on padding.

        # Parameters

        lengths : `Tensor`, optional
            `(batch,)`, steps of each sequence, padding behind them. `None`, which is faster:
            all are of full length.
        """
        if inputs.dim() != 3 or inputs.size(-1) != self.input_size:
            raise ValueError(
                f"inputs must be of shape (batch, length, {self.input_size}), "
                f"got {tuple(inputs.shape)}"
            )
        reversal = padding = None
        if lengths is not None:
            length = inputs.size(1)
            lengths = lengths.to(inputs.device)
            reversal = reversal_indices(lengths, length)
            steps = torch.arange(length, device=inputs.device).unsqueeze(1)
            padding = (steps >= lengths).unsqueeze(-1)  # (length, batch, 1)

        # Time-major inside: that is how the kernels work.
        hidden = inputs.transpose(0, 1).contiguous()
        outputs = []
        for layer in self.layers:
            hidden = layer(hidden, reversal)
            if padding is not None:
                hidden = hidden.masked_fill(padding, 0.0)
            hidden = F.dropout(hidden, self.naive_dropout, self.training)
            outputs.append(hidden.transpose(0, 1))
        return outputs


def _parse_dropout(
    dropout: Union[None, float, Sequence[float]],
) -> tuple[float, float, float]:
    """Naive, input and recurrent dropout."""
    values: Any = (0.0 if dropout is None else dropout, 0.0, 0.0)
    if isinstance(dropout, (tuple, list)):
        values = 0.0, *dropout
    if len(values) != 3:
        raise ValueError(f"dropout must be a number or a pair (input, recurrent), got {dropout!r}")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
            raise ValueError(f"dropout must be in [0, 1), got {dropout!r}")
    naive, inputs, recurrent = values
    return naive, inputs, recurrent
