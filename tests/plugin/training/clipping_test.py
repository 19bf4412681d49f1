"""What `clipnorm` and `clipvalue` of the original become does what they did, with the trainer."""

import pytest
import torch
from allennlp.data import Vocabulary
from allennlp.data.data_loaders import SimpleDataLoader
from allennlp.data.fields import TensorField
from allennlp.data.instance import Instance
from allennlp.models import Model
from allennlp.training import GradientDescentTrainer

from bilstm_tagger.convert import Converter


class Linear(Model):
    """A loss whose gradient is 3 and 4 for one parameter, 12 for another: of norm 13."""

    def __init__(self) -> None:
        super().__init__(Vocabulary())
        self.weight = torch.nn.Parameter(torch.zeros(2))
        self.bias = torch.nn.Parameter(torch.zeros(1))

    def forward(self, factor: torch.Tensor) -> dict[str, torch.Tensor]:
        gradient = torch.tensor([3.0, 4.0])
        return {"loss": factor.mean() * (self.weight @ gradient + 12 * self.bias.sum())}


def trained_one_step(clipping: dict, folder) -> list[float]:
    """The parameters after a step of plain SGD of rate 1, with their sign turned: the gradient."""
    model = Linear()
    loader = SimpleDataLoader([Instance({"factor": TensorField(torch.ones(()))})], 1)
    trainer = GradientDescentTrainer(
        model,
        torch.optim.SGD(model.parameters(), lr=1.0),
        loader,
        num_epochs=1,
        serialization_dir=str(folder),
        **clipping,
    )
    trainer.train()
    return [*(-model.weight).tolist(), *(-model.bias).tolist()]


def clipping_of(**params: float) -> dict:
    """The keys of the trainer for parameters of the original."""
    given = {
        "params": params,
        "datasets": {"pos": {"columns": {"0": "tokens", "1": "POS"}, "label": "POS"}},
        "embeddingsPath": "fixtures/vectors/vectors.16d.txt",
    }
    trainer = Converter(given).config()["trainer"]
    return {key: trainer[key] for key in ("grad_norm", "grad_clipping") if key in trainer}


@pytest.mark.parametrize(
    "params, gradient",
    [
        ({"clipnorm": 0, "clipvalue": 0}, [3.0, 4.0, 12.0]),
        # The norm is that of all parameters together: each gradient is divided by 13.
        ({"clipnorm": 1}, [3 / 13, 4 / 13, 12 / 13]),
        ({"clipnorm": 6.5}, [1.5, 2.0, 6.0]),
        ({"clipnorm": 20}, [3.0, 4.0, 12.0]),
        ({"clipnorm": 0, "clipvalue": 3.5}, [3.0, 3.5, 3.5]),
        # Both: first the norm, then the values.
        ({"clipnorm": 1, "clipvalue": 0.5}, [3 / 13, 4 / 13, 0.5]),
    ],
)
def test_gradient_of_a_step(params, gradient, tmp_path):
    clipping = clipping_of(**params)
    assert trained_one_step(clipping, tmp_path) == pytest.approx(gradient, rel=1e-5)
