"""The systems of the papers train a few steps on the small corpus, in all their forms."""

import json
from pathlib import Path
from typing import Any

import pytest
from allennlp.common import Params

from bilstm_tagger.experiments.out_of_fold import gold_spans, read_out_of_fold
from tests.tiny_models import make_bert, make_elmo

PAPERS = sorted(Path("training_config/papers").resolve().glob("*.jsonnet"))
FORMS = {"chunk": None, "ner": "ner.libsonnet", "pos": "pos.libsonnet"}


def form(name: str, changes: dict[str, Any]) -> str:
    """An override: a form of a paper's config, and changes on top."""
    file = FORMS[name]
    first = "{}" if file is None else f"(import 'training_config/papers/{file}')"
    return f"{first} + {json.dumps(changes)}"


def on_fixtures(name: str, config: Path, small_vectors: dict[str, Any]) -> dict[str, Any]:
    file = "fixtures/corpus/pos.conllu" if name == "pos" else "fixtures/corpus/dev.conll"
    changes: dict[str, Any] = {
        "train_data_path": file,
        "validation_data_path": file,
        "test_data_path": file,
        "trainer.num_epochs": 1,
        # A few batches show that all parts of a system work together.
        "dataset_reader.max_instances": 32,
        "data_loader.batch_sampler.batch_size": 8,
    }
    if name == "ner":
        changes["dataset_reader.columns"] = {"tokens": 0, "ner": 3}
        changes["dataset_reader.delimiter"] = " "
    params = Params.from_file(config).as_dict()
    if "pretrained_file" in params["vocabulary"]:
        changes.update(small_vectors)
    return changes


@pytest.fixture(scope="module")
def elmo(tmp_path_factory) -> dict[str, Any]:
    """Overrides that name the files of a tiny ELMo."""
    folder = tmp_path_factory.mktemp("elmo")
    options, weights = make_elmo(folder)
    key = "model.text_field_embedder.token_embedders.elmo"
    return {
        f"{key}.embedder.options_file": options,
        f"{key}.embedder.weight_file": weights,
        f"{key}.cache": str(folder / "cache"),
    }


@pytest.fixture(scope="module")
def transformer(tmp_path_factory) -> dict[str, Any]:
    """Overrides that name a tiny BERT."""
    folder = tmp_path_factory.mktemp("bert")
    model = make_bert(folder)
    key = "model.text_field_embedder.token_embedders.transformer"
    return {
        "dataset_reader.token_indexers.transformer.model_name": model,
        f"{key}.embedder.model_name": model,
        f"{key}.cache": str(folder / "cache"),
    }


def test_the_papers_are_there():
    assert {each.stem for each in PAPERS} == {
        "huang2015",
        "lample2016",
        "ma_hovy2016",
        "peters2018_elmo",
        "reimers_gurevych2017",
        "reimers_gurevych2017_multitask",
        "sogaard_goldberg2016",
        "transformer",
    }


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("config", PAPERS, ids=lambda each: each.stem)
def test_trains_evaluates_and_predicts(
    config, name, allennlp, small_vectors, elmo, transformer, tmp_path
):
    changes = on_fixtures(name, config, small_vectors)
    changes |= {"peters2018_elmo": elmo, "transformer": transformer}.get(config.stem, {})
    folder = tmp_path / "model"
    allennlp("train", config, "-s", folder, "-o", form(name, changes))
    metrics = json.loads((folder / "metrics.json").read_text())
    score = "pos_accuracy" if name == "pos" else f"{name}_f1"
    # Tags of prediction and evaluation agree, whether tokens have their own vectors or not.
    test = changes["test_data_path"]
    model = folder / "model.tar.gz"
    gold_free = tmp_path / "predictions.jsonl"
    scores = tmp_path / "scores.json"
    from_evaluation = tmp_path / "evaluation.jsonl"
    allennlp(
        *("evaluate", model, test, "--output-file", scores),
        *("--predictions-output-file", from_evaluation),
    )
    allennlp(
        *("predict", model, test, "--use-dataset-reader", "--predictor", "conll_to_json"),
        *("--output-file", gold_free, "--silent", "--batch-size", "7"),
        *("--predictor-args", '{"constrained": false}'),  # as evaluation
    )
    # The stored model is the one that was validated.
    evaluated_score = json.loads(scores.read_text())[score]
    assert evaluated_score == pytest.approx(metrics[f"best_validation_{score}"])
    predicted = [
        json.loads(line)["sentences"][0]["tags"] for line in gold_free.read_text().splitlines()
    ]
    batches = [json.loads(line) for line in from_evaluation.read_text().splitlines()]
    evaluated = [tags for batch in batches for tags in batch["tags"]]

    def key(tags):
        return json.dumps(tags, sort_keys=True)

    assert sorted(map(key, predicted)) == sorted(map(key, evaluated))


def test_errors_of_a_model_that_only_allennlp_can_open(
    allennlp, error_of, small_vectors, transformer, tmp_path
):
    config = next(path for path in PAPERS if path.stem == "transformer")
    changes = on_fixtures("chunk", config, small_vectors) | transformer
    allennlp("train", config, "-s", tmp_path / "model", "-o", form("chunk", changes))
    model, gold = tmp_path / "model/model.tar.gz", changes["test_data_path"]
    changes = json.dumps({"dataset_reader.max_instances": None})
    scores = tmp_path / "scores.json"
    allennlp("evaluate", model, gold, "--output-file", scores, "-o", changes)
    report, page = tmp_path / "errors.json", tmp_path / "errors.html"
    options = ("--no-constraints", "--output-file", report, "--report", page)
    assert error_of("errors", model, gold, *options).endswith("say trust=True (or --trust)")
    assert not report.exists()
    allennlp("errors", model, gold, "--trust", *options)
    (task,) = json.loads(report.read_text())["tasks"]
    strict = task["models"][0]["scores"]["strict"]
    assert strict["f1"] == pytest.approx(json.loads(scores.read_text())["chunk_f1"])
    assert task["sentences"] == 44 and page.stat().st_size > 10_000
    # As the second of two models, too.
    allennlp("errors", "english", gold, model, "--dataset", "conll2000", "--trust", *options)
    assert json.loads(report.read_text())["tasks"][0]["models"][1]["scores"]["strict"] == strict


def test_cross_validation_of_a_model_that_only_allennlp_can_open(
    allennlp, small_vectors, transformer, tmp_path
):
    config = next(path for path in PAPERS if path.stem == "transformer")
    changes = on_fixtures("chunk", config, small_vectors) | transformer
    changes |= {"dataset_reader.max_instances": None, "validation_data_path": None}
    options = ("--folds", "2", "--seeds", "2", "--jobs", "2", "-o", form("chunk", changes))
    allennlp("crossval", config, "-s", tmp_path, *options)
    sentences = list(read_out_of_fold(tmp_path / "transformer" / "predictions.jsonl"))
    assert [sentence.number for sentence in sentences] == list(range(1, 45))
    tasks = [sentence.tasks["chunk"] for sentence in sentences]
    assert all({*gold_spans(task.gold)} <= {span[:3] for span in task.spans} for task in tasks)
