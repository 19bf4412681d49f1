"""Where the tokens and features of an input are."""

import json

import pytest

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.files.input_layout import input_layout, parse_layout
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.file_recognition import recognise_lines

INDICES = {"columns": {"tokens": 0, "pos": 1, "chunk": 2}}
NAMES = {
    "columns": {"tokens": "Wort", "pos": "Art", "chunk": "Tag"},
    "delimiter": ",",
    "quoted": True,
    "sentence_column": "Satz",
}
KEYS = {"columns": {"tokens": "words", "pos": "pos", "chunk": "tags"}, "form": "json"}


@pytest.fixture
def layout_of(model_of):
    """The layout of an input with some content, for a model of a layout."""

    def layout_of(settings, form, content="", declared=None):
        tagger = Tagger.load(model_of(**settings))
        recognised = recognise_lines(content.splitlines())
        return tagger.layout, input_layout(form, tagger, declared, recognised)

    return layout_of


@pytest.mark.parametrize(
    ("settings", "form", "content"),
    [
        (INDICES, "conll", "Mina\nwaved\n"),
        (NAMES, "conll", "Satz,Wort,Art,Tag\n1,Mina,X,O\n"),
        (NAMES, "conll", "Satz,Wort\n1,Mina\n"),
        (NAMES, "conll", '"Wort"\n"Mina"\n'),
        (KEYS, "json", '{"words": ["Mina"]}'),
    ],
)
def test_that_of_the_training(layout_of, settings, form, content):
    own, layout = layout_of(settings, form, content)
    assert layout == own


@pytest.mark.parametrize(
    ("settings", "form", "content", "place", "wanted"),
    [
        (NAMES, "conll", "Mina O\nwaved O\n", 0, "columns"),
        (INDICES, "conll", "id;Word;Tag\n1;Mina;O\n", "Word", "columns"),
        (INDICES, "conllu", "1\tMina\n", 1, "columns"),
        (INDICES, "json", "{}", "tokens", "json"),
        (INDICES, "lines", "Mina|X|O\n", 0, "lines"),
        (INDICES, "brat", "", "text", "brat"),
        (INDICES, "spacy", "", "tokens", "spacy"),
        (INDICES, "parquet", "", "tokens", "parquet"),
    ],
)
def test_that_of_the_form(layout_of, settings, form, content, place, wanted):
    _, layout = layout_of(settings, form, content)
    assert (layout.columns, layout.form) == ({"tokens": place}, wanted)


def test_settings_of_a_header(layout_of):
    _, layout = layout_of(INDICES, "conll", "Sentence #;Word;Tag\n1;Mina;O\n")
    assert (layout.delimiter, layout.quoted, layout.sentence_column) == (";", True, "Sentence #")


def test_declared(layout_of):
    _, layout = layout_of(INDICES, "conll", "", '{"columns": {"tokens": 3}, "delimiter": ","}')
    assert (layout.columns, layout.delimiter) == ({"tokens": 3}, ",")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", "{}", '{"columns": 5}', '{"columns": {"tokens": 0}, "x": 1}']
)
def test_declared_wrongly(text):
    with pytest.raises(UserError, match="^--layout: .*JSON with keys of the dataset reader"):
        parse_layout(text)


def test_features(changed_features, layout_of):
    """A model that reads a column `pos` needs to know where it is."""
    tagger = changed_features
    own = input_layout("conll", tagger, None, recognise_lines(["Mina X"]))
    assert own == tagger.layout
    named = recognise_lines(["Word,pos,Tag", "Mina,X,O"])
    assert input_layout("conll", tagger, None, named).columns == {"tokens": "Word", "pos": "pos"}
    with pytest.raises(UserError, match="does not say where pos is; say it, as in --layout"):
        input_layout("conll", tagger, None, recognise_lines(["Word,Tag", "Mina,O"]))
    with pytest.raises(UserError, match="was trained with the columns .'pos'. as features"):
        input_layout("lines", tagger, None, recognise_lines(["Mina|X|O"]))
    with pytest.raises(UserError, match="'pos', wanted by the inputs of the model, is not among"):
        input_layout("conll", tagger, json.dumps({"columns": {"tokens": 0}}))


def test_features_of_several_data_sets(changed_features):
    """Nothing but the user can say which layout it is."""
    tagger = changed_features
    datasets = tagger.specification.datasets
    datasets["other"] = datasets[""]
    with pytest.raises(UserError, match="several data sets .*--dataset .*--layout"):
        input_layout("conll", tagger, None, recognise_lines(["Mina X"]))


@pytest.fixture
def changed_features(model_of, monkeypatch):
    tagger = Tagger.load(model_of(**INDICES))
    specification = type(tagger.specification)
    monkeypatch.setattr(specification, "feature_columns", property(lambda self: ["pos"]))
    return tagger
