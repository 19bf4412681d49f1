"""What is known of tags, by enumeration of all that a file can mean."""

import random
from itertools import product

import pytest

from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.possible_labels import (
    ANYTHING,
    InvalidTag,
    PartialLabels,
    Possible,
    is_complete,
)
from bilstm_tagger.text.tag_spelling import TagSpelling
from bilstm_tagger.text.task_column import TaskColumn

TYPES = ("A", "B")


def valid_sequences(encoding: str, length: int, types=TYPES) -> list[tuple[str, ...]]:
    """All tags that the encoding permits."""
    of_encoding = get_encoding(encoding)
    tags = ["O", *dict.fromkeys(tag for label in types for tag in of_encoding.tags_of(label))]
    return [
        sequence
        for sequence in product(tags, repeat=length)
        if of_encoding.first_violation(sequence) is None
    ]


def meant(possible, encoding: str, types=TYPES) -> set[tuple[str, ...]]:
    """The permitted tags that agree with what is known."""
    return {
        tags
        for tags in valid_sequences(encoding, len(possible), types)
        if all(token.permits(tag) for token, tag in zip(possible, tags, strict=True))
    }


@pytest.mark.parametrize(
    ("source", "target"),
    [("BIO", "BIO"), ("BIO", "IOBES"), ("IOBES", "BILOU"), ("IOBES", "IOBES"), ("BMEWO", "IOBES")],
)
def test_gaps_mean_every_tagging_that_agrees(source, target):
    chance = random.Random(1)
    task = TaskColumn(source, target, partial=True)
    tags = ["O", *dict.fromkeys(tag for t in TYPES for tag in get_encoding(source).tags_of(t))]
    tried = 0
    for _ in range(400):
        length = chance.randint(1, 4)
        cells = []
        for _ in range(length):
            kind = chance.random()
            if kind < 0.35:
                cells.append(chance.choice("_?"))
            else:
                cells.append("|".join(chance.sample(tags, 1 if kind < 0.7 else 2)))
        if not any(map(PartialLabels().is_gap, cells)):
            continue
        expected = {
            tuple(get_encoding(target).repair(sequence))
            for sequence in valid_sequences(source, length)
            if all(
                cell in "_?" or tag in cell.split("|")
                for cell, tag in zip(cells, sequence, strict=True)
            )
        }
        tried += 1
        if not expected:
            with pytest.raises(InvalidTag, match="no sequence of tags agrees"):
                task.labels_of(cells)
            possible, repaired = task.labels_of(cells, repair=True)
            assert repaired
            assert meant(possible, target)
            continue
        possible, repaired = task.labels_of(cells)
        assert not repaired
        assert meant(possible, target) == expected, cells
        # No label is left that no tagging has, and the certain ones are all that are left.
        for index, token in enumerate(possible):
            left = {sequence[index] for sequence in expected}
            assert token.certain == (
                min(left) if len(left) == 1 and token.unnamed is not None else None
            )
            if token.unnamed is not None:
                assert token.named | token.unnamed == left
    assert tried > 200


@pytest.mark.parametrize("unannotated", ["all", ["B"], ["A", "B"]])
@pytest.mark.parametrize("target", ["BIO", "IOBES"])
@pytest.mark.parametrize("source", ["BIO", "IOB1", "IOBES", "IO"])
def test_unmarked_spans_may_be_anywhere_outside(source, target, unannotated):
    task = TaskColumn(source, target, unannotated=unannotated)
    free = TYPES if unannotated == "all" else unannotated
    read = get_encoding("BIO").spans
    for length in (1, 2, 3):
        for cells in valid_sequences(source, length):
            marked = set(read(cells))
            expected = {
                sequence
                for sequence in valid_sequences(target, length)
                if marked <= set(read(sequence))
                and all(span.label in free for span in set(read(sequence)) - marked)
            }
            possible, _ = task.labels_of(cells)
            if is_complete(possible):
                assert expected == {tuple(possible)}
            else:
                assert meant(possible, target) == expected, cells


def test_gaps_and_unmarked_spans_together():
    task = TaskColumn("BIO", "IOBES", partial=True, unannotated=["B"])
    possible, _ = task.labels_of(["B-A", "_", "O", "B-A|B-B"])
    assert possible[0] == Possible(frozenset(["B-A", "S-A"]))
    assert possible[1] == ANYTHING
    assert possible[2].named == {"O"}
    assert possible[2].unnamed == {"S-B", "B-B", "I-B", "E-B"}
    assert possible[3].named == {"S-A", "S-B"}


def test_types_are_renamed_and_spelling_is_read():
    task = TaskColumn(
        "BIO",
        types={"PERSON": "PER", "MISC": None},
        spelling=TagSpelling("_", lower_case=True, outside="0"),
        partial=PartialLabels(missing=("*",), separator="/"),
    )
    possible, _ = task.labels_of(["b_PERSON/b_MISC", "*", "0", "b_LOC"])
    assert possible == [
        Possible(frozenset(["B-PER", "O"])),
        ANYTHING,
        Possible(frozenset("O")),
        Possible(frozenset(["B-LOC"])),
    ]


def test_plain_labels():
    task = TaskColumn(partial=True)
    possible, _ = task.labels_of(["NN|VB", "?", "DT"])
    assert possible == [Possible(frozenset(["NN", "VB"])), ANYTHING, Possible(frozenset(["DT"]))]
    assert task.labels_of(["NN", "VB"]) == (["NN", "VB"], False)
    with pytest.raises(InvalidTag, match="stands alone"):
        task.labels_of(["NN", "NN|_"])
    with pytest.raises(InvalidTag, match="empty label"):
        task.labels_of(["NN", "NN||VB"])
    assert TaskColumn().labels_of(["_", "A|B"]) == (["_", "A|B"], False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoding": "IOB1", "partial": True, "model_encoding": "BIO"}, "in IOB1, spans cannot"),
        ({"encoding": "BIO", "partial": True, "model_encoding": "IO"}, "the model learns IO"),
        ({"encoding": "BIO", "unannotated": "all", "model_encoding": "IOB1"}, "learns IOB1"),
        ({"encoding": "IOBES", "partial": True, "model_encoding": "BIO"}, "marks where spans end"),
        ({"encoding": "auto", "partial": True, "model_encoding": "BIO"}, "cannot recognise"),
        ({"unannotated": ["MISC"]}, "no 'encoding'"),
        ({"encoding": "BIO", "unannotated": "MISC"}, r"give a list of types, as \['MISC'\]"),
        ({"encoding": "BIO", "unannotated": ["O"]}, "'O', which is no type"),
        ({"encoding": "BIO", "partial": PartialLabels(missing=("O",))}, "set unannotated"),
    ],
)
def test_what_cannot_be_known_is_refused(settings, message):
    with pytest.raises(UserError, match=message):
        TaskColumn(**settings)


def test_marked_spans_are_exact_where_others_are_not_marked():
    task = TaskColumn("BIO", "IOBES", partial=True, unannotated=["PER"])
    with pytest.raises(InvalidTag, match="no sequence of tags agrees"):
        task.labels_of(["O", "I-PER", "_"])


def test_repair_of_tags_of_another_encoding():
    task = TaskColumn("BIO", partial=True)
    with pytest.raises(InvalidTag, match="unknown prefix"):
        task.labels_of(["E-PER", "_"])
    possible, repaired = task.labels_of(["E-PER", "_"], repair=True)
    assert repaired
    assert possible[0].named == {"B-PER"}
