import json
import os
import signal
import time
from pathlib import Path

import pytest
from allennlp.common.util import install_sigterm_handler

from bilstm_tagger.experiments.records import read_records
from bilstm_tagger.tagging.commands.errors import interruptible

CONFIG = "training_config/quickstart.jsonnet"
SHORT = {
    "train_data_path": "fixtures/corpus/dev.conll",
    # Scored after every epoch, it would take half of the time.
    "test_data_path": None,
    "model.encoder.hidden_sizes": [5],
    "trainer.num_epochs": 2,
}
LONG = {"trainer.num_epochs": 15, "trainer.patience": None}


def arguments(folder: Path, *more: str, **overrides) -> list[str]:
    return ["seeds", CONFIG, "-s", str(folder), "-o", json.dumps(SHORT | overrides), *more]


def test_trains_records_and_does_nothing_twice(allennlp, tmp_path, capsys):
    allennlp(*arguments(tmp_path, "--seeds", "2", "--jobs", "2"))
    records = read_records(tmp_path / "runs.jsonl")
    assert [(record.seed, record.status) for record in records] == [
        (1, "finished"),
        (2, "finished"),
    ]
    assert records[0].metrics != records[1].metrics
    log = capsys.readouterr().err
    assert "2/2 quickstart seed" in log
    assert "pos_accuracy dev 0." in log
    assert "2 runs finished, 0 failed" in log

    times = [path.stat().st_mtime_ns for path in tmp_path.rglob("run.json")]
    allennlp(*arguments(tmp_path, "--seeds", "2"))
    assert times == [path.stat().st_mtime_ns for path in tmp_path.rglob("run.json")]
    assert "2 of 2 runs were finished before" in capsys.readouterr().err
    assert read_records(tmp_path) == records

    # Of damaged ones, the first is made again while the second cannot be read.
    for path in tmp_path.rglob("run.json"):
        path.write_text("{")
    allennlp(*arguments(tmp_path, "--seeds", "2", "--jobs", "2"))
    assert [each.metrics for each in read_records(tmp_path)] == [each.metrics for each in records]
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "run.json").write_text("{")
    with pytest.raises(SystemExit):
        allennlp(*arguments(tmp_path, "--seeds", "2"))
    assert "elsewhere/run.json: no record of a run" in capsys.readouterr().err


def test_a_failure_is_recorded_and_said(allennlp, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        allennlp(*arguments(tmp_path, "--seeds", "1", train_data_path="missing.conll"))
    assert ended.value.code == 1
    (record,) = read_records(tmp_path)
    assert not record.finished
    log = capsys.readouterr().err
    assert "1/1 quickstart seed 1: failed: " in log
    assert "0 runs finished, 1 failed" in log


@pytest.mark.parametrize(("by", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_status_of_an_interruption(by, status):
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    # Tests in the background of a shell ignore interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    install_sigterm_handler()
    said = []
    try:
        with pytest.raises(SystemExit) as ended, interruptible(said.append):
            signal.raise_signal(by)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert ended.value.code == status
    assert said == ["interrupted" if by == signal.SIGINT else "terminated"]


def test_interrupted_and_gone_on_with(start, allennlp, tmp_path):
    command = arguments(tmp_path, "--seeds", "1", "--jobs", "2", **LONG)
    process, log = start(*command)
    run = tmp_path / "quickstart" / "seed-1"
    end = time.monotonic() + 180
    while not (run / "metrics_epoch_1.json").exists():
        assert process.is_alive() and time.monotonic() < end
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    process.join(30)
    assert process.exitcode == 130
    assert "interrupted: 0 of 1 runs ended; the same command goes on" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert not (run / "run.json").exists()
    first_epoch = (run / "metrics_epoch_0.json").stat().st_mtime_ns

    allennlp(*command)
    assert (run / "metrics_epoch_0.json").stat().st_mtime_ns == first_epoch
    (record,) = read_records(tmp_path)
    assert record.finished and record.epochs == 15


@pytest.mark.parametrize("option", ["--seeds", "--jobs"])
def test_wrong_numbers(option, allennlp, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        allennlp(*arguments(tmp_path, option, "0"))
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {option} must be at least 1"
    assert not os.listdir(tmp_path)
