import json
import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import numpy
import pytest

from bilstm_tagger import __version__
from bilstm_tagger.command_line import main
from bilstm_tagger.tagging import models
from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.model_file import read_model, write_model

ARCHIVE = Path("fixtures/models/quickstart_0.1.0.tar.gz")
NAMED = ("--name", "ferry_tagger", "--version", "1.0")


@pytest.fixture
def package(capsys, tmp_path):
    """The wheel that `bilstm-tagger package` makes."""

    def run(*arguments, model=ARCHIVE) -> Path:
        main(["package", str(model), "-o", str(tmp_path / "dist"), *map(str, arguments)])
        captured = capsys.readouterr()
        assert captured.err == ""
        wheel = Path(captured.out.partition(": ")[0])
        assert f"pip install {wheel}\n" in captured.out
        return wheel

    return run


@pytest.fixture
def error(capsys, tmp_path):
    """The one line on standard error of a `bilstm-tagger package` that fails."""

    def run(*arguments):
        with pytest.raises(SystemExit) as caught:
            main(["package", str(ARCHIVE), "-o", str(tmp_path / "dist"), *map(str, arguments)])
        assert caught.value.code == 1
        captured = capsys.readouterr()
        assert (captured.out, captured.err.count("\n")) == ("", 1)
        assert not (tmp_path / "dist").exists()
        return captured.err

    return run


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_the_package_is_installed_and_its_model_is_loaded_by_name(package, tmp_path):
    wheel = package(*NAMED, "--licence", "CC0-1.0")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel]
    subprocess.run(install, check=True)
    # What the tests are run with: this package, and what it needs.
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    shared = [str(Path.cwd()), *filter(os.path.isdir, sys.path)]
    (packages / "shared.pth").write_text("\n".join(shared) + "\n")

    def bilstm_tagger(*arguments: str, given: str = "") -> str:
        command = [python, "-m", "bilstm_tagger", *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    records = json.loads(bilstm_tagger("models", "--json"))
    (record,) = [record for record in records if record["name"] == "ferry_tagger"]
    assert record["package"] == "ferry_tagger 1.0"
    assert record["about"]["licence"] == "CC0-1.0"
    arguments = ("--input-format", "tokens", "--output-format", "conll")
    tagged = bilstm_tagger("tag", "ferry_tagger", "-", *arguments, given="The ferry left .\n")
    assert tagged == "The\tB-NP\tDET\nferry\tI-NP\tNOUN\nleft\tB-VP\tVERB\n.\tO\tPUNCT\n\n"


def test_what_is_in_the_wheel(package, tmp_path):
    card = tmp_path / "card.md"
    card.write_text("# Fährboote\n", encoding="utf-8")
    about = {
        "description": 'Finds "ferries" \\ boats, in one line',
        "author": "Zoë, of the harbour",
        "url": "https://ferries.example",
        "language": "en",
    }
    options = [f"--about={key}={value}" for key, value in about.items()]
    wheel = package(*NAMED, "--licence", "cc-by-sa-4.0", "--card", card, *options)
    assert wheel.name == "ferry_tagger-1.0-py3-none-any.whl"
    files = contents(wheel)
    information = "ferry_tagger-1.0.dist-info"
    metadata = message_from_bytes(files[f"{information}/METADATA"])
    assert metadata["Name"] == "ferry_tagger" and metadata["Version"] == "1.0"
    assert metadata["License-Expression"] == "CC-BY-SA-4.0"
    assert metadata["Requires-Dist"] == f"bilstm-tagger>={__version__}"
    text = files[f"{information}/METADATA"].decode()
    assert f"Summary: {about['description']}\n" in text
    assert f"Author: {about['author']}\n" in text
    assert "# Fährboote" in text and about["url"] in text
    assert "ferry_tagger=ferry_tagger" in files[f"{information}/entry_points.txt"].decode()
    assert files["ferry_tagger/ferry_tagger.md"] == card.read_bytes()
    (tmp_path / "model").write_bytes(files["ferry_tagger/ferry_tagger.safetensors"])
    specification, tensors = read_model(tmp_path / "model")
    assert specification.about == about | {
        "name": "ferry_tagger",
        "version": "1.0",
        "licence": "CC-BY-SA-4.0",
        "made by": f"bilstm_tagger {__version__}",
    }
    for name, tensor in read_archive(ARCHIVE)[1].items():
        assert numpy.array_equal(tensors[name], tensor)


def test_what_the_file_says_is_kept(package, tmp_path):
    specification, tensors = read_archive(ARCHIVE)
    about = {"name": "ferry_tagger", "version": "1.0", "language": "en", "made by": "hand"}
    path = tmp_path / "model.safetensors"
    write_model(path, specification.with_about(about), tensors)
    files = contents(package("--version", "2026.11-rc1", "--half-words", model=path))
    (tmp_path / "model").write_bytes(files["ferry_tagger/ferry_tagger.safetensors"])
    packed, packed_tensors = read_model(tmp_path / "model")
    assert packed.about == about | {"version": "2026.11rc1"}
    assert packed_tensors["inputs.words.vectors"].dtype == numpy.float16
    card = files["ferry_tagger/ferry_tagger.md"].decode()
    assert card.startswith("# ferry_tagger\n") and "- language: en\n" in card
    assert "| pos | softmax |  | NOUN, PUNCT" in card


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the file does not say the name of the model: add --name"),
        (["--name", "ferry"], "the file does not say the version of the model: add --version"),
        (["--name", "ferry", "--version", "one"], "'one'; a version is written as 1.0"),
        ([*NAMED, "--licence", "my own"], "a licence as the SPDX list has it"),
        (["--name", "ferry-tagger", "--version", "1"], "cannot be that of a package: use words"),
        (["--name", "Ferry", "--version", "1"], "cannot be that of a package"),
        (["--name", "../ferry", "--version", "1"], "cannot be that of a package"),
        (["--name", "lambda", "--version", "1"], "names of Python itself are taken"),
        (["--name", "json", "--version", "1"], "names of Python itself are taken"),
        (["--name", "numpy", "--version", "1"], "another package that is installed"),
        (["--name", "scikit_learn", "--version", "1"], "another package that is installed"),
        (["--about", "licens=MIT"], "expected KEY=VALUE, each key once"),
        (["--about", "url=a", "--about", "url=b"], "'url=b': expected KEY=VALUE, each key once"),
        (["--about", "description=a\nb"], "the value on one line"),
        (["--card", "no.md"], "No such file"),
        (["--card", ARCHIVE], f"{ARCHIVE}: the card is not in UTF-8"),
    ],
)
def test_errors(error, arguments, message):
    assert message in error(*arguments)


def test_names_of_own_models_are_taken(error, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "_OWN_FOLDER", tmp_path)
    write_model(tmp_path / "english.safetensors", *read_archive(ARCHIVE))
    message = error("--name", "english", "--version", "1.0")
    assert "is that of a model of bilstm-tagger; choose another name" in message


def test_without_the_builder(error, monkeypatch):
    monkeypatch.setitem(sys.modules, "flit_core.buildapi", None)
    assert error(*NAMED) == (
        "error: Making a package needs flit_core, which is not installed. Install it: pip install "
        "'bilstm-tagger[package]'\n"
    )
