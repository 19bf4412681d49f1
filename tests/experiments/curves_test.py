import json
import re

import pytest

from bilstm_tagger.command_line import main
from bilstm_tagger.experiments.curves import read_training
from bilstm_tagger.experiments.curves_report import header, make_page, plot_curve, rows, summary
from bilstm_tagger.text.errors import UserError

F1 = [0.5, 0.75, 0.875, 0.75]
CONFIG = {"trainer": {"validation_metric": "+ner_f1"}}


def epoch(number, f1, **more):
    return {
        "best_epoch": F1.index(max(F1[: number + 1])),
        "training_duration": "0:00:01.5",
        "training_loss": 8.0 / (number + 1),
        "training_learning_rate": 0.5**number,
        "training_worker_0_memory_MB": 100.0,
        "validation_loss": 4.0 + (number - 1) ** 2,
        "validation_ner_f1": f1,
        "validation_ner_recall": 0.5,
    } | more


def write(folder, config=CONFIG, test=True, **more):
    """What a training leaves; the test score of an epoch is a tenth below that on dev."""
    folder.mkdir()
    for number, f1 in enumerate(F1):
        content = json.dumps(epoch(number, f1, **more))
        (folder / f"metrics_epoch_{number}.json").write_text(content)
    (folder / "config.json").write_text(json.dumps(config))
    lines = ["epoch\ttask\tmetric\tdev\tbest_dev" + "\ttest\ttest_at_best_dev" * test]
    for number, f1 in enumerate(F1, 1):
        lines.append(f"{number}\tner\tner_f1\t{f1}\t0" + f"\t{f1 - 0.1}\t0" * test)
    (folder / "results.tsv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "seed-1")


def curve_of(training, metric):
    (curve,) = [curve for curve in training.curves if curve.metric == metric]
    return curve


def points(svg):
    """The number of points in each line of data."""
    paths = re.findall(r'<path d="([^"]*)" clip-path[^>]*stroke: var\(--(?:dev|test|quiet)\)', svg)
    return [path.count("M") + path.count("L") for path in paths]


class TestTraining:
    def test_curves_of_each_part_of_the_data(self, folder):
        training = read_training(folder)
        assert training.epochs == [1, 2, 3, 4]
        f1 = curve_of(training, "ner_f1")
        assert f1.values["validation"] == F1
        assert f1.values["test"] == pytest.approx([score - 0.1 for score in F1])
        assert curve_of(training, "loss").values == {
            "training": [8.0, 4.0, 8 / 3, 2.0],
            "validation": [5.0, 4.0, 5.0, 8.0],
        }
        assert curve_of(training, "learning_rate").values == {"training": [1.0, 0.5, 0.25, 0.125]}
        names = {curve.metric for curve in training.curves}
        assert names == {"loss", "learning_rate", "ner_f1", "ner_recall"}

    def test_best_epochs(self, folder):
        training = read_training(folder)
        best = {curve.metric: curve.to_json()["best_epoch"] for curve in training.curves}
        # Of equal ones, the first; of a learning rate, none.
        assert best == {"loss": 2, "learning_rate": None, "ner_f1": 3, "ner_recall": 1}
        assert (training.best_epoch, training.chosen_by) == (3, ["ner_f1"])

    def test_the_config_says_that_lower_is_better(self, tmp_path):
        config = {"trainer": {"validation_metric": ["-ner_f1", "+ner_recall"]}}
        training = read_training(write(tmp_path / "run", config))
        assert curve_of(training, "ner_f1").to_json()["best_epoch"] == 1
        assert "the best by the sum of ner_f1 and ner_recall" in summary(training)

    def test_a_training_that_goes_on(self, folder):
        assert "4 epochs, not finished" in summary(read_training(folder))
        (folder / "metrics_epoch_4.json").write_text('{"best_epoch": 2, "trai')
        assert read_training(folder).epochs == [1, 2, 3, 4]
        (folder / "metrics.json").write_text("{}")
        expected = "4 epochs, finished; the archive has epoch 3, the best by ner_f1"
        assert summary(read_training(folder)) == expected

    def test_ten_epochs_and_more_are_in_their_order(self, folder):
        for number in range(4, 12):
            path = folder / f"metrics_epoch_{number}.json"
            path.write_text(json.dumps(epoch(number, number / 100)))
        f1 = curve_of(read_training(folder), "ner_f1").values["validation"]
        assert f1[4:] == [number / 100 for number in range(4, 12)]

    def test_without_config_table_and_validation(self, folder):
        (folder / "config.json").unlink()
        (folder / "results.tsv").unlink()
        for path in folder.glob("metrics_epoch_*.json"):
            path.write_text('{"epoch": 0, "training_loss": 2.5, "training_accuracy": 0.5}')
        training = read_training(folder)
        assert summary(training) == "4 epochs, not finished: still going on, or interrupted"
        assert [row[:5] for row in rows(training)] == [
            ["accuracy, per cent", "50.00", "", "", ""],
            ["loss", "2.500", "", "", ""],
        ]
        assert "The learning rate was not recorded" in make_page(training)

    def test_epochs_without_a_number(self, folder):
        text = json.dumps(epoch(2, float("nan"), validation_loss=float("inf")))
        (folder / "metrics_epoch_2.json").write_text(text)
        training = read_training(folder)
        f1 = curve_of(training, "ner_f1")
        assert f1.to_json()["validation"] == [0.5, 0.75, None, 0.75]
        assert f1.to_json()["best_epoch"] == 2
        assert curve_of(training, "loss").to_json()["validation"] == [5.0, 4.0, None, 8.0]
        assert "NaN" not in json.dumps(training.to_json())
        assert "nan" not in make_page(training)

    @pytest.mark.parametrize(
        "file, text, message",
        [
            ("metrics_epoch_1.json", "{", "metrics_epoch_1.json: no valid JSON"),
            ("metrics_epoch_1.json", "[]", "metrics_epoch_1.json: expected a JSON object"),
            ("metrics_epoch_1.json", None, "metrics_epoch_1.json: cannot be read: Is a directory"),
            ("config.json", "x", "config.json: no valid JSON"),
            ("results.tsv", "a\tb\n1\t2\n", r"results.tsv: not a table of results \(.*metric"),
        ],
    )
    def test_files_that_cannot_be_read(self, folder, file, text, message):
        if text is None:
            (folder / file).unlink()
            (folder / file).mkdir()
        else:
            (folder / file).write_text(text)
        with pytest.raises(UserError, match=message):
            read_training(folder)

    @pytest.mark.parametrize("trainer", ([1], {"validation_metric": 7}, None))
    def test_a_config_that_says_nothing_of_the_best_epoch(self, folder, trainer):
        (folder / "config.json").write_text(json.dumps({"trainer": trainer}))
        assert [*map(len, rows(read_training(folder)))] == [7, 7, 7, 7]

    def test_epochs_without_any_number(self, folder):
        for path in folder.glob("metrics_epoch_*.json"):
            path.write_text('{"training_loss": "x", "validation_ner_f1": [1], "best_epoch": 7}')
        with pytest.raises(UserError, match="no epoch has a loss, a score or a learning rate"):
            read_training(folder)

    def test_numbers_at_the_end_of_their_range(self, folder):
        text = json.dumps(epoch(1, 1e308, training_loss=-1e308, validation_loss=1e308))
        (folder / "metrics_epoch_1.json").write_text(text)
        (folder / "metrics_epoch_new.json").write_text("{}")  # no epoch
        training = read_training(folder)
        assert training.epochs == [1, 2, 3, 4] and len(rows(training)) == 4

    def test_of_many_scores_of_unknown_tasks_the_first_are_plotted(self, folder):
        (folder / "results.tsv").unlink()
        scores = {f"validation_x{number}": number / 100 for number in range(50)}
        path = folder / "metrics_epoch_0.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **scores}))
        training = read_training(folder)
        assert len(training.main_scores) == 20 and len(rows(training)) == 54

    def test_folders_of_no_training(self, tmp_path):
        for folder in (tmp_path, tmp_path / "nowhere"):
            with pytest.raises(UserError, match="no epoch of a training is here"):
                read_training(folder)


class TestTable:
    def test_last_and_best(self, folder):
        training = read_training(folder)
        table = [dict(zip(header(training), row, strict=True)) for row in rows(training)]
        assert table[0] == {
            "metric": "ner_f1, per cent",
            "training, last": "",
            "dev, last": "75.00",
            "dev, best": "87.50",
            "best epoch": "3",
            "test, last": "65.00",
            "test, best on dev": "77.50",
        }
        assert [row["metric"] for row in table[1:]] == [
            "loss",
            "learning_rate",
            "ner_recall, per cent",
        ]
        assert [*table[1].values()][1:5] == ["2.000", "8.000", "4.000", "2"]

    def test_without_a_test_set(self, tmp_path):
        training = read_training(write(tmp_path / "run", test=False))
        assert header(training)[-1] == "best epoch"
        assert {len(row) for row in rows(training)} == {5}


class TestPage:
    def test_has_all_parts(self, folder):
        page = make_page(read_training(folder))
        for part in ("Scores", "Loss", "Learning rate", "All metrics", "<h1>Curves of seed-<wbr>1"):
            assert part in page
        assert "best on dev: 87.50 in epoch 3; test there: 77.50" in page
        # The score of the task, the loss and the learning rate.
        assert re.findall(r'aria-label="(\w+) over the epochs"', page) == [
            "ner_f1",
            "loss",
            "learning_rate",
        ]
        assert "was not recorded" not in page

    def test_fetches_nothing_and_escapes_what_it_inserts(self, tmp_path):
        page = make_page(read_training(write(tmp_path / "<script>", validation_a_f1=0.5)))
        assert "<script" not in page
        assert not re.search(r"https?:", re.sub(r'xmlns(:\w+)?="[^"]*"', "", page))
        assert not re.search(r"@import|@font-face|url\((?!#)|src=", page)

    def test_ids_are_unique(self, folder):
        ids = re.findall(r'\bid="([^"]+)"', make_page(read_training(folder)))
        assert len(ids) == len(set(ids)) > 10

    def test_the_same_files_make_the_same_page(self, folder):
        assert make_page(read_training(folder)) == make_page(read_training(folder))

    def test_an_epoch_is_a_point_of_each_line(self, folder):
        training = read_training(folder)
        # Also in the legend, where a line has two points.
        assert points(plot_curve(curve_of(training, "ner_f1"), 3, "p")).count(4) == 2
        rate = plot_curve(curve_of(training, "learning_rate"), 3, "p")
        assert points(rate).count(4) == 1

    def test_marks_the_best_epochs(self, folder):
        training = read_training(folder)

        def marks(metric, best_epoch):
            svg = plot_curve(curve_of(training, metric), best_epoch, "p")
            return [f">{name}<" in svg for name in ("best", "archive")]

        assert marks("ner_f1", 3) == [True, True]
        assert marks("learning_rate", 3) == [False, True]
        assert marks("ner_f1", None) == [True, False]

    def test_a_single_epoch(self, folder):
        for number in (1, 2, 3):
            (folder / f"metrics_epoch_{number}.json").unlink()
        page = make_page(read_training(folder))
        assert "1 epoch, not finished" in page
        # A point, as a line needs two.
        assert re.search(r'<use [^>]*style="fill: var\(--dev\)', page)


class TestCommand:
    def test_table_page_and_numbers(self, folder, tmp_path, capsys):
        page, numbers = tmp_path / "new" / "curves.html", tmp_path / "curves.json"
        main(["curves", str(folder), "--report", str(page), "--output-file", str(numbers)])
        output = capsys.readouterr().out
        assert output.startswith("seed-1: 4 epochs, not finished")
        assert "ner_f1, per cent" in output and "87.50" in output
        assert page.read_text() == make_page(read_training(folder))
        content = json.loads(numbers.read_text())
        assert content["best_epoch"] == 3
        assert content["curves"][0]["validation"] == F1

    def test_a_wrong_folder_is_one_line(self, tmp_path, capsys):
        with pytest.raises(SystemExit) as ended:
            main(["curves", str(tmp_path)])
        assert ended.value.code == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"error: {tmp_path}: no epoch of a training is here: give the fold")
