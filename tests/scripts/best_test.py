"""The commands of the scripts that train teachers and students."""

import json
import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path("scripts").resolve()
# In place of the program: it keeps its arguments, and makes the file that it is told to.
PROGRAM = """\
#!/usr/bin/env python3
import json, pathlib, sys
with open("calls.jsonl", "a") as file:
    print(json.dumps(sys.argv[1:]), file=file)
if sys.argv[1] == "distill":
    output = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("")
"""


@pytest.fixture
def calls(tmp_path):
    """Runs the script, and gives the commands that it calls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("allennlp", "bilstm-tagger", "python"):
        (folder / name).write_text(PROGRAM)
        (folder / name).chmod(0o755)
    log = tmp_path / "calls.jsonl"

    def run(*arguments, script="best.sh", **more):
        log.write_text("")
        environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", **more}
        command = ["bash", str(SCRIPTS / script), *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in log.read_text().splitlines()]

    return run


def test_teachers_then_labels_then_students(calls):
    teachers, labels, students, scores = calls("models/mini", "0", "wnut17")
    assert teachers[:2] == ["seeds", "training_config/best/wnut17_transformer.jsonnet"]
    changes = json.loads(teachers[teachers.index("-o") + 1])
    assert changes.pop("trainer.cuda_device") == 0
    assert set(changes.values()) == {"models/mini"}
    assert labels[0] == "distill"
    text = labels[labels.index("--text") + 1 : labels.index("-o")]
    assert text == ["data/wnut17/train.conll", *(f"data/btc/{x}.conll" for x in "abefg")]
    assert labels[labels.index("--on-error") + 1] == "skip"
    assert students[:2] == ["seeds", "training_config/best/wnut17_distilled.jsonnet"]
    assert scores == ["distribution", "build/best"]


def test_all_corpora_and_what_is_complete(calls):
    first = calls("models/mini", SEEDS="5")
    names = ["seeds", "distill", "seeds"] * 3 + ["distribution"]
    assert [call[0] for call in first] == names
    for call in first:
        if call[0] == "seeds":
            assert Path(call[1]).name in os.listdir("training_config/best")
            assert call[call.index("--seeds") + 1] == "5"
        if call[0] == "distill":
            assert call[call.index("--cuda-device") + 1] == "-1"
    again = calls("models/mini")
    assert [call[0] for call in again] == ["seeds", "seeds"] * 3 + ["distribution"]


def test_the_english_model_has_a_teacher(calls):
    first = calls("my/data", "models/mini", script="english.sh", JOBS="2")
    files = ["export", "calibration"] * 3
    names = ["seeds", "distill", "seeds", *files]
    assert [call[0] for call in first if not call[0].endswith(".py")] == names
    teacher, labels, mixing, students = first[1:5]
    assert teacher[1] == "training_config/best/english_teacher.jsonnet"
    assert set(json.loads(teacher[-1]).values()) == {"models/mini"}
    assert labels[labels.index("--text") + 1] == "build/english/text.jsonl"
    assert mixing[0] == "scripts/english_labels.py"
    assert students[1:6] == ["training_config/english.jsonnet", "--seeds", "3", "--jobs", "2"]
    again = calls("my/data", script="english.sh")
    assert [call[0] for call in again if not call[0].endswith(".py")] == ["seeds", "seeds", *files]
