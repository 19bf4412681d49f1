import contextlib
import dataclasses
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from bilstm_tagger.experiments.records import write_record
from bilstm_tagger.plugin.runs import local, worker
from bilstm_tagger.plugin.runs.jobs import Job, jobs_of
from bilstm_tagger.plugin.runs.local import Interrupted, execute, run_locally, shares
from bilstm_tagger.plugin.runs.recording import record_of
from bilstm_tagger.text.errors import UserError

CONFIG = "training_config/quickstart.jsonnet"
SHORT = {
    "train_data_path": "fixtures/corpus/dev.conll",
    # Scored after every epoch, it would take half of the time.
    "test_data_path": None,
    "model.encoder.hidden_sizes": [5],
    "trainer.num_epochs": 3,
}


def jobs_in(folder: Path, seeds, **overrides) -> list[Job]:
    return jobs_of([CONFIG], seeds, str(folder), json.dumps(SHORT | overrides))


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def processes_of(job: Job) -> list[int]:
    """Ids of the processes that have the log of the run open: those that make it."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/1"):
        with contextlib.suppress(OSError):
            if os.readlink(link) == str(job.log):
                found.append(int(link.parts[2]))
    return found


def test_runs_beside_each_other_one_of_which_fails(tmp_path):
    good, bad = jobs_in(tmp_path, [1, 2])
    bad = dataclasses.replace(bad, config=bad.config | {"train_data_path": "missing.conll"})
    records = {job.seed: record for job, record in run_locally([bad, good], 2)}
    assert records[1] == good.record() and records[1].finished
    assert records[2].status == "failed" and "missing.conll" in records[2].error
    assert "Traceback" in bad.log.read_text()
    assert records[1].machine["threads"] == shares(2)[0].threads


def test_a_run_of_another_config_is_not_lost(tmp_path):
    (job,) = jobs_in(tmp_path, [1])
    Path(job.folder).mkdir(parents=True)
    write_record(job.folder, record_of(job))
    other = dataclasses.replace(job, config_hash="another")
    with pytest.raises(UserError, match="of another config"):
        list(run_locally([other], 1))
    assert job.record() == record_of(job)
    assert not job.log.exists()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds processes by /proc")
def test_a_run_that_is_killed_is_recorded_and_goes_on(tmp_path):
    (job,) = jobs_in(tmp_path, [1], **{"trainer.num_epochs": 500, "trainer.patience": None})
    records = []
    thread = threading.Thread(target=lambda: records.append(execute(job)))
    thread.start()
    wait_for((Path(job.folder) / "metrics_epoch_1.json").exists)
    (process,) = [each for each in processes_of(job) if each != os.getpid()]
    os.kill(process, signal.SIGKILL)
    thread.join()
    assert records[0].status == "failed"
    assert records[0].error.startswith("killed by SIGKILL, perhaps by the system because memory")
    before = (Path(job.folder) / "metrics_epoch_0.json").stat().st_mtime_ns

    # Gone on with, and interrupted from here: no record is written, no process stays.
    stop = threading.Event()
    epochs = len(list(Path(job.folder).glob("metrics_epoch_*.json")))
    timer = threading.Thread(
        target=lambda: (
            wait_for((Path(job.folder) / f"metrics_epoch_{epochs}.json").exists),
            stop.set(),
        )
    )
    timer.start()
    with pytest.raises(Interrupted):
        execute(job, stop)
    timer.join()
    assert job.record() is None
    assert not processes_of(job)
    assert (Path(job.folder) / "metrics_epoch_0.json").stat().st_mtime_ns == before


def test_a_run_that_another_process_makes_is_left_to_it(tmp_path, monkeypatch, capfd):
    (job,) = jobs_in(tmp_path, [1])
    job.lock.parent.mkdir(parents=True)
    with FileLock(job.lock), monkeypatch.context() as patch:
        patch.setattr(worker, "_PATIENCE", 0.1)
        process = multiprocessing.get_context("fork").Process(target=worker.run, args=(job, {}))
        process.start()
        process.join(60)
    assert process.exitcode == worker.BUSY
    assert "another process makes this run" in capfd.readouterr().err
    assert job.record() is None


def test_a_run_is_not_forked_where_there_is_a_gpu(monkeypatch):
    """A process that is forked after the imports cannot use it."""
    monkeypatch.setattr(local.sys, "platform", "linux")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert local.start_method() == "forkserver"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert local.start_method() == "spawn"


def execute_by_fork(job: Job) -> None:
    """As a fork server of its own would take seconds to start."""
    local.start_method = lambda: "fork"
    execute(job)


def test_a_process_ends_with_who_started_it(tmp_path):
    """Nobody would record the run, and somebody may soon go on with it."""
    (job,) = jobs_in(tmp_path, [1], **{"trainer.num_epochs": 10_000, "trainer.patience": None})
    starter = multiprocessing.get_context("forkserver").Process(target=execute_by_fork, args=(job,))
    starter.start()
    wait_for((Path(job.folder) / "metrics_epoch_0.json").exists)
    assert processes_of(job)
    starter.kill()
    starter.join()
    wait_for(lambda: not processes_of(job), 10)
    assert job.record() is None
    with FileLock(job.lock, timeout=0):
        pass


def test_too_little_memory_is_an_error_of_the_run(tmp_path):
    if not sys.platform.startswith("linux"):
        pytest.skip("memory is limited on Linux alone")
    (job,) = jobs_in(tmp_path, [1])
    record = execute(dataclasses.replace(job, memory=2**29))
    assert record.status == "failed"


@pytest.mark.parametrize("slots", [1, 2, 3, 7])
def test_shares(slots, monkeypatch):
    monkeypatch.setattr(local.os, "sched_getaffinity", lambda process: {0, 1, 2, 5, 6}, False)
    monkeypatch.setattr(local, "_available_memory", lambda: 8 * 2**30)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    found = shares(slots)
    assert len(found) == slots
    threads = [share.threads for share in found]
    assert max(threads) - min(threads) <= 1
    cores = [core for share in found for core in share.cores]
    assert set(cores) == {0, 1, 2, 5, 6}
    assert len(cores) == max(slots, 5)
    memory = {1: None, 2: 4 * 2**30, 3: 8 * 2**30 // 3, 7: 8 * 2**30 // 7}[slots]
    assert {share.memory for share in found} == {memory}


@pytest.mark.parametrize(
    ("wanted", "threads"), [("1", 1), ("2,1", 2), ("9", 3), ("0", 3), ("many", 3), ("", 3)]
)
def test_no_more_threads_than_the_environment_says(monkeypatch, wanted, threads):
    """Two commands that run beside each other are told by it to leave each other alone: threads
    that outnumber the cores wait for each other, and a training takes many times as long.
    """
    monkeypatch.setattr(local.os, "sched_getaffinity", lambda process: {0, 1, 2}, False)
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    assert [share.threads for share in shares(1)] == [threads]
