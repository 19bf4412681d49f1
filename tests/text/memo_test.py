import pytest
from allennlp.data import Vocabulary
from allennlp.data.tokenizers import Token

from bilstm_tagger.plugin.data.token_indexers import (
    CasingIndexer,
    WordCharactersIndexer,
    WordFormsIndexer,
)
from bilstm_tagger.text import memo
from bilstm_tagger.text.memo import remember


def test_a_full_memo_is_emptied(monkeypatch):
    monkeypatch.setattr(memo, "MAX_ENTRIES", 3)
    kept: dict[int, int] = {}
    for number in range(10):
        assert remember(kept, number, number * number) == number * number
        assert kept[number] == number * number
        assert len(kept) <= 3


@pytest.mark.parametrize("make", [CasingIndexer, WordCharactersIndexer, WordFormsIndexer])
def test_indexers_of_a_stream_of_new_words(make, monkeypatch):
    words = [f"Word{number}" for number in range(50)]
    vocabulary = Vocabulary(
        {"casing": {"mainly_numeric": 1}, "token_characters": {"W": 1}, "words": {"word7": 1}}
    )

    def ids(indexer):
        return [indexer.tokens_to_indices([Token(word)], vocabulary) for word in words * 2]

    expected = ids(make())
    monkeypatch.setattr(memo, "MAX_ENTRIES", 8)
    bounded = make()
    assert ids(bounded) == expected
    assert len(bounded._memo) <= 8
