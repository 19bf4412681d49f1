"""What a training says beforehand of vectors that it keeps on disk."""

import re
import shutil
from types import SimpleNamespace

import pytest
import torch
from allennlp.data import Instance, Token
from allennlp.data.fields import TextField
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder
from allennlp.modules.token_embedders import PassThroughTokenEmbedder

from bilstm_tagger.plugin.modules.token_embedders import ContextualEmbedder
from bilstm_tagger.plugin.training.data_summary import cache_summary
from bilstm_tagger.text.errors import UserError

SIZE = 300


@pytest.fixture
def loaders():
    """20 tokens in four different sentences, one of which comes twice."""
    texts = ["a b c d", "e f g h i", "j k l", "m n o p q r s t", "a b c d"]
    instances = [Instance({"tokens": TextField([Token(t) for t in s.split()])}) for s in texts]
    parts = {"training": instances[:3], "validation": instances[3:]}
    return {
        part: SimpleNamespace(iter_instances=lambda own=own: iter(own))
        for part, own in parts.items()
    }


def model_with(**caches):
    embedders = {
        name: ContextualEmbedder(PassThroughTokenEmbedder(SIZE), cache=cache and str(cache))
        for name, cache in caches.items()
    }
    return SimpleNamespace(text_field_embedder=BasicTextFieldEmbedder(embedders))


def test_size_and_what_is_there(loaders, tmp_path):
    model = model_with(context=tmp_path, other=None)
    (line,) = cache_summary(model, loaders)
    assert re.fullmatch(
        rf"Vectors of context: 12\.0 kB, of 20 tokens; the folder {tmp_path}/\w{{16}} has 0\.0 kB",
        line,
    )
    embedder = model.text_field_embedder._token_embedders["context"].train()
    embedder(tokens=torch.ones(1, 5, SIZE))
    (line,) = cache_summary(model_with(context=tmp_path), loaders)
    assert line.endswith(" has 3.0 kB")
    assert cache_summary(model_with(other=None), loaders) == []


def test_a_disk_that_is_too_small_for_all(loaders, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=20_000))
    assert len(cache_summary(model_with(first=tmp_path / "1"), loaders)) == 1
    with pytest.raises(UserError, match=r"need 24\.0 kB, but the disk has 20\.0 kB; name another"):
        cache_summary(model_with(first=tmp_path / "1", second=tmp_path / "2"), loaders)
