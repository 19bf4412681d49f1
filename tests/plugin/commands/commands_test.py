import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from allennlp.models import load_archive
from allennlp.training import GradientDescentTrainer
from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score

CONFIG = "training_config/quickstart.jsonnet"
DEV = "fixtures/corpus/dev.conll"
TEST = "fixtures/corpus/test.conll"
VECTORS = "fixtures/vectors/vectors.16d.txt"
CONLLU = "fixtures/corpus/pos.conllu"
# A short training.
SHORT = {"train_data_path": DEV, "model.encoder.hidden_sizes": [10]}


@pytest.fixture
def evaluate(allennlp, tmp_path):
    """The scores of `allennlp evaluate`."""

    def run(archive, data, *arguments) -> dict[str, float]:
        scores = tmp_path / "scores.json"
        allennlp("evaluate", archive, data, "--output-file", scores, *arguments)
        return json.loads(scores.read_text())

    return run


@pytest.fixture
def predict(allennlp, tmp_path):
    """The output of `allennlp predict`."""

    def run(archive, data, predictor, *arguments) -> str:
        output = tmp_path / "output"
        allennlp(
            "predict",
            archive,
            data,
            "--predictor",
            predictor,
            "--silent",
            "--output-file",
            output,
            *arguments,
        )
        return output.read_text()

    return run


@pytest.fixture
def unseen(tmp_path) -> Path:
    """A file with gold labels that training has not seen: one sentence of eight."""
    lines = Path(TEST).read_text().splitlines()[:8]
    assert lines[1] == "rain NOUN I-NP O"
    lines[1] = "rain FLUID I-NP O"
    lines[7] = ". PUNCT B-LST O"
    path = tmp_path / "unseen.conll"
    path.write_text("\n".join(lines) + "\n")
    return path


def subprocess_output(*arguments) -> tuple[str, str]:
    command = [Path(sys.executable).parent / "allennlp", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_help_lists_the_commands_and_prints_no_warning():
    stdout, stderr = subprocess_output("--help")
    for command in ("train", "evaluate", "predict", "build-vocab", "find-lr"):
        assert f"\n    {command} " in stdout
    lines = [line.partition(" - ")[2] for line in stderr.splitlines()]
    assert lines == ["INFO - allennlp.common.plugins - Plugin bilstm_tagger.plugin available"]


def test_evaluate_by_the_plugin_file_prints_no_warning(quickstart_archive, tmp_path):
    scores = tmp_path / "scores.json"
    stdout, stderr = subprocess_output(
        "evaluate", quickstart_archive, TEST, "--output-file", scores
    )
    assert json.loads(scores.read_text())["pos_accuracy"] > 0.5
    assert [line for line in (stdout + stderr).splitlines() if "Warning" in line] == []


class TestTrain:
    def test_leaves_an_archive_and_metrics_of_all_tasks(self, quickstart_archive):
        directory = quickstart_archive.parent
        metrics = json.loads((directory / "metrics.json").read_text())
        assert metrics["epoch"] == 4
        chunk = {f"chunk_{each}" for each in ("loss", "accuracy", "precision", "recall", "f1")}
        scores = {"loss", "pos_loss", "pos_accuracy", *chunk}
        assert {f"validation_{each}" for each in scores} <= metrics.keys()
        # Nothing is decoded in training.
        training = {key for key in metrics if key.startswith("training_")}
        assert "training_pos_loss" in training
        assert not {key for key in training if key.endswith(("accuracy", "f1"))}
        with tarfile.open(quickstart_archive) as archive:
            assert "vocabulary/chunk_labels.txt" in archive.getnames()

    def test_evaluates_on_the_test_file_if_asked(self, train, evaluate, tmp_path):
        overrides = {**SHORT, "trainer.num_epochs": 1, "evaluate_on_test": True}
        archive = train(CONFIG, tmp_path / "model", overrides)
        metrics = json.loads((archive.parent / "metrics.json").read_text())
        scores = evaluate(archive, TEST)
        assert {name: metrics[f"test_{name}"] for name in scores} == scores

    def test_same_seed_same_result(self, train, tmp_path):
        overrides = {**SHORT, "trainer.num_epochs": 2}
        archives = [
            train(CONFIG, tmp_path / name, {**overrides, "pytorch_seed": seed})
            for name, seed in (("a", 1), ("b", 1), ("c", 2))
        ]
        first, second, other = [
            json.loads((archive.parent / "metrics.json").read_text())["validation_loss"]
            for archive in archives
        ]
        assert first == second
        assert first != other

    def test_interrupted_training_is_recovered(self, train, allennlp, tmp_path, monkeypatch):
        overrides = {**SHORT, "trainer.num_epochs": 4}
        whole = train(CONFIG, tmp_path / "whole", overrides).parent

        # Epochs of which something was trained: AllenNLP goes through those before, without.
        epochs = []
        train_epoch = GradientDescentTrainer._train_epoch
        batch_outputs = GradientDescentTrainer.batch_outputs
        interrupt = True

        def counted_epoch(trainer, epoch):
            if interrupt and epoch == 2:
                raise KeyboardInterrupt
            epochs.append((epoch, []))
            return train_epoch(trainer, epoch)

        def counted_batch(trainer, batch, for_training):
            epochs[-1][1].append(for_training)
            return batch_outputs(trainer, batch, for_training)

        monkeypatch.setattr(GradientDescentTrainer, "_train_epoch", counted_epoch)
        monkeypatch.setattr(GradientDescentTrainer, "batch_outputs", counted_batch)
        directory = tmp_path / "parts"
        with pytest.raises(SystemExit, match="130"):
            train(CONFIG, directory, overrides)
        assert not (directory / "metrics.json").exists()
        interrupt = False
        allennlp("train", CONFIG, "-s", directory, "--recover", "-o", json.dumps(overrides))
        assert [epoch for epoch, batches in epochs if any(batches)] == [0, 1, 2, 3]

        found, expected = (
            json.loads((each / "metrics.json").read_text()) for each in (directory, whole)
        )
        assert found["epoch"] == 3
        for key in ("training_loss", "validation_loss", "validation_chunk_f1", "best_epoch"):
            assert found[key] == pytest.approx(expected[key])
        assert (directory / "model.tar.gz").is_file()


class TestEvaluate:
    def test_batch_size_changes_no_score(self, quickstart_archive, evaluate):
        scores = evaluate(quickstart_archive, TEST)
        for size in (1, 7):
            other = evaluate(quickstart_archive, TEST, "--batch-size", size)
            for key in ("pos_accuracy", "chunk_accuracy", "chunk_f1"):
                assert other[key] == scores[key]

    def test_several_data_sets(self, multitask_archive, evaluate):
        both = evaluate(multitask_archive, json.dumps({"ewt": CONLLU, "conll2000": DEV}))
        pos = evaluate(multitask_archive, json.dumps({"ewt": CONLLU}))
        chunk = evaluate(multitask_archive, json.dumps({"conll2000": DEV}))
        assert {"loss", "pos_loss", "pos_accuracy"} == pos.keys()
        assert {"loss", "chunk_loss", "chunk_accuracy", "chunk_f1"} < chunk.keys()
        assert not pos.keys() & chunk.keys() - {"loss"}
        for scores in (pos, chunk):
            del scores["loss"]
        assert {key: both[key] for key in (*pos, *chunk)} == pytest.approx({**pos, **chunk})

    def test_several_data_sets_need_a_name_for_the_file(self, multitask_archive, error_of):
        error = error_of("evaluate", multitask_archive, CONLLU)
        assert re.search('several data sets .* as in {"conll2000": "', error)

    def test_unseen_gold_labels_are_errors(self, quickstart_archive, evaluate, predict, unseen):
        scores = evaluate(quickstart_archive, unseen)
        output = predict(
            quickstart_archive, unseen, "conll_to_conll", "--use-dataset-reader"
        ).splitlines()
        rows = [line.split() for line in output if line]
        assert len(rows) == 8
        pos = sum(row[1] == row[5] for row in rows)
        assert scores["pos_accuracy"] == pytest.approx(pos / 8)
        gold, predicted = ([row[column] for row in rows] for column in (2, 4))
        assert scores["chunk_recall"] == pytest.approx(recall_score([gold], [predicted]))
        assert max(scores["pos_accuracy"], scores["chunk_accuracy"]) < 1
        assert scores["chunk_loss"] == 0  # the only sentence has an unseen label
        assert 0 < scores["pos_loss"] < float("inf")

    def test_predictions_file(self, quickstart_archive, evaluate, tmp_path):
        predictions = tmp_path / "predictions.jsonl"
        evaluate(quickstart_archive, DEV, "--predictions-output-file", predictions)
        batches = [json.loads(line) for line in predictions.read_text().splitlines()]
        sentences = sum(len(each["tags"]) for each in batches)
        assert sentences == Path(DEV).read_text().strip().count("\n\n") + 1


class TestPredict:
    def test_output_file_scored_by_seqeval_has_the_f1_of_evaluate(
        self, quickstart_archive, evaluate, predict
    ):
        scores = evaluate(quickstart_archive, TEST)
        output = predict(
            quickstart_archive,
            TEST,
            "conll_to_conll",
            *("--use-dataset-reader", "--batch-size", 32),
            *("--predictor-args", '{"constrained": false}'),  # as evaluation
        )
        sentences = [
            [line.split() for line in block.splitlines()] for block in output.split("\n\n") if block
        ]
        gold = [[row[2] for row in sentence] for sentence in sentences]
        predicted = [[row[4] for row in sentence] for sentence in sentences]
        # To the last digit.
        assert scores["chunk_f1"] == f1_score(gold, predicted)
        assert scores["chunk_precision"] == precision_score(gold, predicted)
        assert scores["chunk_recall"] == recall_score(gold, predicted)
        assert 0.5 < scores["chunk_f1"] < 1
        assert scores["chunk_accuracy"] == accuracy_score(gold, predicted)
        pos = [[[row[column] for row in each] for each in sentences] for column in (1, 5)]
        assert scores["pos_accuracy"] == accuracy_score(*pos)

    @pytest.mark.parametrize(
        ("data", "predictor", "arguments"),
        [
            ("fixtures/text/raw.txt", "text_to_conll", []),
            ("fixtures/text/sentences.jsonl", "json_to_json", []),
            (TEST, "conll_to_conll", ["--use-dataset-reader"]),
        ],
    )
    def test_batch_size_changes_no_output(
        self, quickstart_archive, predict, data, predictor, arguments
    ):
        first, *others = [
            predict(quickstart_archive, data, predictor, "--batch-size", size, *arguments)
            for size in (1, 7)
        ]
        assert first
        assert others == [first]

    def test_raw_text_comes_out_whole(self, quickstart_archive, predict):
        path = Path("fixtures/text/raw.txt")
        output = predict(quickstart_archive, path, "text_to_conll")
        tokens = "".join(line.split("\t")[0] for line in output.splitlines())
        assert tokens == "".join(path.read_text().split())

    def test_arguments_of_the_predictor(self, multitask_archive, predict):
        arguments = json.dumps({"dataset": "conll2000", "tasks": ["pos"]})
        output = predict(
            multitask_archive,
            "fixtures/text/untagged.conll",
            "conll_to_conll",
            "--use-dataset-reader",
            "--predictor-args",
            arguments,
        )
        assert {len(line.split()) for line in output.splitlines() if line} == {2}

    def test_column_file_without_the_reader(self, quickstart_archive, error_of):
        error = error_of("predict", quickstart_archive, TEST, "--predictor", "conll_to_conll")
        assert "add --use-dataset-reader" in error


def test_build_vocab_makes_a_vocabulary_to_train_with(
    allennlp, train, quickstart, quickstart_archive, tmp_path
):
    vocabulary = tmp_path / "vocabulary.tar.gz"
    allennlp("build-vocab", CONFIG, vocabulary)  # it ignores --overrides
    overrides = {
        "vocabulary": {"type": "from_files", "directory": str(vocabulary)},
        "trainer.num_epochs": 1,
    }
    archive = train(CONFIG, tmp_path / "model", overrides)
    for name in ("words", "pos_labels", "chunk_labels", "casing", "token_characters"):
        files = [
            each.parent / "vocabulary" / f"{name}.txt" for each in (archive, quickstart_archive)
        ]
        assert files[0].read_text() == files[1].read_text() != ""
    # The vectors of the words arrive, though the vocabulary has not read them.
    rows = [line.split(" ")[0] for line in Path(VECTORS).read_text().splitlines()]
    vocab = quickstart.model.vocab
    ids = [
        vocab.get_token_index(word, "words")
        for word in rows
        if word in vocab._token_to_index["words"]
    ]
    assert len(ids) > 100
    name = "text_field_embedder.token_embedder_words.weight"
    weights = [each.model.state_dict()[name][ids] for each in (load_archive(archive), quickstart)]
    assert weights[0].equal(weights[1])


def test_find_lr(allennlp, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    directory = tmp_path / "rates"
    overrides = json.dumps(SHORT)
    allennlp("find-lr", CONFIG, "-s", directory, "--num-batches", 12, "-o", overrides)
    assert (directory / "lr-losses.png").stat().st_size > 0
