"""Tags one by one."""

from typing import Optional

import torch

from bilstm_tagger.network.permitted_paths import PermittedPaths
from bilstm_tagger.plugin.data.fields import UNKNOWN_LABEL
from bilstm_tagger.plugin.modules.decoders.task_decoder import TaskDecoder


@TaskDecoder.register("softmax")
class SoftmaxDecoder(TaskDecoder):
    """A softmax for each token.

    The loss is the mean cross-entropy over tokens, weighted by `label_weights` if there are any;
    tokens whose label training has not seen have none. That of a token with several possible labels
    is of all of them together, and weighs as much as their mean; that of a token whose labels have
    probabilities is the cross-entropy of these (Hinton et al. 2015, arXiv 1503.02531). Constrained,
    the tags of a sentence are the most probable that the encoding permits.
    Registered as a `TaskDecoder` with name "softmax".
    """

    def build(self) -> None:
        self.paths = None if self.allowed is None else PermittedPaths(self.allowed)

    def loss(
        self, emissions: torch.Tensor, gold: torch.Tensor, mask: Optional[torch.Tensor] = None
    ) -> torch.Tensor:
        weights = self.weights()
        if gold.is_floating_point():
            return _loss_of_probabilities(emissions, gold, mask, weights)
        if gold.dtype == torch.bool:
            return _loss_of_possible(emissions, gold, mask, weights)
        if mask is not None:
            gold = gold.masked_fill(~mask, UNKNOWN_LABEL)
        total = torch.nn.functional.cross_entropy(
            emissions.flatten(0, 1),
            gold.flatten(),
            weights,
            ignore_index=UNKNOWN_LABEL,
            reduction="sum",
        )
        known = gold != UNKNOWN_LABEL
        if weights is None:
            return total / known.sum().clamp(min=1)
        return total / weights[gold[known]].sum().clamp(min=torch.finfo(weights.dtype).tiny)

    def decode(
        self,
        emissions: torch.Tensor,
        mask: Optional[torch.Tensor] = None,
        constrained: Optional[bool] = None,
    ) -> torch.Tensor:
        if not self._constrains(constrained):
            return emissions.argmax(-1)
        if self.paths is None:
            raise ValueError("constrained, but the task has no encoding")
        return self.paths(emissions, mask)


def _loss_of_probabilities(
    emissions: torch.Tensor,
    chances: torch.Tensor,
    mask: Optional[torch.Tensor],
    weights: Optional[torch.Tensor],
) -> torch.Tensor:
    """The mean cross-entropy of the distributions over labels of the tokens of a batch."""
    if weights is not None:
        chances = chances * weights
    if mask is not None:
        chances = chances * mask.unsqueeze(-1)
    total = -(chances * emissions.log_softmax(-1)).sum()
    return total / chances.sum().clamp(min=torch.finfo(chances.dtype).tiny)


def _loss_of_possible(
    emissions: torch.Tensor,
    possible: torch.Tensor,
    mask: Optional[torch.Tensor],
    weights: Optional[torch.Tensor],
) -> torch.Tensor:
    """The loss of a batch in which tokens may have several labels, or any, which says nothing."""
    informative = possible.any(-1) & ~possible.all(-1)
    if mask is not None:
        informative = informative & mask
    emissions, possible = emissions[informative], possible[informative]  # (tokens, labels)
    agreeing = emissions.masked_fill(~possible, -torch.inf).logsumexp(-1)
    losses = emissions.logsumexp(-1) - agreeing
    if weights is None:
        return losses.sum() / max(len(losses), 1)
    of_tokens = (possible * weights).sum(-1) / possible.sum(-1)
    total = of_tokens.sum().clamp(min=torch.finfo(weights.dtype).tiny)
    return (losses * of_tokens).sum() / total
