"""In which form an input is."""

import io
import json
import sys

import pytest

from bilstm_tagger.tagging.files.input_forms import open_input, output_form_for
from bilstm_tagger.tagging.files.input_layout import parse_layout
from bilstm_tagger.text.errors import DataFormatError, UserError

COLUMNS = "Mina B-PER\nwaved O\n\nShe O\n"
CSV = "Word,Tag\nMina,B-PER\n"
TEXT = "Mina waved. She left.\n"
JSON = '{"tokens": ["Mina"]}\n'
UNSURE = "Mina Orlo\nJohn Smith\nAda Lovelace\nAlan Turing\n"


@pytest.fixture
def form_of(write):
    def form_of(content, name, form=None):
        with open_input(str(write(content, name)), form) as opened:
            return opened.form, opened.message.partition("; ")[0].partition(" is read as ")[2]

    return form_of


@pytest.mark.parametrize(
    ("content", "name", "form"),
    [
        *((COLUMNS, f"x{end}", "conll") for end in (".conll", ".iob", ".bio", ".tsv", ".CONLL")),
        (CSV, "x.csv", "conll"),
        ("1\tMina\t_\tX\t_\t_\t0\t_\t_\t_\n", "x.conllu", "conllu"),
        (JSON, "x.jsonl", "json"),
        (TEXT, "x.txt", "text"),
        (TEXT, "x", "text"),
        (UNSURE, "x.conll", "conll"),
        ("", "x.conll", "conll"),
        ("", "x.txt", "text"),
        ("{", "x.json", "json"),
    ],
)
def test_content_and_ending_agree(form_of, content, name, form):
    assert form_of(content, name) == (form, "")


@pytest.mark.parametrize(
    ("content", "name", "form", "message"),
    [
        (COLUMNS, "x.col", "conll", "2 columns, blank lines between sentences"),
        (COLUMNS, "test.txt", "conll", "2 columns, blank lines between sentences"),
        (CSV, "x.txt", "conll", "columns with a header, Word, Tag"),
        (JSON, "x.txt", "json", "JSON with the keys ['tokens']"),
        (f"[{JSON.strip()},\n{JSON}]", "x.txt", "json", "a list in JSON"),
        (JSON, "x.conll", "json", "JSON with the keys ['tokens']"),
        ("The|DT cat|NN sat|VBD\n", "x.txt", "lines", "a sentence a line, tokens of 2 parts"),
        ("1\tMina\t_\tX\t_\t_\t0\t_\t_\t_\n", "x.conll", "conllu", "CoNLL-U"),
    ],
)
def test_content_decides_and_says_so(form_of, content, name, form, message):
    assert form_of(content, name)[0] == form
    assert form_of(content, name)[1].startswith(message)


@pytest.mark.parametrize("name", ["x", "x.txt", "x.spacy.txt"])
def test_neither_decides(form_of, name):
    with pytest.raises(UserError, match="may be text, or have 2 columns: say which, --input"):
        form_of(UNSURE, name)
    assert form_of(UNSURE, name, "text") == ("text", "")


def test_the_option_decides(form_of):
    for form in ("text", "sentences", "tokens", "conll", "lines", "json"):
        assert form_of(COLUMNS, "x.conll", form) == (form, "")


@pytest.mark.parametrize(
    ("layout", "form"),
    [
        ({"columns": {"tokens": 0}}, "conll"),
        ({"columns": {"tokens": 1}, "conllu": True}, "conllu"),
        ({"columns": {"tokens": "words"}, "form": "json"}, "json"),
        ({"columns": {"tokens": 0}, "form": "lines", "delimiter": "|"}, "lines"),
    ],
)
def test_the_declared_layout_decides(write, layout, form):
    declared = parse_layout(json.dumps(layout))
    with open_input(str(write(TEXT, "x")), None, declared) as opened:
        assert opened.form == form


def test_files_that_are_read_as_a_whole(write, tmp_path, form_of):
    assert form_of(b"PAR1", "x")[0] == "parquet"
    assert form_of(b"x", "x.spacy")[0] == "spacy"
    assert form_of("", "doc.ann") == ("brat", "")
    assert form_of("Mina", "doc.txt") == ("brat", "a text with annotations beside it, doc.ann")
    with open_input(str(tmp_path), None) as opened:
        assert (opened.form, opened.input.name) == ("brat", str(tmp_path))


def test_list_of_objects(write):
    objects = [{"tokens": ["Mina"]}, {"tokens": ["left", "\ud800"]}]
    with open_input(str(write(json.dumps(objects, indent=1), "x.json")), None) as opened:
        (block,) = opened.input.blocks()
    assert list(map(json.loads, block.lines)) == objects


def test_standard_input(monkeypatch):
    stream = io.BufferedReader(io.BytesIO(COLUMNS.encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    with open_input("-", None) as opened:
        assert (opened.form, opened.message.split()[0]) == ("conll", "<stdin>")
        (block,) = opened.input.blocks(True)
    assert b"".join(block.lines).decode() == COLUMNS


def test_nothing_there(tmp_path, write):
    with pytest.raises(DataFormatError, match="there is no such file"):
        open_input(str(tmp_path / "none"), None)
    with pytest.raises(DataFormatError, match="expected a file, found a folder"):
        open_input(str(tmp_path), None)
    with pytest.raises(DataFormatError, match="end in a carriage return alone"):
        open_input(str(write("Mina B-PER\rwaved O\r", "x.conll")), None)


def test_form_of_the_output():
    forms = {form: output_form_for(form) for form in ("text", "sentences", "tokens", "json")}
    assert set(forms.values()) == {"json"}
    for form in ("conll", "conllu", "lines", "brat", "spacy", "parquet"):
        assert output_form_for(form) == form


@pytest.mark.parametrize("form", [None, "json"])
@pytest.mark.parametrize("indent", [None, 2])
def test_list_in_json(tmp_path, form, indent):
    objects = [{"text": "We left."}, {"text": "It rained.", "id": 2}]
    path = tmp_path / "project.json"
    path.write_text(json.dumps(objects, indent=indent))
    with open_input(str(path), form) as opened:
        assert opened.form == "json"
        (block,) = opened.input.blocks()
    assert list(map(json.loads, block.lines)) == objects
