from collections import Counter, defaultdict

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import TokenIndexer, Vocabulary
from allennlp.data.tokenizers import Token

from bilstm_tagger.plugin.data.token_indexers import WordCharactersIndexer


def vocabulary_of(characters):
    vocabulary = Vocabulary()
    for character in characters:
        vocabulary.add_token_to_namespace(character, "token_characters")
    return vocabulary


def rows(indexer, vocabulary, *texts):
    tokens = [Token(text) for text in texts]
    return list(map(list, indexer.tokens_to_indices(tokens, vocabulary)["token_characters"]))


def test_any_character_and_unknown_ones():
    vocabulary = vocabulary_of("aé日🎉\u00a0")
    indexer = TokenIndexer.by_name("word_characters")()
    assert rows(indexer, vocabulary, "aé", "日🎉", "a\u00a0b", "a\rb") == [
        [2, 3],
        [4, 5],
        [2, 6, 1],
        [2, 1, 1],
    ]


def test_another_vocabulary_gives_other_ids():
    indexer = WordCharactersIndexer()
    assert rows(indexer, vocabulary_of("ab"), "ab") == [[2, 3]]
    assert rows(indexer, vocabulary_of("ba"), "ab") == [[3, 2]]


def test_long_tokens_are_cut_on_the_right():
    vocabulary = vocabulary_of("abcd")
    assert rows(WordCharactersIndexer(3), vocabulary, "abcd", "abc") == [[2, 3, 4], [2, 3, 4]]
    assert rows(WordCharactersIndexer(0), vocabulary, "abcd") == [[2, 3, 4, 5]]
    assert len(rows(WordCharactersIndexer(), vocabulary, "a" * 100)[0]) == 25


def test_counts_what_is_not_cut_and_no_line_ends():
    counter = defaultdict(Counter)
    indexer = WordCharactersIndexer(4)
    for text in ("aab", "a\r\nbc", "\u2028🎉"):
        indexer.count_vocab_items(Token(text), counter)
    assert counter == {"token_characters": {"a": 3, "b": 2, "\u2028": 1, "🎉": 1}}


@pytest.mark.parametrize("max_length, width", [(5, 5), (0, 3), (-1, 3)])
def test_tensor(max_length, width):
    indexer = WordCharactersIndexer(max_length)
    indexed = indexer.tokens_to_indices([Token("ab"), Token("bab")], vocabulary_of("ab"))
    lengths = indexer.get_padding_lengths(indexed)
    assert lengths == {"token_characters": 2, "num_token_characters": width}
    # A third token, and a wider one somewhere else in the batch.
    tensor = indexer.as_padded_tensor_dict(
        indexed, {"token_characters": 3, "num_token_characters": 6}
    )["token_characters"]
    assert tensor.tolist() == [[2, 3, 0, 0, 0, 0], [3, 2, 3, 0, 0, 0], [0] * 6]
    # What the embedding of the characters takes.
    assert torch.nn.functional.embedding(tensor, torch.zeros(4, 2)).shape == (3, 6, 2)


def test_no_tokens():
    indexer = WordCharactersIndexer(0)
    empty = indexer.get_empty_token_list()
    assert indexer.get_padding_lengths(empty)["token_characters"] == 0
    lengths = {"token_characters": 2, "num_token_characters": 3}
    padded = indexer.as_padded_tensor_dict(empty, lengths)["token_characters"]
    assert padded.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_max_length_is_a_whole_number():
    with pytest.raises(ConfigurationError, match="max_length must be a whole number, found 2.5"):
        WordCharactersIndexer(2.5)
