"""Vectors of frozen models: layers, and the cache, which changes nothing."""

import shutil

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Token, Vocabulary
from allennlp.data.fields import TextField
from allennlp.data.token_indexers import (
    ELMoTokenCharactersIndexer,
    PretrainedTransformerMismatchedIndexer,
)
from allennlp.modules.scalar_mix import ScalarMix
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder
from allennlp.modules.token_embedders import (
    ElmoTokenEmbedder,
    PassThroughTokenEmbedder,
    PretrainedTransformerMismatchedEmbedder,
)
from allennlp.nn.util import get_text_field_mask

from bilstm_tagger.plugin.modules.token_embedders import ContextualEmbedder
from tests.tiny_models import make_bert, make_elmo

SENTENCES = ["the old man sat there", "a b c", "x", "long words follow"]


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return make_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def elmo(tmp_path_factory):
    return make_elmo(tmp_path_factory.mktemp("elmo"))


@pytest.fixture(params=["bert", "elmo"])
def model(request, bert, elmo):
    """A function that makes the model anew, the number of its layers, and its indexer."""
    if request.param == "bert":
        return (
            lambda: PretrainedTransformerMismatchedEmbedder(bert),
            2,
            PretrainedTransformerMismatchedIndexer(bert),
        )
    return lambda: ElmoTokenEmbedder(*elmo, dropout=0.0), 3, ELMoTokenCharactersIndexer()


def tensors(indexer, *sentences):
    fields = [TextField([Token(t) for t in s.split()], {"context": indexer}) for s in sentences]
    vocabulary = Vocabulary()
    for field in fields:
        field.index(vocabulary)
    padding: dict[str, int] = {}
    for field in fields:
        for name, length in field.get_padding_lengths().items():
            padding[name] = max(padding.get(name, 0), length)
    return fields[0].batch_tensors([field.as_tensor(padding) for field in fields])


def embed(embedder, batch):
    vectors = BasicTextFieldEmbedder({"context": embedder})(batch)
    return vectors * get_text_field_mask(batch).unsqueeze(-1)


@pytest.mark.parametrize("layers", ["mix", "mean", "last", "all", 1])
def test_the_cache_changes_nothing(model, tmp_path, layers, monkeypatch):
    make, _, indexer = model
    torch.manual_seed(1)
    plain, cached = (
        ContextualEmbedder(make(), layers),
        ContextualEmbedder(make(), layers, cache=str(tmp_path)),
    )
    cached.train()
    batch = tensors(indexer, *SENTENCES)
    expected = embed(plain, batch)
    assert expected.shape[-1] == plain.get_output_dim() == cached.get_output_dim()
    first = embed(cached, batch)
    torch.testing.assert_close(first, expected, atol=2e-3, rtol=2e-3)
    # A second process, in which the model itself is not asked.
    again = ContextualEmbedder(make(), layers, cache=str(tmp_path)).train()
    monkeypatch.setattr(again.embedder, "forward", None)
    assert torch.equal(embed(again, batch), first)
    # In another batch, with other padding.
    alone = embed(again, tensors(indexer, SENTENCES[1]))
    assert torch.equal(alone, first[1:2, :3])
    # On text of no training, the cache is not asked, and gives nothing else.
    other = ContextualEmbedder(make(), layers, cache=str(tmp_path / "other")).eval()
    torch.testing.assert_close(embed(other, batch), first, atol=1e-6, rtol=1e-6)
    assert not (tmp_path / "other").exists()


def test_only_what_is_missing_is_computed(model, tmp_path, monkeypatch):
    make, _, indexer = model
    embedder = ContextualEmbedder(make(), cache=str(tmp_path)).train()
    embed(embedder, tensors(indexer, *SENTENCES[:2]))
    sizes = []
    forward = embedder.embedder.forward

    def counted(**batch):
        sizes.append(len(next(iter(batch.values()))))
        return forward(**batch)

    monkeypatch.setattr(embedder.embedder, "forward", counted)
    embed(embedder, tensors(indexer, *SENTENCES))
    embedder.eval()  # the validation of a training
    embed(embedder, tensors(indexer, *SENTENCES))
    assert sizes == [2]


def test_layers(model):
    make, number, indexer = model
    batch = tensors(indexer, *SENTENCES)
    every = embed(ContextualEmbedder(make(), "all"), batch)
    parts = every.chunk(number, -1)
    for layer, part in enumerate(parts, start=1):
        torch.testing.assert_close(embed(ContextualEmbedder(make(), layer), batch), part)
    torch.testing.assert_close(embed(ContextualEmbedder(make(), "last"), batch), parts[-1])
    mean = torch.stack(parts).mean(0)
    torch.testing.assert_close(embed(ContextualEmbedder(make(), "mean"), batch), mean)
    # Weights that are equal at the start, and are learned.
    mix = ContextualEmbedder(make(), "mix").train()
    mixed = embed(mix, batch)
    torch.testing.assert_close(mixed, mean)
    mixed.square().sum().backward()
    trained = {name for name, p in mix.named_parameters() if p.grad is not None and p.grad.any()}
    assert trained == {f"mix.scalar_parameters.{i}" for i in range(number)} | {"mix.gamma"}
    assert isinstance(mix.mix, ScalarMix)


def test_allennlp_gives_the_same(bert, elmo):
    for make, indexer, layers in (
        (
            lambda **settings: PretrainedTransformerMismatchedEmbedder(bert, **settings),
            PretrainedTransformerMismatchedIndexer(bert),
            {"last": {}, "mean": {"last_layer_only": False}},
        ),
        (
            lambda **settings: ElmoTokenEmbedder(*elmo, dropout=0.0, **settings),
            ELMoTokenCharactersIndexer(),
            {"mean": {}, 2: {"scalar_mix_parameters": [-9e10, 1, -9e10]}},
        ),
    ):
        for name, settings in layers.items():
            batch = tensors(indexer, *SENTENCES)
            theirs = embed(make(**settings).eval(), batch)
            torch.testing.assert_close(embed(ContextualEmbedder(make(), name), batch), theirs)


def test_projection_and_dropout(bert):
    embedder = ContextualEmbedder(
        PretrainedTransformerMismatchedEmbedder(bert), projection_dim=5, dropout=0.5
    ).train()
    batch = tensors(PretrainedTransformerMismatchedIndexer(bert), *SENTENCES)
    assert embed(embedder, batch).shape == (4, 5, 5)
    assert not torch.equal(embed(embedder, batch), embed(embedder, batch))
    embedder.eval()
    assert torch.equal(embed(embedder, batch), embed(embedder, batch))


def test_other_weights_and_layers_have_a_cache_of_their_own(bert, tmp_path):
    def folder(layers="mix", change=0.0):
        embedder = PretrainedTransformerMismatchedEmbedder(bert)
        with torch.no_grad():
            next(embedder.parameters()).view(-1)[0] += change
        return ContextualEmbedder(embedder, layers, cache=str(tmp_path)).open_cache().folder

    folders = [folder(), folder("mean"), folder(1), folder(change=1.0)]
    assert len({*folders}) == 4
    assert folder("all") == folder() and folder() == folders[0]


@pytest.mark.parametrize("layers", ["some", 0, 3, True, 1.5])
def test_layers_that_there_are_not(bert, layers):
    with pytest.raises(ConfigurationError, match="mix, mean, last, all or a number from 1 to 2"):
        ContextualEmbedder(PretrainedTransformerMismatchedEmbedder(bert), layers)


def test_numbers_that_are_too_large(tmp_path):
    embedder = ContextualEmbedder(PassThroughTokenEmbedder(2), cache=str(tmp_path)).train()
    with pytest.raises(ConfigurationError, match="half precision"):
        embedder.embedder.forward = lambda **tensors: tensors["vectors"] * 1e9
        embedder(vectors=torch.ones(1, 3, 2))


def test_sentences_that_are_read_in_parts(bert, tmp_path):
    """Longer ones than the transformer reads, beside shorter ones."""
    indexer = PretrainedTransformerMismatchedIndexer(bert, max_length=8)
    batch = tensors(indexer, *SENTENCES, "a very long sentence of many words")

    def make(**settings):
        embedder = PretrainedTransformerMismatchedEmbedder(bert, max_length=8)
        return ContextualEmbedder(embedder, **settings)

    cached = make(cache=str(tmp_path)).train()
    first = embed(cached, batch)
    torch.testing.assert_close(first, embed(make(), batch), atol=2e-3, rtol=2e-3)
    assert torch.equal(embed(cached, batch), first)
    assert torch.equal(embed(cached, tensors(indexer, SENTENCES[0])), first[:1, :5])


def test_a_sentence_that_is_too_long(bert):
    embedder = ContextualEmbedder(PretrainedTransformerMismatchedEmbedder(bert))
    batch = tensors(PretrainedTransformerMismatchedIndexer(bert), "abcdefgh " * 70)
    with pytest.raises(ConfigurationError, match="562 word pieces.*reads 512; set max_length: 512"):
        embed(embedder, batch)


def test_the_indexer_of_another_model(bert, elmo):
    pairs = (
        (PretrainedTransformerMismatchedEmbedder(bert), ELMoTokenCharactersIndexer()),
        (ElmoTokenEmbedder(*elmo), PretrainedTransformerMismatchedIndexer(bert)),
    )
    for model, indexer in pairs:
        batch = tensors(indexer, SENTENCES[0])
        with pytest.raises(ConfigurationError, match="indexer of a 'contextual' embedder does not"):
            ContextualEmbedder(model)(**batch["context"])


def test_weights_that_change_after_the_module_was_made(bert, tmp_path):
    """As by an initializer of the model."""
    batch = tensors(PretrainedTransformerMismatchedIndexer(bert), *SENTENCES)

    def make(change):
        embedder = ContextualEmbedder(
            PretrainedTransformerMismatchedEmbedder(bert), cache=str(tmp_path)
        )
        with torch.no_grad():
            for parameter in embedder.embedder.parameters():
                parameter.mul_(change)
        return embedder

    half, whole = make(0.5), make(1.0)
    other = embed(half.train(), batch)
    first = embed(whole.train(), batch)
    assert not torch.allclose(first, other)
    torch.testing.assert_close(first, embed(make(1.0).eval(), batch), atol=1e-6, rtol=1e-6)


def test_text_after_a_training_is_not_kept(bert, tmp_path):
    indexer = PretrainedTransformerMismatchedIndexer(bert)
    embedder = ContextualEmbedder(
        PretrainedTransformerMismatchedEmbedder(bert), cache=str(tmp_path)
    ).train()
    embed(embedder, tensors(indexer, SENTENCES[0]))
    embedder.eval()
    embedder.close_cache()
    tokens = embedder.open_cache().tokens
    embed(embedder, tensors(indexer, "my own text"))
    assert embedder.open_cache().tokens == tokens == 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"projection_dim": 0}, "projection_dim must be positive"),
        ({"cache": ""}, "cache is empty"),
    ],
)
def test_settings_that_cannot_be(bert, settings, message):
    with pytest.raises(ConfigurationError, match=message):
        ContextualEmbedder(PretrainedTransformerMismatchedEmbedder(bert), **settings)


def test_settings_of_the_model_that_layers_replace(bert, elmo):
    for embedder in (
        PretrainedTransformerMismatchedEmbedder(bert, last_layer_only=False),
        ElmoTokenEmbedder(*elmo, do_layer_norm=True),
        ElmoTokenEmbedder(*elmo, scalar_mix_parameters=[1.0, 0.0, 0.0]),
    ):
        with pytest.raises(ConfigurationError, match="'layers' of the contextual one says"):
            ContextualEmbedder(embedder)
    with pytest.raises(ConfigurationError, match="set that of the contextual one"):
        ContextualEmbedder(ElmoTokenEmbedder(*elmo, projection_dim=2))


def test_a_folder_that_cannot_be_used(bert, tmp_path):
    (tmp_path / "file").write_text("")
    embedder = ContextualEmbedder(
        PretrainedTransformerMismatchedEmbedder(bert), cache=str(tmp_path / "file")
    )
    with pytest.raises(ConfigurationError, match="cannot be used.*Not a directory; name another"):
        embedder.open_cache()
    embedder = ContextualEmbedder(
        PretrainedTransformerMismatchedEmbedder(bert), cache=str(tmp_path / "cache")
    ).train()
    indexer = PretrainedTransformerMismatchedIndexer(bert)
    embed(embedder, tensors(indexer, SENTENCES[0]))
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(ConfigurationError, match="cannot be used.*name another folder"):
        embed(embedder, tensors(indexer, SENTENCES[1]))
