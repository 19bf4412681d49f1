import csv
import json
import re
import sys
from pathlib import Path

import pytest
from allennlp.common import Params

from bilstm_tagger.experiments.records import read_records
from bilstm_tagger.plugin.commands.search import _row, _short
from bilstm_tagger.plugin.runs.jobs import read_config
from bilstm_tagger.plugin.runs.search import Search
from bilstm_tagger.plugin.runs.search_space import SearchSpace

optuna = pytest.importorskip("optuna", reason="the extra 'search' is not installed")

CONFIG = "training_config/quickstart.jsonnet"
SHORT = {
    "train_data_path": "fixtures/corpus/dev.conll",
    "test_data_path": None,
    "trainer.num_epochs": 2,
}
SPACE = """{
  'trainer.optimizer.lr': { type: 'float', low: 5e-4, high: 5e-2, log: true },
  'model.encoder.hidden_sizes': { type: 'categorical', choices: [[5], [4, 4]] },
}"""


@pytest.fixture
def space(tmp_path) -> Path:
    path = tmp_path / "space.jsonnet"
    path.write_text(SPACE)
    return path


@pytest.fixture
def search(allennlp, space, tmp_path):
    def run(*arguments, config=CONFIG, **overrides):
        allennlp(
            "search",
            config,
            "--space",
            space,
            "-s",
            tmp_path / "runs",
            "-o",
            json.dumps(SHORT | overrides),
            *arguments,
        )

    return run


def study_in(folder: Path):
    return optuna.load_study(study_name="quickstart", storage=f"sqlite:///{folder}/search.db")


def test_searches_goes_on_and_writes_the_best(search, tmp_path, capsys):
    runs = tmp_path / "runs"
    search("--trials", "2", "--jobs", "2", "--metric", "+chunk_f1")
    first = study_in(runs).trials
    assert [trial.state.name for trial in first] == ["COMPLETE"] * 2
    # A trial that was interrupted: proposed, begun, not ended.
    trial = study_in(runs).ask(
        {
            "trainer.optimizer.lr": optuna.distributions.FloatDistribution(5e-4, 5e-2, log=True),
            "model.encoder.hidden_sizes": optuna.distributions.CategoricalDistribution(
                ["[5]", "[4, 4]"]
            ),
        }
    )
    (runs / f"trial-{trial.number:04d}.lock").touch()
    capsys.readouterr()
    search("--trials", "4", "--jobs", "2", "--metric", "+chunk_f1")
    out, err = capsys.readouterr()
    assert "the study has 3 trials" in err
    # The interrupted one, and a new one.
    assert re.findall(r"^\d/\d", err, re.MULTILINE) == ["1/2", "2/2"]

    trials = study_in(runs).trials
    assert [trial.number for trial in trials] == [0, 1, 2, 3]
    assert {trial.state.name for trial in trials} <= {"COMPLETE", "PRUNED"}
    assert trials[:2] == first
    assert len({trial.params["trainer.optimizer.lr"] for trial in trials}) == 4
    # The interrupted one is not proposed anew.
    assert trials[2].params == trial.params
    assert [len(each.intermediate_values) for each in trials] == [2] * 4
    records = {int(record.name[-4:]): record for record in read_records(runs)}
    for trial in trials:
        record = records[trial.number]
        assert record.config["trainer"]["optimizer"]["lr"] == trial.params["trainer.optimizer.lr"]
        assert record.dev("chunk_f1") == trial.value
        assert str(record.config["model"]["encoder"]["hidden_sizes"]) in str(trial.params)

    best = max(trials, key=lambda trial: trial.value)
    text = (runs / "best.jsonnet").read_text()
    assert text.startswith(f"// The best of 4 trials of a search: trial {best.number}, chunk_f1")
    config = Params.from_file(runs / "best.jsonnet").as_dict(quiet=True)
    assert config["trainer"]["optimizer"]["lr"] == best.params["trainer.optimizer.lr"]
    assert "optuna_pruning" not in text and "random_seed" not in config
    rows = list(csv.DictReader((runs / "trials.csv").open()))
    assert {row["error"] for row in rows} == {""}
    assert [float(row["chunk_f1"]) for row in rows] == sorted(
        (trial.value for trial in trials), reverse=True
    )
    assert (runs / "importances.svg").read_text().count("hidden_sizes") == 1
    assert re.search(r"trial.*state.*chunk_f1.*epochs.*hidden_sizes.*lr", out)
    assert len(re.findall(rf"{best.number} .* complete .* {best.value:.4f} ", out)) == 1
    assert f"best.jsonnet: trial {best.number}, chunk_f1 {best.value:.4f}" in out


@pytest.fixture
def fails(search, capsys):
    """Searches in vain; asserts that the message is a line of this pattern."""

    def run(pattern: str, *arguments, **settings):
        with pytest.raises(SystemExit) as ended:
            search(*arguments, **settings)
        assert ended.value.code == 1
        assert re.search(f"^error: .*{pattern}", capsys.readouterr().err.splitlines()[-1])

    return run


def test_a_storage_that_its_study_does_not_fit(search, fails, space, tmp_path):
    search("--trials", "1", "--metric", "+chunk_f1", "--jobs", "2")
    arguments = ("--trials", "1", "--metric", "+chunk_f1")
    fails("with another metric: give another folder", *arguments[:3], "+pos_accuracy")
    fails("with another sign of --metric", "--trials", "1", "--metric=-chunk_f1")
    fails("with another seed", *arguments, "--seed", "7")
    fails(r"with another config \(or -o\)", *arguments, **{"trainer.num_epochs": 3})
    space.write_text(SPACE.replace("5e-4", "6e-4"))
    fails("with another space", *arguments)
    # What was trained is not lost to a study of the same numbers.
    done = (tmp_path / "runs" / "trial-0000" / "run.json").read_text()
    fails(
        "has the trials of another study", *arguments, "--storage", f"sqlite:///{tmp_path}/new.db"
    )
    assert (tmp_path / "runs" / "trial-0000" / "run.json").read_text() == done


def test_a_failure_before_any_success_ends_the_search(search, fails, tmp_path, capsys):
    arguments = ("--trials", "2", "--metric", "+chunk_ff1")
    fails(
        "trial 0 failed, and none has succeeded: .*no metric 'chunk_ff1' to search by: "
        "there are .*chunk_f1, .*pos_accuracy",
        *arguments,
    )
    (trial,) = study_in(tmp_path / "runs").trials
    assert trial.state.name == "FAIL"
    assert "no metric 'chunk_ff1'" in trial.user_attrs["error"]
    # Where there is nothing to be done, and nothing to show.
    with pytest.raises(SystemExit) as ended:
        search("--trials", "1", *arguments[2:])
    assert ended.value.code == 1
    assert "no trial was trained to the end" in capsys.readouterr().out


def test_a_trial_is_of_its_folder_from_the_first(space, tmp_path):
    """Killed before its process has begun, it is not lost."""

    def search_in(folder: str) -> Search:
        (tmp_path / folder).mkdir(exist_ok=True)
        settings = SearchSpace(read_config(str(space)))
        storage = f"sqlite:///{tmp_path}/shared.db"
        return Search("a", read_config(CONFIG), settings, tmp_path / folder, storage, "chunk_f1")

    job = next(search_in("here").jobs(1))
    assert not Path(job.folder).exists()
    assert search_in("elsewhere").to_do(1) == 0
    assert [again.config for again in search_in("here").jobs(1)] == [job.config]


def test_wrong_use(fails, space, monkeypatch, tmp_path):
    fails("must be at least 1", "--trials", "0")
    fails(r"put \+ or - before it", "--metric", "chunk_f1")
    fails("missing.jsonnet: no such file", config="missing.jsonnet")
    for storage in ("nonsense", "postgresql+nodriver://me:secret@there/studies"):
        fails("the storage of the study cannot be opened: (?!.*secret)", "--storage", storage)
    (tmp_path / "a?b").mkdir()
    fails("SQLite takes no '\\?'", "-s", tmp_path / "a?b")
    space.write_text("{ 'model.nothing.there': { type: 'int', low: 1, high: 2 } }")
    fails("the space does not fit the config")
    space.write_text("[1]")
    fails("space.jsonnet must hold an object")
    space.write_text("{")
    fails("space.jsonnet cannot be read: STATIC ERROR")
    assert not list((tmp_path / "runs").glob("trial-*"))
    monkeypatch.setitem(sys.modules, "optuna", None)
    fails(r"pip install 'bilstm-tagger\[search\]'")


def test_short_names():
    names = ["trial", "a.b.lr", "c.size", "d.size", "e.dropout.0", "e.dropout.1"]
    assert _short(names) == ["trial", "lr", "c.size", "d.size", "dropout.0", "dropout.1"]


def test_scores_have_the_same_number_of_digits():
    assert _row([7, "complete", 0.805, 3, "[25]", 0.0015]) == [
        *("7", "complete", "0.8050", "3", "[25]", "0.0015")
    ]
    assert _row([8, "fail", None, 0])[2] == ""
