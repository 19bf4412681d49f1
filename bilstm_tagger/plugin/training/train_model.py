"""A training from its data to its end: what it shows, test scores, errors and interruptions."""

import functools
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

from allennlp.commands.train import TrainModel
from allennlp.common import Params
from allennlp.common.util import is_distributed
from allennlp.data import DataLoader
from allennlp.models.archival import CONFIG_NAME
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.util import evaluate

from bilstm_tagger.plugin.dataset_readers import ConllColumnsReader
from bilstm_tagger.plugin.errors import config_mistake
from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.modules.token_embedders import ContextualEmbedder
from bilstm_tagger.plugin.training.checkpointer import has_whole_checkpoint
from bilstm_tagger.plugin.training.console import console, scores_of
from bilstm_tagger.plugin.training.data_summary import (
    cache_summary,
    data_summary,
    unknown_unannotated_types,
)
from bilstm_tagger.plugin.training.trainer import TaggerTrainer
from bilstm_tagger.tagging.commands.errors import Terminated, interruptible, one_line_errors
from bilstm_tagger.text.errors import UserError

logger = logging.getLogger(__name__)


class EvaluatedTraining(TrainModel):
    """AllenNLP's "default", which it replaces in the commands (`compat.apply`). In a distributed
    training all processes score the test set, each its share; AllenNLP scores the share of the
    first alone, and waits for the others in vain. It shows what the data are, and the scores at the
    end.
    """

    evaluation_data_loader: Optional[DataLoader]

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        if isinstance(self.model, BiLSTMTagger) and getattr(self.trainer, "_primary", False):
            loaders = {
                "training": self.trainer.data_loader,
                "validation": self.trainer._validation_data_loader,
                "test": self.evaluation_data_loader,
            }
            # Not what is read anew for every epoch: that may take long.
            kept = {
                part: loader
                for part, loader in loaders.items()
                if isinstance(getattr(loader, "reader", None), ConllColumnsReader)
                and not loader.max_instances_in_memory
            }
            if kept:
                console.info("\n%s", data_summary(self.model, kept))
                for line in cache_summary(self.model, kept):
                    console.info("%s", line)
                reader = next(iter(kept.values())).reader
                for line in unknown_unannotated_types(self.model, reader):
                    logger.warning("%s", line)
            # Of a training that goes on, the checkpoint has the weights.
            if self.model.carried_over and not has_whole_checkpoint(Path(self.serialization_dir)):
                lines = "\n  ".join(self.model.carried_over)
                console.info("Weights of %s:\n  %s", self.model.initial_weights, lines)

    def run(self) -> dict[str, Any]:
        metrics = super().run()
        if is_distributed() and self.evaluate_on_test and self.evaluation_data_loader is not None:
            scores = evaluate(
                self.model,
                self.evaluation_data_loader,
                cuda_device=self.trainer.cuda_device,
                batch_weight_key=self.batch_weight_key,
            )
            if "loss" in scores:  # the mean of this process; all have as many batches
                scores["loss"] = dist_reduce_sum(scores["loss"]) / dist_reduce_sum(1)
            metrics.update({f"test_{name}": score for name, score in scores.items()})
            self.evaluation_data_loader = None  # It is done: `finish` need not.
        return metrics

    def finish(self, metrics: dict[str, Any]) -> None:
        super().finish(metrics)
        names = self.trainer.chosen_by if isinstance(self.trainer, TaggerTrainer) else []
        for part, prefix in (("validation", "best_validation_"), ("test", "test_")):
            if names and all(prefix + name in metrics for name in names):
                scores = scores_of(metrics, names, prefix)
                console.info("Epoch %d, on %s data: %s", metrics["best_epoch"] + 1, part, scores)
        for module in self.model.modules():
            if isinstance(module, ContextualEmbedder):
                module.close_cache()
        console.info("The model, all scores and the log are in %s", self.serialization_dir)


def ends_in_one_line(train: Callable[..., Any]) -> Callable[..., Any]:
    """AllenNLP's `train_model_from_file`, which ends the process with a line: and status 1 at a
    mistake of the user, 130 or 143 where the user, or the system, interrupts it. Where nothing was
    trained, nothing is left in the folder, so that the same command works once it is put right.
    """

    @functools.wraps(train)
    def wrapper(
        parameter_filename: Any,
        serialization_dir: Any,
        overrides: Any = "",
        recover: bool = False,
        force: bool = False,
        **settings: Any,
    ) -> Any:
        folder = Path(serialization_dir)

        def say(_: str) -> None:
            print(_GOES_ON if _is_trained(folder) else _NOTHING, file=sys.stderr)

        with one_line_errors(mistake=config_mistake), interruptible(say), _nothing_left_of(folder):
            config = _read_config(parameter_filename, overrides)
            if not force and folder.is_dir() and any(folder.iterdir()):
                _check_goes_on(folder, config, recover)
            if force:
                _check_deletes_no_input(folder, config)
            return train(
                parameter_filename, serialization_dir, overrides, recover, force, **settings
            )

    return wrapper


_GOES_ON = "interrupted: the same command with --recover goes on from the last checkpoint"
_NOTHING = "interrupted: nothing was trained yet"
_ANEW = "-f (--force) deletes what is there and trains anew"


def _is_trained(folder: Path) -> bool:
    return any(any(folder.glob(pattern)) for pattern in ("metrics_epoch_*.json", "*.th"))


@contextmanager
def _nothing_left_of(folder: Path) -> Iterator[None]:
    """Removes what a failing training has left in its folder, if that was empty, or not there, and
    nothing has been trained."""
    existed = folder.exists()
    is_ours = not existed or (folder.is_dir() and not any(folder.iterdir()))
    try:
        yield
    except (Exception, KeyboardInterrupt, Terminated):
        if is_ours and folder.is_dir() and not _is_trained(folder):
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            if not existed:
                folder.rmdir()
        else:
            logger.info("The training ends.", exc_info=True)
        raise


def _read_config(path: Any, overrides: Any) -> Params:
    """A config, which AllenNLP reads again. A `UserError` where it cannot be read."""
    try:
        config = Params.from_file(path, overrides)
    except RuntimeError as error:
        also = ", or the overrides (-o)," if overrides else ""
        raise UserError(f"the config{also} cannot be read: {error}", path) from error
    if not isinstance(config.params, dict):
        raise UserError("a config is an object, { ... }", path)
    return config


def _check_deletes_no_input(folder: Path, config: Params) -> None:
    """A `UserError` where the training reads something, such as the model that it starts from, that
    is in the folder that it deletes."""
    for key, value in config.as_flat_dict().items():
        if not isinstance(value, str) or not value:
            continue
        path = Path(value)
        if path.exists() and path.resolve().is_relative_to(folder.resolve()):
            raise UserError(
                f"{key} is {value}, which is in the folder that -f (--force) deletes; train in "
                "another folder (-s)",
                folder,
            )


def _check_goes_on(folder: Path, config: Params, recover: bool) -> None:
    """A `UserError`, which says what to do, where a training cannot use a folder that holds
    something."""
    if not recover:
        raise UserError(
            "the folder exists and is not empty: --recover goes on with the training that is in "
            f"it, by the same config; {_ANEW}",
            folder,
        )
    if (folder / CONFIG_NAME).is_file():
        before = Params.from_file(folder / CONFIG_NAME).as_flat_dict()
        now = config.as_flat_dict()
        if changed := sorted(k for k in before | now if before.get(k, ...) != now.get(k, ...)):
            raise UserError(
                f"--recover goes on with the same config alone, but these settings are others than "
                f"those of the training in the folder: {', '.join(changed)}; {_ANEW}",
                folder,
            )
