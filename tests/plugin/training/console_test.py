"""What a training shows, and what is in its log alone."""

import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CONFIG = "training_config/quickstart.jsonnet"
SHORT = {"dataset_reader.max_instances": 40, "trainer.num_epochs": 2}


def test_the_data_the_model_and_the_scores_are_shown_and_the_rest_is_logged(
    train, tmp_path, capsys
):
    folder = train(CONFIG, tmp_path / "model", {**SHORT, "evaluate_on_test": True}).parent
    shown, log = capsys.readouterr().out, (folder / "out.log").read_text()
    assert " - INFO - " not in shown
    assert len(shown.splitlines()) < 50
    for title in ("The data", "The model", "Best epoch of chunk: ", "on test data: pos_accuracy"):
        assert title in shown and title in log
    metrics = json.loads((folder / "metrics.json").read_text())
    scores = (
        "pos_accuracy {best_validation_pos_accuracy:.4f}, chunk_f1 {best_validation_chunk_f1:.4f}"
    )
    best = metrics["best_epoch"] + 1
    assert f"Epoch {best}, on validation data: {scores.format(**metrics)}\n" in shown
    assert shown.endswith(f"The model, all scores and the log are in {folder}\n")
    for name in ("Number of trainable parameters: ", "Batch inputs", "Metrics: {"):
        assert name in log


def test_warnings_are_shown(train, tmp_path, capsys):
    data = tmp_path / "train.conll"
    data.write_text("a X I-NP\nb X O\n\nb X O\n")
    overrides = {**SHORT, "train_data_path": str(data), "dataset_reader.invalid_tags": "repair"}
    train(CONFIG, tmp_path / "model", overrides)
    assert f"\nwarning: {data}: repaired the tags of 1 sent" in "\n" + capsys.readouterr().out


@pytest.mark.parametrize("variable, value", [("LOG_LEVEL", "INFO"), ("DEBUG", "1")])
def test_the_log_is_shown_to_those_who_ask(train, tmp_path, capsys, monkeypatch, variable, value):
    monkeypatch.setenv(f"ALLENNLP_{variable}", value)
    train(CONFIG, tmp_path / "model", SHORT)
    shown = capsys.readouterr().out
    assert " - INFO - allennlp.training.optimizers - Number of trainable" in shown
    assert (" - DEBUG - " in shown) == (variable == "DEBUG")


def test_the_table_of_the_data(train, small_vectors, tmp_path, capsys):
    pos, chunk = "fixtures/corpus/pos.conllu", "fixtures/corpus/dev.conll"
    overrides = {
        **small_vectors,
        "train_data_path": {"ewt": pos, "conll2000": chunk},
        "validation_data_path": {"conll2000": chunk},
        "test_data_path": None,
        "trainer.num_epochs": 1,
        "trainer.callbacks": [],
        "trainer.validation_metric": "+chunk_f1",
    }
    train("training_config/multitask_pos_chunking.jsonnet", tmp_path / "model", overrides)
    rows = [line.strip("│ ") for line in capsys.readouterr().out.splitlines() if "│" in line]
    sentences = Path(chunk).read_text().strip().split("\n\n")
    tokens = [line.split()[0] for sentence in sentences for line in sentence.split("\n")]
    vectors = Path("fixtures/vectors/vectors.16d.txt").read_text().splitlines()
    words = {line.split()[0] for line in vectors}
    # A number without a vector of its own may have that of its normalised form.
    exact = sum(token in words or token.lower() in words for token in tokens) / len(tokens)
    cells = [[cell.strip() for cell in row.split("│")] for row in rows]
    training, other, validation = cells
    assert training[0] == "training conll2000"
    assert other[0] == "training ewt" and re.fullmatch(r"pos \d+", other[4])
    assert validation == ["validation conll2000", *training[1:]]
    assert training[1:3] == [str(len(sentences)), str(len(tokens))]
    assert exact - 0.001 < float(training[3].rstrip("%")) / 100 < exact + 0.05
    assert re.fullmatch(r"chunk \d+", training[4])


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], list[bytes]]]:
    """Makes stderr a terminal of a width; what is written to it comes into the list."""
    master, slave = pty.openpty()
    written: list[bytes] = []

    def read() -> None:
        while not (written and written[-1].endswith(b"\0")):
            written.append(os.read(master, 4096))

    reader = threading.Thread(target=read)

    def open_terminal(width: int) -> list[bytes]:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 40, width, 0, 0))
        monkeypatch.setattr(sys, "stderr", os.fdopen(slave, "w", closefd=False))
        reader.start()
        return written

    yield open_terminal
    os.write(slave, b"\0")
    reader.join()
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize("width", [80, 110])
def test_bars_fit_the_terminal(train, tmp_path, terminal, width):
    written = terminal(width)
    train(CONFIG, tmp_path / "model", SHORT)
    sys.stderr.write("the end")
    sys.stderr.flush()
    while not b"".join(written).endswith(b"the end"):
        pass
    lines = [line.split("\r") for line in b"".join(written).decode().split("\r\n")]
    assert max(len(update) for line in lines for update in line) == width - 1
    bars = [line[-1] for line in lines if line[-1].startswith(("epoch", "  validation"))]
    titles = [bar.partition(":")[0] for bar in bars]
    assert titles == ["epoch 1/2", "  validation", "epoch 2/2", "  validation"]
    assert re.match(r"epoch 1/2: loss [\d.]+: 100%", bars[0])
    scores = r"loss [\d.]+, pos_accuracy \d\.\d{4}, chunk_f1 \d\.\d{4}"
    assert re.match(f"  validation: {scores}: 100%", bars[1])
