"""The output: a file that is there when it is complete, or standard output."""

import gzip
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Literal, Optional, cast

from bilstm_tagger.text.errors import UserError

STDOUT = "-"
_STDOUTS = {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}
_INCOMPLETE = ".incomplete"
# As `gzip` does it: the best takes three times as long for a hundredth less.
_LEVEL = 6


def check_outputs(name: str, read: Optional[os.stat_result], *outputs: str) -> None:
    """Raises `UserError` where a file that is read, `None` for what is no file, is one of the
    outputs."""
    if read is None:
        return
    for path in outputs:
        status = os.fstat(1) if path == STDOUT else os.path.exists(path) and os.stat(path)
        if status and os.path.samestat(read, status):
            raise UserError(f"{name} is the output, too; choose another file for the output")


def check_distinct(outputs: Mapping[str, Optional[str]]) -> None:
    """Raises `UserError` where two options, each with its path or `None`, name one file."""
    options: dict[str, str] = {}
    for option, path in outputs.items():
        if path not in (None, STDOUT):
            before = options.setdefault(os.path.realpath(path), option)
            if before != option:
                raise UserError(
                    f"{before} and {option} name one file twice, {path}; name different files"
                )


class OutputFile:
    """Takes bytes, for a file, packed if its name ends in `.gz`, or for `"-"` standard output. A
    file is written beside its place and moved there in the end; after an error or an interrupt what
    was written stays beside it. Use as a context. A `UserError` for a folder."""

    def __init__(self, path: str) -> None:
        if not path:
            raise UserError("-o: the name of the file is empty; name a file, or leave -o out")
        if path != STDOUT and os.path.isdir(path):
            raise UserError(f"-o {path}: expected a file, found a folder; name a file")
        if os.path.abspath(path) in _STDOUTS:
            path = STDOUT
        # Devices and named pipes are written as they are.
        device = os.path.abspath(path).startswith(("/dev/", "/proc/"))
        device = device or (os.path.exists(path) and not os.path.isfile(path))
        moves = path != STDOUT and not device
        self._path = os.path.realpath(path) if moves else path
        self._written = self._path + _INCOMPLETE if moves else self._path
        self._mode: Literal["wb", "ab"] = "wb" if moves else "ab"
        self._stream: Optional[BinaryIO] = None
        self._packed: Optional[gzip.GzipFile] = None

    def check_differs(self, name: str, read: Optional[os.stat_result]) -> None:
        """Raises `UserError` where this is a file that is read, or would overwrite it."""
        check_outputs(name, read, self._path, self._written)

    @property
    def remains(self) -> Optional[str]:
        """The path of an incomplete file; `None` where there is none."""
        if self._stream is None or self._written == self._path:
            return None
        return self._written

    def __enter__(self) -> "OutputFile":
        if self._path == STDOUT:
            self._stream = sys.stdout.buffer
            return self
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        self._stream = Path(self._written).open(self._mode)  # noqa: SIM115  (closed by __exit__)
        if self._path.endswith(".gz"):
            # Without name and time: the same bytes for the same input.
            self._packed = gzip.GzipFile("", "wb", _LEVEL, self._stream, mtime=0)
        return self

    def write(self, data: bytes) -> None:
        assert self._stream is not None
        if self._packed is not None:
            self._packed.write(data)
            return
        self._stream.write(data)
        if self._path == STDOUT:
            self._stream.flush()

    def __exit__(self, kind: Optional[type[BaseException]], *_: object) -> None:
        if self._path == STDOUT:
            return
        stream = cast(BinaryIO, self._stream)
        try:
            if self._packed is not None:
                self._packed.close()
        finally:
            stream.close()
        if kind is None and self._written != self._path:
            os.replace(self._written, self._path)
            self._stream = None
