"""Likelihoods in which labels have weights."""

from typing import Optional

import torch
from torch import Tensor

from bilstm_tagger.network.crf_functional import Potentials, log_space_states, log_sum_exp


def lannoy_log_likelihood(potentials: Potentials, tags: Tensor, weights: Tensor) -> Tensor:
    """The weighted log-likelihood of each sentence, (batch,) (de Lannoy et al. 2012, "Weighted
    Conditional Random Fields for Supervised Interpatient Heartbeat Classification", IEEE
    Transactions on Biomedical Engineering 59(1)).

    The log-likelihood is a sum over tokens, of the scores of a token less the logarithm of what the
    forward algorithm is normalised by there; each is multiplied by the weight of the tag of the
    token. Start and end scores have no weight, nor has the last normalisation, by the end scores.

    # Parameters

    tags : `Tensor`, (batch, length) long, within range on padding, too
    weights : `Tensor`, (tags,)
    """
    emissions, transitions, start, end, padding = potentials
    norms = _scaled_norms(potentials)
    of_tokens, of_end = _log_space_norms(potentials) if norms is None else norms
    of_tokens = emissions.gather(2, tags.unsqueeze(2)).squeeze(2) - of_tokens
    moves = transitions[tags[:, :-1], tags[:, 1:]]
    token_weights = weights.to(emissions.dtype)[tags]
    last = tags[:, -1]
    if padding is not None:
        valid = padding.valid.t()
        of_tokens = of_tokens.masked_fill(~valid, 0.0)
        moves = moves.masked_fill(~valid[:, 1:], 0.0)
        last = tags[padding.rows, padding.last]
    weighted = (of_tokens * token_weights).sum(1) + (moves * token_weights[:, :-1]).sum(1)
    boundaries = start.index_select(0, tags[:, 0]) + end.index_select(0, last)
    return weighted + boundaries - of_end


def _scaled_norms(potentials: Potentials) -> Optional[tuple[Tensor, Tensor]]:
    """The logarithms of what the forward algorithm is normalised by at each token, (batch, length),
    and at the end, (batch,) (Rabiner 1989, section V.A); of no meaning on padding.

    Steps are matrix products of probabilities, many times faster than sums of logarithms, in double
    precision. `None` where it does not suffice.
    """
    emissions, transitions, start, end, padding = potentials
    # What is subtracted before the exponential, and added to its logarithm, has no gradient.
    shifts = emissions.detach().amax(2)  # (batch, length)
    top, first, last = (scores.detach().max() for scores in (transitions, start, end))
    emitted = (emissions - shifts.unsqueeze(2)).double().exp()
    moves = (transitions - top).double().exp()
    state = (start - first).double().exp() * emitted[:, 0]
    states, sums = [], []
    for position in range(emissions.shape[1]):
        if position:
            state = (state @ moves) * emitted[:, position]
        sums.append(state.sum(1))
        state = state / sums[-1].unsqueeze(1)
        states.append(state)
    if padding is not None:
        state = torch.stack(states)[padding.last, padding.rows]
    total = state @ (end - last).double().exp()
    norms = torch.stack(sums, 1)
    valid = norms if padding is None else norms[padding.valid.t()]
    if not bool((valid > 0).all() & (total > 0).all()):
        return None
    logs = norms.log().to(emissions.dtype) + shifts
    constants = torch.cat([first.view(1), top.expand(logs.shape[1] - 1)])
    return logs + constants, total.log().to(emissions.dtype) + last


def _log_space_norms(potentials: Potentials) -> tuple[Tensor, Tensor]:
    """The same for any scores."""
    states = log_space_states(potentials)
    totals = torch.stack([log_sum_exp(state) for state in states], 1)  # (batch, length)
    before = torch.nn.functional.pad(totals[:, :-1], (1, 0))
    return totals - before, log_sum_exp(states[-1] + potentials.end) - totals[:, -1]
