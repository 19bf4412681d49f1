import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.training.optimizers import Optimizer

from bilstm_tagger.plugin.training import FusedAdamOptimizer, NadamOptimizer


def make(module: torch.nn.Module, name: str = "nadam", **settings) -> Optimizer:
    return Optimizer.from_params(
        Params({"type": name, **settings}), model_parameters=list(module.named_parameters())
    )


def test_defaults():
    optimizer = make(torch.nn.Linear(2, 1))
    assert isinstance(optimizer, NadamOptimizer)
    assert isinstance(optimizer, torch.optim.NAdam)
    (group,) = optimizer.param_groups
    assert group["lr"] == 0.002
    assert group["betas"] == (0.9, 0.999)
    assert (group["eps"], group["weight_decay"], group["momentum_decay"]) == (1e-8, 0.0, 0.004)


def test_settings_of_a_config():
    settings = {"lr": 0.1, "eps": 1e-6, "weight_decay": 0.5, "momentum_decay": 0.01}
    (group,) = make(torch.nn.Linear(2, 1), betas=[0.8, 0.99], **settings).param_groups
    assert {name: group[name] for name in settings} == settings
    assert tuple(group["betas"]) == (0.8, 0.99)


def test_groups_of_parameters_have_settings_of_their_own():
    optimizer = make(torch.nn.Linear(2, 1), parameter_groups=[[["bias"], {"lr": 0.5}]])
    rates = {len(group["params"][0].shape): group["lr"] for group in optimizer.param_groups}
    assert rates == {1: 0.5, 2: 0.002}  # bias, weight


@pytest.mark.parametrize(
    "name, of_torch", [("nadam", torch.optim.NAdam), ("fused_adam", torch.optim.Adam)]
)
def test_trains_as_the_optimizer_of_torch(name, of_torch):
    inputs, targets = torch.randn(50, 3), torch.randn(50, 1)
    module, reference = torch.nn.Linear(3, 1), torch.nn.Linear(3, 1)
    reference.load_state_dict(module.state_dict())
    losses = []
    for each, optimizer in (
        (module, make(module, name, lr=0.05)),
        (reference, of_torch(reference.parameters(), lr=0.05)),
    ):
        for _ in range(20):
            optimizer.zero_grad()
            loss = (each(inputs) - targets).pow(2).mean()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
    assert losses[19] < 0.95 * losses[0]
    assert losses[:20] == pytest.approx(losses[20:])
    torch.testing.assert_close(module.weight, reference.weight)


def test_unknown_setting():
    with pytest.raises(ConfigurationError, match="amsgrad"):
        make(torch.nn.Linear(2, 1), amsgrad=True)


def test_fused_adam():
    optimizer = make(torch.nn.Linear(2, 1), "fused_adam", weight_decay=0.5)
    assert isinstance(optimizer, FusedAdamOptimizer)
    (group,) = optimizer.param_groups
    assert (group["lr"], group["betas"], group["eps"]) == (0.001, (0.9, 0.999), 1e-8)
    assert (group["weight_decay"], group["fused"]) == (0.5, True)
