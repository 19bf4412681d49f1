"""Tags in columns and objects can be read again, and replace nothing."""

import msgspec
import pytest

from bilstm_tagger.tagging.files.object_output import LineOutput, put_at
from bilstm_tagger.tagging.files.output_forms import ColumnOutput
from bilstm_tagger.tagging.files.records import Record, Row
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.tagging.results import TaggedSentence
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import UserError


def sentence(tag):
    return TaggedSentence(tokens=["a"], tags={"k": [tag]}, spans={})


def record(line):
    return Record(1, [line], rows=[Row("token", [], line[:-1], b"\n")], of_columns=True)


class TestTagsThatDivide:
    def test_quotes(self):
        output = ColumnOutput(ColumnFormat({"tokens": 0}, ",", quoted=True), ["k"])
        written = output.tagged(record(b"a\n"), [sentence('p,"q')])
        assert written == b'a,"p,""q"\n'

    @pytest.mark.parametrize(
        ("delimiter", "tag"), [(None, "A b"), (None, "A\tb"), ("\t", "A\tb"), ("||", "x||y")]
    )
    def test_columns(self, delimiter, tag):
        output = ColumnOutput(ColumnFormat({"tokens": 0}, delimiter), ["k"])
        with pytest.raises(ValueError, match="divides columns here; choose JSON"):
            output.tagged(record(b"a\tb\n"), [sentence(tag)])

    def test_a_blank_divides_no_columns_of_tabs(self):
        output = ColumnOutput(ColumnFormat({"tokens": 0}, "\t"), ["k"])
        assert output.tagged(record(b"a\n"), [sentence("A b")]) == b"a\tA b\n"

    @pytest.mark.parametrize("tag", ["c|d", "A b"])
    def test_lines(self, tag):
        output = LineOutput(DatasetLayout({"tokens": 0}, form="lines", delimiter="|"))
        with pytest.raises(ValueError, match="which divide tags in this form; choose JSON"):
            output.tagged(Record(1, [b"a\n"]), [sentence(tag)])


def test_tags_stand_under_their_names(tag):
    data = b"token,pos\nWe,X,,\nleft,Z\nIt,Y\n"
    layout = '{"columns": {"tokens": "token"}, "delimiter": ",", "quoted": true}'
    lines = tag(data, "conll", "conll", layout=layout).output.decode().splitlines()
    assert lines[0] == "token,pos,chunk,pos_predicted"
    assert [line.split(",")[:2] for line in lines[1:]] == [["We", "X"], ["left", "Z"], ["It", "Y"]]
    assert {len(line.split(",")) for line in lines} == {4}


def test_what_was_predicted_before_stays(tag):
    value = {"pos": ["A"], "pos_predicted": ["B"], "pos_predicted2": []}
    put_at(value, "pos", ["C"])
    assert value == {
        "pos": ["A"],
        "pos_predicted": ["B"],
        "pos_predicted2": [],
        "pos_predicted3": ["C"],
    }
    header = b"token\tpos\tpos_predicted\n"
    layout = '{"columns": {"tokens": "token"}, "delimiter": "\\t"}'
    output = tag(header + b"We\tA\tB\n", "conll", "conll", layout=layout).output
    assert output.startswith(header[:-1] + b"\tchunk\tpos_predicted2\n")


@pytest.mark.parametrize(("form", "refused"), [("brat", True), ("spacy", False)])
def test_labels_with_blanks(tagger, monkeypatch, form, refused):
    tasks = tagger.specification.tasks
    changed = msgspec.structs.replace(tasks["pos"], labels=["A b", *tasks["pos"].labels[1:]])
    monkeypatch.setitem(tasks, "pos", changed)
    settings = TagSettings("m", "IN", form, form)
    if refused:
        with pytest.raises(UserError, match=r"'pos' have blanks.*\['A b'\]"):
            settings.with_tagger(tagger)
    else:
        settings.with_tagger(tagger)
