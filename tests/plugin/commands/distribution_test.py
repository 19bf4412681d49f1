import ast
import json
import sys
from pathlib import Path

import pytest

from bilstm_tagger.experiments import plots, report
from bilstm_tagger.experiments.records import RunRecord, write_record
from bilstm_tagger.plugin.commands import distribution as commands


def write(folder, seed, name="a", **fields):
    defaults = {
        "status": "finished",
        "metrics": {"best_validation_f1": (90 + seed) / 100, "test_f1": (80 + seed) / 100},
        "config": {"trainer": {"validation_metric": "+f1"}},
    }
    run = folder / name / f"seed-{seed}"
    run.mkdir(parents=True)
    write_record(run, RunRecord(name, "0123456789ab", seed, **defaults | fields))


@pytest.fixture
def runs(tmp_path):
    """Three runs, one that failed, and a config without a test set."""
    folder = tmp_path / "runs"
    for seed in (1, 2, 3):
        write(folder, seed, seconds=9.0 + seed)
    write(folder, 4, status="failed", error="ValueError: [red]bad[/red] [x", metrics={})
    write(folder, 1, "no_test", metrics={"best_validation_f1": 0.5, "best_validation_loss": 2.5})
    return folder


@pytest.fixture
def error_of(allennlp, capsys):
    """The error of a command that ends with status 1, one line."""

    def run(*arguments):
        with pytest.raises(SystemExit) as caught:
            allennlp("distribution", *arguments)
        assert caught.value.code == 1
        (line,) = capsys.readouterr().err.strip().splitlines()
        return line

    return run


def rows(text):
    """The words of each row, without the frame of the table."""
    return [line.replace("│", " ").split() for line in text.splitlines()]


def test_tables(allennlp, runs, capsys):
    allennlp("distribution", runs)
    text = capsys.readouterr().out
    found = rows(text)
    assert "f1, per cent" in text
    assert ["a", "dev", "3", *"92.00 ± 1.00 91.00 91.50 92.00 92.50 93.00".split()] in found
    assert ["test", "3", *"82.00 ± 1.00 81.00 81.50 82.00 82.50 83.00".split()] in found
    assert ["a", "1", "83.00", "1.00", "(3)", "11", "s"] in found
    assert ["no_test", "dev", "1", *["50.00"] * 6] in found
    assert ["test"] in found
    # Brackets are no markup.
    assert "ValueError: [red]bad[/red] [x" in text


def test_metric(allennlp, runs, capsys):
    allennlp("distribution", runs, "--metric", "loss")
    text = capsys.readouterr().out
    assert ["no_test", "dev", "1", *["2.500"] * 6] in rows(text)
    assert text.count("no score by 'loss'") == 3


def test_files(allennlp, runs, tmp_path):
    page, numbers = tmp_path / "new" / "report.html", tmp_path / "new" / "numbers.json"
    allennlp("distribution", runs, "--report", page, "--output-file", numbers)
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    first, second = json.loads(numbers.read_text())["configs"]
    assert first["dev"]["mean"] == pytest.approx(0.92)
    assert first["spearman"] == {"rho": pytest.approx(1), "n": 3}
    assert first["left_out"][0]["seed"] == 4
    assert second["test"] is None


def test_several_folders(allennlp, runs, capsys):
    allennlp("distribution", runs / "a", runs / "no_test")
    text = capsys.readouterr().out
    assert "no_test" in text and "92.00 ± 1.00" in text


class TestErrors:
    def test_no_records(self, error_of, tmp_path):
        assert error_of(tmp_path / "nowhere").endswith("nowhere: no such file or folder")
        assert "no record of a run" in error_of(tmp_path)

    def test_unknown_metric(self, error_of, runs):
        error = error_of(runs, "--metric", "F1")
        assert error == "error: no run has the metric 'F1'; there are: f1, loss"

    @pytest.mark.parametrize("option", ["--report", "--output-file"])
    def test_a_file_that_cannot_be_written(self, error_of, runs, tmp_path, option):
        (tmp_path / "file").touch()
        assert "cannot be written" in error_of(runs, option, tmp_path / "file" / "below")
        folder = tmp_path / "folder"
        folder.mkdir()
        assert error_of(runs, option, folder).endswith("cannot be written: Is a directory")
        assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        (commands, {"allennlp", "bilstm_tagger"}),
        (plots, {"numpy", "bilstm_tagger"}),
        (report, {"bilstm_tagger"}),
    ],
)
def test_start_up_of_allennlp_imports_no_plots_and_tables(module, allowed):
    imports = [
        each.module if isinstance(each, ast.ImportFrom) else each.names[0].name
        for each in ast.parse(Path(module.__file__).read_text()).body
        if isinstance(each, (ast.Import, ast.ImportFrom))
    ]
    packages = {name.partition(".")[0] for name in imports}
    assert packages - sys.stdlib_module_names == allowed
