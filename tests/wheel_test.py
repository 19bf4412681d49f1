"""The package as a stranger installs it: a wheel, by pip, into an empty environment."""

import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Optional

import pytest

from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.model_file import write_model

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "fixtures/models/quickstart_0.1.0.tar.gz"
CORPUS = ROOT / "fixtures/corpus"
VECTORS = ROOT / "fixtures/vectors/vectors.16d.txt"
SENTENCE = "The old ferry left at noon .\n"
TAGGED = ["The", "old", "ferry", "left", "at", "noon", "."]

pytestmark = pytest.mark.wheel


def run(*command: object, folder: Path, given: str = "", status: int = 0, **variables: str) -> str:
    """Runs a command outside of the clone; what it prints."""
    names = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        list(map(str, command)),
        input=given,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment | {"OMP_NUM_THREADS": "1"} | variables,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel that is built of the source distribution that is built of a copy, with one model
    more."""
    folder = tmp_path_factory.mktemp("build")
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    copy = folder / "copy"
    for name in filter(None, files):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_symlink():
            target.symlink_to(os.readlink(ROOT / name))
        elif (ROOT / name).is_file():
            shutil.copy(ROOT / name, target)
    models = copy / "bilstm_tagger/models"
    models.mkdir(exist_ok=True)
    write_model(models / "trial.safetensors", *read_archive(MODEL))
    (models / "trial.md").write_text("The card of the trial.\n")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", folder / "dist", copy],
        capture_output=True,
        text=True,
    )
    if done.returncode and "No matching distribution" in done.stdout + done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (folder / "dist").glob("*.whl")
    return built


def environment(folder: Path) -> Path:
    """An empty environment; the folder of its commands."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    return folder / "venv" / "bin"


def packages(bin_folder: Path) -> Path:
    (site,) = (bin_folder.parent / "lib").glob("python*/site-packages")
    return site


def tokens(output: str) -> list[str]:
    return [line.split("\t")[0] for line in output.splitlines() if "\t" in line]


@pytest.fixture(scope="module")
def tagging(wheel, tmp_path_factory) -> Path:
    """The commands of an environment with the package alone, by plain pip."""
    folder = tmp_path_factory.mktemp("tagging")
    commands = environment(folder)
    run(commands / "pip", "install", "--quiet", wheel, folder=folder)
    return commands


def test_tagging_alone(tagging, tmp_path):
    names = {path.name.lower() for path in packages(tagging).iterdir()}
    assert "numpy" in names and not names & {"torch", "allennlp", "spacy", "transformers"}
    of_pip = ("pip", "setuptools")
    size = sum(
        path.stat().st_size
        for path in packages(tagging).rglob("*")
        if path.is_file() and not path.relative_to(packages(tagging)).parts[0].startswith(of_pip)
    )
    assert size < 120e6  # 14 of them the English model
    command = [tagging / "bilstm-tagger", "tag", MODEL, "-", "--output-format", "conll"]
    output = run(*command, "--input-format", "tokens", folder=tmp_path, given=SENTENCE)
    assert tokens(output) == TAGGED
    assert "1 sentences, 7 tokens" in output
    program = (
        "import sys; from bilstm_tagger import Tagger\n"
        f"tagger = Tagger.load({str(MODEL)!r})\n"
        f"print(*tagger.tag_tokens({TAGGED!r}).tags['pos'])\n"
        "print([name for name in ('torch', 'allennlp', 'spacy') if name in sys.modules])\n"
    )
    output = run(tagging / "python", "-c", program, folder=tmp_path)
    assert output == "DET ADJ NOUN VERB ADP NOUN PUNCT\n[]\n"


def test_what_is_missing_is_said_with_the_command_that_brings_it(tagging, tmp_path):
    command = [tagging / "bilstm-tagger", "tag", MODEL, "-"]
    output = run(*command, folder=tmp_path, given="Raw text.\n", status=1)
    assert output.count("\n") == 1 and "pip install 'bilstm-tagger[text]'" in output
    output = run(*command, "--cuda-device", "0", folder=tmp_path, status=1)
    assert output.count("\n") == 1 and "pip install --no-deps allennlp==2.10.1" in output


def test_configs_are_in_the_wheel(tagging, tmp_path):
    assert "papers/ma_hovy2016" in run(tagging / "bilstm-tagger", "configs", folder=tmp_path)
    run(tagging / "bilstm-tagger", "configs", "--copy", "mine", folder=tmp_path)
    copied = {
        path.relative_to(tmp_path / "mine") for path in (tmp_path / "mine").rglob("*.*sonnet")
    }
    assert copied == {
        path.relative_to(ROOT / "training_config")
        for path in (ROOT / "training_config").rglob("*.*sonnet")
    }


def test_models_are_in_the_wheel(tagging, tmp_path):
    assert "The card of the trial." in run(
        tagging / "bilstm-tagger", "models", "trial", folder=tmp_path
    )
    command = [tagging / "bilstm-tagger", "tag", "trial", "-", "--output-format", "conll"]
    output = run(*command, "--input-format", "tokens", folder=tmp_path, given=SENTENCE)
    assert tokens(output) == TAGGED


def _uv() -> Optional[str]:
    own = ROOT / ".uv" / "bin" / "uv"
    return str(own) if own.is_file() else shutil.which("uv")


@pytest.mark.skipif(
    "BILSTM_TAGGER_TRAIN_WHEEL" not in os.environ,
    reason="installs 3 GB; set BILSTM_TAGGER_TRAIN_WHEEL=1, as .ci/run does",
)
def test_training(wheel, tmp_path):
    """The two commands of the README, with the versions of the lock, and all of it outside of the
    clone. uv, where it is there, only saves the time for downloads."""
    commands = environment(tmp_path)
    install: list[object] = [commands / "pip", "install", "--quiet"]
    if uv := _uv():
        install = [uv, "pip", "install", "--quiet", "--python", commands / "python"]
    run(*install, f"{wheel}[train]", "-c", ROOT / "requirements.txt", folder=tmp_path)
    run(*install, "--no-deps", "allennlp==2.10.1", folder=tmp_path)
    run(commands / "bilstm-tagger", "configs", "--copy", "configs", folder=tmp_path)
    shutil.copytree(CORPUS, tmp_path / "fixtures/corpus")
    (tmp_path / "fixtures/vectors").mkdir()
    shutil.copy(VECTORS, tmp_path / "fixtures/vectors")
    changes = '{"trainer.num_epochs": 1}'
    train = [commands / "allennlp", "train", "configs/quickstart.jsonnet", "-s", "model"]
    run(*train, "-o", changes, "--include-package", "bilstm_tagger", folder=tmp_path)
    # AllenNLP's file of plugins in the home folder.
    home = tmp_path / "home"
    (home / ".allennlp").mkdir(parents=True)
    (home / ".allennlp" / "plugins").write_text("bilstm_tagger.plugin\n")
    tag = [commands / "allennlp", "tag", "model/model.tar.gz", "-", "--input-format", "tokens"]
    conll = ["--output-format", "conll"]
    output = run(*tag, *conll, folder=tmp_path, given=SENTENCE, HOME=str(home))
    assert tokens(output) == TAGGED
    export = [commands / "allennlp", "export", "model/model.tar.gz", "-o", "model.safetensors"]
    run(*export, folder=tmp_path, HOME=str(home))
    tag = [commands / "bilstm-tagger", "tag", "model.safetensors", "-", "--input-format", "tokens"]
    output = run(*tag, *conll, folder=tmp_path, given=SENTENCE)
    assert tokens(output) == TAGGED


def test_the_source_distribution_has_no_data_of_others(wheel):
    (source,) = wheel.parent.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = archive.getnames()
    assert not [name for name in names if "/data/conll2000" in name]


def test_raw_text(tagging, tmp_path):
    """With what the error of an installation without spaCy says. This is the last test, as it adds
    to the environment of others."""
    command = [tagging / "bilstm-tagger", "tag", MODEL, "-", "--output-format", "conll"]
    error = run(*command, folder=tmp_path, given="Raw text.\n", status=1)
    pip, *arguments = shlex.split(error.rsplit("Install it: ", 1)[1])
    run(tagging / pip, *arguments, "--quiet", folder=tmp_path)
    output = run(*command, folder=tmp_path, given="The old ferry left at noon. We waved.\n")
    assert tokens(output) == [*TAGGED, "We", "waved", "."]
    program = (
        "import spacy; nlp = spacy.blank('en')\n"
        f"nlp.add_pipe('bilstm_tagger', config={{'model': {str(MODEL)!r}}})\n"
        "print(*(token.pos_ for token in nlp('The old ferry left at noon.')))\n"
    )
    output = run(tagging / "python", "-c", program, folder=tmp_path)
    assert output.splitlines()[-1] == "DET ADJ NOUN VERB ADP NOUN PUNCT"
