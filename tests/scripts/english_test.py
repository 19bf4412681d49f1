"""The scripts that make the English model."""

import json
import random
from pathlib import Path

import pytest
from english_benchmark import comparison
from english_data import main as make_data
from english_labels import CORPORA, mixed
from english_labels import main as mix_labels
from english_tests import ALL, TESTS, accuracy, main_score, span_scores, spans_of
from seqeval.metrics import classification_report

from benchmarks.samples import Figure, Sample
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.spans import Span


def random_tags(generator: random.Random) -> list[str]:
    length = generator.randint(1, 12)
    starts = sorted(generator.sample(range(length + 1), k=min(length, 5)))
    spans = [
        Span(generator.choice(["PER", "ORG", "LOC"]), first, generator.randint(first + 1, behind))
        for first, behind in zip(starts, starts[1:], strict=False)
    ]
    return get_encoding("BIO").spans_to_tags(spans, length)


def test_spans_are_scored_as_by_seqeval():
    generator = random.Random(1)
    gold = [random_tags(generator) for _ in range(200)]
    predicted = [
        tags if generator.random() < 0.5 else [generator.choice(["O", tag]) for tag in tags]
        for tags in gold
    ]
    ours = span_scores(map(spans_of, gold), map(spans_of, predicted))
    theirs = classification_report(gold, predicted, output_dict=True)
    names = {"PER": "PER", "ORG": "ORG", "LOC": "LOC", ALL: "micro avg"}
    assert ours.keys() == names.keys()
    for label, name in names.items():
        expected = [theirs[name][key] for key in ("precision", "recall", "f1-score", "support")]
        assert list(ours[label]) == pytest.approx(expected)
    assert main_score(TESTS["uner"], gold, predicted) == ours[ALL].f1


def test_accuracy_is_of_tokens():
    assert accuracy([["A", "B"], ["A"]], [["A", "A"], ["A"]]) == 2 / 3


@pytest.fixture
def corpora(tmp_path) -> Path:
    """Made-up corpora of the forms of the real ones."""
    data = tmp_path / "data"
    for folder in ("uner_ewt", "btc", "wikigold", "ud_english_ewt"):
        (data / folder).mkdir(parents=True)
    names = "".join(f"# newdoc id = {i}\n1\tWord{i}\tO\t-\t-\n\n" for i in range(20))
    (data / "uner_ewt/en_ewt-ud-dev.iob2").write_text(names)
    for section in "abefg":
        lines = "".join(f"{section}{i}\tO\n\tO\n \n" for i in range(30))
        (data / f"btc/{section}.conll").write_text(lines)
    (data / "wikigold/wikigold.conll").write_text("a I-MISC\n\n" * 99 + "last O")
    rest = "\t_" * 8
    for part in ("train", "dev"):
        sentences = [f"1\ta{rest}\n2-3\tbc{rest}\n2\tb{rest}\n3\tc{rest}\n\n"] * 60
        text = "# newdoc id = 1\n" + "".join(sentences) + "# newdoc id = 2\n" + sentences[0]
        (data / f"ud_english_ewt/en_ewt-ud-{part}.conllu").write_text(text)
    for folder in ("conll2000", "wnut17"):
        (data / folder).mkdir()
    (data / "conll2000/train.txt").write_text("# NN O\nb NN O\n\n")
    (data / "wnut17/train.conll").write_text("c\tO\n\t\n")
    return data


def test_data(corpora, tmp_path, monkeypatch):
    out = tmp_path / "out"
    monkeypatch.setattr("sys.argv", ["english_data", "--data", str(corpora), "--out", str(out)])
    make_data()
    # Every line of names is in one of both parts, once.
    for name, files in {
        "uner": ["uner_ewt/en_ewt-ud-dev.iob2"],
        "btc": [f"btc/{section}.conll" for section in "abefg"],
        "wikigold": ["wikigold/wikigold.conll"],
    }.items():
        whole = "".join((corpora / file).read_text() for file in files).split()
        parts = [(out / f"{name}-{part}.conll").read_text().split() for part in ("train", "dev")]
        assert sorted(whole) == sorted(parts[0] + parts[1])
        assert 0 < len(parts[1]) <= len(whole) / 9
    # The text for teachers is all that is trained on, but for the names of EWT dev.
    lines = (out / "text.jsonl").read_text().splitlines()
    text = [json.loads(line)["tokens"] for line in lines]
    assert text[:2] == [["a", "b", "c"]] * 2
    assert text[61:63] == [["#", "b"], ["a0"]]
    assert text[-2:] == [["a"], ["c"]]
    assert len(text) == 61 + 1 + 140 + 90 + 1
    # Pieces know no sentences, but documents.
    pieces = (out / "ewt_text-dev.conll").read_text().strip().split("\n\n")
    assert [len(piece.split("\n")) for piece in pieces] == [128, 52, 3]
    assert pieces[0].split("\n")[:4] == ["a\tB", "b\tI", "c\tI", "a\tB"]


def test_an_annotation_counts_half():
    assert mixed("NN", "NN") == "NN"
    assert mixed("NN", "VB") == {"NN": 0.5, "VB": 0.5}
    assert mixed({"NN": 0.6, "VB": 0.4}, "VB") == {"NN": 0.3, "VB": 0.7}
    assert mixed({"NN": 0.6, "VB": 0.4}, "JJ") == {"NN": 0.3, "VB": 0.2, "JJ": 0.5}


def test_labels_are_those_of_the_sentence(tmp_path, monkeypatch):
    """Of each corpus in its turn, in the encoding of the model."""
    layout = {"columns": {"tokens": 0, "ner": 1}, "delimiter": "\t", "empty_tokens": "leave_out"}
    spans = {"tasks": {"ner": {"encoding": "BIO", "model_encoding": "IOBES"}}}
    files = {}
    for name in CORPORA:
        files[name] = str(tmp_path / f"{name}.conll")
        Path(files[name]).write_text(f"{name}\tB-ORG\n\nran\tO\n")
    config = tmp_path / "config.jsonnet"
    reader = {"datasets": dict.fromkeys(CORPORA, layout | spans)}
    config.write_text(json.dumps({"dataset_reader": reader, "train_data_path": files}))
    soft, out = tmp_path / "soft.jsonl", tmp_path / "out.jsonl"

    def run(sentences):
        lines = [
            {"tokens": [x], "upos": ["X"], "ner": [{"S-ORG": 0.8, "O": 0.2}]} for x in sentences
        ]
        soft.write_text("".join(json.dumps(line) + "\n" for line in lines))
        options = {"config": config, "soft": soft, "out": out}
        arguments = [str(part) for name in options for part in (f"--{name}", options[name])]
        monkeypatch.setattr("sys.argv", ["english_labels", *arguments])
        mix_labels()
        return list(map(json.loads, out.read_text().splitlines()))

    sentences = [word for name in CORPORA for word in (name, "ran")]
    mixed_lines = run(sentences)
    assert [line["tokens"] for line in mixed_lines] == [[word] for word in sentences]
    assert mixed_lines[0]["ner"] == [{"S-ORG": 0.9, "O": 0.1}]
    assert mixed_lines[1] == {"tokens": ["ran"], "upos": ["X"], "ner": [{"S-ORG": 0.4, "O": 0.6}]}
    with pytest.raises(SystemExit, match=r"has \['ran'\] in place of"):
        run(["ran", *sentences[1:]])
    with pytest.raises(ValueError, match="shorter"):
        run(sentences[:-1])


def test_comparison():
    """The table has medians, by the measure of each figure."""

    ours, theirs = (
        [Sample(wall=value / 10, cpu=value, memory=100 * value) for value in values]
        for values in ([1.0, 9.0, 2.0], [8.0, 8.0, 8.0])
    )
    speed = Figure("", "", "", ours, theirs, amount=1000).to_json()
    record = {
        "versions": {"spacy": "3.8.0"},
        "scores": {
            "chunks": {
                "title": "Chunks",
                "measure": "F1 of spans",
                "scores": {"ours": 95.04, "spacy": None},
            },
            "names": {
                "title": "Names",
                "measure": "F1 of spans",
                "scores": {"ours": 75.0, "spacy": 50.0},
                "leading_the_forgiven": {"ours": 76.0, "spacy": 51.0},
            },
        },
        "figures": dict.fromkeys(
            ["tag_tokens", "tag_texts", "start", "start_memory", "memory"], speed
        ),
    }
    table = comparison(record)
    assert "| Chunks, F1 | - | 95.0 |  |" in table
    assert '| - a leading "the" forgiven | 51.0 | 76.0 | +25.0 |' in table
    assert "| words a second, tokens to tags | 125 | 500 | 4.0 x |" in table
    assert "| start to the tags of a sentence | 0.80 s | 0.20 s | 4.0 x |" in table
    assert "| peak memory, one sentence | 800 MB | 200 MB | 4.0 x |" in table
    assert json.dumps(record)  # plain JSON
