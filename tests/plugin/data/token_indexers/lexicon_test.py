"""A list of names as an input of a model."""

import json
from collections import Counter, defaultdict

import pytest
from allennlp.common.checks import ConfigurationError
from allennlp.data import TokenIndexer, Vocabulary
from allennlp.data.tokenizers import Token
from allennlp.models.archival import load_archive

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.input_specification import Lexicon


@pytest.fixture
def lexicon_file(tmp_path):
    path = tmp_path / "titles.txt"
    path.write_text("the deficit\nthe\n")
    return path


def make(**settings):
    return TokenIndexer.by_name("lexicon")(namespace="titles", **settings)


def test_the_vocabulary_keeps_entries(lexicon_file):
    indexer = make(lexicon_file=str(lexicon_file))
    tokens = [Token(text) for text in ("The", "deficit", "of", "the")]
    counter = defaultdict(Counter)
    for token in tokens:
        indexer.count_vocab_items(token, counter)
    vocabulary = Vocabulary(counter=counter, min_count={"titles_entries": 5})
    entries = {"the deficit", "the", "@@PADDING@@", "@@UNKNOWN@@"}
    assert {*vocabulary.get_token_to_index_vocabulary("titles_entries")} == entries
    lexicon_file.unlink()
    for other in (indexer, make()):  # of the training, and of a model that is loaded
        (ids,) = other.tokens_to_indices(tokens, vocabulary).values()
        names = [vocabulary.get_token_from_index(index, "titles") for index in ids]
        assert names == ["B", "E", "O", "S"]


def test_a_file_is_needed_for_training():
    with pytest.raises(ConfigurationError, match="'titles' needs a 'lexicon_file'"):
        make().count_vocab_items(Token("a"), defaultdict(Counter))


def test_another_vocabulary_is_an_error():
    with pytest.raises(ConfigurationError, match="no entries of the lexicon 'titles'"):
        make().tokens_to_indices([Token("a")], Vocabulary())


def test_a_trained_model_needs_no_file(train, allennlp, lexicon_file, tmp_path):
    archive = train(
        "training_config/quickstart.jsonnet",
        tmp_path / "model",
        {
            "dataset_reader.token_indexers.titles": {
                "type": "lexicon",
                "lexicon_file": str(lexicon_file),
                "namespace": "titles",
            },
            "model.text_field_embedder.token_embedders.titles": {
                "type": "embedding",
                "vocab_namespace": "titles",
                "embedding_dim": 5,
                "padding_index": 0,
            },
            "trainer.num_epochs": 1,
        },
    )
    lexicon_file.unlink()
    sentences = [["The", "deficit", "grew", "."], ["He", "left", "."]]
    tagger = Tagger.load(archive)
    assert isinstance(tagger.specification.inputs["titles"], Lexicon)
    model_file = tmp_path / "model.safetensors"
    allennlp("export", archive, "-o", model_file)
    expected = [tagger.tag_tokens(sentence).tags for sentence in sentences]
    exported = Tagger.load(model_file)
    assert [exported.tag_tokens(sentence).tags for sentence in sentences] == expected
    # By AllenNLP's own way.
    loaded = load_archive(archive)
    instances = [loaded.dataset_reader.text_to_instance(sentence) for sentence in sentences]
    outputs = loaded.model.forward_on_instances(instances)
    assert [output["tags"] for output in outputs] == expected
    config = json.loads((archive.parent / "config.json").read_text())
    assert config["dataset_reader"]["token_indexers"]["titles"]["lexicon_file"] == str(lexicon_file)
