"""The end of a training: scores on the test set in all processes, and interruptions."""

import functools
import sys
from collections.abc import Callable
from typing import Any, Optional

from allennlp.commands.train import TrainModel
from allennlp.common.util import is_distributed
from allennlp.data import DataLoader
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.util import evaluate

from bilstm_tagger.tagging.commands.errors import interruptible


class EvaluatedTraining(TrainModel):
    """AllenNLP's "default", which it replaces in the commands (`compat.apply`). In a distributed
    training all processes score the test set, each its share; AllenNLP scores the share of the
    first alone, and waits for the others in vain.
    """

    evaluation_data_loader: Optional[DataLoader]

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


def one_line_interrupts(train: Callable[..., Any]) -> Callable[..., Any]:
    """A function that trains, which ends the process with a line and status 130 or 143 where the
    user, or the system, interrupts it.
    """

    @functools.wraps(train)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with interruptible(lambda _: print(_GOES_ON, file=sys.stderr)):
            return train(*args, **kwargs)

    return wrapper


_GOES_ON = "interrupted: the same command with --recover goes on from the last checkpoint"
