"""Tags one by one."""

from typing import Optional

import torch

from bilstm_tagger.network.crf import PermittedPaths
from bilstm_tagger.plugin.data.fields import UNKNOWN_LABEL
from bilstm_tagger.plugin.modules.decoders.task_decoder import TaskDecoder


@TaskDecoder.register("softmax")
class SoftmaxDecoder(TaskDecoder):
    """A softmax for each token.

    The loss is the mean cross-entropy over tokens; tokens whose label training has not seen have
    none. Constrained, the tags of a sentence are the most probable that the encoding permits.
    Registered as a `TaskDecoder` with name "softmax".
    """

    def build(self) -> None:
        self.paths = None if self.allowed is None else PermittedPaths(self.allowed)

    def loss(
        self, emissions: torch.Tensor, gold: torch.Tensor, mask: Optional[torch.Tensor] = None
    ) -> torch.Tensor:
        if mask is not None:
            gold = gold.masked_fill(~mask, UNKNOWN_LABEL)
        total = torch.nn.functional.cross_entropy(
            emissions.flatten(0, 1), gold.flatten(), ignore_index=UNKNOWN_LABEL, reduction="sum"
        )
        return total / (gold != UNKNOWN_LABEL).sum().clamp(min=1)

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
