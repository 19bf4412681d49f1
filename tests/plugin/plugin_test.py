import subprocess
import sys

WALK = """
import sys
for extra in ("optuna", "ray"):
    sys.modules[extra] = None
from allennlp.common.util import import_module_and_submodules
import_module_and_submodules("bilstm_tagger")
print([name for name in ("matplotlib", "spacy.lang.en") if name in sys.modules])
"""


def test_include_package_wants_no_extra_and_takes_no_time_for_plots():
    """`--include-package bilstm_tagger` imports every module of the package at every command."""
    done = subprocess.run([sys.executable, "-c", WALK], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"
