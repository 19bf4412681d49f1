"""Tags of a sentence together."""

from typing import Optional

import torch

from bilstm_tagger.network.crf import ConditionalRandomField
from bilstm_tagger.plugin.data.fields import UNKNOWN_LABEL
from bilstm_tagger.plugin.modules.decoders.task_decoder import TaskDecoder


@TaskDecoder.register("crf")
class CRFDecoder(TaskDecoder):
    """A linear-chain conditional random field.

    The loss is the mean over sentences of the negative log-likelihood; a sentence with a label that
    training has not seen has none. Registered as a `TaskDecoder` with name "crf".
    """

    def build(self) -> None:
        self.crf = ConditionalRandomField(len(self.labels), self.allowed)

    def loss(
        self, emissions: torch.Tensor, gold: torch.Tensor, mask: Optional[torch.Tensor] = None
    ) -> torch.Tensor:
        unknown = gold == UNKNOWN_LABEL
        if mask is not None:
            unknown = unknown & mask
        likelihood = self.crf.log_likelihood(emissions, gold.clamp(min=0), mask)
        known = ~unknown.any(-1)
        return -(likelihood * known).sum() / known.sum().clamp(min=1)

    def decode(
        self,
        emissions: torch.Tensor,
        mask: Optional[torch.Tensor] = None,
        constrained: Optional[bool] = None,
    ) -> torch.Tensor:
        return self.crf.viterbi(emissions, mask, self._constrains(constrained))[0]
