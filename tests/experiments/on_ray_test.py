import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.experiments import on_ray
from bilstm_tagger.experiments.jobs import jobs_of

CONFIG = "training_config/quickstart.jsonnet"
SHORT = """{
  train_data_path: 'fixtures/corpus/dev.conll',
  'model.encoder.hidden_sizes': [5],
  'trainer.num_epochs': 40,
  'trainer.patience': null,
}"""


def starter_of(log: Path) -> int:
    """The process that started the one that writes this log: a worker of Ray."""
    for link in Path("/proc").glob("[0-9]*/fd/1"):
        with contextlib.suppress(OSError):
            if os.readlink(link) == str(log):
                stat = (link.parent.parent / "stat").read_text()
                return int(stat.rpartition(")")[2].split()[1])
    raise AssertionError(f"no process writes {log}")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds processes by /proc")
def test_two_workers_one_of_which_is_killed(tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    jobs = jobs_of([CONFIG], [1, 2], str(tmp_path / "runs"), SHORT)
    victim = jobs[0]
    first_epoch = Path(victim.folder) / "metrics_epoch_0.json"
    killed = []

    def kill() -> None:
        end = time.monotonic() + 90
        while not (Path(victim.folder) / "metrics_epoch_2.json").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        killed.append((first_epoch.stat().st_mtime_ns, starter_of(victim.log)))
        os.kill(killed[0][1], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    records = {job.seed: record for job, record in on_ray.run_on_ray(jobs, 2, "local")}
    killer.join()
    assert killed
    assert sorted(records) == [1, 2]
    for seed, record in records.items():
        assert record.finished, record.error
        assert record.epochs == 40
        assert record == jobs[seed - 1].record()
    # It went on with what was there.
    assert first_epoch.stat().st_mtime_ns == killed[0][0]


def test_without_ray(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'bilstm-tagger\[ray\]'"):
        next(on_ray.run_on_ray([], 1, "local"))


def test_no_cluster_at_the_address():
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    with pytest.raises(ConfigurationError, match="--ray 127.0.0.1:1: no cluster there"):
        next(on_ray.run_on_ray([], 1, "127.0.0.1:1"))
