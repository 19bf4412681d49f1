import gzip
import os
from pathlib import Path

import pytest

from bilstm_tagger.command_line import main
from bilstm_tagger.tagging.files.block_reader import Input
from bilstm_tagger.tagging.files.output_file import OutputFile
from bilstm_tagger.text.errors import UserError


def test_is_there_when_it_is_complete(tmp_path):
    path = tmp_path / "folder" / "output"
    with OutputFile(str(path)) as output:
        output.write(b"some")
        assert not path.exists()
        assert output.remains == f"{path}.incomplete"
    assert path.read_bytes() == b"some"
    assert output.remains is None
    assert os.listdir(path.parent) == ["output"]


def test_stays_incomplete_after_an_error(tmp_path):
    path = tmp_path / "output"
    path.write_bytes(b"of before")
    output = OutputFile(str(path))
    assert output.remains is None
    with pytest.raises(KeyboardInterrupt), output:
        output.write(b"some")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"of before"
    assert Path(f"{path}.incomplete").read_bytes() == b"some"
    assert output.remains == f"{path}.incomplete"


def test_gzip_by_name(tmp_path):
    packed = []
    for folder in ("a", "b"):
        path = tmp_path / folder / "output.gz"
        with OutputFile(str(path)) as output:
            output.write(b"some\n")
            output.write(b"more\n")
        packed.append(path.read_bytes())
    assert gzip.decompress(packed[0]) == b"some\nmore\n"
    assert packed[0] == packed[1]


def test_standard_output(capfdbinary):
    with OutputFile("-") as output:
        output.write(b"some")
        assert output.remains is None
        assert capfdbinary.readouterr().out == b"some"


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with OutputFile(str(tmp_path / "link")) as output:
        output.write(b"some")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"some"


def test_a_device_is_written_as_it_is():
    with OutputFile(os.devnull) as output:
        output.write(b"some")
        assert output.remains is None
    assert not os.path.exists(os.devnull + ".incomplete")


def test_a_folder(tmp_path):
    with pytest.raises(UserError, match="expected a file, found a folder"):
        OutputFile(str(tmp_path))


@pytest.mark.parametrize("name", ["input", "other/../input", "link", "incomplete"])
def test_the_input_is_not_overwritten(tmp_path, name):
    path = tmp_path / ("x.incomplete" if name == "incomplete" else "input")
    path.write_bytes(b"some")
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(path)
    output = OutputFile(str(tmp_path / ("x" if name == "incomplete" else name)))
    with Input(str(path)) as given, pytest.raises(UserError, match="is the output, too"):
        output.check_differs(given.name, given.status)


def test_another_file_than_the_input(tmp_path):
    (tmp_path / "input").write_bytes(b"some")
    with Input(str(tmp_path / "input")) as given:
        for name in ("-", str(tmp_path / "output")):
            OutputFile(name).check_differs(given.name, given.status)


def test_names_of_standard_output(tmp_path, capfdbinary):
    for name in ("-", "/dev/stdout", "/proc/self/fd/1"):
        with OutputFile(name) as output:
            output.write(b"some ")
    assert capfdbinary.readouterr().out == b"some some some "
    assert not list(tmp_path.iterdir())


def test_no_name():
    with pytest.raises(UserError, match="the name of the file is empty"):
        OutputFile("")


def test_other_files_that_are_read_are_not_overwritten(quickstart_archive, tmp_path):
    model, gold = tmp_path / "model.tar.gz", tmp_path / "gold.conll"
    model.write_bytes(quickstart_archive.read_bytes())
    gold.write_text("The DET B-NP O\n")
    for command in (
        ["tag", model, gold, "-o", model],
        ["calibration", model, gold, "--output-file", gold],
        ["calibration", model, gold, "--output-file", model],
    ):
        with pytest.raises(SystemExit):
            main(list(map(str, command)))
    assert model.read_bytes() == quickstart_archive.read_bytes()
    assert gold.read_text() == "The DET B-NP O\n"
