"""Inference in a linear-chain conditional random field, as functions of tensors.

With `s(x, y)` the sum of the start, emission, transition and end scores of tags `y` for a sentence
`x`, `p(y | x) = exp(s(x, y) - log Z(x))` (Lafferty, McCallum & Pereira 2001, section 3).

Inside, the batch is the last dimension, as reductions over a few tens of tags are several times
faster where those are not the innermost dimension.
"""

from itertools import pairwise
from typing import Any, NamedTuple, Optional

import torch
from torch import Tensor

# The scaled recursion is normalised at every n-th position: the fewer, the faster. What is too
# extreme for the first interval is tried with the second, and in log space after that.
_INTERVALS = (4, 1)


class Padding(NamedTuple):
    """Where the sentences of a batch end."""

    valid: Tensor  # (length, batch) bool: within a sentence
    last: Tensor  # (batch,): the last position of each sentence
    rows: Tensor  # (batch,): 0, 1, 2, ...

    @classmethod
    def of(cls, mask: Tensor) -> "Padding":
        """From a mask, (batch, length) bool, with the tokens of each sentence first."""
        return cls(mask.t(), mask.sum(1) - 1, torch.arange(len(mask), device=mask.device))


class Potentials(NamedTuple):
    """What a path is scored with, all of one floating dtype. A start, transition or end of minus
    infinity is forbidden, and so is an emission of minus infinity of a token, which needs another
    tag. Emissions on padding, if finite, have no influence."""

    emissions: Tensor  # (batch, length, tags)
    transitions: Tensor  # (tags, tags), indexed [from, to]
    start: Tensor  # (tags,)
    end: Tensor  # (tags,)
    padding: Optional[Padding]  # none where all sentences have the full length


class _Posteriors(NamedTuple):
    log_partition: Tensor  # (batch,)
    scale: Tensor  # (length, batch): what all the following is to be multiplied by, where
    joint: Tensor  # (tags, length, batch): p(y_t = i) is joint[i], 0 on padding, and
    forward: Tensor  # (tags, length, batch): p(y_t = i, y_{t+1} = j) is
    backward: Tensor  # (tags, length - 1, batch): forward[i] * weights[i, j] * backward[j]
    weights: Tensor  # (tags, tags): exp(transitions - max)


def position_scores(potentials: Potentials) -> Tensor:
    """A copy of the emissions, (length, tags, batch), with start and end scores added to the
    first and the last position, which leaves nothing but transitions to the recursions."""
    emissions, _, start, end, padding = potentials
    # Never a view, not even where a batch of one makes the transposition contiguous.
    scores = emissions.permute(1, 2, 0).clone(memory_format=torch.contiguous_format)
    if padding is None:
        scores[-1].add_(end.unsqueeze(1))
    else:
        scores[padding.last, :, padding.rows] += end
    scores[0].add_(start.unsqueeze(1))
    return scores


def _reorder(values: Tensor, order: Tensor, out: Optional[Tensor] = None) -> Tensor:
    """Takes the positions, dimension 0 of 3, in an order: (length,) or (length, batch)."""
    if order.dim() == 1:
        return torch.index_select(values, 0, order, out=out)
    return torch.gather(values, 0, order.unsqueeze(1).expand(-1, values.shape[1], -1), out=out)


def _scaled_posteriors(potentials: Potentials, interval: int) -> Optional[_Posteriors]:
    """The forward-backward algorithm with scaling (Rabiner 1989, section V.A): probabilities in
    place of their logarithms, so that a step is a matrix product. Both recursions are one loop:
    the backward one is the forward one of the reversed sentence and transposed transitions.

    Returns `None` if underflow may have cost precision.
    """
    transitions, padding = potentials.transitions, potentials.padding
    scores = position_scores(potentials)
    length, tags, batch = scores.shape
    limits = torch.finfo(scores.dtype)
    positions = torch.arange(length, device=scores.device)
    order = length - 1 - positions
    if padding is not None:
        # Only what is within a sentence is reversed: both recursions leave padding for last.
        positions = positions.unsqueeze(1)
        order = torch.where(padding.valid, padding.last - positions, positions)

    # Emissions of a position sum to 1 (0 on padding) and transitions are at most 1: the sums of
    # the recursion can only shrink, however many positions are between two normalisations.
    shift = scores.amax(1)  # (length, batch)
    scores.sub_(shift.unsqueeze(1)).exp_()
    total = scores.sum(1)
    if padding is not None:
        total.masked_fill_(~padding.valid, torch.inf)
    top = transitions.amax().clamp(min=limits.min)  # finite, even if all are forbidden
    weights = (transitions - top).exp()
    steps = torch.stack([weights.t(), weights])  # (2, tags, tags)

    # Emissions first, which the recursions overwrite.
    states = scores.new_empty(length, 2, tags, batch)
    states[:, 0] = scores.div_(total.unsqueeze(1))
    _reorder(scores, order, out=states[:, 1])
    norms = scores.new_ones(length, 2, 1, batch)
    product = torch.empty_like(states[0])
    for position, (previous, state) in enumerate(pairwise(states.unbind(0)), 1):
        torch.bmm(steps, previous, out=product)
        state.mul_(product)
        if position % interval == 0:
            norm = torch.sum(state, 1, keepdim=True, out=norms[position])
            state.div_(norm if padding is None else norm.clamp_(min=limits.tiny))

    # (tags, length, batch), where sums over positions and batch are matrix products.
    forward = states[:, 0].transpose(0, 1).contiguous()
    backward = _reorder(states[:, 1], order[1:]).transpose(0, 1).contiguous()  # length - 1
    # What follows each tag, its own emission left out; 1 at the end of a sentence.
    following = torch.ones_like(forward)
    inside = following.flatten(1)[:, : (length - 1) * batch]
    torch.mm(weights, backward.flatten(1), out=inside)  # `out` is out of reach of autocast
    if padding is not None:
        following[:, padding.last, padding.rows] = 1.0
    joint = following.mul_(forward)
    inner, norm = joint.sum(0), norms[:, 0, 0]  # (length, batch)
    if padding is not None:
        shift.masked_fill_(~padding.valid, 0.0)
        for values in (inner, norm, total):
            values.masked_fill_(~padding.valid, 1.0)

    # All factors are at most 1. So the paths through a number that became subnormal or 0 have, at
    # that position, a mass of at most the smallest normal number, out of the `inner` mass of all
    # paths (times `norm`, for numbers that were lost before normalisation). There are about
    # length * tags^2 numbers. If all of them together are below rounding error, nothing is lost.
    if not bool((inner * norm).amin() > length * tags**2 * limits.tiny / limits.eps):
        return None
    log_partition = (norm * total).log_().add_(shift).sum(0)  # (batch,)
    if padding is None:
        log_partition += inner[-1].log() + top * (length - 1)
    else:
        log_partition += inner[padding.last, padding.rows].log() + top * padding.last
    return _Posteriors(log_partition, inner.reciprocal_(), joint, forward, backward, weights)


@torch.no_grad()
def posteriors_of(potentials: Potentials) -> Optional[_Posteriors]:
    found = (_scaled_posteriors(potentials, interval) for interval in _INTERVALS)
    return next((posteriors for posteriors in found if posteriors is not None), None)


def log_sum_exp(values: Tensor) -> Tensor:
    """`torch.logsumexp` over dimension 1, whose gradient is 0, not NaN, where all is forbidden."""
    top = values.detach().amax(1, keepdim=True).clamp(min=torch.finfo(values.dtype).min)
    total = (values - top).exp().sum(1)
    nothing = total == 0
    return (total.masked_fill(nothing, 1.0).log() + top.squeeze(1)).masked_fill(nothing, -torch.inf)


def log_space_states(potentials: Potentials) -> list[Tensor]:
    """The forward algorithm in log space, exact for any scores, differentiated by autograd: at each
    position, (batch, tags), `log` of the sum of the exponential scores of all paths that lead to a
    tag. On padding they stay as they are."""
    emissions, transitions, start, _, padding = potentials
    states = [start + emissions[:, 0]]
    for position in range(1, emissions.shape[1]):
        last = states[-1]
        moved = log_sum_exp(last.unsqueeze(2) + transitions) + emissions[:, position]
        states.append(
            moved if padding is None else moved.where(padding.valid[position, :, None], last)
        )
    return states


def _log_space_partition(potentials: Potentials) -> Tensor:
    return log_sum_exp(log_space_states(potentials)[-1] + potentials.end)


def check_permitted(log_partition: Tensor) -> None:
    """Raises `ValueError` if all paths of a sentence are forbidden."""
    if bool((log_partition == -torch.inf).any()):
        raise ValueError("no path is permitted for the length of a sentence")


def path_scores(potentials: Potentials, tags: Tensor) -> Tensor:
    """The score `s(x, y)` of the given tags, (batch, length): (batch,)."""
    emissions, transitions, start, end, padding = potentials
    emitted = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)  # (batch, length)
    moved = transitions[tags[:, :-1], tags[:, 1:]]  # (batch, length - 1)
    if padding is None:
        last = tags[:, -1]
    else:
        emitted = emitted.masked_fill(~padding.valid.t(), 0.0)
        moved = moved.masked_fill(~padding.valid[1:].t(), 0.0)
        last = tags[padding.rows, padding.last]
    boundaries = start.index_select(0, tags[:, 0]) + end.index_select(0, last)
    return emitted.sum(1) + moved.sum(1) + boundaries


def expected_scores(potentials: Potentials, chances: Tensor) -> Tensor:
    """The expectation of the score of independent tags with these probabilities, (batch, length,
    tags): (batch,)."""
    emissions, transitions, start, end, padding = potentials
    if padding is not None:
        chances = chances.masked_fill(~padding.valid.t().unsqueeze(2), 0.0)
    last = chances[:, -1] if padding is None else chances[padding.rows, padding.last]
    with torch.autocast(emissions.device.type, enabled=False):
        moved = ((chances[:, :-1] @ transitions) * chances[:, 1:]).sum((1, 2))
        boundaries = chances[:, 0] @ start + last @ end
    return (chances * emissions).sum((1, 2)) + moved + boundaries


class _LogLikelihood(torch.autograd.Function):
    """`s(x, y) - log Z(x)`, or `-log Z(x)` where there are no tags, with the gradient from the
    posteriors: observed minus expected counts (Lafferty et al. 2001, section 4)."""

    @staticmethod
    def forward(
        ctx: Any,
        emissions: Tensor,
        transitions: Tensor,
        start: Tensor,
        end: Tensor,
        padding: Optional[Padding],
        tags: Optional[Tensor],
        posteriors: _Posteriors,
    ) -> Tensor:
        log_partition, *saved = posteriors
        ctx.save_for_backward(tags, *saved)
        ctx.padding = padding
        potentials = Potentials(emissions, transitions, start, end, padding)
        return -log_partition if tags is None else path_scores(potentials, tags) - log_partition

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Optional[Tensor], ...]:
        tags, scale, joint, forward, backward, weights = ctx.saved_tensors
        padding, (length, batch) = ctx.padding, scale.shape
        expected = -gradient * scale
        emissions = joint * expected  # (tags, length, batch)
        transitions = None
        if ctx.needs_input_grad[1]:
            origins = (forward * expected).flatten(1)[:, : (length - 1) * batch]
            transitions = (origins @ backward.flatten(1).t()).mul_(weights)
        if tags is not None:
            observed = gradient.expand(length, batch)
            if padding is not None:
                observed = observed * padding.valid
            path = tags.t()  # (length, batch)
            emissions.scatter_add_(0, path.unsqueeze(0), observed.unsqueeze(0))
            if transitions is not None:
                transitions.index_put_((path[:-1], path[1:]), observed[1:], accumulate=True)
        ended = emissions[:, -1] if padding is None else emissions[:, padding.last, padding.rows]
        boundaries = emissions[:, 0].sum(1), ended.sum(1)
        return emissions.permute(2, 1, 0), transitions, *boundaries, None, None, None


def log_likelihood(potentials: Potentials, tags: Tensor) -> Tensor:
    """`log p(y | x)` of each sentence, (batch,), for tags (batch, length) that are within range on
    padding, too. A `ValueError` if all paths are forbidden."""
    posteriors = posteriors_of(potentials)
    if posteriors is not None:
        return _LogLikelihood.apply(*potentials, tags, posteriors)
    partition = _log_space_partition(potentials)
    check_permitted(partition)
    return path_scores(potentials, tags) - partition


def log_partition(potentials: Potentials) -> Tensor:
    """`log Z(x)` of each sentence, (batch,): minus infinity, without a gradient, where all paths
    are forbidden."""
    posteriors = posteriors_of(potentials)
    if posteriors is not None:
        return -_LogLikelihood.apply(*potentials, None, posteriors)
    return _log_space_partition(potentials)


def marginals(potentials: Potentials) -> Tensor:
    """`p(y_t = i | x)`: (batch, length, tags). A `ValueError` if all paths are forbidden."""
    posteriors = posteriors_of(potentials)
    if posteriors is not None:
        return (posteriors.joint * posteriors.scale).permute(2, 1, 0).contiguous()
    # They are the gradient of log Z, which inference mode would not record.
    with torch.inference_mode(False), torch.enable_grad():
        emissions, transitions, start, end = (v.detach().clone() for v in potentials[:4])
        padding = potentials.padding
        padding = padding and Padding(*(value.clone() for value in padding))
        potentials = Potentials(emissions.requires_grad_(), transitions, start, end, padding)
        log_partition = _log_space_partition(potentials)
        check_permitted(log_partition)
        return torch.autograd.grad(log_partition.sum(), emissions)[0]
