"""Mends of AllenNLP 2.10.1 for the versions of torch and numpy that it is installed with here.

AllenNLP is archived, and its pins (torch < 1.13) cannot be installed any more. Each mend has its
reason beside it; to import this module applies all of them.
"""

import warnings
from typing import Any, Literal, Optional, Union

import numpy
import torch
from allennlp.common import Registrable
from allennlp.data import DataLoader
from allennlp.data.data_loaders import MultiProcessDataLoader
from allennlp.data.samplers import BatchSampler
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from allennlp.training.learning_rate_schedulers.learning_rate_scheduler import (
    _PyTorchLearningRateSchedulerWithMetricsWrapper,
)
from allennlp.training.optimizers import Optimizer

# torch renamed torch.cuda.amp.autocast; the trainer calls it by its old name at every epoch, in the
# middle of the progress bar. Nothing that a user could change.
warnings.filterwarnings(
    "ignore",
    message=r".*torch\.cuda\.amp\.autocast",
    category=FutureWarning,
    module=r"allennlp\.training\.gradient_descent_trainer",
)

# `--recover`: schedulers such as "cosine" put numpy numbers into the optimiser's state, which
# torch >= 2.6 refuses to load unless they are declared harmless. `weights_only` stays on.
torch.serialization.add_safe_globals(
    [
        numpy._core.multiarray.scalar,  # type: ignore[attr-defined]
        numpy.dtype,
        numpy.dtypes.Float64DType,
    ]
)


# Taken out before it is put in anew: to overwrite an entry is a message at every command.
Registrable._registry[LearningRateScheduler].pop("reduce_on_plateau", None)
Registrable._registry[DataLoader].pop("multiprocess", None)


@LearningRateScheduler.register("reduce_on_plateau")
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
        super().__init__(
            torch.optim.lr_scheduler.ReduceLROnPlateau(
                optimizer,
                mode=mode,
                factor=factor,
                patience=patience,
                threshold_mode=threshold_mode,
                threshold=threshold,
                cooldown=cooldown,
                min_lr=min_lr,
                eps=eps,
            )
        )


@DataLoader.register("multiprocess")
class BatchSizeDataLoader(MultiProcessDataLoader):
    """AllenNLP's default data loader, which also takes a `batch_size` beside a `batch_sampler`: the
    sampler then makes batches of that size.

    `allennlp evaluate --batch-size` adds `batch_size` to a config that has a sampler; AllenNLP's
    own loader refuses the pair.
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
            batch_sampler.batch_size = batch_size  # type: ignore[union-attr]
            batch_size = None
        super().__init__(
            reader, data_path, batch_size=batch_size, batch_sampler=batch_sampler, **kwargs
        )
