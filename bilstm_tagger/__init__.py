"""BiLSTM-CNN-CRF sequence tagging, a plugin for AllenNLP."""

import sys
from typing import Any

__version__ = "0.1.0"

# AllenNLP imports a plugin by the name of its package alone. Without AllenNLP the plain torch and
# plain Python modules (CRF, BiLSTM, character encoders, encodings, column files) still import.
if "allennlp" in sys.modules:
    from bilstm_tagger import plugin  # noqa: F401


def __getattr__(name: str) -> Any:
    if name == "Tagger":
        from bilstm_tagger.tagging import Tagger

        return Tagger
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
