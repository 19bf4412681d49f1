import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks.corpus import read_rows, write_rows
from benchmarks.processes import Worker, WorkerError
from benchmarks.samples import Sample
from benchmarks.settings import OURS, ROOT, Settings
from benchmarks.worker import Commands, serve

FIXTURES = ROOT / "fixtures"


def settings(tmp_path: Path) -> Settings:
    """A tiny corpus, laid out as CoNLL-2000: chunks are in the third column."""
    sentences = read_rows(FIXTURES / "corpus" / "dev.conll")[:20]
    rows = [[row[:3] for row in sentence] for sentence in sentences]
    path = str(write_rows(tmp_path / "corpus.txt", rows))
    vectors = str(FIXTURES / "vectors" / "vectors.16d.txt")
    return Settings(path, path, vectors, dimension=16, batch_size=4)


def ask(*requests: dict[str, Any]) -> list[dict[str, Any]]:
    """What a worker in this process answers."""
    answers = io.StringIO()
    serve(io.StringIO("".join(json.dumps(each) + "\n" for each in requests)), answers, Commands())
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_ours_is_built_trained_and_decodes(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    answers = ask(
        {
            "command": "build",
            "side": OURS,
            "settings": asdict(chosen),
            "directory": str(tmp_path / "ours"),
        },
        {"command": "train_epoch"},
        {"command": "train_epoch"},
        {"command": "decode", "path": chosen.test},
        *(
            {"command": "floor", "kind": kind, "what": what, "path": chosen.test}
            for kind in ("plain", "products")
            for what in ("train", "decode")
        ),
        {"command": "archive"},
    )
    built, *measured, archived = answers
    assert built["result"] == {"sentences": 20}
    for answer in measured:
        assert "result" in answer, answer
        sample = Sample(**answer["result"])
        assert sample.wall > 0.0 and sample.memory > 1.0
    assert Path(archived["result"]).is_file()


def test_errors_are_answered_and_the_worker_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    unknown, private, broken, fine = ask(
        {"command": "fly"},
        {"command": "__init__"},
        {"command": "kernel", "name": "lstm"},
        {
            "command": "kernel",
            "name": "viterbi",
            "side": OURS,
            "calls": 1,
            "length": 3,
            "tags": 4,
        },
    )
    assert "no command 'fly'" in unknown["error"]
    assert "no command" in private["error"]
    assert broken["error"].startswith("TypeError")
    assert set(fine["result"]) == {"wall", "cpu", "memory"}


def test_a_process_answers_every_command(tmp_path: Path) -> None:
    with Worker(tmp_path, "worker") as worker:
        for command in ("fly", "run"):
            with pytest.raises(WorkerError, match=f"no command '{command}'"):
                worker.ask(command)
