import json
from pathlib import Path
from unittest import mock

import pytest
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.training import Checkpointer

import bilstm_tagger.plugin  # noqa: F401

EPOCHS = 4


class Interrupted(Exception):
    pass


AVERAGE = {"type": "recoverable_exponential", "decay": 0.95}


def config(average: dict | None) -> Params:
    return Params.from_file(
        "training_config/quickstart.jsonnet",
        {
            "dataset_reader.max_instances": 60,
            "trainer.num_epochs": EPOCHS,
            "trainer.patience": None,
            "trainer.moving_average": average,
            "evaluate_on_test": True,
        },
    )


def metrics(folder: Path) -> dict:
    kept = ("loss", "accuracy", "f1", "best_epoch")
    found = json.loads((folder / "metrics.json").read_text())
    return {key: value for key, value in found.items() if key.endswith(kept)}


@pytest.mark.parametrize(("epochs_before", "average"), [(1, None), (3, None), (2, AVERAGE)])
def test_recovered_training_ends_as_uninterrupted_one(
    tmp_path: Path, epochs_before: int, average: dict | None
) -> None:
    train_model(config(average), str(tmp_path / "whole"))

    save = Checkpointer.maybe_save_checkpoint

    def save_then_fail(self, trainer, epochs, batches):
        saved = save(self, trainer, epochs, batches)
        if epochs == epochs_before and batches == 0:
            raise Interrupted
        return saved

    with (
        mock.patch.object(Checkpointer, "maybe_save_checkpoint", save_then_fail),
        pytest.raises(Interrupted),
    ):
        train_model(config(average), str(tmp_path / "halves"))
    train_model(config(average), str(tmp_path / "halves"), recover=True)

    whole = metrics(tmp_path / "whole")
    assert whole["best_epoch"] > 0
    assert metrics(tmp_path / "halves") == whole
