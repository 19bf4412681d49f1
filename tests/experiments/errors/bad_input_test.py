from pathlib import Path

import msgspec
import numpy
import pytest

from bilstm_tagger.command_line import main
from bilstm_tagger.tagging.input_specification import Feature
from bilstm_tagger.text.task_column import TaskColumn

DEV = "fixtures/corpus/dev.conll"


def test_files_that_cannot_be_written(quickstart_archive, error, tmp_path):
    folder = tmp_path / "folder.html"
    folder.mkdir()
    for option, path in (
        ("--report", folder),
        ("--report", f"{DEV}/errors.html"),
        ("--output-file", tmp_path),
    ):
        assert f"{path} cannot be written: " in error(quickstart_archive, DEV, option, path)
    assert "errors.svg; its name must end in .html" in error(
        quickstart_archive, DEV, "--report", "errors.svg"
    )
    gold = tmp_path / "gold.conll"
    gold.write_text(Path(DEV).read_text())
    for arguments in ((gold,), (DEV, "--train", gold)):
        assert "is the output, too" in error(quickstart_archive, *arguments, "--output-file", gold)


def test_errors_of_input(quickstart_archive, error, tmp_path):
    assert "no task 'ner'" in error(quickstart_archive, DEV, "--task", "ner")
    path = tmp_path / "words.conll"
    path.write_text("Rain\n")
    assert "expected the gold tags of the task 'chunk'" in error(quickstart_archive, path)
    assert "there is no such file" in error(quickstart_archive, tmp_path / "nothing")
    assert "there is no such file" in error(
        quickstart_archive, DEV, "--train", tmp_path / "nothing"
    )
    assert "there is no such model" in error(quickstart_archive, DEV, tmp_path / "x.safetensors")
    assert "as MODEL is" in error(quickstart_archive, DEV, quickstart_archive)


@pytest.mark.parametrize("number", ("-1", "x", "1.5"))
def test_a_wrong_number_of_sentences(number, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["errors", "MODEL", DEV, "--sentences", number])
    assert ended.value.code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.endswith(f"--sentences: expected a whole number from 0, found '{number}'")


def test_files_with_little_to_report(quickstart_archive, error, errors, tmp_path):
    path, page = tmp_path / "gold.conll", tmp_path / "page.html"
    for text in ("", "\n\n"):
        path.write_text(text)
        assert "gold.conll: expected at least one sentence" in error(quickstart_archive, path)
    path.write_text("The DET B-NP\n. PUNCT O\n")
    out, report = errors(quickstart_archive, path, "--report", page)
    assert [task.errors for task in report.tasks] == [[], []]
    assert "Confusions" not in out and "<h3>Confusion" not in page.read_text()


def test_labels_that_the_model_does_not_have(quickstart_archive, errors, tmp_path):
    path = tmp_path / "gold.conll"
    path.write_text("The NEW B-NEW\n. PUNCT O\n")
    _, report = errors(quickstart_archive, path, "--report", tmp_path / "page.html")
    models = [task.models[0] for task in report.tasks]
    pairs = [(item.gold, item.predicted) for model in models for item in model.confusions]
    assert pairs == [("NEW", "NP"), ("NEW", "DET")]


def test_sentences_of_2000_tokens(quickstart_archive, errors, tmp_path):
    path = tmp_path / "gold.conll"
    path.write_text("ferry NOUN B-NP\n" * 2000 + "\n" + "The DET B-NP\n" * 2000)
    out, report = errors(quickstart_archive, path, "--report", tmp_path / "page.html")
    assert [task.tokens for task in report.tasks] == [4000, 4000]
    assert max(map(len, out.splitlines()[1:])) <= 100


def test_a_second_model_that_does_not_fit(quickstart_archive, error, rewritten):
    def without_chunks(specification, tensors):
        narrow = specification.with_tasks(["pos"])
        return narrow, {name: tensors[name] for name in narrow.shapes(tensors)}

    assert "MODEL2 has no task 'chunk'; it has pos. Name tasks that both models have" in error(
        quickstart_archive, DEV, rewritten(without_chunks)
    )

    def with_a_column(specification, tensors):
        feature = Feature("column", ["a"], 0, 1, "chunk")
        inputs = {**specification.inputs, "column": feature}
        changed = {**tensors, "inputs.column.vectors": numpy.zeros((1, 1), numpy.float32)}
        for name in ("encoder.0.forward.input_weight", "encoder.0.backward.input_weight"):
            changed[name] = numpy.pad(tensors[name], ((0, 0), (0, 1)))
        return msgspec.structs.replace(specification, inputs=inputs), changed

    assert "MODEL2 was trained with the columns chunk as features" in error(
        quickstart_archive, DEV, rewritten(with_a_column)
    )

    def with_plain_chunks(specification, tensors):
        (layout,) = specification.datasets.values()
        tasks = {**layout.tasks, "chunk": TaskColumn()}
        datasets = {"": msgspec.structs.replace(layout, tasks=tasks)}
        task = msgspec.structs.replace(
            specification.tasks["chunk"], encoding=None, constrained=None, repair=None
        )
        tasks = {**specification.tasks, "chunk": task}
        return msgspec.structs.replace(specification, datasets=datasets, tasks=tasks), tensors

    assert "is one of spans for MODEL, and one of plain labels for MODEL2" in error(
        quickstart_archive, DEV, rewritten(with_plain_chunks)
    )


def test_without_the_library(quickstart_archive, error, monkeypatch):
    monkeypatch.setattr("bilstm_tagger.experiments.errors.command.find_spec", lambda name: None)
    assert "needs nervaluate, which is not installed. Install it: pip install" in error(
        quickstart_archive, DEV
    )
