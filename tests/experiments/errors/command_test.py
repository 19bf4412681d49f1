import json
import sys
import types
from collections import Counter

import msgspec
import pytest
from seqeval.metrics import accuracy_score, f1_score

import bilstm_tagger.experiments.errors.tagged as tagged
from bilstm_tagger.experiments.sentence_test import compare_predictions, counts_of
from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.columns import read_sentences
from bilstm_tagger.text.task_column import TaskColumn
from bilstm_tagger.text.word_forms import known_form

DEV, TRAIN = "fixtures/corpus/dev.conll", "fixtures/corpus/train.conll"
OTHER = "fixtures/models/quickstart_0.1.0.tar.gz"
LAYOUT = ColumnFormat({"tokens": 0, "pos": 1, "chunk": 2})


def gold_sentences(path=DEV):
    return list(read_sentences(path, LAYOUT))


def predictions(model, task):
    tagger, gold = Tagger.load(model), gold_sentences()
    predicted = tagger.tag([TokenizedSentence(sentence.tokens) for sentence in gold])
    return [sentence.tags[task] for sentence in predicted]


def test_one_model(quickstart_archive, errors):
    out, report = errors(quickstart_archive, DEV)
    assert report.models == [str(quickstart_archive)]
    assert report.gold == {"": DEV}
    gold = gold_sentences()
    assert [task.name for task in report.tasks] == ["chunk", "pos"]
    for task in report.tasks:
        tags = [sentence.columns[task.name] for sentence in gold]
        predicted = predictions(quickstart_archive, task.name)
        (model,) = task.models
        assert (task.sentences, task.tokens) == (44, 394)
        assert model.accuracy == pytest.approx(accuracy_score(tags, predicted))
        pairs = enumerate(zip(tags, predicted, strict=True), 1)
        wrong = {number for number, (ours, theirs) in pairs if ours != theirs}
        assert {sentence.number for sentence in task.errors} == wrong
        for sentence in task.errors:
            first = gold[sentence.number - 1]
            assert sentence.tokens == first.tokens
            assert sentence.place == f"{DEV}:{first.line_numbers[0]}"
            for outcome in sentence.outcomes[0]:
                assert (outcome.probability is None) == (outcome.kind == "missing")
        assert f"{task.name}: 44 sentences, 394 tokens; tags right: {model.accuracy:.4f}" in out
        assert f"of {len(task.errors)} sentences with one" in out
    chunk, pos = report.tasks
    tags = [sentence.columns["chunk"] for sentence in gold]
    strict = chunk.models[0].scores["strict"]
    assert strict.f1 == pytest.approx(f1_score(tags, predictions(quickstart_archive, "chunk")))
    assert not pos.of_spans and pos.models[0].scores == {}
    assert pos.models[0].kinds["type"] == 394 - pos.models[0].kinds["right"]
    assert out.startswith(f"Model: {quickstart_archive}\nGold tags: {DEV}\n")
    assert out.count(f"{DEV}:") == 10
    lines = [line.split() for line in out.splitlines()]
    row = next(line for line in lines if line[:3] == ["│", "strict", "│"])
    assert row[3:-1:2] == [
        *(f"{value:.4f}" for value in (strict.precision, strict.recall, strict.f1)),
        *map(str, (strict.correct, strict.incorrect, 0, strict.missing, strict.spurious)),
    ]
    assert max(map(len, out.splitlines()[1:])) <= 100


def test_windows_a_task_and_no_sentences(quickstart_archive, errors, monkeypatch):
    _, whole = errors(quickstart_archive, DEV)
    monkeypatch.setattr(tagged, "WINDOW", 7)
    out, report = errors(quickstart_archive, DEV, "--task", "pos", "--sentences", 0)
    (task,) = report.tasks
    assert task.models == whole.tasks[1].models
    assert {sentence.number for sentence in task.errors} == {
        sentence.number for sentence in whole.tasks[1].errors
    }
    assert f"{DEV}:" not in out and "chunk" not in out


def test_as_a_command_of_allennlp(quickstart_archive, allennlp, errors, capsys):
    out, _ = errors(quickstart_archive, DEV, "--task", "pos")
    allennlp("errors", quickstart_archive, DEV, "--task", "pos")
    assert capsys.readouterr().out == out


def test_words_that_the_model_has_a_vector_for(quickstart_archive, errors):
    _, report = errors(quickstart_archive, DEV, "--task", "pos")
    (table,) = Tagger.load(quickstart_archive).source.inputs.words.values()
    words = [word for sentence in gold_sentences() for word in sentence.tokens]
    known = sum(known_form(word, table.ids) is not None for word in words)
    groups = report.tasks[0].models[0].groups
    assert {group.name: group.gold for group in groups["words"]} == {
        "known": known,
        "unknown": len(words) - known,
    }
    assert "frequency" not in groups


def test_words_of_the_training(quickstart_archive, errors):
    _, report = errors(quickstart_archive, DEV, "--train", TRAIN, "--train", DEV)
    counts = Counter(
        word for path in (TRAIN, DEV) for s in gold_sentences(path) for word in s.tokens
    )
    names = Counter()
    for sentence in gold_sentences():
        for count in map(counts.__getitem__, sentence.tokens):
            bounds = ((1, "1"), (5, "2-5"), (20, "6-20"), (100, "21-100"), (10**9, "101+"))
            names[next(name for bound, name in bounds if count <= bound)] += 1
    chunk, pos = (task.models[0].groups for task in report.tasks)
    assert {group.name: group.gold for group in pos["frequency"]} == names
    assert [(group.name, group.gold) for group in pos["words"]] == [("known", 394)]
    _, report = errors(quickstart_archive, DEV, "--train", TRAIN)
    groups = report.tasks[1].models[0].groups
    known = {word for sentence in gold_sentences(TRAIN) for word in sentence.tokens}
    unknown = sum(word not in known for sentence in gold_sentences() for word in sentence.tokens)
    assert groups["words"][1].gold == groups["frequency"][0].gold == unknown > 0
    assert {group.name for group in chunk["span length"]} <= {"1", "2", "3", "4", "5+"}


def test_two_models(quickstart_archive, errors):
    out, report = errors(quickstart_archive, DEV, OTHER)
    assert report.models == [str(quickstart_archive), OTHER]
    assert out.startswith(f"A: {quickstart_archive}\nB: {OTHER}\nGold tags: {DEV}\n")
    tables = [line for line in out.splitlines() if line[:1] in "┏│"]
    assert len(tables) > 60 and max(map(len, tables)) <= 100
    for task, metric in zip(report.tasks, ("f1", "accuracy"), strict=True):
        counts = []
        for model in report.models:
            sentences = gold_sentences()
            for sentence, tags in zip(sentences, predictions(model, task.name), strict=True):
                sentence.columns = {"gold": sentence.columns[task.name], "predicted": tags}
            counts.append(counts_of(sentences, metric))
        expected = compare_predictions(*counts, metric)
        assert (task.test["a"], task.test["b"]) == (expected.a, expected.b)
        assert task.test["p"] == expected.p
        assert task.verdict == expected.verdict(*report.models)
        rights = [model.kinds["right"] for model in task.models]
        assert task.only_right[0] - task.only_right[1] == rights[0] - rights[1]
        assert f"Only A gets {task.only_right[0]} gold" in out
        assert all(len(sentence.outcomes) == 2 for sentence in task.errors)
    _, alone = errors(OTHER, DEV)
    assert [task.models[1] for task in report.tasks] == [task.models[0] for task in alone.tasks]


def test_the_second_model_may_write_another_encoding(quickstart_archive, errors, rewritten):
    def to_iobes(specification, tensors):
        (layout,) = specification.datasets.values()
        column = TaskColumn("IOBES", specification.tasks["chunk"].encoding)
        tasks = {**layout.tasks, "chunk": column}
        changed = {"": msgspec.structs.replace(layout, tasks=tasks)}
        return msgspec.structs.replace(specification, datasets=changed), tensors

    _, report = errors(quickstart_archive, DEV, rewritten(to_iobes), "--task", "chunk")
    (task,) = report.tasks
    assert task.models[0] == task.models[1]
    assert task.only_right == (0, 0)
    assert task.test["p"] == 1.0


def test_files_of_several_datasets(multitask_archive, errors, error):
    files = {"ewt": "fixtures/corpus/pos.conllu", "conll2000": DEV}
    _, report = errors(multitask_archive, json.dumps(files), "--train", json.dumps(files))
    assert report.gold == files
    for task, dataset in zip(report.tasks, ("conll2000", "ewt"), strict=True):
        _, alone = errors(
            multitask_archive,
            files[dataset],
            "--dataset",
            dataset,
            *(["--train", files["ewt"]] if dataset == "ewt" else []),
        )
        assert alone.tasks[0].errors == task.errors
    message = error(multitask_archive, json.dumps(files), "--train", DEV)
    assert f"""say of which --train {DEV} is: --train '{{"ewt": "{DEV}"}}'""" in message
    assert "--train is no JSON object" in error(
        multitask_archive, json.dumps(files), "--train", "{"
    )
    assert "say which layout" in error(multitask_archive, DEV)


def test_the_page(quickstart_archive, errors, monkeypatch, tmp_path):
    page = types.ModuleType("page")
    page.make_error_page = lambda report: f"page of {len(report.tasks)} tasks"
    monkeypatch.setitem(sys.modules, "bilstm_tagger.experiments.errors.page", page)
    path = tmp_path / "pages" / "errors.html"
    errors(quickstart_archive, DEV, "--report", path)
    assert path.read_text() == "page of 2 tasks"
