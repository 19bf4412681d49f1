import json

import pytest

from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.recording import record_of


@pytest.fixture
def job(tmp_path):
    config = {"trainer": {"validation_metric": "+f1"}}
    return Job("a", "0" * 12, 3, config, str(tmp_path), str(tmp_path), [], threads=2)


def write(folder, name, **content):
    (folder / name).write_text(json.dumps(content))


def epoch(folder, number, duration, **content):
    write(folder, f"metrics_epoch_{number}.json", training_duration=duration, **content)


def test_of_a_run_that_finished(job, tmp_path):
    for number in range(11):
        epoch(tmp_path, number, f"0:00:0{number // 2}", validation_f1=number / 10, epoch=number)
    write(
        tmp_path,
        "metrics.json",
        best_epoch=9,
        training_duration="0:01:30.250000",
        best_validation_f1=0.9,
        validation_f1=1.0,
        test_f1=0.8,
        epoch=10,
    )
    record = record_of(job, started="2026-01-01T00:00:00+00:00")
    assert (record.name, record.seed, record.finished, record.error) == ("a", 3, True, None)
    assert (record.epochs, record.best_epoch, record.seconds) == (11, 10, 90.2)
    assert record.metrics == {"best_validation_f1": 0.9, "test_f1": 0.8}
    # In the order of the epochs, not of the names of their files.
    assert record.curves == {"validation_f1": [number / 10 for number in range(11)]}
    assert record.config == job.config
    assert record.machine["threads"] == 2
    assert {"python", "torch", "allennlp"} <= record.versions.keys()


def test_time_of_a_run_that_was_recovered(job, tmp_path):
    """AllenNLP's clock starts anew: 20 s before, 15 s after."""
    for number, duration in enumerate(["0:00:10", "0:00:20", "0:00:05", "0:00:14"]):
        epoch(tmp_path, number, duration)
    write(tmp_path, "metrics.json", training_duration="0:00:15")
    assert record_of(job).seconds == 35


def test_days(job, tmp_path):
    write(tmp_path, "metrics.json", training_duration="1 day, 1:00:01.5")
    assert record_of(job).seconds == 25 * 3600 + 1.5


def test_of_a_run_that_failed(job, tmp_path):
    """The epochs that it came to are kept; what an earlier training scored is not its score."""
    epoch(tmp_path, 0, "0:00:10", validation_f1=0.1)
    write(tmp_path, "metrics.json", best_epoch=0, test_f1=0.5)
    record = record_of(job, "ValueError: no")
    assert (record.status, record.error, record.epochs) == ("failed", "ValueError: no", 1)
    assert record.metrics == {}
    assert record.best_epoch is None


def test_of_a_run_that_did_not_begin(job):
    record = record_of(job, "no")
    assert (record.epochs, record.seconds, record.curves) == (None, None, {})


def test_numbers_that_are_none(job, tmp_path):
    epoch(tmp_path, 0, "0:00:10", validation_loss=1.0, validation_f1=0.5)
    epoch(tmp_path, 1, "0:00:20", validation_loss=float("nan"), validation_f1=0.5)
    write(tmp_path, "metrics.json", best_validation_loss=float("inf"), best_validation_f1=0.5)
    record = record_of(job)
    assert record.metrics == {"best_validation_f1": 0.5}
    assert record.curves == {"validation_f1": [0.5, 0.5]}
