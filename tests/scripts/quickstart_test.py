import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_tour(tmp_path):
    """With a short training. What it shows is the output of the commands."""
    for name in ("fixtures", "training_config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in (".allennlp_plugins", "scripts/quickstart.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    programs = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    short = '{"trainer.num_epochs": 1}'
    done = subprocess.run(
        ["bash", tmp_path / "scripts" / "quickstart.sh", "-o", short],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert " - INFO - " not in done.stdout and "--include-package" not in done.stdout
    commands = [line.split()[1:3] for line in done.stdout.splitlines() if line.startswith("$ ")]
    assert commands == [
        ["bilstm-tagger", "tag"],
        ["allennlp", "train"],
        ["allennlp", "evaluate"],
        ["bilstm-tagger", "tag"],
        ["bilstm-tagger", "tag"],
    ]
    for line in (
        "Lovelace\tI-NP\tI-PER\tPROPN\tNNP",
        "The model, all scores and the log are in build/quickstart/model",
        "20 sentences, 199 tokens, ",
        "6 sentences, 44 tokens, ",
    ):
        assert f"\n{line}" in done.stdout
    assert '"chunk_f1": ' in done.stdout
