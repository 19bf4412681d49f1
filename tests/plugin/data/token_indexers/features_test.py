import logging
from collections import Counter, defaultdict

import pytest
from allennlp.common.checks import ConfigurationError
from allennlp.data import TokenIndexer, Vocabulary
from allennlp.data.tokenizers import Token

from bilstm_tagger.plugin.data.column_token import ColumnToken
from bilstm_tagger.plugin.data.token_indexers import CasingIndexer, ColumnIndexer


def vocabulary_of(namespace, *values):
    vocabulary = Vocabulary()
    for value in values:
        vocabulary.add_token_to_namespace(value, namespace)
    return vocabulary


def ids(indexer, vocabulary, tokens):
    return indexer.tokens_to_indices(tokens, vocabulary)["tokens"]


def test_casing():
    indexer = TokenIndexer.by_name("casing")()
    vocabulary = vocabulary_of("casing", "allLower", "initialUpper", "numeric")
    tokens = [Token(text) for text in ("the", "The", "7", "the")]
    assert ids(indexer, vocabulary, tokens) == [2, 3, 4, 2]
    counter = defaultdict(Counter)
    for token in tokens:
        indexer.count_vocab_items(token, counter)
    assert counter == {"casing": {"allLower": 2, "initialUpper": 1, "numeric": 1}}


def test_column():
    indexer = TokenIndexer.by_name("column")(column="pos")
    assert indexer.namespace == "pos"
    tokens = [ColumnToken("cat", {"pos": "NOUN", "x": "1"}), ColumnToken("The", {"pos": "DET"})]
    assert ids(indexer, vocabulary_of("pos", "DET", "NOUN"), tokens) == [3, 2]
    counter = defaultdict(Counter)
    indexer.count_vocab_items(tokens[0], counter)
    assert counter == {"pos": {"NOUN": 1}}


def test_namespace_of_a_column():
    indexer = ColumnIndexer("pos", "upos")
    token = ColumnToken("cat", {"pos": "NOUN"})
    assert ids(indexer, vocabulary_of("upos", "NOUN"), [token]) == [2]


def test_unseen_value_is_unknown_with_one_warning(caplog):
    indexer = ColumnIndexer("pos")
    vocabulary = vocabulary_of("pos", "NOUN")
    tokens = [ColumnToken("x", {"pos": value}) for value in ("X", "NOUN", "X", "Y")]
    with caplog.at_level(logging.WARNING):
        assert ids(indexer, vocabulary, tokens) == [1, 2, 1, 1]
        assert ids(indexer, vocabulary, tokens) == [1, 2, 1, 1]
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert "'pos' has the value 'X'" in messages[0]
    assert "'pos' has the value 'Y'" in messages[1]


def test_seen_values_give_no_warning(caplog):
    indexer = CasingIndexer()
    with caplog.at_level(logging.WARNING):
        assert ids(indexer, vocabulary_of("casing", "allLower"), [Token("cat")]) == [2]
    assert not caplog.records


@pytest.mark.parametrize("token", [Token("cat"), ColumnToken("cat"), ColumnToken("cat", {"x": ""})])
def test_missing_column_is_named(token):
    message = "The feature 'pos' is missing.*token 'cat' has none.*column.*'pos'"
    with pytest.raises(ConfigurationError, match=message):
        ids(ColumnIndexer("pos"), vocabulary_of("pos", "NOUN"), [token])


def test_namespace_without_an_unknown_value():
    # AllenNLP's own vocabulary keeps it out of names that end in "tags".
    vocabulary = vocabulary_of("tags", "NOUN")
    with pytest.raises(ConfigurationError, match="unknown value for the feature 'tags'.*namespace"):
        ids(ColumnIndexer("tags"), vocabulary, [ColumnToken("cat", {"tags": "NOUN"})])
    vocabulary = vocabulary_of("tags_feature", "NOUN")
    indexer = ColumnIndexer("tags", "tags_feature")
    assert ids(indexer, vocabulary, [ColumnToken("cat", {"tags": "NOUN"})]) == [2]
