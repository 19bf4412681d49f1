import csv
import json
from pathlib import Path

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.training import GradientDescentTrainer

from bilstm_tagger.plugin.training import BestEpochsCallback
from bilstm_tagger.plugin.training.results_table import ResultsTable

CONFIG = "training_config/quickstart.jsonnet"
TEST = "fixtures/corpus/test.conll"
EPOCHS = 4


def overrides(**callback):
    return {
        "dataset_reader.max_instances": 40,
        "trainer.num_epochs": EPOCHS,
        # Scores and weights are those of the averages, as they are the trainer's.
        "trainer.moving_average": {"type": "recoverable_exponential", "decay": 0.9},
        "trainer.callbacks": [
            {"type": "random_state"},
            {"type": "best_epochs", **callback},
        ],
        "model.tasks.chunk.encoder": {"hidden_sizes": [5]},
    }


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.tsv").open() as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@pytest.fixture(scope="module")
def folder(train, tmp_path_factory) -> Path:
    return train(CONFIG, tmp_path_factory.mktemp("best") / "model", overrides()).parent


def test_a_row_for_each_epoch_and_task_with_the_scores_of_the_trainer(folder):
    found = rows(folder)
    assert [(each["epoch"], each["task"]) for each in found] == [
        (str(epoch), task) for epoch in range(1, EPOCHS + 1) for task in ("chunk", "pos")
    ]
    for each in found:
        metrics = json.loads((folder / f"metrics_epoch_{int(each['epoch']) - 1}.json").read_text())
        assert float(each["dev"]) == metrics[f"validation_{each['metric']}"]
    assert {each["metric"] for each in found} == {"pos_accuracy", "chunk_f1"}


def test_the_best_of_each_task_can_be_loaded_and_has_its_scores(folder, allennlp, tmp_path):
    best = json.loads((folder / "best_epochs.json").read_text())
    assert best.keys() == {"pos", "chunk"}
    for task, about in best.items():
        of_task = [each for each in rows(folder) if each["task"] == task]
        assert about["dev"] == max(float(each["dev"]) for each in of_task)
        row = of_task[about["epoch"] - 1]
        assert (float(row["dev"]), float(row["test"])) == (about["dev"], about["test"])
        scores = tmp_path / f"{task}.json"
        weights = folder / about["weights"]
        model = folder / "model.tar.gz"
        allennlp("evaluate", model, TEST, "--weights-file", weights, "--output-file", scores)
        found = json.loads(scores.read_text())
        # The reader of the archive reads 40 sentences, as that of the callback did.
        assert found[about["metric"]] == pytest.approx(about["test"])


def test_recovery_leaves_the_table_whole(folder, train, allennlp, tmp_path, monkeypatch):
    train_epoch = GradientDescentTrainer._train_epoch
    add = ResultsTable.add

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    def interrupted_in_the_third(table, epoch, task, *scores):
        # The first task of the epoch has its row already.
        if epoch == 3 and task == "pos":
            raise KeyboardInterrupt
        return add(table, epoch, task, *scores)

    monkeypatch.setattr(ResultsTable, "add", interrupted_in_the_third)
    parts = tmp_path / "parts"
    with pytest.raises(SystemExit, match="130"):
        train(CONFIG, parts, overrides())
    assert len(rows(parts)) == 5
    monkeypatch.setattr(ResultsTable, "add", add)
    monkeypatch.setattr(GradientDescentTrainer, "_train_epoch", train_epoch)
    allennlp("train", CONFIG, "-s", parts, "--recover", "-o", json.dumps(overrides()))
    assert rows(parts) == rows(folder)
    for name in ("best_pos.th", "best_chunk.th"):
        ours, theirs = (torch.load(each / name) for each in (parts, folder))
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_names_with_scores_and_one_file_for_each_task(train, tmp_path):
    name = "{task}_{dev:.4f}_{test:.4f}_{epoch}.th"
    folder = train(CONFIG, tmp_path / "model", overrides(weights_name=name)).parent
    best = json.loads((folder / "best_epochs.json").read_text())
    expected = {
        f"{task}_{each['dev']:.4f}_{each['test']:.4f}_{each['epoch']}.th"
        for task, each in best.items()
    }
    kept = {path.name for path in folder.glob("*_*.th")} - {"best.th"}
    assert expected == {name for name in kept if name.startswith(("pos_", "chunk_"))}


def test_auxiliary_tasks_and_a_training_without_test_set(train, tmp_path):
    changes = {
        **overrides(score_test=False),
        "model.tasks.pos.evaluate": False,
        "trainer.validation_metric": "+chunk_f1",
        "trainer.num_epochs": 1,
    }
    folder = train(CONFIG, tmp_path / "model", changes).parent
    (row,) = rows(folder)
    assert row.keys() == {"epoch", "task", "metric", "dev", "best_dev"}
    assert row["task"] == "chunk"
    metrics = json.loads((folder / "metrics.json").read_text())
    assert "training_pos_loss" in metrics
    assert not any(key.startswith("validation_pos") for key in metrics)
    assert metrics["validation_loss"] == pytest.approx(metrics["validation_chunk_loss"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights_name": "best.th"}, "must have {task}"),
        ({"weights_name": "{task}_{score}.th"}, "must have {task}"),
        ({"weights_name": "{task}_{test}.th"}, "the config needs a test_data_path"),
    ],
)
def test_wrong_settings(tmp_path, settings, message):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigurationError, match=message):
        BestEpochsCallback(str(tmp_path), **settings)
