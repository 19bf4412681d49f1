import functools
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from bilstm_tagger.experiments.records import RunRecord, hash_of, write_record, write_table

PREDICTIONS = "The DT B-X B-X\ncat NN I-X I-X\nsat VB O O\n\nIt PR B-X B-X\n\n" * 20


@pytest.fixture
def record(tmp_path):
    """Writes runs of a config; returns their folder."""

    def write(
        name,
        scores,
        metric="f1",
        validation_metric="+f1",
        test=True,
        folder="runs",
        failed=(),
        **settings,
    ) -> Path:
        config = {"trainer": {"validation_metric": validation_metric}, "model": name, **settings}
        root = tmp_path / folder / name
        for seed, score in enumerate(scores, 1):
            metrics = {f"best_validation_{metric}": score - 0.01, "best_validation_loss": 2.0}
            if test:
                metrics |= {f"test_{metric}": score, "test_loss": 2.5 - score}
            status = "failed" if seed in failed else "finished"
            run = RunRecord(
                name=name,
                config_hash=hash_of(config),
                seed=seed,
                status=status,
                error="KeyError: 'x'" if seed in failed else None,
                metrics={} if seed in failed else metrics,
                config=config,
            )
            directory = root / f"seed-{seed}"
            directory.mkdir(parents=True)
            write_record(directory, run)
        return root

    return write


@pytest.fixture
def compare(allennlp, capsys, tmp_path):
    """The standard output and the JSON of `allennlp compare`."""

    def run(*arguments):
        output = tmp_path / "new" / "comparison.json"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            allennlp("compare", *arguments, "--output-file", output)
        return capsys.readouterr().out, json.loads(output.read_text())

    return run


@pytest.fixture
def error(error_of):
    """The one line on standard error of an `allennlp compare` that fails before its work."""
    return functools.partial(error_of, "compare")


LOW = [0.901, 0.902, 0.903, 0.904, 0.905]
HIGH = [0.911, 0.912, 0.913, 0.914, 0.915]


class TestRuns:
    def test_two_configs(self, record, compare):
        out, content = compare(record("small", LOW), record("large", HIGH))
        assert "f1, per cent, test" in out
        assert "90.30" in out and "91.30" in out and "0.16" in out
        *_, verdict = out.splitlines()
        assert verdict.startswith("large is better than small by 1.00 points (95 % interval 0.8")
        assert verdict.endswith("; permutation test p = 0.00794; 5 and 5 runs).")
        (found,) = content["comparisons"]
        assert found["verdict"] == verdict
        assert found["difference"] == pytest.approx(-0.01)
        assert found["permutation_p"] == found["corrected_p"] == pytest.approx(2 / 252)
        assert (content["metric"], content["part"], content["seed"]) == ("f1", "test", 13)
        assert content["configs"]["large"]["test"]["mean"] == pytest.approx(0.913)
        assert [run["test"] for run in content["configs"]["small"]["runs"]] == LOW

    def test_dev_and_another_metric(self, record, compare):
        small, large = record("small", LOW), record("large", HIGH)
        out, content = compare(small, large, "--part", "dev")
        assert "f1, per cent, dev" in out and "89.30" in out
        assert content["comparisons"][0]["verdict"].startswith("large is better than small by 1.00")
        # The loss is lower where f1 is higher, and no percentage.
        out, content = compare(small, large, "--metric", "loss")
        assert content["lower_is_better"]
        assert "loss, test" in out and "1.587" in out and "points" not in out
        assert content["comparisons"][0]["verdict"].startswith("large is better than small by 0.01")
        assert content["comparisons"][0]["superiority"] == 0

    def test_a_table_of_several_configs_is_split(self, record, compare, tmp_path):
        for name, scores in (("a[x]", LOW), ("b", HIGH), ("c", LOW[::-1] + [0.9035])):
            record(name, scores)
        table = write_table(tmp_path / "runs")
        out, content = compare(table)
        pairs = [(each["a"], each["b"]) for each in content["comparisons"]]
        assert pairs == [("a[x]", "b"), ("a[x]", "c"), ("b", "c")]
        assert "a[x]" in out
        first, second, third = out.splitlines()[-3:]
        assert first.startswith("b is better than a[x] by 1.00 points")
        assert ", corrected for 3 comparisons 0.0159; 5 and 5 runs)." in first
        assert second.startswith(
            "No significant difference between a[x] and c (difference -0.01 points, "
        )
        assert third.startswith("b is better than c")
        # The folder has the same runs: they come once.
        assert compare(table, tmp_path / "runs" / "b", tmp_path / "runs")[1] == content
        _, other = compare(table, "--correction", "bonferroni")
        assert other["comparisons"][0]["corrected_p"] == pytest.approx(6 / 252)

    def test_one_config_from_two_folders(self, record, compare, tmp_path):
        first, second = record("tagger", LOW), record("tagger", HIGH, folder="other")
        out, content = compare(first, second)
        assert list(content["configs"]) == [f"tagger ({first})", f"tagger ({second})"]
        assert out.splitlines()[-1].startswith(f"tagger ({second}) is better than tagger ({first})")

    def test_failed_runs_are_shown(self, record, compare):
        out, content = compare(record("small", LOW, failed=[2]), record("large", HIGH))
        assert "Runs left out" in out and "KeyError: 'x'" in out
        assert content["comparisons"][0]["runs"] == [4, 5]

    def test_too_few_runs_to_tell(self, record, compare):
        out, _ = compare(record("small", LOW[:3]), record("large", HIGH[:3]))
        assert out.splitlines()[-1].startswith(
            "3 and 3 runs are too few to show a difference between small and large: "
        )
        out, _ = compare(record("s", LOW[:3]), record("l", HIGH[:3]), "--alpha", 0.2)
        assert out.splitlines()[-1].startswith("l is better than s by 1.00 points (80 % interval")

    def test_no_spread(self, record, compare):
        _, content = compare(record("small", [0.5] * 4), record("large", [0.5] * 4))
        (found,) = content["comparisons"]
        assert (found["interval"], found["runs_needed"], found["permutation_p"]) == (None, None, 1)

    def test_errors(self, record, error, tmp_path):
        small, large = record("small", LOW), record("large", HIGH)
        single, untested = record("single", [0.9]), record("untested", HIGH, test=False)
        by_accuracy = record("accuracy", HIGH, "accuracy", "+accuracy")
        assert "nothing: no such file or folder" in error(small, tmp_path / "nothing")
        assert "at least two configs, found those of small alone" in error(small, small)
        assert "single: expected at least two runs with a test score by 'f1', found 1" in error(
            small, single
        )
        assert "untested: no run has a test score by 'f1'; " in error(small, untested)
        assert "--part dev" in error(small, untested)
        assert f"{by_accuracy}: no run has the metric 'f1'; there are: accuracy, loss" in error(
            small, by_accuracy, "--metric", "f1"
        )
        assert "different metrics, accuracy, f1: choose one with --metric" in error(
            small, by_accuracy
        )
        assert "no run has the metric 'f'; there are: f1, loss" in error(
            small, large, "--metric", "f"
        )
        assert "--gold is for predictions, with --predictions" in error(small, large, "--gold", 0)
        failed = record("failed", HIGH, failed=[1, 2, 3, 4, 5])
        assert "found 0; 5 left out: KeyError: 'x'" in error(small, failed)
        opposite = record("opposite", HIGH, validation_metric="-f1")
        assert "higher f1 is better in some, lower in others" in error(small, opposite)

    def test_some_of_the_configs(self, record, compare, error, tmp_path):
        for name, scores in (("a", LOW), ("b", HIGH), ("single", LOW[:1])):
            record(name, scores)
        table = write_table(tmp_path / "runs")
        assert "single: expected at least two runs" in (text := error(table))
        assert "choose the others by --configs" in text
        _, content = compare(table, "--configs", "a", "b")
        assert list(content["configs"]) == ["a", "b"]
        assert "--configs: no run of c; there are: a, b, single" in error(table, "--configs", "c")

    def test_direction(self, record, compare):
        """Of a metric that the config does not choose by."""
        metric = {"metric": "mae", "validation_metric": "-loss"}
        folders = record("a", LOW, **metric), record("b", HIGH, **metric)
        out, _ = compare(*folders, "--metric", "mae")
        assert "mae, test; lower is better" in out
        assert out.splitlines()[-1].startswith("a is better than b by 0.01")
        out, _ = compare(*folders, "--metric=+mae")
        assert "mae, per cent, test; higher is better" in out
        assert out.splitlines()[-1].startswith("b is better than a by 1.00 points")

    @pytest.mark.parametrize(
        "other",
        [
            {"only": 2},
            {"folds": 10},
            {"by": "sentence"},
            {"path": "b.conll"},
            {"path": {"news": "a.conll"}},
            None,
        ],
    )
    def test_folds_that_have_other_sentences(self, other, record, compare, error):
        fold = {"path": "a.conll", "folds": 5, "by": "document", "only": 1}
        first = record("first", LOW, test_data_path=fold)
        compare(first, record("same", HIGH, test_data_path=fold))
        path = "test.conll" if other is None else fold | other
        different = record("different", HIGH, test_data_path=path)
        assert "left out different folds, or folds of different data" in error(first, different)

    @pytest.mark.parametrize("command", ["compare", "distribution"])
    def test_tables_are_whole_in_a_narrow_terminal(
        self, command, record, allennlp, capsys, monkeypatch, tmp_path
    ):
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
        monkeypatch.setenv("COLUMNS", "40")
        record("a_name_that_is_long", LOW)
        record("another_name_that_is_long", HIGH)
        allennlp(command, tmp_path / "runs")
        text = re.sub("\x1b[^m]*m", "", capsys.readouterr().out)
        for whole in ("a_name_that_is_long", "another_name_that_is_long", "91.30", "90.50"):
            assert re.search(rf"{whole}\b", text), whole
        assert "…" not in text

    @pytest.mark.parametrize("width", [80, 110])
    def test_tables_fit_a_terminal(self, width, record, allennlp, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
        monkeypatch.setenv("COLUMNS", str(width))
        for name, scores in (("a" * 30, LOW), ("b" * 28, LOW[::-1] + [0.9035]), ("c", HIGH)):
            record(name, scores)
        allennlp("compare", tmp_path / "runs")
        lines = re.sub("\x1b[^m]*m", "", capsys.readouterr().out).splitlines()
        assert {"Differences", "Tests"} <= set(lines)
        assert max(len(line) for line in lines if line[0] in "┏┃┡│└") <= width
        rows = [[cell.strip() for cell in line[1:-1].split("│")] for line in lines]
        start = rows.index(["- c", "", "", ""]) - 1
        assert rows[start][:2] == ["a" * 30, "-1.00"] and rows[start][3] == "0.00"

    def test_seed_below_zero(self, allennlp, capsys):
        with pytest.raises(SystemExit):
            allennlp("compare", "runs", "--seed", "-1")
        assert "argument --seed: -1 is below 0" in capsys.readouterr().err

    def test_alpha_is_a_share(self, allennlp, capsys):
        with pytest.raises(SystemExit):
            allennlp("compare", "a", "b", "--alpha", 5)
        assert "5 is not between 0 and 1" in capsys.readouterr().err


class TestPredictions:
    @pytest.fixture
    def files(self, tmp_path):
        first, second = tmp_path / "a.conll", tmp_path / "b.conll"
        first.write_text(PREDICTIONS)
        generator = np.random.default_rng(1)
        worse = [
            line.replace("PR B-X B-X", "PR B-X O") if generator.random() < 0.5 else line
            for line in PREDICTIONS.splitlines()
        ]
        second.write_text("\n".join(worse) + "\n")
        return first, second

    def test_f1(self, files, compare):
        first, second = files
        out, content = compare(*files, "--predictions")
        assert "f1, per cent; 9 of 40 sentences differ" in out and "100.00" in out
        assert out.splitlines()[-1] == content["verdict"]
        assert content["verdict"].startswith(f"The predictions of {first} are better than those of")
        assert (content["a"], content["sentences"], content["rounds"]) == (1, 40, 10_000)
        # Of 512 swaps of nine sentences two are so far apart.
        assert content["p"] == pytest.approx(2 / 512, abs=0.002)
        assert content["difference"] == pytest.approx(1 - content["b"])

    def test_accuracy_of_other_columns(self, files, compare):
        columns = ("--gold", 2, "--predicted", 3)
        out, content = compare(
            *files, "--predictions", "--metric", "accuracy", "--rounds", 500, *columns
        )
        # A token of 80 for each sentence that differs.
        assert content["b"] == pytest.approx(1 - content["differing"] / 80)
        assert content["rounds"] == 500

    def test_errors(self, files, error):
        first, second = files
        both = (first, second, "--predictions")
        assert "compares two files, found 1" in error(first, "--predictions")
        assert "one of f1, accuracy, not loss" in error(*both, "--metric", "loss")
        assert "--part is for runs, without --predictions" in error(*both, "--part", "dev")
        assert "p < 0.05 takes at least 20" in error(*both, "--rounds", 19)
        assert "a.conll:1: expected gold tags of spans, found 'DT' is" in error(*both, "--gold", 1)
        second.write_text(PREDICTIONS.replace("cat", "dog"))
        assert "b.conll:2: expected the token 'cat' as in" in error(*both)
        assert "there is no such file" in error(first, "nothing.conll", "--predictions")
