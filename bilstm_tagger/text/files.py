"""Writing of whole files."""

import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Union

from bilstm_tagger.text.errors import PathLike


def write_text(path: PathLike, text: str) -> None:
    """As `write_whole`, in UTF-8."""
    write_whole(path, text.encode())


def write_whole(path: PathLike, content: Union[bytes, Iterable[bytes]], sync: bool = False) -> None:
    """Writes a file as a whole, at once or piece by piece: a reader, at any time or after a crash,
    sees the old file or the new one, never a part; with `sync` even after the power has gone."""
    path = Path(path)
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with scratch.open("wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
        if sync:
            _sync(scratch)
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    if sync:
        _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
