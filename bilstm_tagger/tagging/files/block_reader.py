"""An input of any size in blocks of whole records, as raw lines."""

import contextlib
import io
import itertools
import os
import stat
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO, Optional, cast

from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.text.column_format import BLANKS
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.file_recognition import HEAD_LINES
from bilstm_tagger.text.lines import unpacked_text
from bilstm_tagger.text.packing import UnreadableContent

STDIN = "-"
_BUFFER = 2**17
_WHITE = BLANKS.encode() + b"\n"
# A block is full with so many bytes or lines: a few hundred sentences.
_BYTES = 100_000
_LINES_OF_COLUMNS = 10_000
_LINES = 500
# A header is among the first lines.
_LINES_OF_HEADER = 20


# Whether a sentence starts with a line, behind those of its block.
Starts = Callable[[list[bytes], bytes], bool]


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
        self._lines = self._read_lines()
        self._head: list[bytes] = []

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

    @property
    def head(self) -> list[bytes]:
        """The first lines, which `blocks` yields, too."""
        if not self._head:
            self._head = list(itertools.islice(self._lines, HEAD_LINES))
        return self._head

    def _read_lines(self) -> Iterator[bytes]:
        number = 0
        try:
            for number, line in enumerate(unpacked_text(self._stream, _BUFFER), 1):  # noqa: B007
                yield line
        except UnreadableContent as error:
            raise error.at(self.name, number + 1) from None

    def blocks(self, of_columns: bool, starts: Optional[Starts] = None) -> Iterator[Block]:
        """Yields the input, cut behind a blank line (column files) or any line; with a function
        that says whether a sentence starts with a line, also there. Raises `DataFormatError`
        for a file that is damaged or no UTF-8 text with line ends."""
        most = _LINES_OF_COLUMNS if of_columns else _LINES
        head = self.head[:_LINES_OF_HEADER]
        index, first, size = 0, 1, 0
        lines: list[bytes] = []
        for line in itertools.chain(self._head, self._lines):
            full = size >= _BYTES or len(lines) >= most
            if full and (
                not (of_columns and lines[-1].strip(_WHITE)) or (starts and starts(lines, line))
            ):
                yield Block(index, first, lines, head if index else [])
                index, first, size, lines = index + 1, first + len(lines), 0, []
            lines.append(line)
            size += len(line)
        if lines:
            yield Block(index, first, lines, head if index else [])

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
