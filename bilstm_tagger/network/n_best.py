"""The best sequences of tags of a sentence, as many as are asked for."""

from typing import NamedTuple

import torch
from torch import Tensor

from bilstm_tagger.network import crf_functional
from bilstm_tagger.network.crf_functional import Potentials


class NBest(NamedTuple):
    """
    The best sequences of tags of each sentence of a batch, the best one first.

    # Parameters

    tags : `Tensor`, (batch, k, length) long
        0 on padding, and for sequences beyond the count.
    log_probabilities : `Tensor`, (batch, k)
        Minus infinity for sequences beyond the count.
    counts : `Tensor`, (batch,) long
        How many sequences there are: `k`, or as many as are permitted, if these are fewer.
    """

    tags: Tensor
    log_probabilities: Tensor
    counts: Tensor


@torch.no_grad()
def n_best(potentials: Potentials, k: int) -> NBest:
    """
    The `k` most probable sequences of tags of each sentence and their log-probabilities, by the
    tree-trellis search (Soong & Huang 1991, "A Tree-Trellis Based Fast Search for Finding the N
    Best Sentence Hypotheses"): a forward pass of the Viterbi algorithm, and a search from the last
    token to the first that rates a partial sequence by the best sequence which it is the end of.
    All sentences go backward together, token by token, and keep the `k` best partial sequences.
    That is exact: if an end is not among them, `k` sequences are better than all that it ends.

    Of sequences with the same score, the one with the lowest last tag comes first, then with the
    lowest tag before it, and so on; the first of all is that of `crf_functional.viterbi`, unless
    scores are equal but for rounding.

    Time is proportional to `length * tags * batch * (tags + k)`. Memory: `length * tags * batch`
    scores and `12 * length * k * batch` bytes of tags and back-pointers, besides about
    `5 * tags * k * batch` scores for one token.

    # Parameters

    potentials : `Potentials`
        The scores, in the dtype that is to be computed in.
    k : `int`
        How many sequences; at least 1.

    # Errors

    `ValueError` if `k` is below 1, or if the best score of a sentence is not finite: no sequence
    is permitted for its length, or scores are not finite.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    padding = potentials.padding
    scores = crf_functional.position_scores(potentials).transpose(1, 2)  # (length, batch, tags)
    if padding is not None:
        scores.masked_fill_(~padding.valid.unsqueeze(2), 0.0)
    best = _best_histories(scores, potentials)
    length, batch, tags = scores.shape

    # The tag behind the sentence has number `tags`, and all may stand before it.
    into = torch.nn.functional.pad(potentials.transitions.t(), (0, 0, 0, 1))  # [to, from]
    tag = torch.full((batch, k), tags, device=scores.device)
    ended = scores.new_full((batch, k), -torch.inf)  # the score of what is behind a token
    ended[:, 0] = 0.0
    steps = []
    for position in range(length - 1, -1, -1):
        moved = ended.unsqueeze(2) + into[tag]  # (batch, k, tags)
        totals = (moved + best[position].unsqueeze(1)).flatten(1)
        chosen = _largest(totals, k)
        origin, new = chosen // tags, chosen % tags
        behind = moved.flatten(1).gather(1, chosen) + scores[position].gather(1, new)
        if padding is not None:
            valid = padding.valid[position].unsqueeze(1)
            new, behind = new.where(valid, tag), behind.where(valid, ended)
        tag, ended = new, behind
        steps.append((origin.int(), new))

    # They are in the order of their tags, and become that of their scores. They are read from the
    # first token on, so that padding, which comes last, needs no pointers.
    order = torch.sort(ended, dim=1, descending=True, stable=True)
    slot, path = order.indices, []
    for origin, new in reversed(steps):
        path.append(new.gather(1, slot))
        slot = origin.gather(1, slot).long()
    exists = order.values > -torch.inf
    found = torch.stack(path, 2).mul_(exists.unsqueeze(2))
    if padding is not None:
        found.mul_(padding.valid.t().unsqueeze(1))
    log_partition = -crf_functional.log_likelihood(potentials, None)
    # Rounding may leave the best a trifle above the sum of all.
    log_probabilities = (order.values - log_partition.unsqueeze(1)).clamp_(max=0.0)
    return NBest(found, log_probabilities, exists.sum(1))


def _best_histories(scores: Tensor, potentials: Potentials) -> Tensor:
    """The score of the best sequence up to each tag (Viterbi 1967): (length, batch, tags)."""
    moves = potentials.transitions.unsqueeze(2)
    best = scores.transpose(1, 2).clone()  # (length, tags, batch)
    for position in range(1, len(best)):
        best[position] += (best[position - 1].unsqueeze(1) + moves).amax(0)
    best = best.transpose(1, 2).contiguous()
    padding = potentials.padding
    last = best[-1] if padding is None else best[padding.last, padding.rows]
    if not bool(last.amax(1).isfinite().all()):
        raise ValueError(
            "a sentence has no best path: none is permitted for its length, or the emissions or "
            "parameters are not finite"
        )
    return best


def _largest(values: Tensor, k: int) -> Tensor:
    """Where the k largest of each row are, the first of equal ones, in ascending order: (rows, k).
    (Which of equal ones a top-k takes is left open, and a stable sort is slower.)"""
    limit = values.topk(k, sorted=False).values.amin(1, keepdim=True)
    above, equal = values > limit, values == limit
    wanted = k - above.sum(1, keepdim=True)
    above |= equal & (equal.cumsum(1) <= wanted)
    return above.nonzero()[:, 1].view(-1, k)
