"""Shows at the start of a training what is trained."""

import logging
from typing import Any

from allennlp.common.checks import ConfigurationError
from allennlp.training import TrainerCallback

from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.models.model_summary import model_summary

logger = logging.getLogger(__name__)


@TrainerCallback.register("model_summary")
class ModelSummaryCallback(TrainerCallback):
    """Logs a table of the model at the start of a training: its parts, their shapes and numbers of
    parameters, and which tasks share them.

    Registered as a `TrainerCallback` with name "model_summary".
    """

    def on_start(self, trainer: Any, is_primary: bool = True, **kwargs: Any) -> None:
        super().on_start(trainer, is_primary, **kwargs)
        if not isinstance(trainer.model, BiLSTMTagger):
            raise ConfigurationError(
                "the callback 'model_summary' is for the model 'bilstm_tagger'"
            )
        if is_primary:
            logger.info("\n%s", model_summary(trainer.model))
