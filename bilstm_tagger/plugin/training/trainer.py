"""AllenNLP's trainer, which tells what data are for training, and checks what it is given."""

import functools
import inspect
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

import torch.distributed
from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.common.util import is_distributed
from allennlp.data import DataLoader
from allennlp.training import GradientDescentTrainer, Trainer

from bilstm_tagger.experiments.records import LEARNING_RATE
from bilstm_tagger.plugin.data.samplers import tell_purposes
from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.training.checkpointer import RecoverableCheckpointer
from bilstm_tagger.plugin.training.console import described
from bilstm_tagger.plugin.training.whole_files import save_whole

_SETTINGS = {
    name
    for function in (GradientDescentTrainer.from_partial_objects, Trainer.__init__)
    for name in inspect.signature(function).parameters
}


class TaggerTrainer(GradientDescentTrainer):
    """AllenNLP's "gradient_descent", which it replaces in the commands (`compat.apply`). It tells
    the samplers which of them is for training, keeps the order of the data the same in all
    processes of a distributed training, checks its settings and `validation_metric` before the
    first epoch, shows in its progress bars the metrics that are chosen by, leaves no half of a file
    behind, and adds `training_learning_rate` to the metrics of an epoch.
    """

    @classmethod
    # For the settings of a config: AllenNLP reads them from the signature.
    @functools.wraps(GradientDescentTrainer.from_partial_objects.__func__)
    def from_partial_objects(
        cls,
        *args: Any,
        data_loader: DataLoader,
        validation_data_loader: Optional[DataLoader] = None,
        **kwargs: Any,
    ) -> GradientDescentTrainer:
        # AllenNLP drops settings that it does not know.
        if unknown := sorted(kwargs.keys() - _SETTINGS):
            raise ConfigurationError(f"trainer has no such settings: {', '.join(unknown)}")
        # Before the learning rate scheduler asks for the number of batches.
        tell_purposes(data_loader, validation_data_loader)
        kwargs.setdefault("checkpointer", Lazy(RecoverableCheckpointer))
        return super().from_partial_objects(
            *args, data_loader=data_loader, validation_data_loader=validation_data_loader, **kwargs
        )

    def train(self) -> dict[str, Any]:
        if self._validation_data_loader is not None and isinstance(self.model, BiLSTMTagger):
            check_metrics(self.chosen_by, self.model.metric_names)
        metrics: dict[str, Any] = super().train()
        last = Path(self._serialization_dir, f"metrics_epoch_{self._epochs_completed - 1}.json")
        if "epoch" not in metrics and last.is_file():
            # It was interrupted after its last epoch, whose metrics are only there.
            metrics = json.loads(last.read_text(encoding="utf-8")) | metrics
        return metrics

    def _maybe_restore_checkpoint(self) -> None:
        super()._maybe_restore_checkpoint()
        if self._start_after_epochs_completed and self._metric_tracker.should_stop_early():
            # AllenNLP would train another epoch before it asks.
            self._num_epochs = self._start_after_epochs_completed

    @property
    def chosen_by(self) -> list[str]:
        """The metrics of `validation_metric`."""
        return [name for _, name in self._metric_tracker.tracked_metrics]

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        if is_distributed():
            # The processes share out the batches that each of them makes: of the same numbers.
            state = [random.getstate()]
            torch.distributed.broadcast_object_list(state)
            random.setstate(state[0])
        with described(f"epoch {epoch + 1}/{self._num_epochs}", self.chosen_by):
            metrics = super()._train_epoch(epoch)
        return metrics | self._learning_rates()

    def _learning_rates(self) -> dict[str, float]:
        """The learning rate, or, where the optimizer has groups of parameters, that of each. At the
        end of the batches of an epoch, it is the rate of the epoch, or of its last batch."""
        rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        if len(rates) == 1:
            return {LEARNING_RATE: rates[0]}
        return {f"{LEARNING_RATE}_{number}": rate for number, rate in enumerate(rates)}

    def _validation_loss(self, epoch: int) -> tuple[float, Optional[float], int]:
        with described("  validation", self.chosen_by):
            return super()._validation_loss(epoch)

    def _save_model_state(self, path: str) -> None:
        save_whole(self._pytorch_model.state_dict(), Path(path))


def check_metrics(wanted: Iterable[str], names: set[str]) -> None:
    """A `ConfigurationError`, which names those that there will be, for a `validation_metric` that
    there will not be.
    """
    for name in wanted:
        if name not in names:
            raise ConfigurationError(
                f"trainer.validation_metric names the metric '{name}', which this model does not "
                f"have; it has {', '.join(sorted(names))}"
            )
