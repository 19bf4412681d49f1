"""The lines of a text file, plain or packed, in plain Python."""

import contextlib
import io
import os
from collections.abc import Iterable, Iterator
from itertools import count
from typing import BinaryIO

from bilstm_tagger.text.content import check_text, code_page
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.packing import UnreadableContent, unpacked

# Large files of long lines, such as word vectors, are read a third faster.
_BUFFER = 2**20
# Lines are decoded together, so many bytes of them.
_BLOCK = 2**16
_BYTE_ORDER_MARK = "\ufeff"


@contextlib.contextmanager
def unpacked_file(path: PathLike) -> Iterator[io.BufferedReader]:
    """Opens a file, plain or packed. Within the context, what is wrong with its content is a
    `DataFormatError`, as are a missing path and a folder."""
    if not os.path.exists(path):
        raise DataFormatError(path, None, "there is no such file; check the path")
    if os.path.isdir(path):
        raise DataFormatError(path, None, "expected a file, found a folder; name a file in it")
    with open(path, "rb", _BUFFER) as stream:
        try:
            yield unpacked(stream, _BUFFER)
        except UnreadableContent as error:
            raise error.at(path, 1) from None


def numbered_lines(path: PathLike, content: io.BufferedReader) -> Iterator[tuple[int, bytes]]:
    """Yields number (from 1) and bytes of each line of an opened file. A `DataFormatError` for a
    line that cannot be unpacked."""
    number = 0
    try:
        for number, line in enumerate(content, start=1):  # noqa: B007
            yield number, line
    except UnreadableContent as error:
        raise error.at(path, number + 1) from None


def unpacked_text(stream: BinaryIO, buffer: int) -> io.BufferedReader:
    """What a stream of text, plain or packed, holds. It is read in pieces of so many bytes.

    # Errors

    `UnreadableContent`, also in reading, where it is damaged or no text (see `check_text`).
    """
    content = unpacked(stream, buffer)
    check_text(content.peek())
    return content


def read_lines(path: PathLike) -> Iterator[tuple[int, str]]:
    """Yields number (from 1) and text of each line of a file, without its end: UTF-8, with or
    without BOM, LF or CRLF; plain, gzip, bzip2, xz, or zip with one member (told by its first
    bytes).

    # Errors

    `DataFormatError` for a missing path, a folder, a damaged file, an undecodable byte, and what is
    no UTF-8 text with line ends by its first bytes.
    """
    number = 0
    with unpacked_file(path) as content:
        check_text(content.peek())
        try:
            while block := content.read1(_BLOCK):
                block += b"" if block.endswith(b"\n") else content.readline()
                for line in _lines_of(block, number + 1):
                    number += 1
                    yield number, line
        except UnreadableContent as error:
            raise error.at(path, number + 1) from None
        except ValueError as error:
            raise DataFormatError(path, number + 1, str(error)) from None


def _lines_of(block: bytes, first: int) -> Iterable[str]:
    """The lines of whole lines of a file, whose first has this number; as of `decode_line`."""
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError:
        return map(decode_line, count(first), io.BytesIO(block))
    # At this line end alone: Unicode knows more than these files do.
    lines = text.removesuffix("\n").split("\n")
    if first == 1:
        lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines


def decode_line(number: int, raw: bytes, source: str = "file") -> str:
    """The text of a line of a file, or of another source, as of `read_lines`.

    # Errors

    `ValueError` for an undecodable byte.
    """
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"expected UTF-8, found the byte 0x{raw[error.start]:02x} at position "
            f"{error.start + 1} of the line; convert the {source} to UTF-8, {code_page(raw)}"
        ) from None
    if number == 1:
        line = line.removeprefix(_BYTE_ORDER_MARK)
    return line.removesuffix("\n").removesuffix("\r")
