"""Fixes of AllenNLP 2.10.1 for the versions of torch and numpy that it is installed with here.

AllenNLP is archived, and its pins (torch < 1.13) cannot be installed any more. Each fix has its
reason beside it. To import this module changes nothing: `apply` does, in the processes of commands.
"""

import gc
import warnings
from collections.abc import Callable
from typing import Any, Literal, Optional, Union

import torch
from allennlp.commands import evaluate, find_learning_rate, predict, train
from allennlp.commands.train import TrainModel
from allennlp.common import Registrable
from allennlp.common import logging as allennlp_logging
from allennlp.common.checks import ConfigurationError
from allennlp.common.util import is_distributed
from allennlp.data import DataLoader
from allennlp.data.data_loaders import MultiProcessDataLoader
from allennlp.data.samplers import BatchSampler
from allennlp.training import Checkpointer, Trainer
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from allennlp.training.learning_rate_schedulers.learning_rate_scheduler import (
    _PyTorchLearningRateSchedulerWithMetricsWrapper,
)
from allennlp.training.optimizers import Optimizer

from bilstm_tagger import called_by
from bilstm_tagger.plugin.data.samplers import ProcessShare
from bilstm_tagger.plugin.dataset_readers import ConllColumnsReader
from bilstm_tagger.plugin.errors import in_one_line
from bilstm_tagger.plugin.training.checkpointer import RecoverableCheckpointer
from bilstm_tagger.plugin.training.console import fit_bars, quietened
from bilstm_tagger.plugin.training.train_model import EvaluatedTraining, ends_in_one_line
from bilstm_tagger.plugin.training.trainer import TaggerTrainer


class ReduceOnPlateauLearningRateScheduler(_PyTorchLearningRateSchedulerWithMetricsWrapper):
    """AllenNLP's "reduce_on_plateau", without the argument `verbose`, which torch dropped: handing
    it over is an error now.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold_mode: Literal["rel", "abs"] = "rel",
        threshold: float = 1e-4,
        cooldown: int = 0,
        min_lr: Union[float, list[float]] = 0,
        eps: float = 1e-8,
    ) -> None:
        when = (mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps)
        super().__init__(torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, *when))


class BatchSizeDataLoader(MultiProcessDataLoader):
    """AllenNLP's default data loader, which also takes a `batch_size` beside a `batch_sampler`: the
    sampler then makes batches of that size.

    `allennlp evaluate --batch-size` adds `batch_size` to a config that has a sampler; AllenNLP's
    own loader refuses the pair.

    In a distributed training, each process reads all sentences, and has its share of the batches of
    the sampler (`ProcessShare`). AllenNLP shares out the sentences, from which the processes make
    different numbers of batches: all stop when the first has no more.
    """

    def __init__(
        self,
        reader: Any,
        data_path: Any,
        *,
        batch_size: Optional[int] = None,
        batch_sampler: Optional[BatchSampler] = None,
        **kwargs: Any,
    ) -> None:
        if batch_size is not None and hasattr(batch_sampler, "batch_size"):
            for name in ("batch_size", "evaluation_batch_size"):
                if hasattr(batch_sampler, name):
                    setattr(batch_sampler, name, batch_size)
            batch_size = None
        if is_distributed() and batch_sampler and isinstance(reader, ConllColumnsReader):
            if kwargs.get("num_workers"):
                raise ConfigurationError(
                    "data_loader.num_workers must be 0 in a distributed training: workers give the "
                    "sentences in another order to each process"
                )
            reader = reader.for_every_process()
            rank, processes = torch.distributed.get_rank(), torch.distributed.get_world_size()
            batch_sampler = ProcessShare(batch_sampler, rank, processes)
        super().__init__(
            reader, data_path, batch_size=batch_size, batch_sampler=batch_sampler, **kwargs
        )


# A name of AllenNLP to what it stands for in the process of a command.
_REPLACEMENTS: dict[type[Registrable], dict[str, type[Registrable]]] = {
    LearningRateScheduler: {"reduce_on_plateau": ReduceOnPlateauLearningRateScheduler},
    DataLoader: {"multiprocess": BatchSizeDataLoader},
    Trainer: {"gradient_descent": TaggerTrainer},
    TrainModel: {"default": EvaluatedTraining},
    Checkpointer: {"default": RecoverableCheckpointer},
}

# Functions that AllenNLP's commands call, by the names that they call them by, and what is put
# around them: errors and interruptions end a command with a line instead of a traceback, and a
# training shows on the console what concerns its user.
_WRAPPERS: list[tuple[Any, str, Callable[..., Any]]] = [
    (train, "train_model_from_file", ends_in_one_line),
    (evaluate, "evaluate_from_archive", in_one_line),
    (find_learning_rate, "find_learning_rate_model", in_one_line),
    (predict, "_get_predictor", in_one_line),
    (predict._PredictManager, "run", in_one_line),
    (allennlp_logging, "prepare_global_logging", quietened),
]

# Functions of AllenNLP that a command, or a process of a distributed training, begins with.
_COMMANDS = {("allennlp.commands", "main"), ("allennlp.commands.train", "_train_worker")}


def in_command() -> bool:
    """Whether this is called, over whatever is between, by a command of AllenNLP."""
    return called_by(_COMMANDS)


def apply() -> None:
    """Applies all fixes to this process; more than once does no harm.

    The commands do that for themselves, and for the processes that they start. It is for those who
    train from Python, by AllenNLP's `train_model`, before they call it.
    """
    for base, replacements in _REPLACEMENTS.items():
        for name, replacement in replacements.items():
            # Not by `register`, which tells of every entry that it overwrites. The constructor,
            # such as "from_partial_objects", stays.
            _, constructor = Registrable._registry[base][name]
            Registrable._registry[base][name] = (replacement, constructor)
    for place, name, wrapper in _WRAPPERS:
        function = getattr(place, name)
        if not hasattr(function, "__wrapped__"):
            setattr(place, name, wrapper(function))
    fit_bars()
    # torch renamed torch.cuda.amp.autocast; the trainer calls it by its old name at every epoch, in
    # the middle of the progress bar. Nothing that a user could change.
    warnings.filterwarnings(
        "ignore",
        message=r".*torch\.cuda\.amp\.autocast",
        category=FutureWarning,
        module=r"allennlp\.training\.gradient_descent_trainer",
    )
    # What was imported by now, a million objects of torch and AllenNLP among it, stays as long as
    # the process: the garbage collector need not look through it again and again, a fifth of a
    # second each time.
    gc.freeze()
    # What is read stays, too: it need not be looked at again after every few hundred objects.
    gc.set_threshold(50_000, *gc.get_threshold()[1:])
