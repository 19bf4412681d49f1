"""Every shipped config loads and trains a few steps, on the small corpus of `fixtures/`."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from allennlp.common import Params
from allennlp.common.testing import ModelTestCase
from allennlp.data.batch import Batch
from allennlp.models import load_archive

CONFIGS = sorted(Path("training_config").resolve().glob("*.jsonnet"))

# The columns of the corpus in `fixtures/corpus`, and what a config that reads others must change.
COLUMNS = {"tokens": 0, "pos": 1, "chunk": 2, "ner": 3}
# The data sets of the English model, as the fixtures have their columns.
ENGLISH = {
    "uner": {"columns": COLUMNS, "delimiter": " ", "comment_prefix": None},
    **{
        name: {"columns": {"tokens": 0, "sentence": 1}, "delimiter": " "}
        for name in ("ewt_text", "ewt_text_lower", "ewt_text_upper")
    },
}
# Those of a corpus that is read in each case.
ANY_CASE = ("gold", "gold_lower", "gold_upper")
# Config to: the file that it is trained on, or a file for each data set; and further overrides.
SETTINGS: dict[str, tuple[Any, dict[str, Any]]] = {
    "conll2000_chunking": ("dev.conll", {}),
    "conll2000_pos_and_chunks": ("dev.conll", {}),
    "conll2000_tuned": ("dev.conll", {}),
    "conll2000_tuned_multitask": ("dev.conll", {}),
    "english": (
        {
            **dict.fromkeys(("corpora", "corpora_lower", "corpora_upper"), "soft.jsonl"),
            **dict.fromkeys(ENGLISH, "dev.conll"),
        },
        {
            f"dataset_reader.datasets.{name}.{key}": value
            for name, changes in ENGLISH.items()
            for key, value in changes.items()
        },
    ),
    "multitask_levels": ({"ewt": "pos.conllu", "conll2000": "dev.conll"}, {}),
    "multitask_pos_chunking": ({"ewt": "pos.conllu", "conll2000": "dev.conll"}, {}),
    "multilingual_pos": ({"ewt": "pos.conllu", "sequoia": "pos.conllu"}, {}),
    "quickstart": ("dev.conll", {}),
    "ud_ewt_pos": ("pos.conllu", {}),
    "ud_french_sequoia_pos": ("pos.conllu", {}),
    "wnut17_any_case": (
        dict.fromkeys(ANY_CASE, "dev.conll"),
        {
            f"dataset_reader.datasets.{name}.{key}": value
            for name in ANY_CASE
            for key, value in {"columns": COLUMNS, "delimiter": " "}.items()
        },
    ),
    "wnut17_ner": (
        "dev.conll",
        {"dataset_reader.columns": COLUMNS, "dataset_reader.delimiter": " "},
    ),
}


def test_every_config_has_an_entry_here():
    assert {each.stem for each in CONFIGS} == SETTINGS.keys(), (
        "each file of training_config/ needs an entry in SETTINGS of this test, which says on what "
        "fixtures it is tried"
    )


@pytest.mark.parametrize("config", CONFIGS, ids=lambda each: each.stem)
def test_needs_nothing_but_its_file(config, tmp_path, monkeypatch):
    """It loads from any directory, and names all that a training needs, by relative paths."""
    monkeypatch.chdir(tmp_path)
    params = Params.from_file(config).as_dict()
    assert {"dataset_reader", "model", "data_loader", "trainer", "vocabulary"} <= params.keys()
    keys = ["train_data_path", "validation_data_path", "test_data_path"]
    for key in keys if params.get("evaluate_on_test") else keys[:2]:
        paths = params[key].values() if isinstance(params[key], dict) else [params[key]]
        assert all(path.startswith(("data/", "fixtures/", "build/english/")) for path in paths)
    embedder = params["model"]["text_field_embedder"]["token_embedders"]["words"]
    assert embedder["pretrained_file"] == params["vocabulary"]["pretrained_file"]


def first_sentence(path: Path, directory: Path) -> str:
    target = directory / path.name
    end = "\n" if path.suffix == ".jsonl" else "\n\n"
    target.write_text(path.read_text().split(end)[0] + "\n")
    return str(target)


class _Under:
    """Names of parameters that start with one of these."""

    def __init__(self, prefixes: list[str]) -> None:
        self._prefixes = tuple(prefixes)

    def __contains__(self, name: str) -> bool:
        return name.startswith(self._prefixes)


class TestTraining(ModelTestCase):
    @pytest.mark.parametrize("config", CONFIGS, ids=lambda each: each.stem)
    def test_trains_saves_and_loads(self, config, small_vectors, tmp_path):
        data, changes = SETTINGS.get(config.stem, ("dev.conll", {}))
        corpus = Path("fixtures/corpus")
        if isinstance(data, dict):
            files: Any = {name: str(corpus / file) for name, file in data.items()}
            short: Any = {
                name: first_sentence(corpus / file, tmp_path) for name, file in data.items()
            }
        else:
            files = str(corpus / data)
            short = first_sentence(corpus / data, tmp_path)
        overrides = {
            **small_vectors,
            "train_data_path": files,
            # One sentence (of each data set), so that there is one order of batches.
            "validation_data_path": short,
            "test_data_path": short,
            "trainer.num_epochs": 1,
            **changes,
        }
        params = Params.from_file(config, json.dumps(overrides)).as_dict()
        tasks = set(params["model"]["tasks"])
        # The first batch has the labels of one data set; the others follow below.
        reader = params["dataset_reader"]
        layouts = reader.get("datasets", {"": reader})
        first = next(layouts[name] for name in layouts if name in (files or layouts))
        later = [f"tasks.{task}." for task in tasks - first["tasks"].keys()]
        # The batch may be without an unknown word.
        later.append("text_field_embedder.token_embedder_words.unknown")

        model, _ = self.ensure_model_can_train_save_and_load(
            config, overrides=json.dumps(overrides), gradients_to_ignore=_Under(later)
        )

        directory = self.TEST_DIR / "save_and_load_test"
        metrics = json.loads((directory / "metrics.json").read_text())
        for task, settings in params["model"]["tasks"].items():
            assert metrics[f"training_{task}_loss"] > 0
            score = "f1" if "encoding" in settings else "accuracy"
            assert (f"test_{task}_{score}" in metrics) == params.get("evaluate_on_test", False)
        archive = load_archive(directory / "model.tar.gz")
        self.check_scores(archive, short, metrics)
        self.check_all_gradients(archive, files)

    def batches(self, archive, files) -> list[Batch]:
        """A batch of each data set."""
        instances: dict[str, list] = {}
        for instance in archive.dataset_reader.read(files):
            archive.dataset_reader.apply_token_indexers(instance)
            instances.setdefault(instance["metadata"]["dataset"], []).append(instance)
        batches = list(map(Batch, instances.values()))
        for batch in batches:
            batch.index_instances(archive.model.vocab)
        return batches

    def check_scores(self, archive, files, metrics) -> None:
        """The stored model scores as it did in training."""
        model = archive.model.eval()
        for batch in self.batches(archive, files):
            model(**batch.as_tensor_dict())
        scores = model.get_metrics(reset=True)
        names = [name for name in scores if name.endswith(("_f1", "_accuracy"))]
        assert names
        for name in names:
            assert scores[name] == pytest.approx(metrics[f"best_validation_{name}"])

    def check_all_gradients(self, archive, files) -> None:
        """All data sets together train every parameter that is not frozen."""
        model = archive.model.train()
        for batch in self.batches(archive, files):
            model(**batch.as_tensor_dict())["loss"].backward()
        frozen = {
            name for name, parameter in model.named_parameters() if not parameter.requires_grad
        }
        assert frozen == {"text_field_embedder.token_embedder_words.weight"}
        for name, parameter in model.named_parameters():
            if name not in frozen:
                assert parameter.grad is not None, name
                assert torch.isfinite(parameter.grad).all(), name
                assert parameter.grad.any(), name
