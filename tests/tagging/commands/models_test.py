import json
from pathlib import Path

import msgspec
import pytest

from bilstm_tagger.command_line import main
from bilstm_tagger.tagging import models
from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.model_file import write_model

ARCHIVE = Path("fixtures/models/quickstart_0.1.0.tar.gz")
ABOUT = {
    "name": "english",
    "version": "1.2",
    "licence": "CC-BY-SA-4.0",
    "description": "Parts of speech and [chunks] of English",
}


@pytest.fixture
def run(capsys):
    """The standard output of `bilstm-tagger models`."""

    def run(*arguments):
        main(["models", *map(str, arguments)])
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    return run


@pytest.fixture
def empty(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(models, "_OWN_FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def english(empty) -> Path:
    specification, tensors = read_archive(ARCHIVE)
    path = empty / "english.safetensors"
    write_model(path, specification.with_about(ABOUT), tensors)
    path.with_suffix(".md").write_text("---\nlanguage: en\n---\n# English\n\nThe *card*.\n")
    return path


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("│")[1:-1]]


def test_no_model_is_installed(run, empty):
    assert run().startswith("No model is installed. Install a package that brings one")
    assert json.loads(run("--json")) == []


def test_models_are_listed(run, english):
    english.with_name("damaged.safetensors").write_text("no model")
    rows = [cells(line) for line in run().splitlines() if line.startswith("│ ")]
    package = models.OWN_PACKAGE
    assert rows[0][:6] == ["damaged", "", "", "", "", package]
    assert "this is neither a model file" in " ".join(row[-1] for row in rows)
    assert [
        *("english", "1.2", "chunk, pos", "0.2", "CC-BY-SA-4.0", package),
        "Parts of speech and [chunks] of English",
    ] in rows


def test_the_list_as_json(run, english):
    (record,) = json.loads(run("--json"))
    assert record["name"] == "english" and record["about"] == ABOUT
    assert record["package"] == models.OWN_PACKAGE
    assert record["path"] == str(english)
    assert record["bytes"] == english.stat().st_size
    assert record["datasets"] == [""]
    pos = read_archive(ARCHIVE)[0].tasks["pos"]
    assert record["tasks"]["pos"] == {"decoder": "softmax", "encoding": None, "labels": pos.labels}


def test_a_model_with_its_card(run, english):
    output = run("english")
    rows = [cells(line) for line in output.splitlines() if line.startswith("│ ")]
    assert ["licence", "CC-BY-SA-4.0"] in rows
    assert ["chunk", "crf", "IOBES"] in [row[:3] for row in rows]
    assert output.endswith("---\nlanguage: en\n---\n# English\n\nThe *card*.\n\n")
    record = json.loads(run("english", "--json"))
    assert record["card"] == english.with_suffix(".md").read_text()
    assert record["name"] == "english"


def test_a_card_on_a_terminal(run, english, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    output = run("english")
    assert "card" in output and "*card*" not in output and "language: en" not in output


def test_a_file_is_shown(run, empty):
    assert "INTJ" in run(ARCHIVE)
    record = json.loads(run(ARCHIVE, "--json"))
    assert (record["name"], record["package"], record["card"]) == (str(ARCHIVE), None, None)


def test_a_card_does_not_steer_a_terminal(run, english, monkeypatch):
    english.with_suffix(".md").write_text("A \x1b[31mred\x9b31m\tcard\n")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert "A ?[31mred?31m" in run("english")


def test_names_in_a_file_do_not_steer_a_terminal(run, tmp_path):
    specification, tensors = read_archive(ARCHIVE)
    tasks = {"\x1b[31m": specification.tasks["pos"], "\x9b31m": specification.tasks["chunk"]}
    names = {"tasks.pos.": "tasks.\x1b[31m.", "tasks.chunk.": "tasks.\x9b31m."}
    renamed = {}
    for name, tensor in tensors.items():
        for before, after in names.items():
            name = name.replace(before, after)
        renamed[name] = tensor
    path = tmp_path / "model.safetensors"
    write_model(path, msgspec.structs.replace(specification, tasks=tasks), renamed)
    for output in (run(path), run(path, "--json")):
        assert "31m" in output and not {"\x1b", "\x9b"} & set(output)


def test_an_unknown_model_is_one_line(english, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["models", "french"])
    assert caught.value.code == 1
    assert capsys.readouterr().err == (
        "error: french: there is no such model; check the path, or name an installed model: "
        "english\n"
    )
