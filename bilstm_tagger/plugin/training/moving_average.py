"""Averages of weights that outlive an interruption."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allennlp.training.moving_average import ExponentialMovingAverage, MovingAverage


@MovingAverage.register("recoverable_exponential")
class RecoverableMovingAverage(ExponentialMovingAverage):
    """An exponential moving average of the weights, by which a model is scored and which it has in
    the end (Polyak and Juditsky 1992). AllenNLP's "exponential" averages, after `--recover`, a copy
    of the weights that no longer changes; this one goes on with those of the model.

    Registered as a `MovingAverage` with name "recoverable_exponential".

    # Parameters

    decay : `float`, optional (default=`0.9999`)
        The weight of what was before; with 0.999, steps up to some thousand ago count. In the first
        steps it is lower.
    numerator, denominator : optional
        As of AllenNLP's "exponential".
    """

    def state_dict(self) -> dict[str, Any]:
        return {"shadows": self._shadows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for name, average in state_dict["shadows"].items():
            self._shadows[name].copy_(average)


@contextmanager
def averaged(trainer: Any) -> Iterator[None]:
    """The model of a trainer with the averages of its weights, if it keeps such; they are what it
    is validated and saved by."""
    average = trainer._moving_average
    if average is not None:
        average.assign_average_value()
    try:
        yield
    finally:
        if average is not None:
            average.restore()
