"""Labels with probabilities, in files."""

import json

import pytest

from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.possible_labels import Possible
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.soft_labels import cell_of, has_probabilities
from bilstm_tagger.text.task_column import TaskColumn

NER = {"ner": TaskColumn(encoding="BIO", probabilities=True)}
COLUMNS = DatasetLayout(columns={"tokens": 0, "ner": 1}, tasks=NER)
OBJECTS = DatasetLayout(form="json", columns={"tokens": "tokens", "ner": "ner"}, tasks=NER)


def labels_of(path, layout):
    return [layout.labels(sentence)[0]["ner"] for sentence in read_dataset(str(path), layout)]


def assert_fault(path, line, problem, layout):
    with pytest.raises(DataFormatError) as caught:
        labels_of(path, layout)
    assert f"{path}:{line}" in str(caught.value)
    assert problem in str(caught.value)


def test_objects_and_columns_say_the_same(tmp_path):
    ann = {"B-PER": 0.75, "O": 0.25}
    columns, objects = tmp_path / "a.conll", tmp_path / "a.jsonl"
    columns.write_text(f"Ann {cell_of(ann)}\nran O\n\nNo O\n")
    objects.write_text(
        json.dumps({"tokens": ["Ann", "ran"], "ner": [ann, "O"]})
        + '\n{"tokens": ["No"], "ner": ["O"]}\n'
    )
    expected = [
        [
            Possible(frozenset(ann), chances=(("B-PER", 0.75), ("O", 0.25))),
            Possible(frozenset({"O"}), chances=(("O", 1.0),)),
        ],
        ["O"],
    ]
    assert labels_of(columns, COLUMNS) == labels_of(objects, OBJECTS) == expected
    assert [token.certain for token in expected[0]] == ["B-PER", "O"]
    assert expected[0][0].permits("B-PER")
    assert not expected[0][0].permits("O")


def test_the_most_probable_tags_need_not_be_a_valid_sequence(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("Ann O\nran I-PER\n")
    (labels,) = labels_of(path, COLUMNS)
    assert [token.chances for token in labels] == [(("O", 1.0),), (("I-PER", 1.0),)]
    path.write_text("Ann O\nran X-PER\n")
    assert_fault(path, 2, "'X-PER' is no tag of BIO", COLUMNS)


def test_labels_that_have_the_names_of_the_ends_of_spans(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": ["Ann"], "pos": [{"start": 0.5, "end": 0.5}]}\n')
    layout = DatasetLayout(
        {"tokens": "tokens", "pos": "pos"}, {"pos": TaskColumn(probabilities=True)}, form="json"
    )
    (sentence,) = read_dataset(str(path), layout)
    (token,) = layout.labels(sentence)[0]["pos"]
    assert token.chances == (("start", 0.5), ("end", 0.5))


def test_a_cell_has_no_blanks():
    cell = cell_of({"B-PER": 0.75, 'a "b"\\': 0.25})
    assert has_probabilities(cell)
    assert json.loads(cell) == {"B-PER": 0.75, 'a "b"\\': 0.25}
    assert has_probabilities('{ "O": 1}')
    assert not has_probabilities("{")


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ('{"O":0.5}', "must be 0 or more, and 1 together; they are 0.5 together"),
        ('{"O":1.5,"B-A":-0.5}', "must be 0 or more"),
        ('{"O":0.5,"B-A":"0.5"}', "is no object of labels and numbers"),
        ('{"O":0.5,"B-A"', "is no object of labels and numbers"),
        ('{"O":0.5,"E-A":0.5}', "'E-A' is no tag of BIO"),
        ("{}", "must be 0 or more, and 1 together; they are 0 together"),
        ('{"O":NaN,"B-A":0.5}', "must be 0 or more, and 1 together; they are nan together"),
        ('{"O":1e999}', "they are inf together"),
        ('{"O":1' + 400 * "0" + "}", "they are inf together"),
        ('{"O":0.5,"O":0.5}', "has a label twice"),
        ('{"O":true}', "is no object of labels and numbers"),
        ('{"":1.0}', "has a label that is empty"),
        ('{"O":0.5,"A":0.5}', "'A' is neither 'O' nor"),
    ],
)
def test_faults_are_shown_with_their_line(tmp_path, cell, problem):
    path = tmp_path / "a.conll"
    path.write_text(f"Ann O\nran {cell}\n")
    assert_fault(path, 2, problem, COLUMNS)


def test_objects_without_the_setting_say_so(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": ["Ann"], "pos": [{"NOUN": 1.0}]}\n')
    layout = DatasetLayout(
        form="json", columns={"tokens": "tokens", "pos": "pos"}, tasks={"pos": TaskColumn()}
    )
    with pytest.raises(DataFormatError, match=r"tasks\.pos\.probabilities: true"):
        list(read_dataset(str(path), layout))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ('{"O": "0.5", "B-A": 0.5}', "is no object of labels and numbers"),
        ('{"O": NaN}', "they are nan together"),
        ('{"label": "PER", "end": 3}', "is no object of labels and numbers"),
        ('{"O": 0.5, "B-\\ud800": 0.5}', "or an unpaired surrogate"),
    ],
)
def test_faults_of_objects(tmp_path, value, problem):
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": ["Ann"], "ner": [' + value + "]}\n")
    assert_fault(path, 1, problem, OBJECTS)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"encoding": "BIO", "partial": True}, "cannot be combined with 'partial'"),
        ({"encoding": "BIO", "types": {"A": "B"}}, "cannot be combined with 'types'"),
        ({"encoding": "BIO", "model_encoding": "IOBES"}, "leave model_encoding out"),
        ({"encoding": "auto", "model_encoding": "IOBES"}, "leave model_encoding out"),
    ],
)
def test_settings_that_would_need_a_conversion(settings, problem):
    with pytest.raises(UserError, match=problem):
        TaskColumn(probabilities=True, **settings)
