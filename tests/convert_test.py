import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from allennlp.common import Params

from bilstm_tagger.convert import OPTIMIZERS, Converter, main
from bilstm_tagger.text.errors import UserError

VECTORS = "fixtures/vectors/vectors.16d.txt"
CHUNKING = {
    "columns": {"0": "tokens", "1": "POS", "2": "chunk_BIO"},
    "label": "chunk_BIO",
    "evaluate": True,
    "commentSymbol": None,
}
POS = {"columns": {"1": "tokens", "3": "POS"}, "label": "POS", "evaluate": True}


def given(params: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    return {
        "params": params or {},
        "datasets": {"conll2000_chunking": CHUNKING},
        "embeddingsPath": VECTORS,
        **settings,
    }


def convert(*arguments: Any, **settings: Any) -> dict[str, Any]:
    return Converter(given(*arguments, **settings)).config()


def test_the_chunking_example_of_the_program():
    """`Train_Chunking.py`: CRF, one layer of 100, variational dropout of 0.25."""
    params = {"classifier": ["CRF"], "LSTM-Size": [100], "dropout": [0.25, 0.25]}
    config = convert(params, reducePretrainedEmbeddings=True)
    assert config["dataset_reader"]["columns"] == {"tokens": 0, "POS": 1, "chunk_BIO": 2}
    assert config["dataset_reader"]["tasks"] == {
        "conll2000_chunking": {"column": "chunk_BIO", "encoding": "BIO"}
    }
    assert config["train_data_path"] == "data/conll2000_chunking/train.txt"
    assert config["model"]["encoder"] == {"hidden_sizes": [100], "dropout": [0.25, 0.25]}
    assert config["model"]["tasks"] == {"conll2000_chunking": {"type": "crf", "encoding": "BIO"}}
    assert config["vocabulary"] == {
        "type": "word_vectors",
        "pretrained_file": VECTORS,
        "keep": "reachable",
        "frequent_min_count": 50,
    }
    embedders = config["model"]["text_field_embedder"]["token_embedders"]
    assert embedders.keys() == {"words", "casing"}
    assert embedders["words"]["embedding_dim"] == 16
    trainer = config["trainer"]
    assert trainer["optimizer"] == {"type": "adam", "lr": 0.001}
    assert (trainer["grad_norm"], "grad_clipping" in trainer) == (1.0, False)
    assert trainer["validation_metric"] == ["+conll2000_chunking_f1"]
    assert config["data_loader"]["batch_sampler"] == {"type": "same_length", "batch_size": 32}


def test_the_example_of_different_levels():
    """`Train_MultiTask_Different_Levels.py`."""
    params = {
        "LSTM-Size": [100],
        "customClassifier": {
            "unidep_pos": ["Softmax"],
            "conll2000_chunking": [["LSTM", 50], "CRF"],
        },
    }
    converter = Converter(
        given(params, datasets={"unidep_pos": POS, "conll2000_chunking": CHUNKING})
    )
    config = converter.config()
    assert config["model"]["tasks"] == {
        "unidep_pos": {"type": "softmax"},
        "conll2000_chunking": {
            "type": "crf",
            "encoder": {"hidden_sizes": [50], "dropout": [0.5, 0.5]},
            "encoding": "BIO",
        },
    }
    assert config["dataset_reader"]["datasets"]["unidep_pos"] == {
        "columns": {"tokens": 1, "POS": 3},
        "tasks": {"unidep_pos": {"column": "POS"}},
    }
    assert config["train_data_path"]["unidep_pos"] == "data/unidep_pos/train.txt"
    assert config["trainer"]["validation_metric"] == [
        "+unidep_pos_accuracy",
        "+conll2000_chunking_f1",
    ]
    assert any("optimiser" in note for note in converter.notes)


def test_auxiliary_tasks_give_way():
    datasets = {"pos": {**POS, "evaluate": False}, "chunking": CHUNKING}
    config = convert({}, datasets=datasets)
    assert config["model"]["tasks"]["pos"]["evaluate"] is False
    assert config["data_loader"]["batch_sampler"]["main_dataset"] == "chunking"
    assert config["trainer"]["validation_metric"] == ["+chunking_f1"]


@pytest.mark.parametrize(
    ("column", "label", "expected"),
    [
        ("NER_IOB", "NER_BIO", {"encoding": "IOB1", "model_encoding": "BIO"}),
        ("NER_BIO", "NER_IOBES", {"encoding": "BIO", "model_encoding": "IOBES"}),
        ("NER_IOBES", "NER_IOBES", {"encoding": "IOBES"}),
    ],
)
def test_encodings_of_column_and_label(column, label, expected):
    dataset = {"columns": {"0": "tokens", "1": column}, "label": label}
    config = convert({}, datasets={"ner": dataset})
    assert config["dataset_reader"]["tasks"] == {"ner": {"column": column, **expected}}
    model_encoding = expected.get("model_encoding", expected["encoding"])
    assert config["model"]["tasks"]["ner"]["encoding"] == model_encoding


def test_characters_and_features():
    params = {
        "charEmbeddings": "LSTM",
        "charLSTMSize": 20,
        "charEmbeddingsSize": 15,
        "maxCharLength": 50,
        "featureNames": ["tokens", "POS"],
        "addFeatureDimensions": 7,
        "useTaskIdentifier": True,
    }
    config = convert(params)
    assert config["dataset_reader"]["token_indexers"] == {
        "words": {"type": "word_forms"},
        "characters": {"type": "word_characters", "max_length": 50},
        "POS": {"type": "column", "column": "POS", "namespace": "POS_feature"},
    }
    embedders = config["model"]["text_field_embedder"]["token_embedders"]
    assert embedders["characters"] == {
        "type": "character_lstm",
        "embedding_dim": 15,
        "hidden_size": 20,
    }
    assert embedders["POS"]["embedding_dim"] == 7
    assert config["model"]["task_identifier"] is True
    cnn = convert({"charEmbeddings": "CNN"})["model"]["text_field_embedder"]["token_embedders"]
    assert cnn["characters"] == {
        "type": "character_cnn",
        "embedding_dim": 30,
        "num_filters": 30,
        "width": 3,
    }


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    trainer = convert({"optimizer": name, "clipvalue": 3, "clipnorm": 0})["trainer"]
    assert trainer["optimizer"]["type"] == name
    assert (trainer["grad_clipping"], "grad_norm" in trainer) == (3.0, False)
    steps = {"type": "piecewise_constant", "steps": {"1": 0.1, "3": 0.05, "5": 0.01}}
    assert trainer.get("learning_rate_scheduler") == (steps if name == "sgd" else None)


@pytest.mark.parametrize(
    ("params", "settings", "message"),
    [
        ({"LSTMSize": [100]}, {}, "'params' has .'LSTMSize'."),
        ({}, {"dataset": {}}, "the file has .'dataset'."),
        ({}, {"datasets": {}}, "'datasets' is empty"),
        ({"customClassifier": {"x": ["CRF"]}}, {}, "names no data set: .'x'."),
        ({"classifier": ["MEMM"]}, {}, "ends in 'MEMM'"),
        ({"classifier": [["GRU", 5], "CRF"]}, {}, "other layers than LSTM"),
        ({"charEmbeddings": "GRU"}, {}, "'charEmbeddings' is 'gru'"),
        ({"optimizer": "ftrl"}, {}, "'optimizer' is 'ftrl'"),
        ({}, {"embeddingsPath": None}, "'embeddingsPath' is missing"),
        ({}, {"datasets": {"a": {**CHUNKING, "label": "POS_BIO"}}}, "no such column"),
        ({}, {"datasets": {"a": {**CHUNKING, "label": "chunk_class"}}}, "types without prefixes"),
        ({}, {"datasets": {"a": {**CHUNKING, "evaluate": False}}}, "no data set is evaluated"),
        ({}, {"datasets": {"a": {"columns": {"0": "x"}, "label": "x"}}}, "no column 'tokens'"),
    ],
)
def test_wrong_input(params, settings, message):
    with pytest.raises(UserError, match=message):
        convert(params, **settings)


def test_notes_are_said_and_written(tmp_path, capsys):
    path = tmp_path / "params.json"
    dataset = {**CHUNKING, "commentSymbol": "#"}
    path.write_text(
        json.dumps(given({"classifier": ["Tanh-CRF"]}, datasets={"c": dataset}, embeddingsPath="x"))
    )
    assert main([str(path)]) == 0
    out, err = capsys.readouterr()
    for word in ("tanh", "comment", "embedding_dim is 300", "earlyStopping"):
        assert word in err and word in out
    assert "error: " not in err
    path.write_text("{")
    assert main([str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"error: {path}: ")


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ("fixtures/broken/empty.conll", "found none; the file is empty"),
        ("fixtures/broken/vectors_cut_short.txt.gz", "expected a whole gzip file"),
    ],
)
def test_broken_vectors_are_one_line(tmp_path, capsys, vectors, message):
    path = tmp_path / "params.json"
    packed = Path(vectors).read_bytes()
    # Cut before the end of the second line, which is as far as it is read.
    (tmp_path / "vectors").write_bytes(packed[: len(packed) // 2])
    path.write_text(json.dumps(given(embeddingsPath=str(tmp_path / "vectors"))))
    assert main([str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {path}: ") and message in err and err.count("\n") == 1


def test_what_comes_out_trains(tmp_path, allennlp):
    params = {"LSTM-Size": [5], "charEmbeddings": "CNN", "optimizer": "sgd", "miniBatchSize": 8}
    datasets = {
        "pos": {**POS, "columns": {"0": "tokens", "1": "POS"}},
        "chunking": {**CHUNKING, "label": "chunk_IOBES"},
    }
    (tmp_path / "params.json").write_text(json.dumps(given(params, datasets=datasets, epochs=1)))
    command = [sys.executable, "-m", "bilstm_tagger.convert", str(tmp_path / "params.json")]
    config = tmp_path / "config.jsonnet"
    config.write_text(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert Params.from_file(config)["trainer"]["num_epochs"] == 1
    for name, columns in (("pos", 2), ("chunking", 3)):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        for part in ("train", "dev", "test"):
            lines = Path("fixtures/corpus/dev.conll").read_text().splitlines()
            text = "\n".join(" ".join(line.split()[:columns]) for line in lines)
            (folder / f"{part}.txt").write_text(text + "\n")
    files = {
        f"{part}_data_path": {
            name: str(tmp_path / "data" / name / f"{file}.txt") for name in ("pos", "chunking")
        }
        for part, file in (("train", "train"), ("validation", "dev"), ("test", "test"))
    }
    allennlp("train", config, "-s", tmp_path / "model", "-o", json.dumps(files))
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    # All three files are the same; what the epoch has learned shows at its end.
    for metric in ("pos_accuracy", "chunking_f1"):
        assert metrics[f"test_{metric}"] == metrics[f"best_validation_{metric}"]
    assert metrics["validation_loss"] < metrics["training_loss"]
