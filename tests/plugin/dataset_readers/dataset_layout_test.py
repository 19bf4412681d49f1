import json
import re

import _jsonnet
import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.plugin.dataset_readers.dataset_layout import DatasetLayout
from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.tag_spelling import TagSpelling
from bilstm_tagger.text.task_column import TaskColumn

# One sentence in every encoding: two adjacent chunks of one type, a long one, one of one token.
TAGS = {
    "IOB1": ["I-NP", "B-NP", "I-NP", "O", "I-VP", "I-VP", "I-VP", "I-NP"],
    "BIO": ["B-NP", "B-NP", "I-NP", "O", "B-VP", "I-VP", "I-VP", "B-NP"],
    "IOBES": ["S-NP", "B-NP", "E-NP", "O", "B-VP", "I-VP", "E-VP", "S-NP"],
    "BMES": ["S-NP", "B-NP", "E-NP", "O", "B-VP", "M-VP", "E-VP", "S-NP"],
    "BMEWO": ["W-NP", "B-NP", "E-NP", "O", "B-VP", "M-VP", "E-VP", "W-NP"],
    "BILOU": ["U-NP", "B-NP", "L-NP", "O", "B-VP", "I-VP", "L-VP", "U-NP"],
}


def layout(**settings):
    return DatasetLayout.from_params(Params({"columns": {"tokens": 0, "chunk": 1}, **settings}))


def sentence(tags, path="file.conll", first_line=10):
    lines = list(range(first_line, first_line + len(tags)))
    return Sentence([f"w{line}" for line in lines], {"chunk": tags}, path, lines)


@pytest.mark.parametrize("source", TAGS)
@pytest.mark.parametrize("target", [None, *TAGS])
def test_tags_are_converted_exactly(source, target):
    task = (
        {"encoding": source} if target is None else {"encoding": source, "model_encoding": target}
    )
    labels, repaired = layout(tasks={"chunk": task}).labels(sentence(TAGS[source]))
    assert labels == {"chunk": TAGS[target or source]}
    assert repaired is False


@pytest.mark.parametrize("source", TAGS)
def test_repair_leaves_valid_tags_alone(source):
    repairing = layout(tasks={"chunk": {"encoding": source}}, invalid_tags="repair")
    assert repairing.labels(sentence(TAGS[source])) == ({"chunk": TAGS[source]}, False)


def test_names_of_encodings():
    task = TaskColumn(encoding="bioes", model_encoding="IOB2")
    assert (task.encoding, task.model_encoding) == ("IOBES", "BIO")
    assert TaskColumn(encoding="bio").model_encoding == "BIO"
    assert (TaskColumn().encoding, TaskColumn().model_encoding) == (None, None)


def test_plain_labels_are_left_alone():
    tags = ["B", "I-NP", "X-Y", "O", "-", "_"]
    assert layout(tasks={"chunk": {}}).labels(sentence(tags)) == ({"chunk": tags}, False)


def test_several_tasks_and_their_columns():
    both = layout(
        columns={"tokens": 0, "chunk": 1, "pos": 2},
        tasks={
            "shallow": {"column": "chunk", "encoding": "BIO", "model_encoding": "IOBES"},
            "raw": {"column": "chunk"},
            "pos": {},
        },
    )
    given = Sentence(["a"], {"chunk": ["B-NP"], "pos": ["DET"]}, "file", [1])
    labels, _ = both.labels(given)
    assert labels == {"shallow": ["S-NP"], "raw": ["B-NP"], "pos": ["DET"]}


@pytest.mark.parametrize(
    "encoding, tags, line, found",
    [
        ("BIO", ["O", "I-NP", "O"], 11, "'I-NP' cannot follow 'O' in BIO; 'B-NP' expected"),
        ("BIO", ["I-NP"], 10, "'I-NP' cannot start a sentence in BIO; 'B-NP' expected"),
        ("BIO", ["B-NP", "I-VP"], 11, "'I-VP' cannot follow 'B-NP'"),
        ("BIO", ["B-NP", "E-NP"], 11, "unknown prefix in 'E-NP'; permitted in BIO: O, B, I"),
        ("BIO", ["O", "E-NP", "O", "I-NP"], 11, "unknown prefix in 'E-NP'"),
        ("IOB1", ["B-NP", "I-NP"], 10, "'B-NP' cannot start a sentence in IOB1; 'I-NP' expected"),
        ("IOBES", ["B-NP", "I-NP", "O"], 12, "'O' cannot follow 'I-NP' in IOBES"),
        ("IOBES", ["O", "B-NP"], 11, "'B-NP' cannot end a sentence in IOBES"),
        ("BILOU", ["U-NP", "L-NP"], 11, "'L-NP' cannot follow 'U-NP' in BILOU"),
    ],
)
def test_tags_of_another_encoding(encoding, tags, line, found):
    with pytest.raises(DataFormatError) as raised:
        layout(tasks={"np": {"column": "chunk", "encoding": encoding}}).labels(sentence(tags))
    message = str(raised.value)
    assert message.startswith(f"file.conll:{line}: column 'chunk' of task 'np' is declared as ")
    assert f"{encoding}, but {found}" in message
    assert "set the 'encoding' of the task, or set invalid_tags: 'repair'" in message


@pytest.mark.parametrize(
    "tags, settings",
    [
        (["O", "B_A", "I_A"], "encoding: 'BIO', spelling: {separator: '_'}"),
        (["A-B", "O"], "encoding: 'BIO', spelling: {prefix: 'last'}"),
        (["o", "b-a"], "encoding: 'BIO', spelling: {lower_case: true, outside: 'o'}"),
        (["0", "B-A"], "encoding: 'BIO', spelling: {outside: '0'}"),
        (["O", "B", "I"], "encoding: 'BIO', spelling: {untyped: 'SPAN'}"),
        (["PER", "PER", "O"], "encoding: 'IO', spelling: {prefix: 'none'}"),
    ],
)
def test_the_fix_for_another_spelling_works(tags, settings):
    with pytest.raises(DataFormatError, match=re.escape(settings)) as raised:
        layout(tasks={"chunk": {"encoding": "BIO"}}).labels(sentence(tags))
    assert "repair" not in str(raised.value)  # which cannot help
    fixed = json.loads(_jsonnet.evaluate_snippet("", "{" + settings + "}"))
    labels, repaired = layout(tasks={"chunk": fixed}).labels(sentence(tags))
    spelling = TaskColumn(**fixed | {"spelling": TagSpelling(**fixed["spelling"])}).spelling
    assert [spelling.write(tag) for tag in labels["chunk"]] == tags and not repaired


@pytest.mark.parametrize(
    "encoding, target, tags, repaired",
    [
        ("BIO", None, ["O", "I-NP", "I-NP"], ["O", "B-NP", "I-NP"]),
        ("BIO", None, ["B-NP", "I-VP"], ["B-NP", "B-VP"]),
        ("BIO", "IOBES", ["I-NP", "I-NP", "O", "I-VP"], ["B-NP", "E-NP", "O", "S-VP"]),
        ("IOBES", None, ["B-NP", "I-NP", "O"], ["B-NP", "E-NP", "O"]),
        ("IOB1", None, ["B-NP", "I-NP"], ["I-NP", "I-NP"]),
        ("BIO", None, ["B-NP", "L-NP", "U-VP"], ["B-NP", "I-NP", "B-VP"]),
    ],
)
def test_repair(encoding, target, tags, repaired):
    task = {"encoding": encoding, "model_encoding": target}
    repairing = layout(tasks={"chunk": task}, invalid_tags="repair")
    assert repairing.labels(sentence(tags)) == ({"chunk": repaired}, True)


@pytest.mark.parametrize("bad", ["X-NP", "NP", "B-", "-"])
def test_what_cannot_be_repaired(bad):
    repairing = layout(tasks={"chunk": {"encoding": "BIO"}}, invalid_tags="repair")
    # The fault before it can be: the line is that of the tag that no encoding has.
    with pytest.raises(DataFormatError, match=f"^file.conll:12: .*BIO, but .*{bad!r}") as raised:
        repairing.labels(sentence(["I-NP", "O", bad, "O"]))
    assert "invalid_tags" not in str(raised.value)  # which cannot help


def test_formats():
    one = layout(
        columns={"tokens": 2, "chunk": 1, "lemma": 4, "pos": 0}, tasks={"chunk": {}}, delimiter="|"
    )
    training = one.column_format()
    assert training.columns == {"tokens": 2, "chunk": 1, "lemma": 4, "pos": 0}
    prediction = one.column_format(["pos"])
    assert prediction.columns == {"tokens": 2, "pos": 0}
    assert training.delimiter == prediction.delimiter == "|"
    every = layout(comment_prefix="%", document_dividers=True, conllu=True).column_format([])
    assert (every.comment_prefix, every.document_dividers, every.conllu) == ("%", True, True)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"invalid_tags": "ignore"}, "invalid_tags must be 'error' or 'repair', found 'ignore'"),
        ({"columns": {"chunk": 0}}, "dataset_reader: 'columns' must name the column 'tokens'"),
        ({"delimiter": ""}, "dataset_reader: 'delimiter' is empty"),
        ({"tasks": {"pos": {}}}, r"column 'pos', wanted by task 'pos'.*\['chunk', 'tokens'\]"),
        ({"tasks": {"pos": {"column": "upos"}}}, "column 'upos', wanted by task 'pos'"),
        ({"tasks": {"tokens": {}}}, "'tokens' is wanted by task 'tokens'.*a second name"),
        (
            {"tasks": {"chunk": {"encoding": "IOB"}}},
            "encoding: .*'IOB'.*IOB1, BIO, IOBES, BMES",
        ),
        (
            {"tasks": {"chunk": {"encoding": "BIO", "model_encoding": "BIE"}}},
            "model_encoding: .*'BIE'.*IOB1, BIO, IOBES, BMES, BMEWO, BILOU, IO",
        ),
        (
            {"tasks": {"chunk": {"model_encoding": "BIO"}}},
            "model_encoding is 'BIO', but the task has no 'encoding'",
        ),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        layout(**settings)
