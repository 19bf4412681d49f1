import json
import re
import statistics
from pathlib import Path

import numpy
import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader

from bilstm_tagger.experiments.out_of_fold import read_out_of_fold
from bilstm_tagger.experiments.records import RunRecord
from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.span_probabilities import span_probabilities
from bilstm_tagger.text.dataset_layout import DatasetLayout, TaskColumn
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.spans import Span, precision_recall_f1, read_spans

CONFIG = "training_config/quickstart.jsonnet"
DATA = "fixtures/corpus/dev.conll"
SHORT = {
    "train_data_path": DATA,
    "validation_data_path": "fixtures/corpus/test.conll",
    "model.encoder.hidden_sizes": [5],
    "trainer.num_epochs": 2,
}
LAYOUT = DatasetLayout(
    {"tokens": 0, "pos": 1, "chunk": 2}, {"pos": TaskColumn(), "chunk": TaskColumn("BIO")}
)
FOLDS, SEEDS = (1, 2, 3), (1, 2)


def arguments(folder: Path, *more: str, folds: int = 3, **overrides) -> list[str]:
    options = ["--folds", str(folds), "-o", json.dumps(SHORT | overrides)]
    return ["crossval", CONFIG, "-s", str(folder), *options, *more]


@pytest.fixture(scope="module")
def runs(allennlp, tmp_path_factory) -> Path:
    """The folder of a cross-validation."""
    folder = tmp_path_factory.mktemp("runs")
    allennlp(*arguments(folder, "--seeds", "2", "--jobs", "2"))
    return folder


def run_folder(runs: Path, fold: int, seed: int) -> Path:
    return runs / "quickstart" / f"fold-{fold}" / f"seed-{seed}"


def predictions(runs: Path):
    return list(read_out_of_fold(runs / "quickstart" / "predictions.jsonl"))


def test_every_sentence_once_in_the_order_of_the_data(runs):
    data = list(read_dataset(DATA, LAYOUT))
    sentences = predictions(runs)
    assert [sentence.tokens for sentence in sentences] == [sentence.tokens for sentence in data]
    for number, (predicted, sentence) in enumerate(zip(sentences, data, strict=True)):
        assert (predicted.number, predicted.fold) == (number + 1, number % 3 + 1)
        assert (predicted.file, predicted.lines) == (DATA, sentence.line_numbers)
        assert {task: of_task.gold for task, of_task in predicted.tasks.items()} == {
            task: sentence.columns[task] for task in ("pos", "chunk")
        }
        encodings = {task: of_task.encoding for task, of_task in predicted.tasks.items()}
        assert encodings == {"pos": None, "chunk": "BIO"}
        for of_task in predicted.tasks.values():
            assert [*map(len, (of_task.gold, of_task.predicted, of_task.labels))] == [
                len(sentence.tokens)
            ] * 3


def test_no_model_predicts_what_it_was_trained_on(runs):
    data = [sentence.tokens for sentence in read_dataset(DATA, LAYOUT)]
    for fold in FOLDS:
        config = json.loads((run_folder(runs, fold, 1) / "config.json").read_text())
        reader = DatasetReader.from_params(Params(config["dataset_reader"]))
        trained = [
            instance["metadata"]["tokens"] for instance in reader.read(config["train_data_path"])
        ]
        predicted = [
            s.tokens for s in read_out_of_fold(run_folder(runs, fold, 1) / "left_out.jsonl")
        ]
        assert predicted == data[fold - 1 :: 3]
        assert trained == [tokens for tokens in data if tokens not in predicted]
        assert config["validation_data_path"] == SHORT["validation_data_path"]
        assert "best_epochs" not in str(config)


def test_probabilities_are_means_over_the_seeds(runs):
    for fold in FOLDS:
        taggers = [Tagger.load(run_folder(runs, fold, seed) / "model.tar.gz") for seed in SEEDS]
        sentences = [sentence for sentence in predictions(runs) if sentence.fold == fold]
        inputs = [TokenizedSentence(sentence.tokens) for sentence in sentences]
        tagged = [tagger.tag(inputs, probabilities="all") for tagger in taggers]
        for sentence, input_, *of_models in zip(sentences, inputs, *tagged, strict=True):
            for task, of_task in sentence.tasks.items():
                assert of_task.predicted == of_models[0].tags[task]
                for index, labels in enumerate(of_task.labels):
                    chances = [model.distributions[task][index] for model in of_models]
                    gold = of_task.gold[index]
                    means = {
                        label: statistics.mean(chance.get(label, 0.0) for chance in chances)
                        for label in {gold}.union(*chances)
                    }
                    expected = {k: p for k, p in means.items() if p >= 0.0005 or k == gold}
                    assert dict(labels) == pytest.approx(expected, abs=6e-5)
                    assert labels == sorted(labels, key=lambda item: -item[1])
            chunks = sentence.tasks["chunk"]
            spans = set(read_spans(chunks.gold)).union(
                *(read_spans(model.tags["chunk"]) for model in of_models)
            )
            listed = {Span(label, first, last + 1): p for first, last, label, p in chunks.spans}
            assert listed.keys() == spans
            asked = [{"chunk": sorted(spans)}]
            values = [span_probabilities(tagger, [input_], asked)[0]["chunk"] for tagger in taggers]
            for span, *of_span in zip(sorted(spans), *values, strict=True):
                assert listed[span] == pytest.approx(statistics.mean(of_span), abs=1e-5)
            assert sentence.tasks["pos"].spans == []


def test_the_figures_are_those_by_hand(runs, allennlp, capsys):
    allennlp(*arguments(runs, "--seeds", "2"))
    captured = capsys.readouterr()
    assert "6 of 6 runs were finished before" in captured.err
    chunks, tags = {}, {}
    for fold in FOLDS:
        for seed in SEEDS:
            sentences = list(read_out_of_fold(run_folder(runs, fold, seed) / "left_out.jsonl"))
            spans = [
                [set(read_spans(tags_of)) for tags_of in (chunk.gold, chunk.predicted)]
                for chunk in (sentence.tasks["chunk"] for sentence in sentences)
            ]
            chunks[fold, seed] = numpy.array(
                [(len(gold & predicted), len(predicted), len(gold)) for gold, predicted in spans]
            ).sum(0)
            correct = [
                gold == predicted
                for pos in (sentence.tasks["pos"] for sentence in sentences)
                for gold, predicted in zip(pos.gold, pos.predicted, strict=True)
            ]
            tags[fold, seed] = numpy.array([sum(correct), len(correct), len(correct)])
            # AllenNLP has scored the same sentences.
            record = RunRecord.load(run_folder(runs, fold, seed) / "run.json")
            assert (record.name, record.fold.only) == (f"quickstart/fold-{fold}", fold)
            assert record.test("pos_accuracy") == pytest.approx(numpy.mean(correct))

    def shown(counts) -> str:
        scores = [100 * precision_recall_f1(*of_run)[2] for of_run in counts]
        return f"{statistics.mean(scores):.2f} ± {statistics.stdev(scores):.2f}"

    lines = captured.out.splitlines()
    assert lines[0] == "quickstart: 3 folds by sentence, 2 seeds; per cent"
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    expected = [
        [f"fold {fold}", str(size), *(shown([t[fold, 1], t[fold, 2]]) for t in (chunks, tags))]
        for fold, size in zip(FOLDS, (15, 15, 14), strict=True)
    ]
    expected.append(["mean ± sd of 6 runs", "", shown(chunks.values()), shown(tags.values())])
    pooled = [
        shown([sum(table[fold, seed] for fold in FOLDS) for seed in SEEDS])
        for table in (chunks, tags)
    ]
    assert cells == [*expected, ["all folds together", "44", *pooled]]


def test_goes_on_and_makes_only_what_is_missing(runs, allennlp):
    whole = (runs / "quickstart" / "predictions.jsonl").read_bytes()
    (runs / "quickstart" / "predictions.jsonl").unlink()
    lost = run_folder(runs, 2, 2)
    for name in ("run.json", "left_out.jsonl"):
        (lost / name).unlink()
    times = {path: path.stat().st_mtime_ns for path in runs.rglob("run.json")}
    assert len(times) == 5
    allennlp(*arguments(runs, "--seeds", "2"))
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())
    assert (runs / "quickstart" / "predictions.jsonl").read_bytes() == whole


def test_folds_are_not_compared_with_each_other(runs, error_of, allennlp, capsys):
    assert "left out different folds" in error_of("compare", runs)
    allennlp("distribution", runs, "--metric", "chunk_f1")
    assert "quickstart/fold-3" in capsys.readouterr().out


def test_other_folds_in_the_same_folder(runs, error_of):
    message = error_of(*arguments(runs, folds=2))
    assert "has runs of 3 folds by sentence, not of 2 by sentence" in message


def test_predictions_of_other_data(runs, allennlp, capsys):
    """The data changed while the runs were made, and are what they were again."""
    path = run_folder(runs, 3, 1) / "left_out.jsonl"
    content = path.read_bytes()
    for changed, problem in (
        (content.replace(b'"tokens":["', b'"tokens":["Not'), f"error: {DATA}:"),
        (content + content.splitlines(keepends=True)[0], "error: the data had more sentences"),
        (None, f"{path} is missing: remove {path.parent} and give the same command again"),
    ):
        path.write_bytes(changed) if changed else path.unlink()
        with pytest.raises(SystemExit):
            allennlp(*arguments(runs))
        error = capsys.readouterr().err
        assert problem in error
        assert f"remove {runs / 'quickstart'}" in error
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("options", "overrides", "problem"),
    [
        (("--folds", "1"), {}, "--folds must be at least 2"),
        (("--folds", "45"), {}, "--folds is 45, and there are 44 sentences: give fewer"),
        (("--by", "document"), {}, "nothing says where documents begin.*--by sentence"),
        ((), {"validation_data_path": "./" + DATA}, "best epoch would be chosen by sentences"),
        ((), {"dataset_reader.max_instances": 5}, "leave 'max_instances' out"),
        ((), {"dataset_reader.type": "other"}, "'conll_columns'"),
        ((), {"dataset_reader.form": "xml"}, "dataset_reader: Invalid enum value 'xml'"),
        (
            (),
            {"model.tasks.chunk.repair": "O", "model.tasks.chunk.constrained": False},
            "model.tasks.chunk has repair: 'O' and constrained: false",
        ),
        ((), {"train_data_path": None}, "must name whole files"),
        ((), {"train_data_path": {"x": DATA}}, "names the data set 'x'"),
        ((), {"train_data_path": "missing.conll"}, "there is no such file"),
        (("--seeds", "0"), {}, "--seeds must be at least 1"),
    ],
)
def test_what_cannot_be_divided(options, overrides, problem, error_of, tmp_path):
    error = error_of(*arguments(tmp_path, *options, **overrides))
    assert re.search(problem, error), error
    assert not any(tmp_path.iterdir())
