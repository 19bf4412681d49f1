from pathlib import Path

import pytest

from benchmarks.processes import AVX2, environment
from benchmarks.report import surroundings


def test_instructions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert "OPENBLAS_CORETYPE" not in environment(tmp_path)
    assert "instructions" not in surroundings()
    for name, value in AVX2.items():
        monkeypatch.setenv(name, value)
    assert AVX2.items() <= environment(tmp_path).items()
    assert surroundings()["instructions"] == "AVX2"
