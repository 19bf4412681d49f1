"""Files with a header: one block or many, in one process or several, the output is the same."""

import csv
import re

import pytest

from bilstm_tagger.tagging.files import block_reader
from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.column_input import ColumnInput
from bilstm_tagger.tagging.files.input_forms import open_input
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.errors import DataFormatError

CHUNK = {"chunk": {"encoding": "BIO", "model_encoding": "IOBES"}}
LAYOUT = {
    "columns": {"tokens": "Word", "chunk": "Tag"},
    "delimiter": ",",
    "quoted": True,
    "tasks": CHUNK,
}
SENTENCES = [["The", "cat,", "sat", "."], ["It", 'said "no"'], [","], ["We", "left", "."]] * 30


def blank_lines(sentences):
    return "Id,Word\r\n" + "".join(
        "".join(f"1,{cell(token)}\r\n" for token in tokens) + "\r\n" for tokens in sentences
    )


def sentence_column(sentences, repeats=False):
    """The number of a sentence, behind its tokens, on its first line or on all of them."""
    lines = ["Word,Sentence #"]
    for number, tokens in enumerate(sentences):
        for index, token in enumerate(tokens):
            lines.append(f"{cell(token)},{number if repeats or not index else ''}")
    return "\n".join(lines) + "\n"


def cell(token):
    return '"' + token.replace('"', '""') + '"' if set(token) & set(',"') else token


FILES = {
    "blank lines": (blank_lines(SENTENCES), None),
    "the first line": (sentence_column(SENTENCES), "Sentence #"),
    "all lines": (sentence_column(SENTENCES, True), "Sentence #"),
}


@pytest.fixture(params=FILES.values(), ids=FILES.keys())
def case(request, model_of, write):
    """A model and an input for it."""
    content, sentence = request.param
    settings = {} if sentence is None else {"sentence_column": sentence}
    return model_of(**LAYOUT, **settings), write(content, "input.csv")


def rows(output):
    return [row for row in csv.reader(output.decode().splitlines()) if row]


def test_columns_are_added(run, case):
    model, path = case
    output, (summary,) = run(model, path, "--tasks", "chunk")
    assert summary.startswith("120 sentences, 300 tokens, ")
    given, tagged = rows(path.read_bytes()), rows(output)
    assert [row[:-1] for row in tagged] == given
    assert tagged[0][-1] == "Tag"
    assert {len(row) for row in tagged} == {3}
    assert output.count(b"\r\n") == path.read_bytes().count(b"\r\n")


@pytest.mark.parametrize("lines", [1, 2, 7])
def test_blocks(run, case, monkeypatch, lines):
    model, path = case
    whole, summary = run(model, path)
    monkeypatch.setattr(block_reader, "_LINES_OF_COLUMNS", lines)
    output, in_blocks = run(model, path)
    assert output == whole
    assert in_blocks[0].split(", ")[:2] == summary[0].split(", ")[:2]


def test_blocks_are_cut_at_sentences(model_of, write, monkeypatch):
    monkeypatch.setattr(block_reader, "_LINES_OF_COLUMNS", 2)
    path = write(sentence_column(SENTENCES[:4]), "input.csv")
    model = model_of(**LAYOUT, sentence_column="Sentence #")
    with open_input(str(path), None) as opened:
        settings = TagSettings(
            str(model), str(path), opened.form, "conll", recognised=opened.recognised
        )
        blocks = list(opened.input.blocks(True, settings.starts_sentence()))
    assert [len(block.lines) for block in blocks] == [5, 2, 4]
    assert [block.head[:1] for block in blocks[1:]] == [[b"Word,Sentence #\n"]] * 2


def test_processes(run, model_of, write, monkeypatch):
    monkeypatch.setattr(block_reader, "_LINES_OF_COLUMNS", 100)
    model = model_of(**LAYOUT, sentence_column="Sentence #")
    path = write(sentence_column(SENTENCES), "input.csv")
    alone, _ = run(model, path)
    assert run(model, path, "--jobs", "2")[0] == alone


def test_a_column_that_the_training_did_not_have_cuts_nothing(run, model_of, write, monkeypatch):
    """Sentences end at blank lines, whatever else the header names."""
    lines = [f"{number},{word}" for number, word in enumerate("The cat sat".split())]
    path = write("sentence,Word\n" + "\n".join([*lines, "", *lines]) + "\n", "input.csv")
    model = model_of(**LAYOUT)
    monkeypatch.setattr(block_reader, "_LINES_OF_COLUMNS", 1)
    _, (summary,) = run(model, path)
    assert summary.startswith("2 sentences, 6 tokens, ")


def test_lines_without_a_token_stay_in_place(run, model_of, write):
    """They get no tags, but as many cells as the others, and may start a sentence."""
    model = model_of(**LAYOUT, sentence_column="Id", empty_tokens="leave_out")
    path = write('Id,Word\n1,The\n,"cat,"\n2,""\n,sat\n3,,\n\n4,.\n', "input.csv")
    output, errors = run(model, path, "--tasks", "chunk")
    assert errors[-1].startswith("3 sentences, 4 tokens, ")
    tagged = rows(output)
    assert [row[:2] for row in tagged] == rows(b'Id,Word\n1,The\n,"cat,"\n2,""\n,sat\n3,""\n4,.\n')
    assert [row[2:] == ["_"] for row in tagged] == [not row[1] for row in tagged]
    assert {len(row) for row in tagged} == {3}


class TestTags:
    """Tags that hold what divides columns."""

    @pytest.fixture
    def spelled(self, model_of):
        def spelled(separator, **settings):
            task = {**CHUNK["chunk"], "spelling": {"separator": separator}}
            return model_of(**{**LAYOUT, "tasks": {"chunk": task}, **settings})

        return spelled

    @pytest.mark.parametrize("separator", [",", '"', "\t"])
    def test_are_quoted(self, run, spelled, write, separator):
        path = write("Word,x\nThe,1\ncat,2\n", "input.csv")
        output, _ = run(spelled(separator), path, "--tasks", "chunk")
        assert rows(output)[1:] == [
            ["The", "1", f"B{separator}NP"],
            ["cat", "2", f"I{separator}NP"],
        ]

    def test_or_refused(self, run, spelled, write):
        path = write("Word,x\nThe,1\n", "input.csv")
        _, (error,) = run(spelled(",", quoted=False), path, "--tasks", "chunk", status=1)
        assert re.search(
            "input.csv:2: the tag 'B,[A-Z]+' holds what divides columns here; choose JSON", error
        )


HOSTILE = [
    ("again", "Word,Id\nThe,1\n\nWord,Id\ncat,2\n", "4: the header is here again"),
    ("a line end in a cell", 'Word,Id\n"The\ncat",1\n', "2: the double quotes do not match"),
    ("an empty token", "Word,Id\nThe,1\n,2\n", "3: expected something in column 'tokens'"),
    ("fewer cells", "Id,Word\n1,The\n2\n", "3: expected at least 2 columns"),
    ("another width", "Word,Id\nThe,1\ncat,2,3\n", "3: expected 2 columns as in line 2"),
    ("another delimiter", "Word;Tag\nThe;O\n", "1: expected a header with the column 'Word'"),
    ("another encoding", b"Word,Id\nThe,1\n\xe9,2\n", "3: expected UTF-8"),
]


@pytest.mark.parametrize(
    ("content", "problem"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
def test_hostile(run, model_of, write, content, problem):
    path = write(content, "input.csv")
    _, errors = run(model_of(**LAYOUT), path, status=1)
    assert errors[-1].startswith(f"error: {path}:{problem}")


def test_wrong_header_names_the_input():
    """Also where a block behind the first one looks for it, as where records are skipped."""
    reader = ColumnInput(ColumnFormat({"tokens": "Word"}, ","), "input.csv")
    with pytest.raises(DataFormatError, match=r"^input\.csv:1: expected a header"):
        reader.records(Block(1, 9, [b"cat,2\n"], [b"Form,Id\n"]))


def test_header_alone(run, model_of, write):
    output, (summary,) = run(model_of(**LAYOUT), write("Id,Word\n", "input.csv"))
    assert output == b"Id,Word,Tag,pos\n"
    assert summary.startswith("0 sentences, 0 tokens, ")


def test_tags_that_are_there_already(run, model_of, write):
    path = write("Word,Tag,pos\nThe,O,X\ncat,O,X\n", "input.csv")
    output, _ = run(model_of(**LAYOUT), path)
    assert rows(output)[0] == ["Word", "Tag", "pos", "Tag_predicted", "pos_predicted"]
    assert [row[:3] for row in rows(output)] == rows(path.read_bytes())
