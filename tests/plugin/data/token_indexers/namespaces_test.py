"""Each input has a place of its own in the vocabulary."""

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, TokenIndexer

from bilstm_tagger.plugin.data.token_indexers import check_namespaces

WORDS = {"type": "word_forms"}


def check(**indexers):
    check_namespaces(
        {name: TokenIndexer.from_params(Params({**of})) for name, of in indexers.items()}
    )


@pytest.mark.parametrize(
    "other",
    [
        {"type": "lexicon", "namespace": "words"},
        {"type": "casing", "namespace": "words"},
        {"type": "column", "column": "words"},
        {"type": "word_characters", "namespace": "words"},
    ],
)
def test_two_kinds_of_values_in_one_namespace_are_an_error(other):
    message = "'first' and 'second' both keep their values in the namespace 'words'"
    with pytest.raises(ConfigurationError, match=message):
        check(first=WORDS, second=other)
    with pytest.raises(ConfigurationError, match="in the namespace 'words'"):
        check(first=other, second=WORDS)


@pytest.mark.parametrize("other", ["places", "places_entries"])
def test_a_lexicon_has_two_namespaces_of_its_own(other):
    places = {"type": "lexicon", "namespace": "places"}
    check(places=places, names={"type": "lexicon", "namespace": "names"})
    with pytest.raises(ConfigurationError, match=f"in the namespace '{other}'"):
        check(places=places, other={"type": "lexicon", "namespace": other})


def test_words_and_characters_may_be_shared():
    check(first=WORDS, second=WORDS, casing={"type": "casing"})


@pytest.mark.parametrize("kind", ["lexicon", "word_forms"])
@pytest.mark.parametrize(
    ("namespace", "problem"),
    [
        ("my_tags", "ends in 'tags' or 'labels'"),
        ("labels", "ends in 'tags' or 'labels'"),
        ("a/b", "cannot be the name of a file"),
        ("", "cannot be the name of a file"),
        (".hidden", "cannot be the name of a file"),
        ("non_padded_namespaces", "cannot be the name of a file"),
    ],
)
def test_a_namespace_that_a_vocabulary_cannot_have_is_an_error(kind, namespace, problem):
    with pytest.raises(ConfigurationError, match=f"of the token indexer 'mine' {problem}"):
        check(mine={"type": kind, "namespace": namespace})


def test_the_reader_checks():
    config = {
        "type": "conll_columns",
        "columns": {"tokens": 0, "pos": 1},
        "tasks": {"pos": {}},
        "token_indexers": {"words": WORDS, "column": {"type": "casing", "namespace": "words"}},
    }
    with pytest.raises(ConfigurationError, match="'words' and 'column' both"):
        DatasetReader.from_params(Params(config))
