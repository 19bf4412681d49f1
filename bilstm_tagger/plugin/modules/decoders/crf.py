"""Tags of a sentence together."""

from typing import Any, Optional

import torch
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.network.crf import ConditionalRandomField
from bilstm_tagger.plugin.data.fields import UNKNOWN_LABEL
from bilstm_tagger.plugin.modules.decoders.task_decoder import TaskDecoder

_STRATEGIES = ("lannoy", "emission", "emission_transition")


@TaskDecoder.register("crf")
class CRFDecoder(TaskDecoder):
    """A linear-chain conditional random field.

    The loss is the mean over sentences of the negative log-likelihood; a sentence with a label that
    training has not seen has none. Where labels are known in part, the likelihood is that of all
    permitted sequences that agree with what is known; where labels have probabilities, the
    expectation of the log-likelihood. Registered as a `TaskDecoder` with name
    "crf".

    # Parameters

    weight_strategy : `str`, optional (default=`None`, which is "lannoy")
        What `label_weights` weigh, as in the `crf_tagger` of allennlp-models. "lannoy": they
        multiply the share of each token in the log-likelihood (de Lannoy et al. 2012), so that the
        heavier a label, the more it counts; it needs complete labels, and takes longer.
        "emission": they multiply the emissions of the labels in the loss, and "emission_transition"
        also the transitions from the labels (for both: Fernandes 2022, "Weighted CRF",
        https://eraldoluis.github.io/2022/05/10/weighted-crf.html). As tags are predicted by the
        emissions themselves, a heavy label learns smaller ones.
    """

    def __init__(self, weight_strategy: Optional[str] = None, **settings: Any) -> None:
        super().__init__(**settings)
        key = f"{self.key}.weight_strategy"
        if weight_strategy not in (None, *_STRATEGIES):
            raise ConfigurationError(
                f"{key} must be one of {', '.join(_STRATEGIES)}, found {weight_strategy!r}"
            )
        if weight_strategy is not None and self.label_weights is None:
            raise ConfigurationError(f"{key} needs 'label_weights'; add them, or leave it out")
        self.weight_strategy = weight_strategy or _STRATEGIES[0]

    def build(self) -> None:
        self.crf = ConditionalRandomField(len(self.labels), self.allowed)

    def loss(
        self, emissions: torch.Tensor, gold: torch.Tensor, mask: Optional[torch.Tensor] = None
    ) -> torch.Tensor:
        known = gold != UNKNOWN_LABEL if gold.dtype == torch.long else gold.any(-1)
        has_loss = (known if mask is None else known | ~mask).all(-1)
        likelihood = self._log_likelihood(emissions, gold, known, mask)
        # Minus infinity: with the labels that training has, no permitted sequence agrees.
        has_loss = has_loss & likelihood.isfinite()
        return -likelihood.where(has_loss, 0.0).sum() / has_loss.sum().clamp(min=1)

    def _log_likelihood(
        self,
        emissions: torch.Tensor,
        gold: torch.Tensor,
        known: torch.Tensor,
        mask: Optional[torch.Tensor],
    ) -> torch.Tensor:
        """Of each sentence, (batch,); `known`, (batch, length): which tokens have a label."""
        weights, moves = self.weights(), None
        if weights is not None and self.weight_strategy == "lannoy":
            if gold.dtype != torch.long:
                raise ConfigurationError(
                    f"{self.key}.weight_strategy: 'lannoy', the default, needs a label of every "
                    "token, and the data have tokens without one, or with several possible or "
                    "probable ones; set weight_strategy: 'emission' or 'emission_transition', "
                    "use a softmax, or leave label_weights out"
                )
            return self.crf.lannoy_log_likelihood(emissions, gold.clamp(min=0), weights, mask)
        if weights is not None:
            emissions = emissions * weights
            moves = weights if self.weight_strategy == "emission_transition" else None
        if gold.is_floating_point():
            return self.crf.expected_log_likelihood(emissions, gold, mask, moves)
        if gold.dtype == torch.bool:
            possible = gold | ~known.unsqueeze(-1)
            return self.crf.marginal_log_likelihood(emissions, possible, mask, moves)
        return self.crf.log_likelihood(emissions, gold.clamp(min=0), mask, transition_weights=moves)

    def decode(
        self,
        emissions: torch.Tensor,
        mask: Optional[torch.Tensor] = None,
        constrained: Optional[bool] = None,
    ) -> torch.Tensor:
        return self.crf.viterbi(emissions, mask, self._constrains(constrained))[0]
