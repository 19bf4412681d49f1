import pickle

import pytest
import torch
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

from bilstm_tagger.plugin.models.token_projector import TokenProjector

# "bridge" stands there with two parts of speech.
DATA = "The DET\nbridge NOUN\n.  PUNCT\n\nThe DET\nbridge VERB\n\n"


@pytest.fixture(params=[["words", "characters", "casing"], ["words", "pos"]], ids="+".join)
def parts(request, tmp_path):
    """Model and fields of two sentences."""
    indexers = {
        "words": {"type": "word_forms"},
        "characters": {"type": "word_characters", "max_length": 0},
        "casing": {"type": "casing"},
        "pos": {"type": "column", "column": "pos"},
    }
    embedders = {
        "words": {"type": "word_vectors", "embedding_dim": 6},
        "characters": {"type": "character_cnn", "num_filters": 4},
        "casing": {"type": "embedding", "vocab_namespace": "casing", "embedding_dim": 3},
        "pos": {"type": "embedding", "vocab_namespace": "pos", "embedding_dim": 3},
    }
    (tmp_path / "data.conll").write_text(DATA)
    reader = DatasetReader.from_params(
        Params(
            {
                "type": "conll_columns",
                "columns": {"tokens": 0, "pos": 1},
                "tasks": {"kind": {"column": "pos"}},
                "token_indexers": {name: indexers[name] for name in request.param},
            }
        )
    )
    instances = list(reader.read(str(tmp_path / "data.conll")))
    for instance in instances:
        reader.apply_token_indexers(instance)
    vocabulary = Vocabulary.from_params(
        Params({"type": "word_vectors", "frequent_min_count": 1}), instances=instances
    )
    model = Model.from_params(
        params=Params(
            {
                "type": "bilstm_tagger",
                "text_field_embedder": {
                    "token_embedders": {name: embedders[name] for name in request.param}
                },
                "encoder": {"hidden_sizes": [5]},
                "tasks": {"kind": {"type": "crf"}},
            }
        ),
        vocab=vocabulary,
    )
    return model.eval(), [instance["tokens"] for instance in instances]


def make(model, **settings) -> TokenProjector:
    return TokenProjector(model.vocab, model.text_field_embedder, model.encoder, **settings)


def per_token(projector, fields) -> torch.Tensor:
    table, rows = projector(fields)
    return table if rows is None else table[rows]


def in_context(model, fields) -> torch.Tensor:
    """The same without a table."""
    projector = make(model)
    projector._own_vectors = False
    table, rows = projector(fields)
    assert rows is None
    return table


@torch.no_grad()
def test_rows_are_those_of_each_token(parts):
    model, fields = parts
    torch.testing.assert_close(per_token(make(model), fields), in_context(model, fields))


@torch.no_grad()
def test_each_distinct_token_has_one_row(parts):
    model, fields = parts
    _, rows = make(model)(fields)
    # The parts of speech are a feature of the second model alone.
    bridges = 2 if "pos" in fields[0].token_indexers else 1
    assert len(set(rows.tolist())) == 2 + bridges


@torch.no_grad()
def test_rows_are_kept_and_computed_once(parts, monkeypatch):
    model, fields = parts
    projector = make(model)
    seen = []
    embed = projector._embed
    monkeypatch.setattr(
        projector, "_embed", lambda given: seen.append(len(given[0].tokens)) or embed(given)
    )
    first = per_token(projector, fields[1:])
    per_token(projector, fields)
    again = per_token(projector, fields[1:])
    assert torch.equal(first, again)
    missing = 2 if "pos" in fields[0].token_indexers else 1
    assert seen == [2, missing]


@torch.no_grad()
def test_other_weights_other_rows(parts):
    model, fields = parts
    projector = make(model)
    before = per_token(projector, fields).clone()
    model.encoder.layers[0].forward_direction.bias.add_(1.0)
    after = per_token(projector, fields)
    assert not torch.allclose(before, after)
    torch.testing.assert_close(after, in_context(model, fields))


@torch.no_grad()
def test_other_indexers_other_rows(parts):
    """A projector must not answer for the indexers of another reader."""
    model, fields = parts
    projector = make(model)
    projector(fields)
    known = dict(projector._ids)
    for field in fields:
        field.token_indexers = dict(field.token_indexers)
    projector(fields[1:])
    assert len(projector._ids) == 2 < len(known)


def test_a_model_that_has_predicted_can_be_pickled(parts):
    model, fields = parts
    with torch.no_grad():
        model._predictor._projectors[""](fields)
    assert isinstance(pickle.loads(pickle.dumps(model)), type(model))


def test_training_forgets_rows(parts):
    model, fields = parts
    with torch.no_grad():
        model._predictor._projectors[""](fields)
    assert model._predictor._projectors[""]._ids
    model.train()
    assert not model._predictor._projectors[""]._ids


@torch.no_grad()
def test_a_full_table_starts_over(parts):
    model, fields = parts
    projector = make(model, max_rows=3)
    for given in (fields[:1], fields, fields[1:], fields):
        torch.testing.assert_close(per_token(projector, given), in_context(model, given))
        assert len(projector._ids) <= 4


def test_embedders_that_see_the_sentence_have_no_table(parts):
    model, _ = parts
    assert make(model)._own_vectors
    model.text_field_embedder.add_module("context", torch.nn.Linear(2, 2))
    assert not make(model)._own_vectors
