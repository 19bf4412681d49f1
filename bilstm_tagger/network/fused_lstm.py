"""One direction of an LSTM layer on torch's fused kernel, and sequences read backwards."""

from typing import Optional

import torch
from torch import Tensor


class LSTMDirection(torch.nn.Module):
    """The weights of one direction of an LSTM layer, and the call of the fused kernel on them.

    Gates are in torch's order (input, forget, cell, output). Input kernels are Glorot-uniform, the
    recurrent kernel is orthogonal, the bias is 1 for the forget gate and 0 elsewhere. There is one
    trainable bias; torch's kernel wants a second, which is zero and not trained.
    """

    zero_bias: Tensor

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.input_weight = torch.nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.recurrent_weight = torch.nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.bias = torch.nn.Parameter(torch.empty(4 * hidden_size))
        self.register_buffer("zero_bias", torch.zeros(4 * hidden_size), persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all weights anew."""
        torch.nn.init.xavier_uniform_(self.input_weight)
        torch.nn.init.orthogonal_(self.recurrent_weight)
        torch.nn.init.zeros_(self.bias)
        with torch.no_grad():
            self.bias[self.hidden_size : 2 * self.hidden_size] = 1.0

    def weights(self, recurrent_mask: Optional[Tensor] = None) -> list[Tensor]:
        """The four tensors that torch's kernel takes.

        A mask on h(t-1) that all sequences share, `(1, hidden)`, becomes one on the columns of the
        recurrent weight: `W (m * h) = (W * m) h`.
        """
        recurrent: Tensor = self.recurrent_weight
        if recurrent_mask is not None:
            recurrent = recurrent * recurrent_mask
        return [self.input_weight, recurrent, self.bias, self.zero_bias]

    def forward(self, inputs: Tensor, recurrent_mask: Optional[Tensor] = None) -> Tensor:
        """`(length, batch, input)` to `(length, batch, hidden)`, from the first step to the last.

        `recurrent_mask`, `(1, hidden)`, is laid on h(t-1) of all sequences.
        """
        return fused_lstm(inputs, self.weights(recurrent_mask), self.hidden_size)


def fused_lstm(inputs: Tensor, weights: list[Tensor], hidden_size: int) -> Tensor:
    """One LSTM layer by torch's fused kernel, from a zero state, on plain tensors for weights:
    `(length, batch, input)` to `(length, batch, directions * hidden_size)`. There are four weights
    for one direction, eight for two (forward first)."""
    directions = len(weights) // 4
    state = inputs.new_zeros(directions, inputs.size(1), hidden_size)
    # cuDNN computes gradients only if told to train. With no dropout inside the kernel it means
    # nothing else, hence gradients are there in evaluation mode, too.
    train = torch.is_grad_enabled()
    bidirectional = directions == 2
    outputs, _, _ = torch._VF.lstm(
        inputs, [state, state], weights, True, 1, 0.0, train, bidirectional, False
    )
    return outputs


def reversal_indices(lengths: Tensor, length: int) -> Tensor:
    """Indices that reverse sequences and leave padding in its place.

    `(batch,)` to `(length, batch)`: n - 1 - t for step t of a sequence of n steps, t on padding.
    """
    steps = torch.arange(length, device=lengths.device).unsqueeze(1)  # (length, 1)
    return torch.where(steps < lengths, lengths - 1 - steps, steps)


def reverse_sequences(inputs: Tensor, indices: Optional[Tensor]) -> Tensor:
    """Reverses time-major sequences, `(length, batch, features)`.

    By `indices` of `reversal_indices`, or as a whole if there are none.
    """
    if indices is None:
        return inputs.flip(0)
    batch = torch.arange(inputs.size(1), device=inputs.device)
    rows = (indices * inputs.size(1) + batch).flatten()  # of (length * batch, features)
    return inputs.flatten(0, 1).index_select(0, rows).view_as(inputs)
