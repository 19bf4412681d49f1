"""Word vectors from characters: a convolution or a BiLSTM, each word on its own, in plain torch.

Words are rows of character ids, `(words, characters)`, padded on the right with 0. How far they are
padded has no influence on the result, and a word without characters gets zeros.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from bilstm_tagger.network.fused_lstm import LSTMDirection, reversal_indices

PADDING = 0

# Odd, so that multiplication by its powers loses no bit (2 ** 64 / golden ratio, as signed).
_HASH_MULTIPLIER = -7046029254386353131


class CharacterEncoder(torch.nn.Module):
    """What character encoders share: the embedding of characters.

    It is uniform in +-sqrt(3 / dim), and its padding row is zero and stays zero.

    # Parameters

    num_characters : `int`
        Rows of the embedding, the padding row 0 included.
    embedding_dim : `int`
        Dimensions of a character's vector.
    output_dim : `int`
        Dimensions of a word's vector; an attribute, too.

    # Raises

    `ValueError` for a size that is not positive.
    """

    def __init__(self, num_characters: int, embedding_dim: int, output_dim: int) -> None:
        super().__init__()
        for name, size in (
            ("num_characters", num_characters),
            ("embedding_dim", embedding_dim),
            ("output size", output_dim),
        ):
            if size < 1:
                raise ValueError(f"{name} must be positive, got {size}")
        self.output_dim = output_dim
        self.embedding = torch.nn.Embedding(num_characters, embedding_dim, padding_idx=PADDING)
        bound = math.sqrt(3.0 / embedding_dim)
        with torch.no_grad():
            self.embedding.weight.uniform_(-bound, bound)
            self.embedding.weight[PADDING] = 0.0

    def forward(self, characters: Tensor) -> Tensor:
        """`(words, characters)` ids, 0 for padding, to `(words, output_dim)`."""
        raise NotImplementedError


class CharacterCNN(CharacterEncoder):
    """A linear convolution over a word's characters and the maximum over its positions.

    Source: Ma and Hovy 2016, arXiv 1603.01354, section 2.1. Zeros stand before and behind the word
    ("same" padding); padding positions take no part in the maximum.

    # Parameters

    num_characters, embedding_dim
        As of `CharacterEncoder`.
    num_filters : `int`, optional (default = `30`)
        Filters, which is the output's size.
    width : `int`, optional (default = `3`)
        Characters that a filter sees, an odd number.

    # Raises

    `ValueError` for a size that is not positive, or an even width.
    """

    def __init__(
        self,
        num_characters: int,
        embedding_dim: int = 30,
        num_filters: int = 30,
        width: int = 3,
    ) -> None:
        super().__init__(num_characters, embedding_dim, num_filters)
        if width < 1 or width % 2 == 0:
            raise ValueError(f"width must be a positive odd number, got {width}")
        self.width = width
        self.weight = torch.nn.Parameter(torch.empty(num_filters, embedding_dim, width))
        self.bias = torch.nn.Parameter(torch.zeros(num_filters))
        torch.nn.init.xavier_uniform_(self.weight)

    def forward(self, characters: Tensor) -> Tensor:
        """`(words, characters)` ids, 0 for padding, to `(words, num_filters)`."""
        width, filters = self.width, self.output_dim
        words, length = characters.shape
        if words == 0 or length == 0:
            return self.bias.new_zeros(words, filters)

        # A convolution over embeddings is a sum of look-ups in products of the embedding and the
        # kernel, one table for each place in the window. The embedding is called as a layer, since
        # that is what keeps gradients off its padding row.
        embedding = self.embedding(
            torch.arange(self.embedding.num_embeddings, device=characters.device)
        )
        kernel = self.weight.permute(2, 1, 0)  # (width, dim, filters)
        tables = torch.matmul(embedding, kernel)  # (width, rows, filters)
        rows = tables.size(1)
        flat = tables.view(-1, filters)

        half = width // 2
        # (length, words, width): the rows of `flat` that make up each window
        windows = F.pad(characters.t(), (0, 0, half, half), value=PADDING).unfold(0, width, 1)
        windows = windows + torch.arange(0, width * rows, rows, device=characters.device)

        with torch.no_grad():
            search = flat.clone()
            search[half * rows + PADDING] = -math.inf  # a window around padding never wins
            scores = F.embedding_bag(windows.reshape(-1, width), search, mode="sum")
            scores = scores.view(length, words, filters)
        if torch.is_grad_enabled():
            # Only the winners of the maximum have a gradient. So their values are computed anew,
            # for a small part of what a pass back through all windows costs.
            best = scores.max(dim=0).indices.expand(width, -1, -1)  # (width, words, filters)
            winners = windows.permute(2, 1, 0).contiguous().gather(2, best)
            values = flat.gather(0, winners.view(-1, filters)).view(best.shape).sum(0)
        else:
            values = scores.amax(dim=0)
        empty = (characters == PADDING).all(dim=1, keepdim=True)
        return (values + self.bias).masked_fill(empty, 0.0)


class CharacterLSTM(CharacterEncoder):
    """A BiLSTM over a word's characters: the final states of both directions.

    That is the forward direction's at the last character and the backward direction's at the first.
    Source: Lample et al. 2016, arXiv 1603.01360, section 4.1.

    # Parameters

    num_characters, embedding_dim
        As of `CharacterEncoder`.
    hidden_size : `int`, optional (default = `25`)
        Units per direction; the output is twice as large.

    # Raises

    `ValueError` for a size that is not positive.
    """

    # Words are sorted by length and run in groups, each as long as its longest word: with larger
    # groups more steps go to padding, with smaller ones the matrices get too small.
    GROUP_SIZE = 200

    def __init__(self, num_characters: int, embedding_dim: int = 30, hidden_size: int = 25) -> None:
        super().__init__(num_characters, embedding_dim, 2 * hidden_size)
        self.hidden_size = hidden_size
        self.forward_direction = LSTMDirection(embedding_dim, hidden_size)
        self.backward_direction = LSTMDirection(embedding_dim, hidden_size)

    def forward(self, characters: Tensor) -> Tensor:
        """`(words, characters)` ids, 0 for padding on the right, to `(words, 2 * hidden_size)`."""
        words, length = characters.shape
        if words == 0 or length == 0:
            return self.embedding.weight.new_zeros(words, self.output_dim)
        lengths, order = (characters != PADDING).sum(dim=1).sort()
        groups = lengths.split(self.GROUP_SIZE)
        longest = torch.stack([group[-1] for group in groups]).clamp(min=1).tolist()
        encoded = [
            self._encode(characters[members, :steps], group)
            for members, group, steps in zip(
                order.split(self.GROUP_SIZE), groups, longest, strict=True
            )
        ]
        return F.embedding(order.argsort(), torch.cat(encoded))

    def _encode(self, characters: Tensor, lengths: Tensor) -> Tensor:
        ahead = characters.t()  # (length, words)
        back = ahead.gather(0, reversal_indices(lengths, ahead.size(0)))
        # Reversed within its length, a word has both final states at its last place.
        last = (lengths - 1).clamp(min=0)
        words = torch.arange(last.size(0), device=last.device)
        states = [
            direction(self.embedding(ids))[last, words]
            for direction, ids in (
                (self.forward_direction, ahead),
                (self.backward_direction, back),
            )
        ]
        return torch.cat(states, dim=-1).masked_fill((lengths == 0).unsqueeze(-1), 0.0)


def encode_distinct_words(characters: Tensor, encoder: Callable[[Tensor], Tensor]) -> Tensor:
    """Word vectors for a batch of sentences, each distinct word encoded once: `(batch, length,
    characters)` ids, 0 for padding on the right, to `(batch, length, output_dim)`. The encoder is
    a `CharacterEncoder`, or whatever else takes `(words, characters)` to `(words, output_dim)`,
    each word on its own."""
    rows = characters.flatten(0, 1)
    if rows.numel() == 0:
        return encoder(rows).unflatten(0, characters.shape[:2])
    distinct, inverse = distinct_rows(rows)
    used = (distinct != PADDING).any(dim=0).nonzero()
    longest = int(used[-1]) + 1 if len(used) else 1
    encoded = encoder(distinct[:, :longest])
    return F.embedding(inverse.view(characters.shape[:2]), encoded)


def hash_rows(rows: Tensor) -> Tensor:
    """A polynomial hash modulo 2 ** 64 of each row: `(rows, columns)` to `(rows,)`."""
    powers = torch.full_like(rows[0], _HASH_MULTIPLIER).cumprod(0)
    return (rows * powers).sum(dim=1)


def distinct_rows(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Distinct rows of integers, exactly, and by hashes since `torch.unique` is slow on rows: of
    `(rows, columns)` the `distinct` ones, and `inverse`, `(rows,)`, so that `distinct[inverse]` is
    `rows`."""
    hashes, inverse = torch.unique(hash_rows(rows), return_inverse=True)
    numbers = torch.arange(rows.size(0), device=rows.device)
    first = torch.full_like(hashes, rows.size(0)).scatter_reduce_(0, inverse, numbers, "amin")
    distinct = rows[first]
    if torch.equal(distinct[inverse], rows):
        return distinct, inverse
    # Different rows of equal hash; all but impossible.
    distinct, inverse = torch.unique(rows, dim=0, return_inverse=True)
    return distinct, inverse
