"""Learning rates that change from epoch to epoch, which AllenNLP does not register."""

from allennlp.common.checks import ConfigurationError
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from allennlp.training.optimizers import Optimizer


class EpochSchedule(LearningRateScheduler):
    """A learning rate for each epoch, counted from 1 as in the papers, the first included."""

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        super().__init__(optimizer, last_epoch)
        # AllenNLP asks at the end of an epoch, for the next one; nobody asks for the first.
        for group, value in zip(optimizer.param_groups, self.get_values(), strict=True):
            group["lr"] = value

    def rate(self, epoch: int, initial: float) -> float:
        """The rate of an epoch, from 1, where the optimiser's setting is `initial`."""
        raise NotImplementedError

    def get_values(self) -> list[float]:
        return [self.rate(self.last_epoch + 2, initial) for initial in self.base_values]


@LearningRateScheduler.register("piecewise_constant")
class PiecewiseConstantLearningRate(EpochSchedule):
    """A rate from an epoch on, until the next step; before the first, the optimiser's own. With
    `{"1": 0.1, "3": 0.05, "5": 0.01}` the SGD schedule of Reimers and Gurevych (2017).

    Registered as a `LearningRateScheduler` with name "piecewise_constant".

    # Parameters

    steps : `Dict[str, float]`
        Epoch, counted from 1, to the rate from there on.
    """

    def __init__(self, optimizer: Optimizer, steps: dict[str, float], last_epoch: int = -1) -> None:
        try:
            self.steps = sorted((int(epoch), float(rate)) for epoch, rate in steps.items())
        except ValueError:
            self.steps = []
        if not self.steps or self.steps[0][0] < 1 or any(rate <= 0 for _, rate in self.steps):
            raise ConfigurationError(
                "learning_rate_scheduler.steps must map epochs, from 1, to positive rates, as in "
                f"{{'1': 0.1, '3': 0.05}}; found {dict(steps)}"
            )
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, initial: float) -> float:
        return max([(0, initial), *(step for step in self.steps if step[0] <= epoch)])[1]


@LearningRateScheduler.register("inverse_time_decay")
class InverseTimeDecayLearningRate(EpochSchedule):
    """The rate `initial / (1 + decay * t)` after t epochs (Ma and Hovy 2016, section 3.3, with a
    decay of 0.05).

    Registered as a `LearningRateScheduler` with name "inverse_time_decay".

    # Parameters

    decay : `float`
        Not negative.
    """

    def __init__(self, optimizer: Optimizer, decay: float, last_epoch: int = -1) -> None:
        if decay < 0:
            raise ConfigurationError(
                f"learning_rate_scheduler.decay must not be negative, found {decay}"
            )
        self.decay = decay
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, initial: float) -> float:
        return initial / (1.0 + self.decay * (epoch - 1))
