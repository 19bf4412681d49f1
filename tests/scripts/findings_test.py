import dataclasses
import importlib
import sys
from pathlib import Path

import pytest

from bilstm_tagger.plugin.runs.recording import record_of

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
# The scripts are no package: they find each other by the folder they are run from.
sys.path.insert(0, str(SCRIPTS))
findings = importlib.import_module("findings")
results = importlib.import_module("results")
sys.path.remove(str(SCRIPTS))


CONFIG = "training_config/quickstart.jsonnet"


@pytest.fixture(scope="module")
def trial():
    given = {
        "config": CONFIG,
        "metric": "chunk_f1",
        "seeds": 5,
        "variants": [
            {"variant": "CRF", "overrides": {}},
            {"variant": "soft max", "overrides": {"model.tasks.chunk.type": "softmax"}},
            {"variant": "small", "overrides": {"model.encoder.hidden_sizes": [5]}},
        ],
        "expected": [["CRF", "soft max"], ["CRF", "small"]],
    }
    return findings.Trial.of(given)


@pytest.fixture
def evidence(monkeypatch, tmp_path, trial):
    """Keeps records with the given scores of each variant."""
    monkeypatch.setattr(results, "TABLE", tmp_path / "runs.jsonl")

    def keep(**scores):
        records = []
        for (name, entry), values in zip(trial.entries.items(), scores.values(), strict=True):
            assert name.replace(" ", "_") in scores
            records += [
                dataclasses.replace(record_of(job), metrics={"test_chunk_f1": value})
                for job, value in zip(entry.jobs, values, strict=False)
            ]
        results.keep(records)

    return keep


def text_of(trial, **more) -> str:
    finding = {"title": "Title", "claim": "So it is.", "name": "decoder", **more}
    return findings.page([(finding, [trial])])


def test_verdicts(trial, evidence):
    evidence(
        CRF=[0.94, 0.941, 0.942, 0.943, 0.944],
        soft_max=[0.93, 0.931, 0.932, 0.933, 0.934],
        small=[0.95, 0.951, 0.952, 0.953, 0.954],
    )
    text = text_of(trial)
    assert "They found: So it is." in text
    assert "| `quickstart`, chunk f1 | runs | test | from - to |" in text
    assert "| soft max | 5 | 93.20 ± 0.16 | 93.00 - 93.40 |" in text
    assert "- **Holds.** CRF is better than soft max by 1.00 points" in text
    assert "- **The other way round here.** small is better than CRF by 1.00 points" in text
    # A pair of which nothing was said before.
    assert "- small is better than soft max by 2.00 points" in text
    assert "![Test scores of each run](findings/decoder.svg)" in text


def test_no_verdict(trial, evidence):
    evidence(CRF=[0.94, 0.95, 0.96], soft_max=[0.94, 0.955, 0.96], small=[0.5, 0.51, 0.52])
    assert (
        "**Not shown here.** 3 and 3 runs are too few to show a difference between CRF and soft"
        in text_of(trial)
    )


def test_too_few_runs(trial, evidence):
    evidence(CRF=[0.94, 0.95], soft_max=[0.94], small=[])
    text = text_of(trial)
    assert "| CRF | 2 | 94.50 ± 0.71 |" in text
    assert "| small | not run |  |  |" in text
    assert "There are too few runs to compare." in text and ".svg" not in text


def test_note(trial, evidence):
    evidence(CRF=[0.94, 0.95], soft_max=[0.94, 0.95], small=[0.9, 0.91])
    assert text_of(trial, note="Mind this.").endswith("(findings/decoder.svg)\n\nMind this.\n")
    assert text_of(trial).endswith("(findings/decoder.svg)\n")


def test_plot(trial, evidence, tmp_path):
    evidence(CRF=[0.94, 0.95], soft_max=[0.94, 0.95], small=[0.9, 0.91])
    path = tmp_path / "plot.svg"
    findings.plot([trial, trial], path)
    first = path.read_text()
    assert first.count("soft max") == 2
    findings.plot([trial, trial], path)
    assert path.read_text() == first


def test_runs_of_a_config_as_it_stands_are_shared(trial):
    """With those of docs/results.md; those of a variant are its own."""
    plain = {"config": CONFIG, "seeds": 1, "variant": None, "overrides": {}, "published": {}}
    (job,) = results.Entry.of(plain).jobs
    assert trial.entries["CRF"].jobs[0].folder == job.folder
    assert trial.entries["soft max"].jobs[0].folder != job.folder


def test_the_plan_fits_the_configs_and_the_page_is_made_of_the_records():
    plan = findings.read_plan()
    assert [finding["name"] for finding, _ in plan] == [
        "decoder",
        "dropout",
        "characters",
        "optimizer",
    ]
    for _, trials in plan:
        for trial in trials:
            hashes = {entry.jobs[0].config_hash for entry in trial.entries.values()}
            assert len(hashes) == len(trial.entries)
            assert {name for pair in trial.expected for name in pair} <= set(trial.entries)
    assert findings.PAGE.read_text() == findings.page(plan), "make findings ARGUMENTS=--no-runs"
