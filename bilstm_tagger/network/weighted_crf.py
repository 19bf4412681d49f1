"""Likelihoods in which labels have weights."""

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
    states = log_space_states(potentials)
    totals = torch.stack([log_sum_exp(state) for state in states], 1)  # (batch, length)
    total = log_sum_exp(states[-1] + end)
    norms = torch.diff(totals, dim=1, prepend=totals.new_zeros(len(totals), 1))
    of_tokens = emissions.gather(2, tags.unsqueeze(2)).squeeze(2) - norms
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
    return weighted + boundaries - (total - totals[:, -1])
