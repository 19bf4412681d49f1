import json
from pathlib import Path

import pytest

from benchmarks.markdown import main
from benchmarks.samples import CPU, Figure, Sample


def test_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = Figure(
        "b_decoding",
        "  decoding",
        "crf_tagger",
        [Sample(0.5, 0.5)],
        [Sample(6.0, 6.0)],
        CPU,
        1000,
        "sentences",
    )
    rates = {"ours": 3000.0, "theirs": 1000.0}
    point = {"dimension": "tags", "value": 1000, "training": rates, "decoding": rates}
    path = tmp_path / "benchmark.json"
    path.write_text(json.dumps({"figures": [figure.to_json()], "growth": [point]}))
    main([str(path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == (
        "| decoding | crf_tagger | 2,000 sentences/s | 167 sentences/s | 12.0 x | 7 x | 1 |"
    )
    assert lines[-1] == "| tags | 1,000 | 3,000 | 1,000 | 3.00 x | 3,000 | 1,000 | 3.00 x |"
