"""A bidirectional LSTM layer for prediction: sentences of any lengths together, without padding.

Training leaves the recurrence to torch's fused kernel (`fused_lstm`). Prediction needs no
gradients, and there a plain loop over time is faster, for two reasons. What the layer makes of a
token before the recurrence, more than half of the arithmetic, is looked up in a table, where the
same word is computed once. And a step of the loop takes hardly more than the sentences that are
still running.
"""

from typing import Optional

import torch
from torch import Tensor

from bilstm_tagger.network.fused_lstm import LSTMDirection

# A step takes a multiple of so many sentences.
WIDTH_STEP = 4


class Packing:
    """The tokens of several sentences one behind the other, and the order in which a bidirectional
    layer reads them.

    # Parameters

    lengths : `Tensor`
        Tokens of each sentence, `(batch,)`, at least one, the longest sentence first.

    # Raises

    `ValueError`
        For lengths in another order, or without a token.
    """

    def __init__(self, lengths: Tensor) -> None:
        if not len(lengths) or bool((lengths[1:] > lengths[:-1]).any()) or int(lengths[-1]) < 1:
            raise ValueError(
                f"lengths must be positive and the longest first, got {lengths.tolist()}"
            )
        self.lengths = lengths
        self.tokens = int(lengths.sum())
        device = lengths.device
        starts = lengths.cumsum(0) - lengths
        steps = torch.arange(int(lengths[0]), device=device).unsqueeze(1)
        running = steps < lengths  # (length, batch)
        # How many sentences a step takes: those that are running, and some that have ended, as
        # fewer changes of the number cost less than what is computed in vain.
        widths = (running.sum(1) + WIDTH_STEP - 1) // WIDTH_STEP * WIDTH_STEP
        widths = widths.clamp(max=len(lengths))
        taken = torch.arange(len(lengths), device=device) < widths.unsqueeze(1)
        taken = taken.unsqueeze(1).expand(-1, 2, -1)
        # The rows of a step in a table of (token, direction): those of the forward direction, then
        # those of the backward one, which starts from the end of each sentence.
        ahead = 2 * (starts + steps)
        back = 2 * (starts + lengths - 1 - steps) + 1
        rows = torch.stack([ahead, back], dim=1)  # (length, direction, batch)
        rows = rows.where(running.unsqueeze(1), 0)
        self.order = rows[taken]
        self.widths: list[int] = widths.tolist()
        # Where the turn of each row is.
        turns = running.unsqueeze(1).expand(-1, 2, -1)[taken].nonzero().squeeze(1)
        self.place = torch.empty(2 * self.tokens, dtype=torch.long, device=device)
        self.place[self.order[turns]] = turns
        # `None` where all sentences are of the same length.
        self.mask: Optional[Tensor] = None
        self._padded = (starts.unsqueeze(1) + steps.t()).clamp(max=self.tokens - 1)
        if int(lengths[-1]) < int(lengths[0]):
            self.mask = running.t().contiguous()  # (batch, length)

    def pad(self, values: Tensor) -> Tensor:
        """`(tokens, features)` to `(batch, length, features)`; any values on padding."""
        return values[self._padded]


def project(inputs: Tensor, ahead: LSTMDirection, back: LSTMDirection) -> Tensor:
    """What both directions make of tokens before the recurrence: `(rows, input)` to
    `(rows, 8 * hidden)`.

    The candidate, `tanh(x) = 2 * sigmoid(2 * x) - 1`, is doubled already, so that one sigmoid
    serves all gates.
    """
    weights = torch.cat([_doubled(each.input_weight) for each in (ahead, back)])
    biases = torch.cat([_doubled(each.bias) for each in (ahead, back)])
    return torch.nn.functional.linear(inputs, weights, biases)


def read(
    projected: Tensor,
    rows: Optional[Tensor],
    packing: Packing,
    ahead: LSTMDirection,
    back: LSTMDirection,
) -> Tensor:
    """The outputs of a bidirectional layer, `(tokens, 2 * hidden)`, without gradients.

    # Parameters

    projected : `Tensor`
        Of `project`, `(rows, 8 * hidden)`.
    rows : `Tensor`, optional
        The row of each token, `(tokens,)`. `None`: there is one for each, in their order.
    packing : `Packing`
        The order of the tokens.
    ahead, back : `LSTMDirection`
        The two directions.
    """
    size = ahead.hidden_size
    recurrent = torch.stack(
        [_doubled(each.recurrent_weight).t() for each in (ahead, back)]
    )  # (2, hidden, 4 * hidden)
    table = projected.view(-1, 4 * size)  # (rows * 2 directions, 4 * hidden)
    order = packing.order
    lookup = order
    if rows is not None:
        lookup = 2 * rows.index_select(0, order // 2) + order % 2

    outputs = table.new_empty(len(order), size)
    hidden = table.new_zeros(2, packing.widths[0], size)
    cell = hidden.clone()
    buffer = table.new_empty(2 * packing.widths[0], 4 * size)
    flat, gates, (entry, forget, candidate, output) = _views(buffer, size)
    sizes = [2 * number for number in packing.widths]
    for number, wanted, out in zip(
        packing.widths, lookup.split(sizes), outputs.split(sizes), strict=True
    ):
        if number < cell.size(1):
            hidden, cell = hidden[:, :number], cell[:, :number]
            flat, gates, (entry, forget, candidate, output) = _views(buffer[: 2 * number], size)
        torch.index_select(table, 0, wanted, out=flat)
        gates.baddbmm_(hidden, recurrent)
        gates.sigmoid_()
        cell.mul_(forget).addcmul_(entry, candidate, value=2.0).sub_(entry)
        hidden = torch.mul(cell.tanh(), output, out=out.view(2, number, size))
    return outputs.index_select(0, packing.place).view(packing.tokens, 2 * size)


def _views(rows: Tensor, size: int) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    """The rows of a step, the same as `(2, sentences, 4 * size)`, and each of the four gates."""
    gates = rows.view(2, -1, 4 * size)
    return rows, gates, gates.chunk(4, dim=-1)


def _doubled(weight: Tensor) -> Tensor:
    """A copy with the part of the candidate, the third of four gates, doubled."""
    copy = weight.detach().clone()
    copy.chunk(4)[2].mul_(2.0)
    return copy
