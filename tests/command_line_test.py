import importlib
import subprocess
import sys

import pytest
from allennlp.commands.subcommand import Subcommand

from bilstm_tagger import __version__, command_line


def test_version_and_help_import_no_subcommand() -> None:
    program = (
        "import sys; from bilstm_tagger.command_line import make_parser\n"
        "make_parser(['--help']).print_help()\n"
        "print(*(name for name in sys.modules if name.startswith('bilstm_tagger.')))"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    shown, modules = output.rstrip().rsplit("\n", 1)
    assert "calibration" in shown and "configs" in shown
    assert set(modules.split()) == {
        "bilstm_tagger.command_line",
        "bilstm_tagger.text",
        "bilstm_tagger.text.errors",
        "bilstm_tagger.text.requirements",
    }


def test_module_runs_the_command() -> None:
    command = [sys.executable, "-m", "bilstm_tagger", "--version"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert output == f"bilstm-tagger {__version__}\n"


@pytest.mark.parametrize("name", ["tag", "calibration", "errors", "select"])
def test_subcommands_are_those_of_allennlp(name: str) -> None:
    module = importlib.import_module(command_line._COMMANDS[name].module)
    assert command_line._COMMANDS[name].help == module.HELP
    args = command_line.make_parser([name]).parse_args([name, "model.tar.gz", "input.conll"])
    assert args.func is getattr(module, f"run_{name}")
    assert args.include_package == ()


def test_interruption_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bilstm_tagger.packaged_configs._list", interrupted)
    with pytest.raises(SystemExit) as caught:
        command_line.main(["configs"])
    assert caught.value.code == 130


@pytest.mark.parametrize("arguments", [[], ["training"]])
def test_a_wrong_command_is_a_usage_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        command_line.main(arguments)
    assert caught.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("name", command_line._OF_ALLENNLP)
def test_commands_of_allennlp_are_named(name: str) -> None:
    assert Subcommand.by_name(name)
    with pytest.raises(SystemExit, match=f"allennlp {name}[.] .*--no-deps allennlp"):
        command_line.main([name, "config.jsonnet"])
