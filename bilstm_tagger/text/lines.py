"""The lines of a text file, plain or gzip, in plain Python."""

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from bilstm_tagger.text.errors import DataFormatError, PathLike

# Large files of long lines, such as word vectors, are read a third faster.
_BUFFER = 2**20
GZIP_MAGIC = b"\x1f\x8b"
DAMAGES = EOFError, zlib.error, gzip.BadGzipFile
_BYTE_ORDER_MARK = "\ufeff"


def read_raw_lines(path: PathLike) -> Iterator[tuple[int, bytes]]:
    """Yields number (from 1) and bytes of each line of a file, with its end: plain or gzip (told by
    its first bytes).

    # Errors

    `DataFormatError` for a missing path, a folder, a damaged gzip file.
    """
    if not os.path.exists(path):
        raise DataFormatError(path, None, "there is no such file; check the path in the config")
    if os.path.isdir(path):
        raise DataFormatError(path, None, "expected a file, found a folder; name a file in it")
    number = 0
    with open(path, "rb", _BUFFER) as stream:
        try:
            for number, line in enumerate(unpacked(stream, _BUFFER), start=1):  # noqa: B007
                yield number, line
        except DAMAGES as error:
            raise damaged(path, number + 1, error) from None


def unpacked(stream: BinaryIO, buffer: int) -> BinaryIO:
    """What a stream, plain or gzip, holds; packed, it is read in pieces of so many bytes. Reading
    raises one of `DAMAGES` where it cannot be unpacked."""
    # A pipe may hand out a single byte at first.
    start = cast(io.BufferedReader, stream).peek(len(GZIP_MAGIC))[: len(GZIP_MAGIC)]
    if start and GZIP_MAGIC.startswith(start):
        # A buffer of its own: gzip hands out line by line, which takes a fifth longer.
        return io.BufferedReader(gzip.GzipFile(fileobj=stream), buffer)
    return stream


def damaged(path: PathLike, number: int, error: Exception) -> DataFormatError:
    """The error for a line that cannot be unpacked."""
    return DataFormatError(
        path,
        number,
        f"expected a whole gzip file, but it cannot be unpacked here ({error}); "
        "the file is damaged or cut short: fetch or pack it again",
    )


def read_lines(path: PathLike) -> Iterator[tuple[int, str]]:
    """Yields number (from 1) and text of each line of a file, without its end: UTF-8, with or
    without BOM, LF or CRLF, plain or gzip.

    # Errors

    `DataFormatError` as `read_raw_lines`, and for an undecodable byte.
    """
    # Split before they are decoded: Unicode knows more line ends than these files do.
    for number, raw in read_raw_lines(path):
        try:
            line = decode_line(number, raw)
        except ValueError as error:
            raise DataFormatError(path, number, str(error)) from None
        yield number, line


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
            f"{error.start + 1} of the line; convert the {source} to UTF-8"
        ) from None
    if number == 1:
        line = line.removeprefix(_BYTE_ORDER_MARK)
    return line.removesuffix("\n").removesuffix("\r")
