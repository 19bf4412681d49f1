import logging
from collections import Counter, defaultdict

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary

from bilstm_tagger.plugin.data.fields import (
    UNKNOWN_LABEL,
    TaskLabelsField,
    label_namespace,
    task_labels_field,
)
from bilstm_tagger.text.possible_labels import ANYTHING, Possible

LABELS = {"pos": ["DET", "NOUN"], "chunk": ["B-NP", "I-NP"]}


@pytest.fixture(autouse=True)
def nothing_warned(monkeypatch):
    monkeypatch.setattr(task_labels_field, "_warned", set())


@pytest.fixture
def vocabulary():
    vocabulary = Vocabulary()
    for task, labels in LABELS.items():
        for label in labels:
            vocabulary.add_token_to_namespace(label, label_namespace(task))
    return vocabulary


def tensors(labels, vocabulary, length=None):
    field = TaskLabelsField(labels)
    field.index(vocabulary)
    return field.as_tensor({"num_tokens": length or len(field)})


def test_labels_of_several_tasks(vocabulary):
    field = TaskLabelsField(LABELS)
    assert len(field) == 2
    assert field.get_padding_lengths() == {"num_tokens": 2}
    assert field.human_readable_repr() == LABELS
    found = tensors(LABELS, vocabulary)
    assert {task: ids.tolist() for task, ids in found.items()} == {"pos": [0, 1], "chunk": [0, 1]}
    assert {ids.dtype for ids in found.values()} == {torch.int64}


def test_counts_in_namespaces_without_padding():
    counter = defaultdict(Counter)
    TaskLabelsField({"pos": ["X", "Y", "X"], "chunk": ["O", "O", "O"]}).count_vocab_items(counter)
    assert counter == {"pos_labels": {"X": 2, "Y": 1}, "chunk_labels": {"O": 3}}
    assert Vocabulary(counter).get_token_to_index_vocabulary("pos_labels") == {"X": 0, "Y": 1}


def test_padding_is_no_label(vocabulary):
    padded = tensors({"pos": ["NOUN"]}, vocabulary, length=3)["pos"]
    assert padded.tolist() == [1, UNKNOWN_LABEL, UNKNOWN_LABEL]


def test_unseen_label_is_unknown_with_one_warning(vocabulary, caplog):
    labels = {"pos": ["X", "NOUN", "X"], "chunk": ["B-NP", "X", "I-LST"]}
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            found = tensors(labels, vocabulary)
            assert found["pos"].tolist() == [UNKNOWN_LABEL, 1, UNKNOWN_LABEL]
            assert found["chunk"].tolist() == [0, UNKNOWN_LABEL, UNKNOWN_LABEL]
    messages = [record.getMessage() for record in caplog.records]
    assert [message.split(",")[0] for message in messages] == [
        "The gold labels of task 'pos' hold 'X'",
        "The gold labels of task 'chunk' hold 'X'",
        "The gold labels of task 'chunk' hold 'I-LST'",
    ]


def test_seen_labels_give_no_warning(vocabulary, caplog):
    with caplog.at_level(logging.WARNING):
        tensors(LABELS, vocabulary)
    assert not caplog.records


def test_task_that_the_vocabulary_does_not_know(vocabulary):
    assert tensors({"entity": ["O"]}, vocabulary)["entity"].tolist() == [UNKNOWN_LABEL]


def test_batch(vocabulary):
    both = [tensors(LABELS, vocabulary), tensors({**LABELS, "pos": ["NOUN", "DET"]}, vocabulary)]
    batch = TaskLabelsField(LABELS).batch_tensors(both)
    assert batch["pos"].tolist() == [[0, 1], [1, 0]]
    assert batch["chunk"].tolist() == [[0, 1], [0, 1]]


@pytest.mark.parametrize("first, second", [(["pos"], ["pos", "chunk"]), (["pos"], ["chunk"])])
def test_batch_of_different_tasks(vocabulary, first, second):
    fields = [{task: LABELS[task] for task in tasks} for tasks in (first, second)]
    for pair in (fields, fields[::-1]):
        with pytest.raises(ConfigurationError, match="batch_sampler.*'same_length'"):
            TaskLabelsField(pair[0]).batch_tensors([tensors(each, vocabulary) for each in pair])


def test_empty_field(vocabulary):
    empty = TaskLabelsField(LABELS).empty_field()
    assert (len(empty), list(empty.labels)) == (0, ["pos", "chunk"])
    assert tensors(empty.labels, vocabulary, length=2)["pos"].tolist() == [UNKNOWN_LABEL] * 2


def test_misuse():
    with pytest.raises(ValueError, match="at least one task"):
        TaskLabelsField({})
    with pytest.raises(ValueError, match="index the field"):
        TaskLabelsField(LABELS).as_tensor({"num_tokens": 2})


PARTIAL = [
    Possible(frozenset(["B-NP"])),
    ANYTHING,
    Possible(frozenset(["I-NP"]), frozenset(["B-NP"])),
    Possible(frozenset(), None, frozenset(["I-NP"])),
]


def test_possible_labels(vocabulary):
    found = tensors({"chunk": PARTIAL}, vocabulary, length=5)["chunk"]
    assert found.dtype == torch.bool
    assert found.long().tolist() == [[1, 0], [1, 1], [1, 1], [1, 0], [0, 0]]


def test_possible_labels_in_a_batch_with_known_ones(vocabulary):
    known = tensors({"chunk": ["B-NP", "I-NP"]}, vocabulary, length=4)
    partial = tensors({"chunk": PARTIAL}, vocabulary)
    batch = TaskLabelsField({"chunk": PARTIAL}).batch_tensors([known, partial])["chunk"]
    assert batch.shape == (2, 4, 2)
    assert batch[0].long().tolist() == [[1, 0], [0, 1], [0, 0], [0, 0]]
    assert torch.equal(batch[1], partial["chunk"])


def test_possible_labels_that_training_has_not(vocabulary, caplog):
    labels = [Possible(frozenset(["B-VP", "I-VP"])), Possible(frozenset(["B-VP", "B-NP"]))]
    with caplog.at_level(logging.WARNING):
        found = tensors({"chunk": labels}, vocabulary)["chunk"]
    assert found.long().tolist() == [[0, 0], [1, 0]]
    assert "hold 'B-VP'" in caplog.text


def test_possible_labels_are_in_the_vocabulary_but_not_counted():
    counter = defaultdict(Counter)
    for _ in range(3):
        TaskLabelsField({"chunk": PARTIAL}).count_vocab_items(counter)
    # Of the others that a token may have, too, there may be none at all.
    assert counter == {"chunk_labels": {"B-NP": 3, "I-NP": 1}}


def soft(**chances):
    return Possible(frozenset(chances), chances=tuple(chances.items()))


def test_probabilities(vocabulary):
    labels = [soft(NOUN=0.75, DET=0.25), soft(NOUN=0.5, VERB=0.5), soft(VERB=1.0)]
    found = tensors({"pos": labels}, vocabulary, length=4)["pos"]
    # Those of labels that the model does not have are left out.
    assert found.tolist() == [[0.25, 0.75], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    counter = defaultdict(Counter)
    TaskLabelsField({"pos": labels}).count_vocab_items(counter)
    assert counter == {"pos_labels": {"NOUN": 2, "DET": 1, "VERB": 2}}
    assert list(counter["pos_labels"]) == ["NOUN", "DET", "VERB"]  # the same in every process


def test_a_batch_of_certain_labels_and_probabilities(vocabulary):
    field = TaskLabelsField({"pos": ["DET"]})
    rows = [tensors({"pos": labels}, vocabulary) for labels in (["DET"], [soft(NOUN=1.0)])]
    batch = field.batch_tensors(rows)["pos"]
    assert batch.tolist() == [[[1.0, 0.0]], [[0.0, 1.0]]]
    known_in_part = tensors({"pos": [ANYTHING]}, vocabulary)
    with pytest.raises(ConfigurationError, match="probabilities and labels that are known in part"):
        field.batch_tensors([*rows, known_in_part])
