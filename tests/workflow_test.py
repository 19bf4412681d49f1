"""The workflow of continuous integration does what the repository has commands for."""

import os
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORKFLOW = ROOT / ".github/workflows/ci.yml"


@pytest.fixture
def jobs():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    return yaml.safe_load(WORKFLOW.read_text())["jobs"]


def test_every_command_exists(jobs):
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    commands = [
        shlex.split(step["run"]) for job in jobs.values() for step in job["steps"] if "run" in step
    ]
    assert [".ci/run"] in commands and ["make", "docs"] in commands
    for program, *arguments in commands:
        if program == "make":
            assert set(arguments) <= set(targets)
        else:
            assert os.access(ROOT / program, os.X_OK), program


def test_every_job_checks_out_and_sets_up_python(jobs):
    for job in jobs.values():
        actions = [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step]
        assert actions[:2] == ["actions/checkout", "actions/setup-python"]
        assert job["timeout-minutes"]


def test_the_versions_of_python_are_the_oldest_and_the_newest(jobs):
    setup = (ROOT / "setup.cfg").read_text()
    versions = re.findall(r"Programming Language :: Python :: (3\.\d+)$", setup, re.MULTILINE)
    assert jobs["test"]["strategy"]["matrix"]["python"] == [versions[0], versions[-1]]
