import functools
import json
import math
from pathlib import Path

import msgspec
import pytest
from seqeval.metrics.sequence_labeling import get_entities

import bilstm_tagger.tagging.commands.calibration as calibration_command
import bilstm_tagger.tagging.commands.gold_files as command
from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.input_specification import Feature
from bilstm_tagger.tagging.model_file import read_model
from bilstm_tagger.tagging.network import Network
from bilstm_tagger.tagging.specification import Specification, Task
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.columns import read_sentences
from bilstm_tagger.text.dataset_layout import DatasetLayout

DEV = "fixtures/corpus/dev.conll"


@pytest.fixture
def calibration(allennlp, capsys, tmp_path):
    """The standard output and the JSON of `allennlp calibration`."""

    def run(*arguments):
        output = tmp_path / "new" / "calibration.json"
        allennlp("calibration", *arguments, "--output-file", output)
        return capsys.readouterr().out, json.loads(output.read_text())

    return run


@pytest.fixture
def error(error_of):
    """The one line on standard error of an `allennlp calibration` that fails before its work."""
    return functools.partial(error_of, "calibration")


def outcomes(archive, constrained=None):
    """Task and level to pairs of probability and whether it is right, from the tagger itself."""
    layout = ColumnFormat({"tokens": 0, "pos": 1, "chunk": 2})
    gold = list(read_sentences(DEV, layout))
    tagger = Tagger.load(archive, constrained=constrained)
    tagged = tagger.tag([TokenizedSentence(each.tokens) for each in gold], probabilities=True)
    found = {}
    for task in ("chunk", "pos"):
        tokens, spans, sentences = [], [], []
        for predicted, right in zip(tagged, gold, strict=True):
            pairs = zip(predicted.tags[task], right.columns[task], strict=True)
            hits = [tag == wanted for tag, wanted in pairs]
            tokens += zip(predicted.probabilities[task], hits, strict=True)
            sentences.append((predicted.sequence_probabilities[task], all(hits)))
            if task == "chunk":
                entities = get_entities(right.columns[task])
                spans += [
                    (span.probability, (span.label, span.first_token, span.last_token) in entities)
                    for span in predicted.spans[task]
                ]
        found[task, "tokens"], found[task, "sentences"] = tokens, sentences
        if spans:
            found[task, "spans"] = spans
    return found


def check(content, expected, bins=10):
    """That the JSON has the numbers of these outcomes."""
    assert content["bins"] == bins
    assert {
        (task, level) for task, levels in content["tasks"].items() for level in levels
    } == expected.keys()
    for (task, level), pairs in expected.items():
        found = content["tasks"][task][level]
        n, hits = len(pairs), sum(right for _, right in pairs)
        assert (found["n"], found["errors"]) == (n, n - hits)
        assert found["accuracy"] == pytest.approx(hits / n)
        assert found["mean_probability"] == pytest.approx(sum(p for p, _ in pairs) / n)
        assert found["brier"] == pytest.approx(sum((p - right) ** 2 for p, right in pairs) / n)
        gaps = []
        assert len(found["bins"]) == bins
        for number, row in enumerate(found["bins"]):
            low, high = number / bins, (number + 1) / bins
            inside = [pair for pair in pairs if low < min(pair[0], 1) <= high]
            assert (row["low"], row["high"], row["n"]) == (low, high, len(inside))
            if inside:
                gap = sum(right - p for p, right in inside) / len(inside)
                assert row["gap"] == pytest.approx(gap, abs=1e-6)
                gaps.append((len(inside), abs(gap)))
        assert found["ece"] == pytest.approx(sum(k * gap for k, gap in gaps) / n, abs=1e-6)
        assert found["mce"] == pytest.approx(max(gap for _, gap in gaps), abs=1e-6)


def test_what_the_tagger_says(quickstart_archive, calibration):
    expected = outcomes(quickstart_archive)
    # Some of each are right, and some wrong.
    assert all(0 < sum(hit for _, hit in pairs) < len(pairs) for pairs in expected.values())
    out, content = calibration(quickstart_archive, DEV)
    check(content, expected)
    assert content["sentences"] == len(expected["pos", "sentences"]) == 44
    assert (content["model"], content["gold"]) == (str(quickstart_archive), {"": DEV})
    assert content["constrained"] is None
    assert content["calibrated"] is True
    assert f"on {DEV}, 44 sentences" in out
    lines = [line.split() for line in out.splitlines()]
    spans = content["tasks"]["chunk"]["spans"]
    row = next(line for line in lines if line[:4] == ["│", "chunk", "│", "spans"])
    assert row[5::2][:4] == [str(spans["n"])] + [
        f"{spans[name]:.4f}" for name in ("accuracy", "mean_probability", "ece")
    ]
    assert row[-2] == str(spans["errors"])
    for title in ("chunk, tokens", "chunk, spans", "pos, sentences"):
        assert title in out
    assert "pos, spans" not in out


def test_windows_bins_and_a_task(quickstart_archive, calibration, monkeypatch):
    monkeypatch.setattr(calibration_command, "WINDOW", 7)
    expected = {key: pairs for key, pairs in outcomes(quickstart_archive).items() if "pos" in key}
    out, content = calibration(quickstart_archive, DEV, "--bins", 4, "--task", "pos")
    check(content, expected, bins=4)
    assert "0.75 - 1" in out and "chunk" not in out


def test_without_constraints(quickstart_archive, calibration):
    _, content = calibration(quickstart_archive, DEV, "--no-constraints")
    assert content["constrained"] is False
    free, constrained = outcomes(quickstart_archive, False), outcomes(quickstart_archive)
    assert free["chunk", "sentences"] != constrained["chunk", "sentences"]
    check(content, free)


def test_plot(quickstart_archive, allennlp, tmp_path):
    path = tmp_path / "new" / "plot.svg"
    allennlp("calibration", quickstart_archive, DEV, "--report", path)
    for panel in ("chunk, tokens (394)", "chunk, sentences (44)", "pos, tokens (394)"):
        assert f"<!-- {panel} -->" in path.read_text()


def test_other_columns_need_not_be_there(quickstart_archive, calibration, error, tmp_path):
    path = tmp_path / "pos.conll"
    lines = Path(DEV).read_text().splitlines()
    path.write_text("".join(" ".join(line.split()[:2]) + "\n" for line in lines))
    assert error(quickstart_archive, path) == (
        f"error: {path}:1: expected the gold tags of the task 'chunk' in column 'chunk' (index 2), "
        "found 2 columns; give a file with gold tags, or name other tasks, --task"
    )
    _, content = calibration(quickstart_archive, path, "--task", "pos")
    _, whole = calibration(quickstart_archive, DEV)
    assert content["tasks"] == {"pos": whole["tasks"]["pos"]}


def test_several_datasets(multitask_archive, calibration, error):
    path = "fixtures/corpus/pos.conllu"
    assert "several data sets, conll2000, ewt: say which" in error(multitask_archive, path)
    _, content = calibration(multitask_archive, path, "--dataset", "ewt")
    assert content["gold"] == {"ewt": str(path)}
    assert {task: list(levels) for task, levels in content["tasks"].items()} == {
        "pos": ["tokens", "sentences"]
    }
    assert (
        "--task is chunk, of which data of ewt have no gold tags; they have those of pos"
        in error(multitask_archive, path, "--dataset", "ewt", "--task", "chunk")
    )
    assert "the model does not know the data set x; it knows conll2000, ewt" in error(
        multitask_archive, path, "--dataset", "x"
    )


def test_files_of_several_datasets_at_once(multitask_archive, calibration, error):
    files = {"ewt": "fixtures/corpus/pos.conllu", "conll2000": "fixtures/corpus/dev.conll"}
    _, content = calibration(multitask_archive, json.dumps(files))
    parts = {}
    for dataset, path in files.items():
        _, part = calibration(multitask_archive, path, "--dataset", dataset)
        parts |= part["tasks"]
    assert content["gold"] == files
    assert content["tasks"] == parts
    both = ("--task", "pos", "--task", "chunk")
    assert calibration(multitask_archive, json.dumps(files), *both)[1]["tasks"] == parts
    assert "data of conll2000 have gold tags for none of the tasks pos; leave" in error(
        multitask_archive, json.dumps(files), "--task", "pos"
    )
    assert "GOLD is no JSON object" in error(multitask_archive, '{"ewt"')
    assert "GOLD must name at least one data set" in error(
        multitask_archive, json.dumps(files), "--dataset", "ewt"
    )


def test_fitted_temperatures(quickstart_archive, calibration, error, tmp_path):
    """They change no tag, and make the gold tags of tokens as likely as one number can."""
    fitted = tmp_path / "new" / "fitted.safetensors"
    out, content = calibration(quickstart_archive, DEV, "--fit", fitted)
    temperatures = {name: task.temperature for name, task in read_model(fitted)[0].tasks.items()}
    assert temperatures.keys() == {"pos", "chunk"}
    assert all(f"{value:.3f}" in out for value in temperatures.values())
    _, before = calibration(quickstart_archive, DEV)
    assert calibration(fitted, DEV, "--uncalibrated")[1]["tasks"] == before["tasks"]
    for task, value in temperatures.items():
        assert value != 1.0
        tokens = content["tasks"][task]["tokens"]
        assert tokens["accuracy"] == before["tasks"][task]["tokens"]["accuracy"]
        losses = [loss_of_tokens(fitted, task, factor) for factor in (0.97, 1.0, 1.03)]
        assert losses[1] == min(losses)
    for option in ("--uncalibrated", "--trust"):
        assert "--fit cannot be combined" in error(quickstart_archive, DEV, "--fit", "x", option)
    assert "is the output, too" in error(fitted, DEV, "--fit", fitted)
    for folder in (".", ""):
        assert "expected the name of a file" in error(fitted, DEV, "--fit", folder)


def test_a_temperature_needs_tags_of_the_model(quickstart_archive, error, tmp_path):
    path, fitted = tmp_path / "gold.conll", tmp_path / "fitted.safetensors"
    path.write_text("Rain UNKNOWN O\n")
    assert "the model has none of the gold tags of the task 'pos'" in error(
        quickstart_archive, path, "--fit", fitted
    )
    assert not fitted.exists()


def test_a_temperature_at_the_end_of_the_range_is_said(
    quickstart_archive, allennlp, caplog, tmp_path
):
    """Of one sentence, which the model tags right, no probability is too high."""
    path = tmp_path / "gold.conll"
    tagged = Tagger.load(quickstart_archive).tag_tokens(["The", "."])
    rows = zip(tagged.tokens, tagged.tags["pos"], tagged.tags["chunk"], strict=True)
    path.write_text("".join(" ".join(row) + "\n" for row in rows))
    allennlp("calibration", quickstart_archive, path, "--fit", tmp_path / "fitted.safetensors")
    assert "temperature of the task 'pos' is at the end of the range" in caplog.text


def loss_of_tokens(path, task, factor):
    """The mean negative logarithm of the probabilities of gold tags, where the temperature is
    multiplied by a factor; of the tagger's own distributions."""
    specification, tensors = read_model(path)
    temperature = specification.tasks[task].temperature * factor
    specification = specification.with_temperatures({task: temperature})
    tagger = Tagger(specification, Network(specification, tensors))
    layout = ColumnFormat({"tokens": 0, "pos": 1, "chunk": 2})
    gold = list(read_sentences(DEV, layout))
    tagged = tagger.tag([TokenizedSentence(s.tokens) for s in gold], probabilities="all")
    return -sum(
        math.log(chances[tag])
        for predicted, right in zip(tagged, gold, strict=True)
        for chances, tag in zip(predicted.distributions[task], right.columns[task], strict=True)
        if tag in chances
    )


def test_gold_tags_are_as_predictions_are_written(tmp_path):
    columns = {"tokens": 0, "chunk": 1, "case": 2, "other": 3}
    layouts = {
        name: {
            "columns": columns,
            "tasks": {"chunk": {"encoding": encoding, "model_encoding": "IOBES"}},
            "invalid_tags": "repair",
        }
        for name, encoding in (("a", "BIO"), ("b", "IOB1"))
    }
    specification = Specification(
        {"cases": Feature("column", ["a", "b"], 0, 1, "case")},
        [1],
        {"chunk": Task("softmax", ["O"], 1, "IOBES")},
        msgspec.convert(layouts, dict[str, DatasetLayout]),
    )
    path = tmp_path / "gold"
    # "other" is of no task, and no feature: it need not be there.
    path.write_text("w I-X a\nx I-X b\ny B-X a\nz O a\n")
    for dataset in ("a", "b"):
        ((found, gold, place),) = command.read_gold(str(path), specification, dataset, ["chunk"])
        assert found.tokens == ["w", "x", "y", "z"]
        assert place == f"{path}:1"
        assert found.columns["case"] == ["a", "b", "a", "a"]
        # BIO, as the first data set has it, whatever the file's encoding.
        assert gold == {"chunk": ["B-X", "I-X", "B-X", "O"]}


def test_errors(quickstart_archive, error, tmp_path):
    bad = tmp_path / "bad.conll"
    bad.write_text("a DET I-NP\n")
    assert f"{bad}:1: column 'chunk' of task 'chunk' is declared as BIO, but 'I-NP'" in error(
        quickstart_archive, bad
    )
    assert "there is no such file" in error(quickstart_archive, tmp_path / "nothing")
    assert "no task 'ner'" in error(quickstart_archive, DEV, "--task", "ner")
    assert "leave --dataset out" in error(quickstart_archive, DEV, "--dataset", "x")
    assert "plot.pdf; its name must end in .svg or .png" in error(
        quickstart_archive, DEV, "--report", "plot.pdf"
    )
    assert "there is no such model" in error(tmp_path / "model.tar.gz", DEV)
    assert "neither a model file nor an archive" in error(DEV, DEV)


def test_bins_is_a_number(allennlp, capsys):
    with pytest.raises(SystemExit):
        allennlp("calibration", "model", "gold", "--bins", 0)
    assert "0 is not from 1 to 1000" in capsys.readouterr().err
