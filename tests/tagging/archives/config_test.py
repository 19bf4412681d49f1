import json
import sys
from pathlib import Path

import pytest
from allennlp.common import Params

from bilstm_tagger.tagging.archives import config as archive_config
from bilstm_tagger.tagging.archives.json_object import parse_json
from bilstm_tagger.tagging.archives.limits import UnsafeModel
from bilstm_tagger.tagging.archives.model import model_of
from bilstm_tagger.tagging.archives.vocabulary import VocabularyData

QUICKSTART = "training_config/quickstart.jsonnet"
FOLDER = Path(__file__).parents[3] / "training_config"
CONFIGS = sorted(
    path
    for pattern in ("*.jsonnet", "papers/*.jsonnet", "best/*.jsonnet")
    for path in FOLDER.glob(pattern)
)
WITH_DOWNLOADS = {
    "peters2018_elmo": ("elmo_characters", "contextual"),
    **dict.fromkeys(
        (
            *(f"{corpus}_transformer" for corpus in ("conll2000", "ud_ewt", "wnut17")),
            "english_teacher",
            "transformer",
        ),
        ("pretrained_transformer_mismatched", "contextual"),
    ),
}
EMBEDDERS = "model.text_field_embedder.token_embedders"


def written(config) -> bytes:
    return json.dumps(config).encode()


def read_config(data: bytes):
    return archive_config.read_config(parse_json(data, "config.json"))


@pytest.fixture
def config():
    return Params.from_file(QUICKSTART).as_dict(quiet=True)


def change(config, key, value):
    *path, last = key.split(".")
    for step in path:
        config = config[step]
    config[last] = value


@pytest.mark.parametrize("path", CONFIGS, ids=lambda each: each.stem)
def test_our_own_configs(path):
    data = written(Params.from_file(path).as_dict(quiet=True))
    if path.stem not in WITH_DOWNLOADS:
        assert read_config(data).model.tasks
        return
    with pytest.raises(UnsafeModel, match="|".join(WITH_DOWNLOADS[path.stem])) as error:
        read_config(data)
    assert "trust=True" in str(error.value)


def test_what_only_training_reads_does_not_matter(config):
    expected = read_config(written(config))
    config["trainer"]["callbacks"].append({"type": "anything.at.All"})
    config["vocabulary"] = {"type": "from_files", "directory": "/etc", "oov_token": "?"}
    config["model"]["initializer"] = {"regexes": [[".*", {"type": "pretrained"}]]}
    change(config, f"{EMBEDDERS}.words.pretrained_file", "/etc/passwd")
    changed = read_config(written(config))
    assert (changed.model, changed.dataset_reader) == (expected.model, expected.dataset_reader)
    assert changed.vocabulary.oov_token == "?"


def test_all_that_a_tagger_may_have(config):
    config["dataset_reader"]["token_indexers"]["more"] = {"type": "single_id", "namespace": "more"}
    config["dataset_reader"]["max_instances"] = 10**6
    config["validation_dataset_reader"] = config["dataset_reader"]
    change(config, f"{EMBEDDERS}.more", {"type": "embedding", "embedding_dim": 3, "max_norm": 2})
    config["model"] |= {
        "regularizer": {"regexes": [[".*", "l2"], ["a", {"type": "l1", "alpha": 0.1}]]},
        "embedding_dropout": 0.5,
        "task_identifier": True,
        "encoder": {"hidden_sizes": [3, 4], "dropout": 0.5, "recurrent_masks": "sequence"},
    }
    config["model"]["tasks"]["chunk"] |= {"encoder": {"hidden_sizes": [3]}, "constrained": True}
    model = read_config(written(config)).model
    assert model.regularizer.regexes[1][1].alpha == 0.1 and model.task_identifier
    assert model.tasks["chunk"].encoder.hidden_sizes == [3]


@pytest.mark.parametrize(
    "key, value, where",
    [
        ("model", "evil_module.Model", "model"),
        ("model.type", "evil_module.Model", "model.type"),
        ("model.type", "from_archive", "model.type"),
        ("model.type", "nothing", "model.type"),
        ("model.type", ["bilstm_tagger"], "model.type"),
        ("model.text_field_embedder.type", "evil_module.A", "model.text_field_embedder.type"),
        (EMBEDDERS, ["evil_module.A"], EMBEDDERS),
        (f"{EMBEDDERS}.x", "evil_module.A", f"{EMBEDDERS}.x.type"),
        (f"{EMBEDDERS}.x", {"type": "evil_module.A"}, f"{EMBEDDERS}.x.type"),
        (f"{EMBEDDERS}.x", {"_pretrained": {"archive_file": "/x"}},
         f"{EMBEDDERS}.x"),
        (f"{EMBEDDERS}.x", {"type": "embedding", "weight": [1]}, f"{EMBEDDERS}.x.weight"),
        ("model.encoder._pretrained", {"archive_file": "/x"}, "model.encoder._pretrained"),
        ("model.encoder", "evil_module.A", "model.encoder"),
        ("model.encoder.hidden_sizes", ["1"], "model.encoder.hidden_sizes.0"),
        ("model.encoder.hidden_sizes", {"a": 1}, "model.encoder.hidden_sizes"),
        ("model.encoder.dropout", "x", "model.encoder.dropout"),
        ("model.tasks.pos", "evil_module.A", "model.tasks.pos.type"),
        ("model.tasks.pos.encoder", {"type": "evil_module.A"}, "model.tasks.pos.encoder.type"),
        ("model.tasks.pos.vocab", "empty", "model.tasks.pos.vocab"),
        ("model.vocab", {"type": "from_files", "directory": "/x"}, "model.vocab"),
        ("model.regularizer", {"regexes": [["a", "evil_module.A"]]},
         "model.regularizer.regexes.0.1.type"),
        ("model.regularizer", {"regexes": [["a"]]}, "model.regularizer.regexes.0"),
        ("model.ddp_accelerator", "torch", "model.ddp_accelerator"),
        ("model.serialization_dir", "/x", "model.serialization_dir"),
        ("model.unknown", 1, "model.unknown"),
        ("vocabulary.type", "evil_module.A", "vocabulary.type"),
        ("vocabulary.type", "from_pretrained_transformer", "vocabulary.type"),
        ("vocabulary", "evil_module.A", "vocabulary"),
        ("vocabulary.oov_token", {"a": 1}, "vocabulary.oov_token"),
        ("dataset_reader", "evil_module.A", "dataset_reader"),
        ("dataset_reader.type", "evil_module.A", "dataset_reader.type"),
        ("dataset_reader.type", "sharded", "dataset_reader.type"),
        ("dataset_reader.columns", {"tokens": [1]}, "dataset_reader.columns.tokens"),
        ("validation_dataset_reader", {"type": "evil_module.A"}, "validation_dataset_reader.type"),
        ("validation_dataset_reader", "evil_module.A", "validation_dataset_reader"),
        ("dataset_reader.token_indexers.x", "evil_module.A",
         "dataset_reader.token_indexers.x.type"),
        ("dataset_reader.token_indexers.characters.max_length", 10**9,
         "dataset_reader.token_indexers.characters.max_length"),
        ("dataset_reader.datasets",
         {"a": {"columns": {}, "tasks": {"x": {"type": "evil_module.A"}}}},
         "dataset_reader.datasets.a.tasks.x.type"),
    ],
)  # fmt: skip
def test_what_is_refused(key, value, where, config, tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("class A: pass\nModel = A\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    change(config, key, value)
    with pytest.raises(UnsafeModel) as error:
        read_config(written(config))
    assert error.value.where == f"config.json, {where}"
    assert "evil_module" not in sys.modules


@pytest.mark.parametrize(
    "text",
    [
        "{a: importstr '/etc/passwd'}",
        '{"a": importstr "/etc/passwd"}',
        '{"a": std.extVar("HOME")}',
        "import 'other.libsonnet'",
        '{"a": 1,}',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": 1, "a": 2}',
        '{"a": ' + "9" * 5000 + "}",
        "",
        "[]",
        '"text"',
        "null",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"a": ' + "[" * 60 + "]" * 60 + "}",
        '{"a": [' + "0," * 10_000 + "0]}",
        "\ufeff{}",
    ],
)
def test_no_json(text):
    with pytest.raises(UnsafeModel, match=r"^config\.json: "):
        read_config(text.encode())


def test_bytes_that_are_no_text():
    with pytest.raises(UnsafeModel, match=r"^x\.json: this is no JSON"):
        parse_json(b'{"a": "\xff"}', "x.json")


@pytest.mark.parametrize("section", ["model", "dataset_reader"])
def test_sections_that_are_missing(section, config):
    del config[section]
    with pytest.raises(UnsafeModel, match=f"config.json, {section}: expected an object"):
        read_config(written(config))


@pytest.mark.parametrize(
    "embedder, indexer, kinds",
    [
        ({"type": "word_vectors", "embedding_dim": 3}, "casing", "WordVectors.*Casing"),
        ("character_cnn", "word_forms", "CharacterCNN.*WordForms"),
        ({"type": "embedding", "embedding_dim": 3}, "word_characters", "Embedding.*WordCharacters"),
        ({"type": "embedding", "embedding_dim": 3}, None, "Embedding.*NoneType"),
    ],
)
def test_inputs_that_do_not_go_together(embedder, indexer, kinds, config):
    change(config, EMBEDDERS, {"x": embedder})
    change(config, "dataset_reader.token_indexers", {} if indexer is None else {"x": indexer})
    with pytest.raises(UnsafeModel, match=f"^config.json: 'x' has the .*{kinds}, which do not"):
        model_of(read_config(written(config)), VocabularyData({}, "?", []), {})


def test_a_model_that_needs_another_archive(config):
    config["model"] = {"type": "from_archive", "archive_file": "first.tar.gz"}
    with pytest.raises(UnsafeModel, match="'initial_weights', the path .* that stands alone; if"):
        read_config(written(config))
