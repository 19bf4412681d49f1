"""An input of any size in blocks of whole records, as raw lines."""

import contextlib
import io
import os
import stat
import sys
from collections.abc import Iterator
from typing import BinaryIO, Optional, cast

from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.text.columns import BLANKS
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.lines import unpacked_text
from bilstm_tagger.text.packing import UnreadableContent

STDIN = "-"
_BUFFER = 2**17
_WHITE = BLANKS.encode() + b"\n"
# A block is full with so many bytes or lines: a few hundred sentences.
_BYTES = 100_000
_LINES_OF_COLUMNS = 10_000
_LINES = 500


class Input:
    """What is to be tagged: a file, or for `"-"` standard input, plain or packed (gzip, bzip2, xz,
    zip). Use as a context.

    # Errors

    `DataFormatError` for a missing path, or a folder.
    """

    def __init__(self, path: str) -> None:
        self.name = "<stdin>" if path == STDIN else path
        self._owned = path != STDIN
        if self._owned:
            if not os.path.exists(path):
                raise DataFormatError(path, None, "there is no such file; check the path")
            if os.path.isdir(path):
                raise DataFormatError(path, None, "expected a file, found a folder; name a file")
            self._stream: BinaryIO = open(path, "rb", _BUFFER)  # noqa: SIM115  (closed by __exit__)
        elif sys.stdin is None:
            raise DataFormatError("<stdin>", None, "standard input is closed; name a file")
        else:
            self._stream = sys.stdin.buffer
        self.status = _status(self._stream)

    def __enter__(self) -> "Input":
        return self

    def __exit__(self, *_: object) -> None:
        if self._owned:
            self._stream.close()

    @property
    def size(self) -> Optional[int]:
        """Bytes, packed as they are; `None` for what is no file."""
        return None if self.status is None else self.status.st_size

    @property
    def position(self) -> int:
        """How many of them were read; 0 for what is no file."""
        return 0 if self.status is None else cast(io.BufferedReader, self._stream).raw.tell()

    def blocks(self, of_columns: bool) -> Iterator[Block]:
        """Yields the input, cut behind a blank line (column files) or any line. Raises
        `DataFormatError` for a file that is damaged or no UTF-8 text with line ends."""
        most = _LINES_OF_COLUMNS if of_columns else _LINES
        index, first, size = 0, 1, 0
        lines: list[bytes] = []
        try:
            for line in unpacked_text(self._stream, _BUFFER):
                lines.append(line)
                size += len(line)
                full = size >= _BYTES or len(lines) >= most
                if full and not (of_columns and line.strip(_WHITE)):
                    yield Block(index, first, lines)
                    index, first, size, lines = index + 1, first + len(lines), 0, []
        except UnreadableContent as error:
            raise error.at(self.name, first + len(lines)) from None
        if lines:
            yield Block(index, first, lines)

    def check_unchanged(self) -> None:
        """Raises `DataFormatError` for a file that was changed since it was opened."""
        before, now = self.status, _status(self._stream)
        for what, name in (("size", "st_size"), ("time of change", "st_mtime_ns")):
            if before is not None and (old := getattr(before, name)) != (new := getattr(now, name)):
                raise DataFormatError(
                    self.name,
                    None,
                    f"the file was changed while it was read (its {what} was {old}, and is "
                    f"{new}): the output may be of neither version; tag it again",
                )


def _status(stream: BinaryIO) -> Optional[os.stat_result]:
    """That of a file; of a pipe or terminal, which change all the time, none."""
    with contextlib.suppress(OSError):
        status = os.fstat(stream.fileno())
        if stat.S_ISREG(status.st_mode):
            return status
    return None
