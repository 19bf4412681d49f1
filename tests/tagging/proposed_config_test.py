import json
from pathlib import Path

import pytest
from allennlp.common.params import evaluate_snippet

from bilstm_tagger.tagging.proposed_config import VectorFile, proposed_config, reader_settings
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.tag_spelling import TagSpelling
from bilstm_tagger.text.task_column import TaskColumn

LIBRARY = Path("training_config/lib").absolute()
LAYOUT = DatasetLayout(
    {"tokens": 0, "pos": 1, "ner": 2},
    {"pos": TaskColumn(), "ner": TaskColumn(encoding="BIO", model_encoding="IOBES")},
)


@pytest.fixture
def library():
    """A value of the library of configs."""

    def evaluate(expression):
        names = ("inputs", "training")
        files = [f"local {name} = import '{LIBRARY}/{name}.libsonnet'; " for name in names]
        return json.loads(evaluate_snippet("test", "".join(files) + expression))

    return evaluate


def test_config_is_as_the_library_makes_it(library):
    vectors = VectorFile("vectors.txt", 16)
    config = json.loads(evaluate_snippet("", proposed_config(LAYOUT, "train", "dev", vectors)))
    inputs = library("inputs.words('vectors.txt', 16) + inputs.characters('cnn') + inputs.casing")
    assert config["dataset_reader"].pop("token_indexers") == inputs["token_indexers"]
    embedders = config["model"]["text_field_embedder"]["token_embedders"]
    assert embedders == inputs["token_embedders"]
    assert config["vocabulary"] == inputs["vocabulary"]
    assert config["trainer"] == library("training.trainer(['+pos_accuracy', '+ner_f1'], 50, 10)")
    sampler = library("training.batches(32)")["batch_sampler"]
    assert {"main_dataset": None, **config["data_loader"]["batch_sampler"]} == sampler
    assert config["dataset_reader"] == reader_settings(LAYOUT)
    assert config["model"]["tasks"] == {
        "pos": {"type": "softmax"},
        "ner": {"type": "crf", "encoding": "IOBES"},
    }


def test_words_are_learnt_without_vectors():
    config = json.loads(evaluate_snippet("", proposed_config(LAYOUT, "train", "dev", None)))
    words = config["model"]["text_field_embedder"]["token_embedders"]["words"]
    assert words == {"type": "word_vectors", "embedding_dim": 100, "trainable": True}
    assert "pretrained_file" not in config["vocabulary"]
    assert (config["train_data_path"], config["validation_data_path"]) == ("train", "dev")


def test_reader_settings_leave_out_what_is_usual():
    spelling = TagSpelling(separator="_", lower_case=True)
    task = TaskColumn(encoding="BIO", model_encoding="BIO", spelling=spelling)
    layout = DatasetLayout({"tokens": "text", "ner": "spans"}, {"ner": task}, "json")
    assert reader_settings(layout) == {
        "type": "conll_columns",
        "columns": {"tokens": "text", "ner": "spans"},
        "tasks": {
            "ner": {
                "encoding": "BIO",
                "model_encoding": "BIO",
                "spelling": {"separator": "_", "lower_case": True},
            }
        },
        "form": "json",
    }
