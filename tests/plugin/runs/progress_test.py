import dataclasses
import io
import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from bilstm_tagger.plugin.runs import progress
from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.progress import RunsProgress
from bilstm_tagger.plugin.runs.recording import record_of


@pytest.fixture
def job(tmp_path) -> Job:
    config = {"trainer": {"validation_metric": "+f1", "num_epochs": 4}}
    return Job("a", "0" * 12, 3, config, str(tmp_path / "run"), str(tmp_path), [])


def epoch(job: Job, number: int, score: float) -> None:
    Path(job.folder).mkdir(exist_ok=True)
    path = Path(job.folder) / f"metrics_epoch_{number}.json"
    path.write_text(json.dumps({"validation_f1": score, "validation_other": 0.5}))


def test_a_line_for_each_that_ended(job):
    out = io.StringIO()
    metrics = {"best_validation_f1": 0.9, "test_f1": 0.8, "best_validation_other": 0.7}
    record = dataclasses.replace(
        record_of(job), metrics=metrics, best_epoch=2, epochs=4, seconds=90.0
    )
    failed = record_of(job, "ValueError: [red]no[/red]")
    with RunsProgress(Console(file=out, width=40), 3) as bars:
        bars.ended(bars.watched(job), record)
        bars.ended(bars.watched(job), failed)
        bars.ended(bars.watched(job), None)
    assert out.getvalue().splitlines() == [
        "1/3 a seed 3: f1 dev 0.9000, test 0.8000; best epoch 2 of 4; 90 s",
        "2/3 a seed 3: failed: ValueError: [red]no[/red]",
        "3/3 a seed 3: is made by another process",
    ]
    with RunsProgress(Console(file=out), 1, "other") as bars:
        bars.ended(bars.watched(job), record)
    assert "1/1 a seed 3: other dev 0.7000; best epoch 2 of 4" in out.getvalue()


def test_bars_on_a_terminal(job, monkeypatch):
    monkeypatch.setattr(progress, "_EVERY", 0.02)
    out = io.StringIO()
    epoch(job, 0, 0.25)
    with RunsProgress(Console(file=out, force_terminal=True, width=100), 1) as bars:
        bars.watched(job)
        time.sleep(0.3)
        # What an earlier process left is no sign of life.
        assert "a seed 3" not in out.getvalue()
        epoch(job, 1, 0.75)
        end = time.monotonic() + 10
        while "f1 0.7500" not in out.getvalue() and time.monotonic() < end:
            time.sleep(0.05)
        assert "a seed 3" in out.getvalue() and "2/4" in out.getvalue()
        assert "f1 0.7500" in out.getvalue()
        bars.ended(job, None)
