from types import SimpleNamespace

import pytest

from bilstm_tagger.experiments.left_out import DataFile, listed_labels, read_folds
from bilstm_tagger.text.dataset_layout import DatasetLayout, TaskColumn
from bilstm_tagger.text.folds import Folds

BRAT = DatasetLayout({"tokens": "text", "ner": "entities"}, {"ner": TaskColumn("BIO")}, form="brat")


@pytest.fixture
def specification():
    """What is read of a specification."""
    task = SimpleNamespace(encoding="IOBES")
    return SimpleNamespace(
        datasets={"": BRAT}, tasks={"ner": task}, file_encoding=lambda name: "BIO"
    )


def test_a_sentence_of_a_folder_is_named_by_its_text(specification, tmp_path):
    for name, text in (("a", "One . Two ."), ("b", "Rome ."), ("c", "Four . Five .")):
        (tmp_path / f"{name}.txt").write_text(text)
        entity = "T1\tLOC 0 4\tRome\n" if name == "b" else ""
        (tmp_path / f"{name}.ann").write_text(entity)
    files = [DataFile("", "brat", str(tmp_path))]
    first, second = (
        list(read_folds(files, Folds(2, "document"), specification, fold)) for fold in (1, 2)
    )
    a, b, c = (str(tmp_path / f"{name}.txt") for name in "abc")
    assert [entry.place for entry in first] == [
        ("", a, 1, []),
        ("", a, 2, []),
        ("", c, 1, []),
        ("", c, 2, []),
    ]
    assert [(entry.place, entry.fold, entry.gold) for entry in second] == [
        (("", b, 1, []), 2, {"ner": ["B-LOC", "O"]})
    ]


def test_labels_are_listed():
    chances = {"A": 0.1, "B": 0.6, "C": 0.0004, "D": 0.2996}
    assert listed_labels(chances, "A", 0.0005) == [("B", 0.6), ("D", 0.2996), ("A", 0.1)]
    # The gold one always, known to the model or not.
    assert listed_labels(chances, "C", 0.0005)[-1] == ("C", 0.0004)
    assert listed_labels(chances, "E", 0.0005)[-1] == ("E", 0.0)
