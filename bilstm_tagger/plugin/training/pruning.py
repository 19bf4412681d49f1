"""Ends a training that promises less than the others of a search."""

import json
import os
from typing import Any, Optional

from allennlp.common.checks import ConfigurationError
from allennlp.training import TrainerCallback

# Where the process of a trial finds it: JSON with `storage`, `study`, `trial` (its number),
# `metric` and `warmup_epochs`. Not in the config, which goes into archives: the address of a
# storage may hold a password.
TRIAL = "BILSTM_TAGGER_TRIAL"


class Pruned(Exception):
    """The training was ended."""


@TrainerCallback.register("optuna_pruning")
class OptunaPruningCallback(TrainerCallback):
    """Tells the study of Optuna the validation metric of each epoch, and ends the training by a
    `Pruned` if its pruner says so. `allennlp search` adds it to the config of a trial.

    Registered as a `TrainerCallback` with name "optuna_pruning".

    # Errors

    `ConfigurationError` outside of a search, and where the training has no such metric.
    """

    def __init__(self, serialization_dir: str) -> None:
        super().__init__(serialization_dir)
        about = os.environ.get(TRIAL)
        if about is None:
            raise ConfigurationError(
                "the callback 'optuna_pruning' belongs to a trial of `allennlp search`: take it "
                "out of the config"
            )
        trial: dict[str, Any] = json.loads(about)
        self.metric = f"validation_{trial['metric']}"
        self.trial = _trial(**{key: value for key, value in trial.items() if key != "metric"})

    def on_epoch(
        self, trainer: Any, metrics: dict[str, Any], epoch: int, is_primary: bool = True, **_: Any
    ) -> None:
        if not is_primary:
            return
        value: Optional[float] = metrics.get(self.metric)
        if value is None:
            start = "validation_"
            there = sorted(key.removeprefix(start) for key in metrics if key.startswith(start))
            raise ConfigurationError(
                f"there is no metric '{self.metric.removeprefix(start)}' to search by: "
                f"there are {', '.join(there) or 'none, for want of validation data'}"
            )
        self.trial.report(value, epoch + 1)
        if self.trial.should_prune():
            raise Pruned(f"pruned after epoch {epoch + 1}: {self.metric} {value:.4f}")


def _trial(storage: str, study: str, trial: int, warmup_epochs: int) -> Any:
    """The trial of that number. Which pruner there is, a study does not keep."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.MedianPruner(n_warmup_steps=warmup_epochs + 1)
    found = optuna.load_study(study_name=study, storage=storage, pruner=pruner)
    frozen = next(
        candidate for candidate in found.get_trials(deepcopy=False) if candidate.number == trial
    )
    return optuna.trial.Trial(found, frozen._trial_id)
