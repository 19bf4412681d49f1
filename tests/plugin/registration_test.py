"""What an import registers and changes, each in a process of its own."""

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def alone(code: str, folder: Path) -> str:
    """What Python code prints that runs in a folder, in a new interpreter."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


START = """
import os, sys
os.chdir({folder!r})
sys.path.insert(0, "")
for number, name in enumerate(("output", "errors"), 1):
    os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), number)
"""


def run(code: str, folder: Path) -> str:
    """The same in a process that has imported what others than AllenNLP and we offer."""
    code = START.format(folder=str(folder)) + code
    forks = multiprocessing.get_context("forkserver")
    process = forks.Process(target=exec, args=(code, {"__name__": "__main__"}))
    process.start()
    process.join(300)
    assert process.exitcode == 0, (folder / "errors").read_text()
    return (folder / "output").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder from which this code is imported, with a file of plugins."""
    (tmp_path / "bilstm_tagger").symlink_to(ROOT / "bilstm_tagger")
    (tmp_path / ".allennlp_plugins").write_text("bilstm_tagger.plugin\n")
    return tmp_path


DISCOVER = """
from allennlp.common.plugins import import_plugins
import_plugins()
"""
SHOW = """
from allennlp.models import Model
print("bilstm_tagger" in Model.list_available())
"""
SPACY = """
import spacy, sys
spacy.blank("en").add_pipe("sentencizer")
assert "bilstm_tagger.spacy_component" in sys.modules
assert "allennlp" not in sys.modules
"""


@pytest.mark.parametrize(
    "first",
    [SPACY, "from bilstm_tagger import Tagger", "import allennlp.models, bilstm_tagger"],
    ids=["spacy", "tagger", "allennlp"],
)
def test_discovery_registers_whatever_was_imported_before(folder: Path, first: str) -> None:
    assert run(first + DISCOVER + SHOW, folder) == "True\n"


def test_the_line_of_earlier_versions(folder: Path) -> None:
    (folder / ".allennlp_plugins").write_text("bilstm_tagger\n")
    assert run(DISCOVER + SHOW, folder) == "True\n"


@pytest.mark.parametrize("first", ["", SPACY], ids=["", "spacy"])
def test_include_package(folder: Path, first: str) -> None:
    include = """
from allennlp.common.util import import_module_and_submodules
import_module_and_submodules("bilstm_tagger")
"""
    assert run(first + include + SHOW, folder) == "True\n"


def test_a_package_that_imports_ours(folder: Path) -> None:
    (folder / ".allennlp_plugins").write_text("mine\n")
    (folder / "mine.py").write_text("import bilstm_tagger\n")
    assert run(DISCOVER + SHOW, folder) == "True\n"


def test_a_plain_import_imports_and_registers_nothing(folder: Path) -> None:
    heavy = "('allennlp', 'torch', 'numpy', 'spacy', 'bilstm_tagger.plugin')"
    code = f"import sys, bilstm_tagger\nprint([name for name in {heavy} if name in sys.modules])"
    assert alone(code, folder) == "[]\n"
    # That AllenNLP is there already makes no difference.
    code = (
        "import allennlp.models, bilstm_tagger, sys\nprint('bilstm_tagger.plugin' in sys.modules)"
    )
    assert run(code, folder) == "False\n"


SURROUNDINGS = """
import gc, logging, os, signal, sys, threading, warnings
from allennlp.common.plugins import import_plugins
import_plugins()  # of AllenNLP alone: this folder names no plugins
import allennlp.commands, matplotlib, numpy, spacy, torch
from allennlp.common import Registrable

def state():
    loggers = [logging.getLogger()]
    loggers += [
        each for each in logging.Logger.manager.loggerDict.values()
        if isinstance(each, logging.Logger) and not each.name.startswith("bilstm_tagger")
    ]
    return {
        "frozen objects": gc.get_freeze_count(),
        "collection": (gc.isenabled(), gc.get_threshold()),
        "warnings": list(warnings.filters),
        "safe globals": list(torch.serialization.get_safe_globals()),
        "registries": {
            (base.__name__, name): entry
            for base, entries in Registrable._registry.items()
            for name, entry in entries.items()
            if not entry[0].__module__.startswith("bilstm_tagger") or (base, name) in before
        },
        "loggers": {
            each.name: (list(each.handlers), each.level, each.disabled) for each in loggers
        },
        "logging": logging.root.manager.disable,
        "threads": (
            torch.get_num_threads(), torch.get_num_interop_threads(), threading.active_count()
        ),
        "environment": dict(os.environ),
        "signals": {each: signal.getsignal(each) for each in signal.valid_signals()},
        "hooks": (sys.excepthook, sys.displayhook, list(sys.meta_path), list(sys.path_hooks)),
        "path": list(sys.path),
        "directory": os.getcwd(),
        "types": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "numpy errors": numpy.geterr(),
        "plots": dict(matplotlib.rcParams),
    }

before = {
    (base, name) for base, entries in Registrable._registry.items() for name in entries
}
earlier = state()
IMPORT
later = state()
names = {each for each in later["loggers"] if each not in earlier["loggers"]}
for name in names:  # of libraries that are imported now
    assert later["loggers"].pop(name)[0] == []
print([key for key in earlier if earlier[key] != later[key]])
"""


@pytest.mark.parametrize("imported", ["bilstm_tagger", "bilstm_tagger.plugin"])
def test_an_import_changes_nothing_of_the_process(folder: Path, imported: str) -> None:
    (folder / ".allennlp_plugins").unlink()
    code = SURROUNDINGS.replace("IMPORT", f"import {imported}")
    assert run(code, folder) == "[]\n"


def test_that_test_sees_what_the_commands_change(folder: Path) -> None:
    (folder / ".allennlp_plugins").unlink()
    code = SURROUNDINGS.replace(
        "IMPORT", "from bilstm_tagger.plugin import compat; compat.apply(); compat.apply()"
    )
    changed = "['frozen objects', 'collection', 'warnings', 'registries']\n"
    assert run(code, folder) == changed


COMMAND = """
import gc, sys
from allennlp.commands import main
sys.argv = ["allennlp", "--help"]
try:
    main()
except SystemExit:
    pass
from allennlp.data import DataLoader
print(DataLoader.by_name("multiprocess").__module__, gc.get_freeze_count() > 0)
"""


def test_commands_apply_the_fixes(folder: Path) -> None:
    assert run(COMMAND, folder).splitlines()[-1] == "bilstm_tagger.plugin.compat True"


class TestTagger:
    def test_is_shown(self, folder: Path) -> None:
        code = "import bilstm_tagger as b\nprint('Tagger' in dir(b), b.__all__, 'torch' in dir(b))"
        assert alone(code, folder) == "True ['Tagger'] False\n"

    @pytest.mark.parametrize(
        "line, expected",
        [
            ("raise AttributeError('transformers has no attribute AdamW')", "AdamW"),
            ("raise ImportError('cannot import name HfFolder')", "HfFolder"),
            ("import no_such_module", "No module named 'no_such_module'"),
            ("1 / 0", "division by zero"),
        ],
    )
    @pytest.mark.parametrize(
        "use", ["from bilstm_tagger import Tagger", "import bilstm_tagger; bilstm_tagger.Tagger"]
    )
    def test_an_error_of_its_import_is_seen(
        self, folder: Path, line: str, expected: str, use: str
    ) -> None:
        code = f"""
import sys, types
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "bilstm_tagger.tagging":
            {line}
sys.meta_path.insert(0, Finder())
{use}
"""
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert expected in done.stderr.splitlines()[-1]
        assert "in find_spec" in done.stderr, "the traceback leads to the place"

    def test_other_names_are_not_there(self) -> None:
        import bilstm_tagger

        with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
            bilstm_tagger.Nothing  # noqa: B018
