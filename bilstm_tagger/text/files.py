"""Writing of whole files."""

import os
from pathlib import Path

from bilstm_tagger.text.errors import PathLike


def write_text(path: PathLike, text: str) -> None:
    """Writes a file as a whole: a reader, at any time or after a crash, sees the old file or the
    new one, never a part."""
    path = Path(path)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)
