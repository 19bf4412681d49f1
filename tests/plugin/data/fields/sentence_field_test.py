import pickle

import pytest
import torch
from allennlp.data import Vocabulary
from allennlp.data.fields import TextField

from bilstm_tagger.plugin.data.column_token import ColumnToken
from bilstm_tagger.plugin.data.fields import SentenceField
from bilstm_tagger.plugin.data.token_indexers import WordCharactersIndexer, WordFormsIndexer

WORDS = ("a", "cat", "sat")


def vocabulary_of(*words):
    vocabulary = Vocabulary()
    for word in words:
        vocabulary.add_token_to_namespace(word, "words")
    for character in "acst":
        vocabulary.add_token_to_namespace(character, "token_characters")
    return vocabulary


@pytest.fixture
def indexers():
    return {"words": WordFormsIndexer(), "characters": WordCharactersIndexer(4)}


def field_of(text, indexers, kind=SentenceField):
    field = kind([ColumnToken(word) for word in text.split()], indexers)
    field.index(vocabulary_of(*WORDS))
    return field


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for indexer, output in expected.items():
        assert found[indexer].keys() == output.keys()
        for key, tensor in output.items():
            assert torch.equal(found[indexer][key], tensor)


def test_as_a_text_field(indexers):
    field = field_of("a cat sat", indexers)
    text_field = field_of("a cat sat", indexers, TextField)
    lengths = text_field.get_padding_lengths()
    assert field.get_padding_lengths() == lengths
    assert_equal(field.as_tensor(lengths), text_field.as_tensor(lengths))
    assert field.as_tensor(lengths)["words"]["tokens"].tolist() == [2, 3, 4]


def test_tensors_are_made_once(indexers):
    field = field_of("a cat", indexers)
    first = field.as_tensor(field.get_padding_lengths())
    assert field.as_tensor(dict(field.get_padding_lengths())) is first


def test_other_padding_makes_other_tensors(indexers):
    field = field_of("a cat", indexers)
    lengths = field.get_padding_lengths()
    longer = {**lengths, "words___tokens": 4}
    assert field.as_tensor(lengths)["words"]["tokens"].tolist() == [2, 3]
    assert field.as_tensor(longer)["words"]["tokens"].tolist() == [2, 3, 0, 0]
    # A dictionary that AllenNLP fills anew for the next batch.
    longer["words___tokens"] = 3
    assert field.as_tensor(longer)["words"]["tokens"].tolist() == [2, 3, 0]
    assert field.as_tensor(lengths)["words"]["tokens"].tolist() == [2, 3]


def test_another_vocabulary_makes_other_tensors():
    indexers = {"words": WordFormsIndexer(), "characters": WordCharactersIndexer(0)}
    field = field_of("a cat", indexers)
    lengths = field.get_padding_lengths()
    field.as_tensor(lengths)
    field.index(vocabulary_of("cat", "sat", "a"))
    assert field.as_tensor(lengths)["words"]["tokens"].tolist() == [4, 2]


def test_batch_as_of_text_fields(indexers):
    texts = ["a cat", "cat a", "sat sat"]
    fields = [field_of(text, indexers) for text in texts]
    text_fields = [field_of(text, indexers, TextField) for text in texts]
    lengths = fields[0].get_padding_lengths()
    batch = fields[0].batch_tensors([each.as_tensor(lengths) for each in fields])
    expected = text_fields[0].batch_tensors([each.as_tensor(lengths) for each in text_fields])
    assert_equal(batch, expected)
    assert batch["words"]["tokens"].tolist() == [[2, 3], [3, 2], [4, 4]]


def test_a_batch_does_not_change_what_is_kept(indexers):
    field = field_of("a cat", indexers)
    lengths = field.get_padding_lengths()
    batch = field.batch_tensors([field.as_tensor(lengths)] * 2)
    batch["words"]["tokens"].zero_()
    assert field.as_tensor(lengths)["words"]["tokens"].tolist() == [2, 3]


def test_duplicate(indexers):
    field = field_of("a cat", indexers)
    twin = field.duplicate()
    assert isinstance(twin, SentenceField)
    assert [token.text for token in twin] == ["a", "cat"]
    lengths = field.get_padding_lengths()
    assert_equal(twin.as_tensor(lengths), field.as_tensor(lengths))
    twin.tokens.append(ColumnToken("sat"))
    twin.index(vocabulary_of(*WORDS))
    assert (len(field), len(twin)) == (2, 3)
    assert field.as_tensor(lengths)["words"]["tokens"].tolist() == [2, 3]


def test_pickle():
    field = SentenceField([ColumnToken("cat", {"pos": "NOUN"})])
    copy = pickle.loads(pickle.dumps(field))
    assert (copy[0].text, copy[0].columns) == ("cat", {"pos": "NOUN"})
