"""BiLSTM-CNN-CRF sequence tagging, a plugin for AllenNLP."""

import importlib
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from bilstm_tagger.tagging import Tagger

__version__ = "0.1.0"
__all__ = ["Tagger"]


# Functions by which AllenNLP imports plugins, and what `--include-package` names.
_DISCOVERY = {
    ("allennlp.common.plugins", "import_plugins"),
    ("allennlp.common.util", "import_module_and_submodules"),
}


def called_by(functions: set[tuple[str, str]]) -> bool:
    """Whether one of these functions, each a module and a name, has called this, over whatever is
    between."""
    frame: Optional[FrameType] = sys._getframe()
    while frame is not None:
        if (frame.f_globals.get("__name__"), frame.f_code.co_name) in functions:
            return True
        frame = frame.f_back
    return False


# The line of `.allennlp_plugins` is `bilstm_tagger.plugin`. In files of earlier versions it is
# `bilstm_tagger`, and has to register everything, too. No other import registers anything.
if called_by(_DISCOVERY):
    importlib.import_module("bilstm_tagger.plugin")


def __getattr__(name: str) -> Any:
    if name != "Tagger":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return importlib.import_module("bilstm_tagger.tagging").Tagger
    except AttributeError as error:
        # As an AttributeError, it would become "cannot import name 'Tagger'", and be lost.
        raise ImportError(f"bilstm_tagger.Tagger needs what fails to import: {error}") from error


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
