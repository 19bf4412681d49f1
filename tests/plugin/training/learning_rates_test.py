import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from allennlp.training.optimizers import Optimizer


def make(lr: float = 0.1, **settings):
    module = torch.nn.Linear(1, 1)
    optimizer = Optimizer.from_params(
        Params({"type": "sgd", "lr": lr}), model_parameters=list(module.named_parameters())
    )
    scheduler = LearningRateScheduler.from_params(Params(settings), optimizer=optimizer)
    return optimizer, scheduler


def rates(optimizer, scheduler, epochs: int) -> list[float]:
    """The rate of each epoch, as the trainer steps: at the end of each."""
    found = []
    for _ in range(epochs):
        found.append(optimizer.param_groups[0]["lr"])
        scheduler.step(None)
    return found


def test_the_schedule_of_the_original():
    steps = {"1": 0.1, "3": 0.05, "5": 0.01}
    found = rates(*make(0.7, type="piecewise_constant", steps=steps), 7)
    assert found == [0.1, 0.1, 0.05, 0.05, 0.01, 0.01, 0.01]


def test_before_the_first_step_the_rate_of_the_optimizer():
    assert rates(*make(0.7, type="piecewise_constant", steps={"3": 0.5}), 4) == [0.7, 0.7, 0.5, 0.5]


def test_inverse_time_decay():
    found = rates(*make(0.015, type="inverse_time_decay", decay=0.05), 4)
    assert found == pytest.approx([0.015, 0.015 / 1.05, 0.015 / 1.10, 0.015 / 1.15])


def test_recovered():
    """A state that was stored goes on where it was."""
    steps = {"2": 0.5, "4": 0.25}
    optimizer, scheduler = make(1.0, type="piecewise_constant", steps=steps)
    before = rates(optimizer, scheduler, 2)
    other_optimizer, other = make(1.0, type="piecewise_constant", steps=steps)
    other.load_state_dict(scheduler.state_dict())
    other_optimizer.load_state_dict(optimizer.state_dict())
    assert before + rates(other_optimizer, other, 3) == [1.0, 0.5, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("steps", [{}, {"0": 0.1}, {"1": -0.1}, {"one": 0.1}])
def test_wrong_steps(steps):
    with pytest.raises(ConfigurationError, match="must map epochs, from 1, to positive rates"):
        make(type="piecewise_constant", steps=steps)


def test_wrong_decay():
    with pytest.raises(ConfigurationError, match="must not be negative"):
        make(type="inverse_time_decay", decay=-1.0)
