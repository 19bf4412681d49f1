"""The configs with the best scores train a few steps on the small corpus."""

import json
from pathlib import Path

import msgspec
import pytest
from _jsonnet import evaluate_file

from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.read_dataset import read_dataset
from tests.tiny_models import make_bert

FOLDER = Path("training_config/best").resolve()
CORPORA = ("conll2000", "ud_ewt", "wnut17")
TRANSFORMER = "model.text_field_embedder.token_embedders.transformer"
FILES = {"ud_ewt": "fixtures/corpus/pos.conllu"}
# Where the layout of the file is not that of the corpus.
LAYOUTS = {"wnut17": {"columns": {"tokens": 0, "ner": 3}, "delimiter": " "}}


def file_of(corpus):
    return FILES.get(corpus, "fixtures/corpus/dev.conll")


def transformer(tmp_path):
    """Changes of a config to a tiny model."""
    model = make_bert(tmp_path / "bert")
    return {
        "dataset_reader.token_indexers.transformer.model_name": model,
        f"{TRANSFORMER}.embedder.model_name": model,
        f"{TRANSFORMER}.cache": str(tmp_path / "cache"),
    }


def score_of(allennlp, corpus, kind, folder, changes):
    config = FOLDER / f"{corpus}_{kind}.jsonnet"
    changes = {"trainer.num_epochs": 2, **changes}
    allennlp("train", config, "-s", folder / "model", "-o", json.dumps(changes))
    metrics = json.loads((folder / "model/metrics.json").read_text())
    (metric,) = json.loads(evaluate_file(str(config)))["trainer"]["validation_metric"].split("+")[
        1:
    ]
    return metrics[f"test_{metric}"]


def test_there_is_a_config_of_each_kind():
    expected = {f"{corpus}_{kind}" for corpus in CORPORA for kind in ("transformer", "distilled")}
    assert {path.stem for path in FOLDER.glob("*.jsonnet")} == expected | {"english_teacher"}


@pytest.mark.parametrize("corpus", CORPORA)
def test_with_a_transformer(corpus, allennlp, small_vectors, tmp_path):
    changes = {
        **{f"{part}_data_path": file_of(corpus) for part in ("train", "validation", "test")},
        **{f"dataset_reader.{key}": value for key, value in LAYOUTS.get(corpus, {}).items()},
        **transformer(tmp_path),
        **small_vectors,
    }
    assert 0 <= score_of(allennlp, corpus, "transformer", tmp_path, changes) <= 1
    assert list(tmp_path.glob("cache/*/*.vectors"))


@pytest.mark.parametrize("corpus", CORPORA)
def test_from_teachers(corpus, allennlp, small_vectors, tmp_path):
    config = json.loads(evaluate_file(str(FOLDER / f"{corpus}_distilled.jsonnet")))
    layout = config["dataset_reader"]["datasets"]["gold"] | LAYOUTS.get(corpus, {})
    gold = msgspec.convert(layout, DatasetLayout)
    soft = tmp_path / "soft.jsonl"
    with soft.open("w") as file:
        for sentence in read_dataset(file_of(corpus), gold):
            labels = gold.labels(sentence)[0]
            unsure = {
                task: [{x: 0.9, of[0]: 0.1} | ({x: 1.0} if x == of[0] else {}) for x in of]
                for task, of in labels.items()
            }
            print(json.dumps({"tokens": sentence.tokens, **unsure}), file=file)
    changes = {
        "train_data_path": {
            name: file_of(corpus) if name == "gold" else str(soft)
            for name in config["train_data_path"]
        },
        **{f"{part}_data_path.gold": file_of(corpus) for part in ("validation", "test")},
        **{f"dataset_reader.datasets.gold.{key}": value for key, value in layout.items()},
        **small_vectors,
    }
    assert 0 <= score_of(allennlp, corpus, "distilled", tmp_path, changes) <= 1


def test_the_teacher_of_the_english_model(allennlp, small_vectors, tmp_path):
    files = {"ewt": "fixtures/corpus/pos.conllu", "conll2000": "fixtures/corpus/dev.conll"}
    changes = {
        **{f"{part}_data_path": files for part in ("train", "validation")},
        "model.tasks": {
            **dict.fromkeys(("upos", "xpos", "wsj_pos"), {"type": "softmax"}),
            "chunk": {"type": "crf", "encoding": "IOBES"},
        },
        "trainer.validation_metric": "+chunk_f1",
        **transformer(tmp_path),
        **small_vectors,
        "trainer.num_epochs": 1,
    }
    config = FOLDER / "english_teacher.jsonnet"
    allennlp("train", config, "-s", tmp_path / "model", "-o", json.dumps(changes))
    assert (tmp_path / "model/model.tar.gz").exists()
    assert list(tmp_path.glob("cache/*/*.vectors"))
