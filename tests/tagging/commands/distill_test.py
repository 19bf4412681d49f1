"""The command `distill`, and models that learn from what it writes."""

import gzip
import io
import json

import msgspec
import numpy
import pytest
import torch

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.read_dataset import read_dataset

TEXT = "fixtures/text/untagged.conll"


def distilled(path):
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return [json.loads(line) for line in text.splitlines()]


def chances_of(label):
    return label if isinstance(label, dict) else {label: 1.0}


def test_writes_what_the_model_finds_probable(allennlp, quickstart_archive, tmp_path, capsys):
    output = tmp_path / "soft.jsonl.gz"
    allennlp("distill", quickstart_archive, "--text", TEXT, "-o", output, "--least", "0")
    summary = capsys.readouterr().err
    layout = json.loads(summary[summary.index("{") :])
    sentences = list(read_dataset(TEXT, DatasetLayout(columns={"tokens": 0})))
    tagger = Tagger.load(quickstart_archive)
    lines = distilled(output)
    assert [line["tokens"] for line in lines] == [sentence.tokens for sentence in sentences]
    for line in lines:
        tagged = tagger.tag_tokens(line["tokens"], probabilities="all")
        for label, expected in zip(line["pos"], tagged.distributions["pos"], strict=True):
            chances = chances_of(label)
            assert chances == pytest.approx({k: expected[k] for k in chances}, abs=2e-5)
            assert list(chances.values()) == sorted(chances.values(), reverse=True)
        # Those of spans are in the encoding of the model, IOBES, and not of the files.
        of_first = chances_of(line["chunk"][0])
        starting = sum(p for tag, p in of_first.items() if tag[0] in "BS" and tag[1:] == "-NP")
        assert starting == pytest.approx(tagged.distributions["chunk"][0]["B-NP"], abs=1e-4)
    # The layout that it prints reads what it wrote.
    read = msgspec.convert(layout, DatasetLayout)
    labels = [read.labels(sentence)[0] for sentence in read_dataset(str(output), read)]
    assert [len(of_sentence["chunk"]) for of_sentence in labels] == [
        len(line["tokens"]) for line in lines
    ]
    assert layout["tasks"]["chunk"] == {"encoding": "IOBES", "probabilities": True}


def test_the_mean_of_several(allennlp, quickstart_archive, changed, unpacked, tmp_path):
    weights = torch.load(io.BytesIO(unpacked(quickstart_archive)["weights.th"]), weights_only=True)
    weights["tasks.pos.scorer.weight"] *= 0.1
    packed_weights = io.BytesIO()
    torch.save(weights, packed_weights)
    other = changed({"weights.th": packed_weights.getvalue()})
    files = {}
    for name, models in (("a", [quickstart_archive]), ("b", [other]), ("both", None)):
        files[name] = tmp_path / f"{name}.jsonl"
        models = models or [quickstart_archive, other]
        options = ["--text", TEXT, "-o", files[name], "--tasks", "pos", "--least", "0"]
        allennlp("distill", *models, *options)
    rows = zip(*(distilled(path) for path in files.values()), strict=True)
    differ = False
    for a, b, both in rows:
        assert both.keys() == {"tokens", "pos"}
        for labels in zip(a["pos"], b["pos"], both["pos"], strict=True):
            one, two, mean = map(chances_of, labels)
            differ |= one != two
            tags = sorted(one.keys() | two.keys())
            expected = [(one.get(tag, 0.0) + two.get(tag, 0.0)) / 2 for tag in tags]
            numpy.testing.assert_allclose([mean.get(tag, 0.0) for tag in tags], expected, atol=3e-5)
    assert differ


def test_small_probabilities_are_left_out(allennlp, quickstart_archive, tmp_path):
    output = tmp_path / "soft.jsonl"
    allennlp("distill", quickstart_archive, "--text", TEXT, "-o", output, "--least", "0.2")
    for line in distilled(output):
        for label in (*line["pos"], *line["chunk"]):
            chances = chances_of(label)
            assert sum(chances.values()) == pytest.approx(1.0, abs=1e-4)
            assert min(chances.values()) >= 0.2


def test_a_student_learns_from_it(allennlp, quickstart_archive, train, tmp_path):
    soft = tmp_path / "soft.jsonl"
    allennlp("distill", quickstart_archive, "--text", "fixtures/corpus/train.conll", "-o", soft)
    chunks = {"encoding": "BIO", "model_encoding": "IOBES"}
    archive = train(
        "training_config/quickstart.jsonnet",
        tmp_path / "student",
        {
            "dataset_reader.tasks": None,
            "dataset_reader.columns": None,
            "dataset_reader.datasets": {
                "soft": {
                    "form": "json",
                    "columns": {name: name for name in ("tokens", "pos", "chunk")},
                    "tasks": {
                        "pos": {"probabilities": True},
                        "chunk": {"encoding": "IOBES", "probabilities": True},
                    },
                },
                "gold": {
                    "columns": {"tokens": 0, "pos": 1, "chunk": 2},
                    "tasks": {"pos": {}, "chunk": chunks},
                },
            },
            "train_data_path": {"soft": str(soft)},
            "validation_data_path": {"gold": "fixtures/corpus/dev.conll"},
            "test_data_path": None,
            "trainer.num_epochs": 12,
        },
    )
    metrics = json.loads((archive.parent / "metrics.json").read_text())
    assert metrics["best_validation_chunk_f1"] > 0.7
    assert metrics["best_validation_pos_accuracy"] > 0.7
    # The labels that a teacher finds possible are those that it has itself.
    tasks = [Tagger.load(path).specification.tasks for path in (archive, quickstart_archive)]
    for name in ("pos", "chunk"):
        assert set(tasks[0][name].labels) <= set(tasks[1][name].labels)


def test_refuses_models_with_other_labels(error_of, quickstart_archive, tmp_path):
    assert "the models have different labels" in error_of(
        *("distill", quickstart_archive, "english", "--text", TEXT, "--tasks", "chunk"),
        *("-o", tmp_path / "a.jsonl"),
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--text", "nothing.txt", "-o", "a.jsonl"], "nothing.txt: there is no such file"),
        (["--text", TEXT, "-o", TEXT], "is the output, too"),
        (["--text", TEXT, "-o", "-"], "-o needs the name of a file"),
        (["--text", TEXT, "-o", "a.jsonl", "--tasks", "ner"], "the model has no task 'ner'"),
        (["--text", "fixtures/broken/empty.conll", "-o", "build/a.jsonl"], "no sentence"),
    ],
)
def test_mistakes_are_one_line(error_of, quickstart_archive, options, problem):
    assert problem in error_of("distill", quickstart_archive, *options)
