"""What a file looks like that is no UTF-8 text with line ends, told by its first bytes."""

import codecs
import re
from typing import Optional

from bilstm_tagger.text.packing import UnreadableContent

# As many bytes are looked at, but for line ends.
_LOOK = 4096
# First bytes that no UTF-8 text has: what it is, and what helps.
_KINDS = (
    (b"\xba\x16\x4f\x2f", "a fastText model (.bin)", "use its vectors as text, the .vec file"),
    (b"\x93NUMPY", "an array of numpy (.npy)", "write what it holds as text"),
    (b"\x89HDF\r\n", "an HDF5 file", "write what it holds as text"),
    (b"\x1f\x8b", "a gzip file inside a packed file", "unpack it once"),
    (b"\xfd7zXZ\x00", "an xz file inside a packed file", "unpack it once"),
    (b"PK\x03\x04", "a zip file inside a packed file", "unpack it once"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it: 7z x FILE"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it: unrar x FILE"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", "unpack it: zstd -d FILE"),
    (b"\xd0\xcf\x11\xe0", "a file of an old Office program", "save it as UTF-8 text"),
    (b"%PDF-", "a PDF file", "save it as UTF-8 text"),
    (b"\x89PNG\r\n", "a picture (PNG)", "name a file of text"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "name a file of text"),
    (b"PAR1\x15", "a Parquet file", "write what it holds as text"),
    (b"SQLite format 3\x00", "an SQLite database", "write what it holds as text"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file", "fetch it: git lfs pull"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_TAR_PLACE = 257
# Longer marks first: that of UTF-16 begins that of UTF-32.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_WIDE = ("UTF-32LE", 4), ("UTF-32BE", 4), ("UTF-16LE", 2), ("UTF-16BE", 2)
_NEIGHBOURS = re.compile(rb"[\x80-\xff]{2,}")
_HIGH = re.compile(rb"[\x80-\xff]")


def check_text(start: bytes) -> None:
    """Raises `UnreadableContent` where a file begins as no text does, or as a text that would be
    misread: UTF-16, UTF-32, or lines that end in a carriage return alone."""
    if (kind := binary_kind(start)) is not None:
        raise UnreadableContent(f"expected lines of text, found {kind[0]}; {kind[1]}")
    if (encoding := _wide_encoding(start[:_LOOK])) is not None:
        raise UnreadableContent(
            f"expected UTF-8, but this looks like {encoding}; convert it: "
            f"iconv -f {encoding} -t UTF-8 FILE > NEW"
        )
    # At the end of a file, it ends the one line.
    if b"\n" not in start and b"\r" in start[:-1]:
        raise UnreadableContent(
            "expected lines that end in a line feed, but here they end in a carriage return alone; "
            r"convert the file: tr '\r' '\n' < FILE > NEW"
        )


def binary_kind(start: bytes) -> Optional[tuple[str, str]]:
    """What a file is that begins so, and what helps; `None` for a text, or what is not known."""
    for magic, name, advice in _KINDS:
        if start.startswith(magic):
            return name, advice
    if _PICKLE.match(start):
        return "a pickle of Python", "write what it holds as text"
    if start[_TAR_PLACE : _TAR_PLACE + 5] == b"ustar" and b"\0" in start[:_TAR_PLACE]:
        return "a tar archive", "unpack it, and name a file of it: tar -xf FILE"
    return None


def code_page(line: bytes) -> str:
    """A guess at the encoding of a line that is not UTF-8, and a name for it that `iconv` knows."""
    # Letters that are not ASCII stand alone in the languages of Western Europe.
    together = sum(map(len, _NEIGHBOURS.findall(line)))
    if together > len(_HIGH.findall(line)) / 2:
        return (
            "such as by iconv -f ENCODING -t UTF-8 FILE > NEW (the line looks like an encoding of "
            "another script, such as WINDOWS-1251, GB18030 or SHIFT_JIS)"
        )
    return (
        "such as by iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW (the line looks like "
        "WINDOWS-1252, or another code page of European languages)"
    )


def _wide_encoding(start: bytes) -> Optional[str]:
    """The encoding, if it takes two or four bytes for each ASCII character."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding
    if b"\0" not in start:
        return None
    for encoding, width in _WIDE:
        if _is_wide(start, encoding, width):
            return encoding
    return None


def _is_wide(start: bytes, encoding: str, width: int) -> bool:
    """Whether a text with NUL bytes makes sense in an encoding. UTF-8 may have a NUL as a token."""
    units = start[: len(start) // width * width]
    try:
        # The last character may be cut.
        text = codecs.getincrementaldecoder(encoding)().decode(units)
    except UnicodeDecodeError:
        return False
    ascii_count = sum("\0" < character < "\x7f" for character in text)
    line_ends = text.count("\n")
    return (
        len(text) >= 4
        and bool(text.strip())
        and "\0" not in text
        and ascii_count * (20 if line_ends else 2) >= len(text)
        # Line feeds are those of the encoding, but for bytes of a few other characters.
        and 10 * line_ends >= 9 * units.count(b"\n")
    )
