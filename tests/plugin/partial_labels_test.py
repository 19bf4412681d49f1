"""Trainings on labels that are known in part, in files of every form."""

import json

import pytest
import spacy
from allennlp.common import Params
from allennlp.data import DatasetReader
from spacy.tokens import Doc, DocBin

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.possible_labels import ANYTHING, Possible, is_complete

CORPUS = "fixtures/corpus/train.conll"
TOKENS = ["Mina", "Orlo", "met", "Ada", "."]
# Nothing is known of the second and the third token, and of the fourth that it is a name.
TAGS = ["B-PER", "_", "?", "B-PER|B-ORG", "O"]
EXPECTED = [
    Possible(frozenset(["B-PER"])),
    ANYTHING,
    ANYTHING,
    Possible(frozenset(["B-PER", "B-ORG"])),
    Possible(frozenset(["O"])),
]


def labels_of(path, task, **layout):
    params = {
        "type": "conll_columns",
        "token_indexers": {"words": {"type": "word_forms"}},
        "tasks": {"ner": {"encoding": "BIO", "partial": True, **task}},
        **layout,
    }
    (instance,) = DatasetReader.from_params(Params(params)).read(str(path))
    return instance["labels"].labels["ner"]


def test_columns(tmp_path):
    path = tmp_path / "gaps.tsv"
    path.write_text("".join(f"{x}\t{y}\n" for x, y in zip(TOKENS, TAGS, strict=True)))
    columns = {"tokens": 0, "ner": 1}
    assert labels_of(path, {}, columns=columns, delimiter="\t") == EXPECTED


@pytest.mark.parametrize("missing", [None, -100, "", "?"])
def test_json(tmp_path, missing):
    path = tmp_path / "gaps.jsonl"
    tags = [missing if tag in "_?" else tag for tag in TAGS]
    path.write_text(json.dumps({"tokens": TOKENS, "tags": tags}))
    layout = {"form": "json", "columns": {"tokens": "tokens", "ner": "tags"}}
    assert labels_of(path, {}, **layout) == EXPECTED
    if missing != "?":
        with pytest.raises(DataFormatError, match=r"gaps\.jsonl:1.*set tasks\.ner\.partial: true"):
            labels_of(path, {"partial": False}, **layout)


@pytest.mark.parametrize(
    ("tags", "task", "known"),
    [
        (["_", "?", "_", "_", "B-PER|B-ORG"], {}, False),
        (["O", "O", "O", "O", "O"], {"partial": False, "unannotated": "all"}, False),
        (["_", "?", "_", "_", "O"], {}, True),
        (["O", "B-PER", "O", "O", "O"], {"partial": False, "unannotated": "all"}, True),
    ],
)
def test_a_file_without_any_known_label_is_a_warning(tmp_path, caplog, tags, task, known):
    path = tmp_path / "gaps.tsv"
    path.write_text("".join(f"{x}\t{y}\n" for x, y in zip(TOKENS, tags, strict=True)))
    labels_of(path, task, columns={"tokens": 0, "ner": 1}, delimiter="\t")
    assert ("gaps.tsv: no label of the task 'ner' is known for certain" in caplog.text) != known


def test_json_of_numbers(tmp_path):
    path = tmp_path / "gaps.jsonl"
    path.write_text(json.dumps({"tokens": TOKENS, "tags": [1, -100, None, 2, 0]}))
    layout = {"form": "json", "columns": {"tokens": "tokens", "ner": "tags"}}
    found = labels_of(path, {"labels": ["O", "B-PER", "B-ORG"]}, **layout)
    assert found == [*EXPECTED[:3], Possible(frozenset(["B-ORG"])), EXPECTED[4]]


def test_docbin(tmp_path):
    path = tmp_path / "gaps.spacy"
    doc = Doc(spacy.blank("en").vocab, TOKENS, ents=["B-PER", "", "", "B-ORG", "O"])
    DocBin(docs=[doc]).to_disk(path)
    layout = {"form": "spacy", "columns": {"tokens": "tokens", "ner": "ent_tags"}}
    found = labels_of(path, {}, **layout)
    assert found == [*EXPECTED[:3], Possible(frozenset(["B-ORG"])), EXPECTED[4]]


@pytest.mark.parametrize(
    ("tags", "task", "message"),
    [
        ("B-PER _ O I-PER", {}, r"gaps\.conll:4: .*no sequence of tags agrees with this"),
        ("B-PER ? O", {"partial": False}, r"gaps\.conll:2: .*set tasks\.ner\.partial: true"),
        ("B-PER|B-ORG O", {"encoding": None, "partial": False}, None),
        ("B-PER X-PER|O", {}, r"gaps\.conll:2: .*unknown prefix in 'X-PER'"),
        ("B-PER O||B-PER", {}, r"gaps\.conll:2: .*has an empty label"),
        ("E-PER _", {}, r"gaps\.conll:1: .*unknown prefix in 'E-PER'.*fix the file, set the"),
        ("NN NN|", {"encoding": None}, r"gaps\.conll:2: .*'NN\|' has an empty.*separator: null"),
    ],
)
def test_errors_name_the_line(tmp_path, tags, task, message):
    path = tmp_path / "gaps.conll"
    path.write_text(
        "".join(f"{word} {tag}\n" for word, tag in zip("abcd", tags.split(), strict=False))
    )
    layout = {"columns": {"tokens": 0, "ner": 1}}
    if message is None:
        assert labels_of(path, task, **layout) == tags.split()
        return
    with pytest.raises(DataFormatError, match=message):
        labels_of(path, task, **layout)


def test_sentences_without_a_gap_are_as_ever(tmp_path):
    path = tmp_path / "whole.conll"
    path.write_text("Ann B-PER\nsang O\n")
    found = labels_of(path, {"model_encoding": "IOBES"}, columns={"tokens": 0, "ner": 1})
    assert found == ["S-PER", "O"]
    assert is_complete(found)


@pytest.fixture(scope="module")
def gaps(tmp_path_factory):
    """The corpus of the fixtures, without every third label of both tasks."""
    path = tmp_path_factory.mktemp("gaps") / "train.conll"
    lines = []
    with open(CORPUS) as stream:
        for number, line in enumerate(stream):
            if line.strip() and number % 3 == 0:
                token, _, _, *more = line.split()
                line = " ".join([token, "_", "_", *more]) + "\n"
            lines.append(line)
    path.write_text("".join(lines))
    return path


def test_training_tags_evaluates_and_reports(gaps, train, allennlp, tmp_path, capsys, caplog):
    overrides = {
        "train_data_path": str(gaps),
        "dataset_reader.tasks.pos.partial": True,
        "dataset_reader.tasks.chunk.partial": {"missing": ["_"], "separator": None},
        "model.tasks.pos.label_weights": "balanced",
        "model.tasks.chunk.label_weights": {"NP": 1.2, "O": 0.8},
        "model.tasks.chunk.weight_strategy": "emission",
        "trainer.num_epochs": 5,
    }
    archive = train("training_config/quickstart.jsonnet", tmp_path / "model", overrides)
    log = (tmp_path / "model" / "out.log").read_text()
    assert "chunk 1" in log
    assert "(known of " in log
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    # The development data have all labels: they are scored as ever.
    assert metrics["best_validation_pos_accuracy"] > 0.6
    assert metrics["best_validation_chunk_f1"] > 0.5
    tagged = Tagger.load(str(archive)).tag_tokens(["The", "bridge", "opened", "."])
    assert {*tagged.tags} == {"pos", "chunk"}
    # What is not known has no part in the scores.
    scores = tmp_path / "scores.json"
    allennlp("evaluate", archive, gaps, "--output-file", scores)
    found = json.loads(scores.read_text())
    assert 0.5 < found["pos_accuracy"] <= 1
    assert 0 < found["chunk_f1"] < 1
    assert found["loss"] < 100
    # Errors and calibration need whole sentences: they say which they leave out.
    caplog.clear()
    allennlp("calibration", archive, gaps)
    assert "labels of the task 'chunk' that are known in part" in caplog.text


def test_an_unannotated_type_that_nothing_has_is_a_warning(train, tmp_path):
    overrides = {
        "dataset_reader.tasks.chunk.unannotated": ["NP", "Np"],
        "trainer.num_epochs": 1,
        "test_data_path": None,
    }
    train("training_config/quickstart.jsonnet", tmp_path / "model", overrides)
    log = (tmp_path / "model" / "out.log").read_text()
    warning = "tasks.chunk.unannotated names 'Np', a type that no training data have; there are "
    assert log.count(warning) == 1
    assert log.count("unannotated names") == 1
