import dataclasses
import importlib
import json
import sys
from pathlib import Path

import pytest

from bilstm_tagger.experiments.records import RunRecord
from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.recording import record_of

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
# The scripts are no package: they find each other by the folder they are run from.
sys.path.insert(0, str(SCRIPTS))
results = importlib.import_module("results")
sys.path.remove(str(SCRIPTS))

CONFIG = "training_config/quickstart.jsonnet"


def record(job: Job, dev: float, test: float) -> RunRecord:
    metrics = {}
    for task, less in (("chunk", 0.0), ("pos", 0.1)):
        metrics[f"best_validation_{task}_accuracy"] = dev - less
        metrics[f"test_{task}_accuracy"] = test - less
    metrics |= {"best_validation_chunk_f1": dev, "test_chunk_f1": test, "test_loss": 3.0}
    return dataclasses.replace(
        record_of(job), metrics=metrics, best_epoch=4 + 2 * job.seed, seconds=90.0
    )


@pytest.fixture(scope="module")
def plan():
    return results.read_plan()


@pytest.fixture
def entry():
    given = {
        "config": CONFIG,
        "seeds": 2,
        "variant": None,
        "overrides": {},
        "published": {"chunk_f1": "99.9"},
    }
    return results.Entry.of(given)


@pytest.fixture
def evidence(monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr(results, "TABLE", tmp_path / "runs.jsonl")
    monkeypatch.setattr(results, "PAGE", tmp_path / "results.md")
    return tmp_path


def test_the_page_is_made_of_the_records(plan):
    """Nothing in it is typed; who changes a config that it shows has to run it anew."""
    assert results.PAGE.read_text() == results.page(plan), "make results ARGUMENTS=--no-runs"


def test_rows(entry):
    records = [record(entry.jobs[0], 0.95, 0.94), record(entry.jobs[1], 0.97, 0.93)]
    chunk, pos = results.rows_of(entry, records)
    assert chunk == (
        "| `quickstart` | chunk f1 | 2 | 96.00 ± 1.41 | 93.50 ± 0.71 | 93.00 - 94.00 | 7 | 2 "
        "| 99.9 |"
    )
    assert pos == (
        "|  | pos accuracy | 2 | 86.00 ± 1.41 | 83.50 ± 0.71 | 83.00 - 84.00 | 7 | 2 |  |"
    )
    one, _ = results.rows_of(entry, records[:1])
    assert one == "| `quickstart` | chunk f1 | 1 of 2 | 95.00 | 94.00 |  | 6 | 2 | 99.9 |"
    assert list(results.rows_of(entry, [])) == ["| `quickstart` | not run |  |  |  |  |  |  |  |"]


def test_trains_what_is_missing_and_goes_on_after_a_failure(entry, evidence, monkeypatch):
    results.keep([record(entry.jobs[0], 0.95, 0.94)])
    ran = []

    def run_locally(jobs, slots):
        assert slots == 2
        for job in jobs:
            ran.append(job.seed)
            yield job, (record(job, 0.9, 0.9) if len(ran) > 1 else record_of(job, "no"))

    monkeypatch.setattr(results, "run_locally", run_locally)
    assert results.run_missing([entry], 2) == 1
    assert len(results.known()) == 1
    assert results.run_missing([entry], 2) == 0
    assert ran == [2, 2]
    assert len(results.known()) == 2
    assert results.run_missing([entry], 2) == 0
    assert "| 2 | 92.50 ± 3.54 |" in results.page([("Title", [entry])])
    # Another config of that name has none.
    changed = [dataclasses.replace(job, config_hash="1" * 12) for job in entry.jobs]
    assert "not run" in results.page([("Title", [dataclasses.replace(entry, jobs=changed)])])


def test_what_another_process_has_kept_meanwhile_stays(entry, evidence, monkeypatch):
    """`make findings` may run beside `make results`."""

    def run_locally(jobs, slots):
        for job in jobs:
            if job.seed == 2:
                other = dataclasses.replace(job, seed=7)
                results.keep([*results.known().values(), record(other, 0.8, 0.8)])
            yield job, record(job, 0.9, 0.9)

    monkeypatch.setattr(results, "run_locally", run_locally)
    assert results.run_missing([entry], 1) == 0
    assert sorted(seed for _, seed in results.known()) == [1, 2, 7]


def test_what_is_kept_of_a_record(entry):
    curves = {"validation_chunk_f1": [0.12345678], "training_loss": [1.0], "validation_x": [1.0]}
    kept = results.slim(dataclasses.replace(record_of(entry.jobs[0]), curves=curves))
    assert kept.curves == {"validation_chunk_f1": [0.123457]}
    assert kept.config == entry.jobs[0].config


def test_command(evidence, plan, monkeypatch):
    monkeypatch.setattr(results, "read_plan", lambda: plan)
    assert results.main(["--no-runs"]) == 0
    assert "| `huang2015` | not run |" in (evidence / "results.md").read_text()


def test_headers_of_configs_tell_what_was_measured(plan):
    """Each has mean and standard deviation of dev and of test of each of its tasks, and of each of
    its forms.
    """
    known = results.known()
    for _, entries in plan:
        for entry in entries:
            records = [
                known[job.config_hash, job.seed]
                for job in entry.jobs
                if (job.config_hash, job.seed) in known
            ]
            (path,) = Path("training_config").rglob(f"{entry.jobs[0].name}.jsonnet")
            header = " ".join(
                line.removeprefix("//").strip()
                for line in path.read_text().splitlines()
                if line.startswith("//")
            )
            for metric in results.main_metrics(records):
                for prefix in ("best_validation_", "test_"):
                    scores = [each.metrics[prefix + metric] for each in records]
                    summary = results.Summary.of(scores)
                    shown = results.show_mean(summary).replace("±", "+-")
                    assert shown in header, (path, entry.label, prefix + metric, shown)
            if len(records) == 1:
                assert "one run" in header.lower(), path


def test_the_records_are_json_for_anybody():
    for line in results.TABLE.read_text().splitlines():
        json.loads(line, parse_constant=lambda constant: pytest.fail(constant))
