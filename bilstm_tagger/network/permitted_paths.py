"""Which tags may follow one another, and the best sequences that are permitted."""

from typing import NamedTuple, Optional

import torch
from torch import Tensor

from bilstm_tagger.network import crf_functional
from bilstm_tagger.network.viterbi import viterbi


class AllowedTransitions(NamedTuple):
    """
    Which tags may start a sentence, follow one another and end it, as three bool tensors where
    `True` is permitted.
    """

    start: Tensor  # (num_tags,)
    transitions: Tensor  # (num_tags, num_tags), indexed [from, to]
    end: Tensor  # (num_tags,)


class PermittedPaths(torch.nn.Module):
    """
    The best sequences of tags among those that are permitted, where nothing but the emissions
    counts: constrained decoding of tags that are predicted one by one. The constraints move with
    the module but are not part of its state dictionary.
    """

    start: Tensor
    transitions: Tensor
    end: Tensor

    def __init__(self, allowed: AllowedTransitions) -> None:
        super().__init__()
        for name, rule in allowed._asdict().items():
            scores = torch.zeros(rule.shape).masked_fill(~rule, -torch.inf)
            self.register_buffer(name, scores, persistent=False)

    def forward(self, emissions: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        """The tags, (batch, length), as `ConditionalRandomField.viterbi`."""
        padding = None if mask is None else padding_of(mask, emissions)
        transitions, start, end = (
            scores.to(emissions.dtype) for scores in (self.transitions, self.start, self.end)
        )
        potentials = crf_functional.Potentials(emissions, transitions, start, end, padding)
        return viterbi(potentials)[0]


def padding_of(mask: Tensor, emissions: Tensor) -> Optional[crf_functional.Padding]:
    """Checks a mask; `None` if there is no padding."""
    if mask.dtype != torch.bool or mask.shape != emissions.shape[:2]:
        raise ValueError(
            f"mask must be bool {tuple(emissions.shape[:2])}, not {mask.dtype} {tuple(mask.shape)}"
        )
    if bool(mask.all()):
        return None
    if not bool(mask[:, 0].all()):
        raise ValueError("mask has a row that does not start with a token")
    if bool((mask[:, 1:] > mask[:, :-1]).any()):
        raise ValueError("mask has a token after padding")
    return crf_functional.Padding.of(mask)
