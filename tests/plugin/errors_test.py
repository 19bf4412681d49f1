"""The mistakes of a user end a command in one line, and only those."""

import json
from pathlib import Path

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data.data_loaders.multiprocess_data_loader import WorkerError
from allennlp.training.optimizers import Optimizer

from bilstm_tagger.plugin.dataset_readers import ConllColumnsReader
from bilstm_tagger.plugin.errors import config_mistake
from bilstm_tagger.text.errors import DataFormatError

CONFIG = "training_config/quickstart.jsonnet"
SHORT = {"dataset_reader.max_instances": 6, "trainer.num_epochs": 1}


@pytest.fixture
def failing(error_of, tmp_path):
    """The error of a training, which leaves no folder."""

    def run(overrides: dict[str, object] | str, config: object = CONFIG) -> str:
        if isinstance(overrides, dict):
            overrides = json.dumps({**SHORT, **overrides})
        error: str = error_of("train", config, "-s", tmp_path / "model", "-o", overrides)
        assert not (tmp_path / "model").exists()
        assert error.startswith("error: ")
        return error.removeprefix("error: ")

    return run


@pytest.mark.parametrize(
    "overrides, message",
    [
        ({"train_data_path": "nope.conll"}, "nope.conll: there is no such file; check the data"),
        (
            {"train_data_path": "fixtures/broken/ragged_line.conll"},
            "fixtures/broken/ragged_line.conll:6: expected 3 columns",
        ),
        ({"vocabulary.pretrained_file": "nope.txt"}, "nope.txt: there is no such file; check"),
        ({"modell": 3}, "Extra parameters passed to EvaluatedTraining: {'modell': 3}"),
        ({"model.encoder.hidden": 3}, "Extra parameters passed to BiLSTMEncoder: {'hidden': 3}"),
        (
            {
                "dataset_reader.token_indexers.transformer": {
                    "type": "pretrained_transformer_mismatched",
                    "model_name": "./nowhere",
                }
            },
            "dataset_reader.token_indexers.transformer: ",
        ),
        ({"trainer.epochs": 3}, "trainer has no such settings: epochs"),
        ({"model": {"type": "bilstm_tagger"}}, 'key "text_field_embedder" is required at'),
        ({"model.encoder.hidden_sizes": "x"}, "BiLSTMEncoder: Expected hidden_sizes.0 to be a int"),
        ({"trainer.optimizer.lr": -1}, "NadamOptimizer: Invalid learning rate: -1"),
        ('{"a": ', f"{CONFIG}: the config, or the overrides (-o), cannot be read: STATIC ERROR: 1"),
    ],
)
def test_a_wrong_file_key_or_value(failing, overrides, message):
    assert failing(overrides).startswith(message)


def test_a_config_that_cannot_be_read(failing, tmp_path):
    config = tmp_path / "config.jsonnet"
    assert failing("", config) == f"file {config} not found"
    config.write_text("{ a: 1,\n b: }")
    error = failing("", config)
    assert error.startswith(f"{config}: the config cannot be read: STATIC ERROR: {config}:2:5")
    config.write_text("[1]")
    assert failing("", config) == f"{config}: a config is an object, {{ ... }}"


def test_evaluate_and_predict(error_of, quickstart_archive):
    wrong = "error: nope.conll: there is no such file; check the data path"
    assert error_of("evaluate", quickstart_archive, "nope.conll").startswith(wrong)
    reading = ("--use-dataset-reader", "--predictor", "conll_to_conll")
    assert error_of("predict", quickstart_archive, "nope.conll", *reading).startswith(wrong)
    error = error_of("predict", quickstart_archive, "x", "--predictor", "conl")
    assert error.startswith("error: 'conl' is not a registered name for 'Predictor'")


@pytest.mark.parametrize("bug", [TypeError, ValueError, KeyError])
def test_the_traceback_of_a_bug_stays(train, tmp_path, monkeypatch, bug):
    def read(*_):
        raise bug("a bug")

    monkeypatch.setattr(ConllColumnsReader, "_instances", read)
    with pytest.raises(bug, match="a bug"):
        train(CONFIG, tmp_path / "model", SHORT)
    assert not (tmp_path / "model").exists()


class TestMistakes:
    def test_of_other_processes(self):
        try:
            raise DataFormatError("a.conll", 3, "expected 3 columns")
        except DataFormatError as error:
            name = "bilstm_tagger.text.errors.DataFormatError"
            lines = ["Traceback (most recent call last):\n", '  File "x"\n', f"{name}: {error}\n"]
            workers = WorkerError(repr(error), lines)
        assert config_mistake(workers) == "a.conll:3: expected 3 columns"
        assert config_mistake(WorkerError("KeyError('a')", ["KeyError: 'a'\n"])) is None

    def test_a_constructor_that_fails_is_a_mistake_a_method_that_it_calls_is_not(self):
        class Wrong(Optimizer):
            def __init__(self, deep: bool):
                if deep:
                    self.fail()
                raise ValueError("a wrong\nvalue")

            def fail(self):
                raise ValueError("a bug")

        for deep, expected in ((False, "Wrong: a wrong value"), (True, None)):
            with pytest.raises(ValueError) as raised:
                Wrong.from_params(
                    Params({"deep": deep}),
                    constructor_to_call=Wrong,
                    constructor_to_inspect=Wrong.__init__,
                )
            assert config_mistake(raised.value) == expected

    def test_of_several_lines(self):
        assert config_mistake(ConfigurationError("one\n  two")) == "one two"


class TestFolder:
    def command(self, folder: Path, overrides: dict[str, object] = SHORT) -> tuple[object, ...]:
        return "train", CONFIG, "-s", folder, "-o", json.dumps(overrides)

    def test_the_same_command_works_after_the_fix(self, allennlp, error_of, tmp_path):
        data, folder = tmp_path / "train.conll", tmp_path / "new" / "model"
        command = self.command(folder, {**SHORT, "train_data_path": str(data)})
        assert "there is no such file" in error_of(*command)
        data.write_bytes(Path("fixtures/corpus/dev.conll").read_bytes())
        allennlp(*command)
        assert (folder / "model.tar.gz").is_file()

    def test_that_was_there_and_empty(self, error_of, tmp_path):
        error_of(*self.command(tmp_path, {**SHORT, "train_data_path": "nope"}))
        assert tmp_path.is_dir() and not list(tmp_path.iterdir())

    def test_of_something_else_is_left_alone(self, error_of, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        error = error_of(*self.command(tmp_path))
        assert error.startswith(f"error: {tmp_path}: the folder exists and is not empty: ")
        assert "--recover goes on" in error and "-f (--force) deletes" in error
        # What is wrong is seen before AllenNLP deletes the folder.
        assert "cannot be read" in error_of(*self.command(tmp_path)[:-1], "{", "-f")
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_of_a_training_by_another_config(self, allennlp, error_of, tmp_path):
        allennlp(*self.command(tmp_path))
        before = sorted(tmp_path.iterdir())
        error = error_of(*self.command(tmp_path, {**SHORT, "trainer.patience": 3}), "--recover")
        assert "in the folder: trainer.patience; -f (--force) deletes" in error
        assert sorted(tmp_path.iterdir()) == before

    def test_of_a_training_that_is_interrupted_early(self, allennlp, tmp_path, monkeypatch, capsys):
        def read(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(ConllColumnsReader, "_instances", read)
        with pytest.raises(SystemExit, match="130"):
            allennlp(*self.command(tmp_path / "model"))
        assert not (tmp_path / "model").exists()
        assert capsys.readouterr().err.splitlines()[-1] == "interrupted: nothing was trained yet"


def test_workers_of_a_data_loader_end_quietly(start, tmp_path):
    overrides = {**SHORT, "data_loader.num_workers": 1, "validation_data_path": "nope.conll"}
    command = ("train", CONFIG, "-s", tmp_path / "model", "-o", json.dumps(overrides))
    process, log = start(*command)
    process.join(120)
    assert process.exitcode == 1
    assert "Traceback" not in log.read_text()
    assert log.read_text().splitlines()[-1].startswith("error: nope.conll: there is no such file")
