import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from bilstm_tagger.plugin.runs.jobs import Job, jobs_of
from bilstm_tagger.plugin.runs.worker import make

CONFIG = "training_config/quickstart.jsonnet"
SHORT = {
    "train_data_path": "fixtures/corpus/dev.conll",
    "model.encoder.hidden_sizes": [5],
    "trainer.num_epochs": 3,
    "evaluate_on_test": True,
}


def job_in(folder: Path, **overrides) -> Job:
    return jobs_of([CONFIG], [7], str(folder), json.dumps(SHORT | overrides))[0]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Job:
    job = job_in(tmp_path_factory.mktemp("runs"))
    make(job)
    return job


def test_record_of_a_training(finished):
    record = finished.record()
    assert record.finished and record.error is None
    assert (record.name, record.seed, record.epochs) == ("quickstart", 7, 3)
    assert record.metrics.keys() >= {"best_validation_chunk_f1", "test_pos_accuracy"}
    assert record.validation_metric == "pos_accuracy"
    assert record.config == finished.config
    assert len(record.curves["validation_pos_accuracy"]) == 3
    written = json.loads((Path(finished.folder) / "config.json").read_text())
    assert written == finished.config
    assert (Path(finished.folder) / "model.tar.gz").is_file()


def test_what_is_finished_is_not_done_again(finished):
    before = {path: path.stat().st_mtime_ns for path in Path(finished.folder).iterdir()}
    make(finished)
    assert before == {path: path.stat().st_mtime_ns for path in Path(finished.folder).iterdir()}


def test_goes_on_where_it_stopped_and_ends_alike(finished, tmp_path):
    """Stopped after the second of three epochs, its last state cut short at that."""
    stopped = job_in(tmp_path, **{"trainer.num_epochs": 2})
    make(stopped)
    folder = Path(stopped.folder)
    job = dataclasses.replace(finished, folder=stopped.folder)
    # As a training of three epochs would have left it.
    for name in ("run.json", "metrics.json", "model.tar.gz"):
        (folder / name).unlink()
    (folder / "config.json").write_text(json.dumps(job.config))
    (folder / "model_state_e3_b0.th").write_bytes(b"cut short")
    first_epoch = (folder / "metrics_epoch_0.json").stat().st_mtime_ns
    make(job)
    assert (folder / "metrics_epoch_0.json").stat().st_mtime_ns == first_epoch
    record = job.record()
    assert record.finished and record.epochs == 3
    assert record.metrics == finished.record().metrics
    assert record.curves == finished.record().curves


def test_a_folder_without_a_whole_state_is_begun_anew(finished, tmp_path):
    job = dataclasses.replace(finished, folder=str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(json.dumps(job.config))
    (tmp_path / "run" / "model_state_e1_b0.th").write_bytes(b"cut short")
    make(job)
    assert job.record().metrics == finished.record().metrics


def test_an_error_is_recorded_and_the_next_time_it_is_tried_again(tmp_path):
    job = job_in(tmp_path, **{"train_data_path": str(tmp_path / "later.conll")})
    make(job)
    record = job.record()
    assert (record.status, record.metrics) == ("failed", {})
    assert "later.conll" in record.error and "\n" not in record.error
    shutil.copy("fixtures/corpus/dev.conll", tmp_path / "later.conll")
    make(job)
    assert job.record().finished
