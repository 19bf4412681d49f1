"""Files that are written as a whole."""

import os
from pathlib import Path

from bilstm_tagger.text.errors import PathLike


def write_text(path: PathLike, text: str) -> None:
    """Writes a file as a whole: who reads it meanwhile, or after a crash, finds the old one."""
    path = Path(path)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)
