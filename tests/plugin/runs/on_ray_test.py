import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from bilstm_tagger.experiments.out_of_fold import read_out_of_fold
from bilstm_tagger.plugin.runs import on_ray
from bilstm_tagger.plugin.runs.fold_jobs import cross_validation
from bilstm_tagger.plugin.runs.jobs import Job, jobs_of, read_config
from bilstm_tagger.plugin.runs.recording import record_of
from bilstm_tagger.text.errors import UserError

CONFIG = "training_config/quickstart.jsonnet"
SHORT = """{
  train_data_path: 'fixtures/corpus/dev.conll',
  test_data_path: null,
  'model.encoder.hidden_sizes': [5],
  'trainer.num_epochs': 20,
  'trainer.patience': null,
}"""


def parent_of(process: int) -> int:
    stat = Path(f"/proc/{process}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


def starter_of(log: Path) -> int:
    """The worker of Ray that a process that writes this log comes of, by way of a fork server."""
    for link in Path("/proc").glob("[0-9]*/fd/1"):
        with contextlib.suppress(OSError):
            if os.readlink(link) == str(log):
                return parent_of(parent_of(int(link.parts[2])))
    raise AssertionError(f"no process writes {log}")


def killer_of_worker(job: Job, epoch: int) -> tuple[threading.Thread, list[int]]:
    """Kills the worker of Ray that makes this run after an epoch; when that epoch was done."""
    killed = []

    def kill() -> None:
        end = time.monotonic() + 180
        while not (Path(job.folder) / f"metrics_epoch_{epoch}.json").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        killed.append((Path(job.folder) / "metrics_epoch_0.json").stat().st_mtime_ns)
        os.kill(starter_of(job.log), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread, killed


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds processes by /proc")
def test_two_folds_one_of_which_is_killed(tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    config = read_config(CONFIG, SHORT) | {"validation_data_path": "fixtures/corpus/test.conll"}
    validation = cross_validation("quickstart", config, 2, None, [1], str(tmp_path / "runs"))
    jobs = [job for of_fold in validation.jobs for job in of_fold]
    killer, killed = killer_of_worker(jobs[0], 2)
    records = {job.name: record for job, record in on_ray.run_on_ray(jobs, 2, "local")}
    killer.join()
    assert killed
    assert sorted(records) == [job.name for job in jobs]
    for job in jobs:
        record = records[job.name]
        assert record.finished, record.error
        assert record.epochs == 20
        assert record == job.record()
    # It went on with what was there.
    first_epoch = Path(jobs[0].folder) / "metrics_epoch_0.json"
    assert [first_epoch.stat().st_mtime_ns] == killed
    validation.merge()
    sentences = read_out_of_fold(validation.predictions)
    assert [sentence.fold for sentence in sentences] == [1, 2] * 22


def test_a_run_that_ray_gives_up_is_recorded_and_stops_no_other(tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setattr(on_ray, "_RETRIES", 0)
    jobs = jobs_of([CONFIG], [1, 2], str(tmp_path / "runs"), SHORT)
    other = record_of(jobs[1], "an error of its own")

    def executes(job):  # in a worker of Ray
        if job.seed == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return other

    monkeypatch.setattr(on_ray, "execute", executes)
    records = {job.seed: record for job, record in on_ray.run_on_ray(jobs, 1, "local")}
    assert records[1].status == "failed" and "WorkerCrashedError" in records[1].error
    assert records[1] == jobs[0].record()
    assert records[2] == other


def test_without_ray(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install 'bilstm-tagger\[ray\]'"):
        next(on_ray.run_on_ray([], 1, "local"))


def test_no_cluster_at_the_address():
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    with pytest.raises(UserError, match="--ray 127.0.0.1:1: cannot be joined"):
        next(on_ray.run_on_ray([], 1, "127.0.0.1:1"))
