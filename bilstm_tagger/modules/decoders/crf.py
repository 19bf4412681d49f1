"""Tags of a sentence together."""

from typing import Any, Optional

import torch
from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary

from bilstm_tagger.data.fields import UNKNOWN_LABEL
from bilstm_tagger.modules.bilstm_encoder import BiLSTMEncoder
from bilstm_tagger.modules.crf import AllowedTransitions, ConditionalRandomField
from bilstm_tagger.modules.decoders.task_decoder import TaskDecoder


@TaskDecoder.register("crf")
class CRFDecoder(TaskDecoder):
    """A linear-chain conditional random field.

    The loss is the mean over sentences of the negative log-likelihood; a sentence with a label that
    training has not seen has none. Registered as a `TaskDecoder` with name "crf".

    # Parameters

    constrained : `bool`, optional (default=`False`)
        Whether tag sequences that the encoding forbids are never predicted. Needs `encoding`.
    """

    def __init__(
        self,
        vocab: Vocabulary,
        task: str,
        input_sizes: list[int],
        encoding: Optional[str] = None,
        level: Optional[int] = None,
        encoder: Optional[Lazy[BiLSTMEncoder]] = None,
        loss_weight: float = 1.0,
        per_type: bool = False,
        constrained: bool = False,
    ) -> None:
        super().__init__(vocab, task, input_sizes, encoding, level, encoder, loss_weight, per_type)
        allowed = None
        if constrained:
            if self.encoding is None:
                raise ConfigurationError(
                    f"model.tasks.{task}.constrained needs the 'encoding' of the task"
                )
            rules: Any = self.encoding.allowed(self.labels)
            allowed = AllowedTransitions(*(torch.tensor(rule) for rule in rules))
        self.crf = ConditionalRandomField(len(self.labels), allowed)

    def loss(
        self, emissions: torch.Tensor, gold: torch.Tensor, mask: Optional[torch.Tensor] = None
    ) -> torch.Tensor:
        unknown = gold == UNKNOWN_LABEL
        if mask is not None:
            unknown = unknown & mask
        likelihood = self.crf.log_likelihood(emissions, gold.clamp(min=0), mask)
        known = ~unknown.any(-1)
        return -(likelihood * known).sum() / known.sum().clamp(min=1)

    def decode(self, emissions: torch.Tensor, mask: Optional[torch.Tensor] = None) -> torch.Tensor:
        return self.crf.viterbi(emissions, mask)[0]
