"""What the tests of the command `errors` share: how it is run, and models made of another."""

import msgspec
import pytest

from bilstm_tagger.command_line import main
from bilstm_tagger.experiments.errors.report import ErrorReport
from bilstm_tagger.tagging.loading import read_data
from bilstm_tagger.tagging.model_file import write_model


@pytest.fixture
def errors(capsys, tmp_path):
    """The standard output and the report of `bilstm-tagger errors`."""

    def run(*arguments):
        output = tmp_path / "new" / "errors.json"
        main(["errors", *map(str, arguments), "--output-file", str(output)])
        text = output.read_text()
        report = msgspec.json.decode(text, type=ErrorReport)
        assert msgspec.json.encode(report).decode() + "\n" == text
        return capsys.readouterr().out, report

    return run


@pytest.fixture
def error(capsys):
    """The one line on standard error of a `bilstm-tagger errors` that fails before its work."""

    def run(*arguments):
        with pytest.raises(SystemExit) as caught:
            main(["errors", *map(str, arguments)])
        assert caught.value.code == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("error: ")
        assert captured.err.count("\n") == 1
        return captured.err

    return run


@pytest.fixture
def rewritten(quickstart_archive, tmp_path):
    """The quickstart model as a file, with another specification and other tensors."""

    def write(change):
        specification, tensors = change(*read_data(quickstart_archive))
        path = tmp_path / "changed.safetensors"
        write_model(path, specification, {name: tensors[name] for name in tensors})
        return path

    return write
