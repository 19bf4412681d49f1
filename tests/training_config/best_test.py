"""The configs with the best scores train a few steps on the small corpus."""

import json
from pathlib import Path

import pytest

from tests.tiny_models import make_bert

BEST = sorted(Path("training_config/best").resolve().glob("*.jsonnet"))
TRANSFORMER = "model.text_field_embedder.token_embedders.transformer"


@pytest.mark.parametrize("config", BEST, ids=lambda path: path.stem)
def test_trains(config, allennlp, small_vectors, tmp_path):
    model = make_bert(tmp_path / "bert")
    file = "fixtures/corpus/dev.conll"
    changes = {
        **{f"{part}_data_path": file for part in ("train", "validation", "test")},
        "dataset_reader.columns": {"tokens": 0, "ner": 3},
        "dataset_reader.delimiter": " ",
        "dataset_reader.token_indexers.transformer.model_name": model,
        f"{TRANSFORMER}.embedder.model_name": model,
        f"{TRANSFORMER}.cache": str(tmp_path / "cache"),
        "trainer.num_epochs": 2,
        **small_vectors,
    }
    allennlp("train", config, "-s", tmp_path / "model", "-o", json.dumps(changes))
    metrics = json.loads((tmp_path / "model/metrics.json").read_text())
    assert 0 <= metrics["test_ner_f1"] <= 1
    assert list(tmp_path.glob("cache/*/*.vectors"))
