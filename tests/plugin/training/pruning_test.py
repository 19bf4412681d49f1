import json

import pytest
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.plugin.training import OptunaPruningCallback
from bilstm_tagger.plugin.training.pruning import TRIAL, Pruned

optuna = pytest.importorskip("optuna", reason="the extra 'search' is not installed")


@pytest.fixture
def study(tmp_path):
    """Five trials that had 0.5 in each of ten epochs."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = f"sqlite:///{tmp_path}/search.db"
    study = optuna.create_study(storage=storage, study_name="a", direction="maximize")
    for _ in range(5):
        trial = study.ask()
        for epoch in range(1, 11):
            trial.report(0.5, epoch)
        study.tell(trial, 0.5)
    return study


@pytest.fixture
def callback(study, monkeypatch, tmp_path):
    trial = study.ask()
    about = {
        "storage": f"sqlite:///{tmp_path}/search.db",
        "study": "a",
        "trial": trial.number,
        "metric": "f1",
        "warmup_epochs": 3,
    }
    monkeypatch.setenv(TRIAL, json.dumps(about))
    return OptunaPruningCallback(str(tmp_path))


def train(callback, values) -> int:
    """Epochs until it is ended."""
    for epoch, value in enumerate(values):
        try:
            callback.on_epoch(None, {"validation_f1": value}, epoch)
        except Pruned as pruned:
            assert str(pruned) == f"pruned after epoch {epoch + 1}: validation_f1 {value:.4f}"
            return epoch + 1
    return len(values)


def test_what_is_worse_than_the_median_is_ended_after_the_warm_up(callback, study):
    assert train(callback, [0.4] * 10) == 4
    assert study.trials[-1].intermediate_values == dict.fromkeys(range(1, 5), 0.4)


def test_what_is_better_goes_on(callback, study):
    assert train(callback, [0.1, 0.2, 0.3, 0.6, 0.6, 0.2]) == 6
    assert len(study.trials[-1].intermediate_values) == 6


def test_a_metric_that_is_not_there(callback):
    with pytest.raises(ConfigurationError, match="no metric 'f1' .*: there are accuracy, loss$"):
        callback.on_epoch(None, {"validation_loss": 1.0, "validation_accuracy": 0.5}, 0)
    with pytest.raises(ConfigurationError, match="for want of validation data"):
        callback.on_epoch(None, {"training_loss": 1.0}, 0)


def test_the_other_processes_of_a_training(callback, study):
    callback.on_epoch(None, {"validation_f1": 0.1}, 9, is_primary=False)
    assert not study.trials[-1].intermediate_values


def test_outside_of_a_search(monkeypatch, tmp_path):
    monkeypatch.delenv(TRIAL, raising=False)
    with pytest.raises(ConfigurationError, match="take it out of the config"):
        OptunaPruningCallback(str(tmp_path))
