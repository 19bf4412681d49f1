import pytest
from allennlp.data import TokenIndexer, Vocabulary
from allennlp.data.tokenizers import Token

from bilstm_tagger.plugin.data.token_indexers import WordFormsIndexer


def vocabulary_of(*words):
    vocabulary = Vocabulary()
    for word in words:
        vocabulary.add_token_to_namespace(word, "words")
    return vocabulary


def ids(indexer, vocabulary, *texts):
    return indexer.tokens_to_indices([Token(text) for text in texts], vocabulary)["tokens"]


@pytest.fixture
def indexer():
    return TokenIndexer.by_name("word_forms")()


def test_the_chain(indexer):
    # 0 and 1 are padding and unknown.
    vocabulary = vocabulary_of("The", "the", "-", "NUMBER_TOKEN", "42", "DATE_TOKEN", "U.S.")
    texts = ["The", "the", "THE", "--", "41", "42", "2021-05-17", "u.s.", "U.S.", "cat"]
    assert ids(indexer, vocabulary, *texts) == [2, 3, 3, 4, 5, 6, 7, 1, 8, 1]
    # Once more, with all of them remembered.
    assert ids(indexer, vocabulary, *texts) == [2, 3, 3, 4, 5, 6, 7, 1, 8, 1]


def test_another_vocabulary_gives_other_ids(indexer):
    assert ids(indexer, vocabulary_of("cat"), "cat", "dog") == [2, 1]
    assert ids(indexer, vocabulary_of("a", "dog", "cat"), "cat", "dog") == [4, 3]


def test_counts_exact_forms(indexer):
    counter = {"words": {"The": 2, "the": 0, "42": 0}}
    for text in ("The", "the", "42", "42"):
        indexer.count_vocab_items(Token(text), counter)
    assert counter == {"words": {"The": 3, "the": 1, "42": 2}}


def test_namespace():
    vocabulary = Vocabulary()
    vocabulary.add_token_to_namespace("cat", "forms")
    assert ids(WordFormsIndexer("forms"), vocabulary, "Cat") == [2]


def test_no_tokens(indexer):
    assert indexer.get_empty_token_list() == {"tokens": []}
    assert ids(indexer, vocabulary_of("cat")) == []


def test_a_token_that_spells_padding_is_not_padding():
    vocabulary = Vocabulary(counter={"words": {"a": 1}})
    indexer = WordFormsIndexer()
    indices = indexer.tokens_to_indices([Token("@@PADDING@@"), Token("a")], vocabulary)["tokens"]
    assert indices == [vocabulary.get_token_index("@@UNKNOWN@@", "words"), 2]
