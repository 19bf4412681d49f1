import json
import re

import pytest
from allennlp.common import Params
from allennlp.data import DataLoader
from allennlp.training import Trainer

from bilstm_tagger.plugin.training.trainer import TaggerTrainer

CONFIG = "training_config/quickstart.jsonnet"
SMALL = {"dataset_reader.max_instances": 6, "trainer.num_epochs": 1}


@pytest.mark.parametrize(
    "metric, model, message",
    [
        ("+chunk_f2", {}, "'chunk_f2'.* it has chunk_accuracy, chunk_f1, chunk_loss, chunk_prec"),
        (["+pos_accuracy", "+chunk_f1_NP"], {}, "'chunk_f1_NP'"),
        ("+pos_accuracy", {"model.tasks.pos.evaluate": False}, "'pos_accuracy'"),
        ("+pos_f1", {}, "'pos_f1'"),
    ],
)
def test_a_metric_that_is_not_there_is_refused_before_the_first_epoch(
    error_of, tmp_path, metric, model, message
):
    overrides = json.dumps({**SMALL, **model, "trainer.validation_metric": metric})
    assert re.search(message, error_of("train", CONFIG, "-s", tmp_path / "model", "-o", overrides))


@pytest.mark.parametrize("metric", ["-loss", "-pos_loss", "+chunk_recall", "+chunk_f1_NP"])
def test_metrics_that_are_there(train, tmp_path, metric):
    overrides = {**SMALL, "trainer.validation_metric": metric, "model.tasks.chunk.per_type": True}
    folder = train(CONFIG, tmp_path / "model", overrides).parent
    metrics = json.loads((folder / "metrics.json").read_text())
    assert f"best_validation_{metric[1:]}" in metrics


def test_the_trainer_says_what_is_for_training(train, tmp_path, monkeypatch):
    """In time for learning rate schedulers, which ask for the number of steps."""
    seen = {}
    files = {"a": "fixtures/corpus/pos.conllu", "b": "fixtures/corpus/dev.conll"}
    overrides = {
        "dataset_reader.datasets": {
            "a": {"columns": {"tokens": 1, "pos": 3}, "conllu": True, "tasks": {"pos": {}}},
            "b": {
                "columns": {"tokens": 0, "chunk": 2},
                "tasks": {"chunk": {"encoding": "BIO", "model_encoding": "IOBES"}},
            },
        },
        "dataset_reader.columns": None,
        "dataset_reader.tasks": None,
        "train_data_path": files,
        "validation_data_path": files,
        "test_data_path": files,
        "trainer.num_epochs": 1,
        "trainer.learning_rate_scheduler": {"type": "slanted_triangular"},
        "trainer.callbacks": [],
        "evaluate_on_test": True,
    }
    run = TaggerTrainer.train

    def watched(trainer):
        seen["steps"] = trainer._learning_rate_scheduler.num_steps_per_epoch
        seen["batches"] = len(trainer.data_loader), len(trainer._validation_data_loader)
        return run(trainer)

    monkeypatch.setattr(TaggerTrainer, "train", watched)
    train(CONFIG, tmp_path / "model", overrides)
    training, validation = seen["batches"]
    assert seen["steps"] == training
    # A turn of both data sets for each of the 7 lengths of the smaller one; and larger batches of
    # all sentences.
    assert (training, validation) == (14, 11)


def test_the_learning_rate_of_each_epoch_is_a_metric(train, tmp_path):
    overrides = {
        **SMALL,
        "trainer.num_epochs": 3,
        "trainer.patience": None,
        "trainer.optimizer.lr": 0.5,
        "trainer.learning_rate_scheduler": {"type": "piecewise_constant", "steps": {"2": 0.25}},
    }
    folder = train(CONFIG, tmp_path / "model", overrides).parent
    rates = [
        json.loads((folder / f"metrics_epoch_{epoch}.json").read_text())["training_learning_rate"]
        for epoch in range(3)
    ]
    assert rates == [0.5, 0.25, 0.25]


def test_groups_of_parameters_have_a_learning_rate_each(train, tmp_path):
    groups = [[["decoder"], {"lr": 0.125}]]
    overrides = {
        **SMALL,
        "trainer.optimizer": {"type": "sgd", "lr": 0.5, "parameter_groups": groups},
    }
    folder = train(CONFIG, tmp_path / "model", overrides).parent
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["training_learning_rate_0"] == 0.125
    assert metrics["training_learning_rate_1"] == 0.5


def test_it_stands_for_allennlps_own_in_commands():
    assert Trainer.by_name("gradient_descent").__self__ is TaggerTrainer
    assert Trainer.default_implementation == "gradient_descent"


def test_a_loop_over_a_loader_sees_every_sentence(train, quickstart):
    """With gradients, and without being told: 40 of 40."""
    params = Params({"batch_sampler": {"type": "same_length", "batch_size": 4}})
    loader = DataLoader.from_params(
        params, reader=quickstart.dataset_reader, data_path="fixtures/corpus/dev.conll"
    )
    loader.index_with(quickstart.model.vocab)
    number = sum(len(batch["metadata"]) for batch in loader)
    assert number == len(list(loader.iter_instances()))
