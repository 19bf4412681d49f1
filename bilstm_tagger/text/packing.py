"""What a packed file holds: gzip, bzip2, xz, or zip with one member, told by its first bytes."""

import importlib
import io
import re
import zlib
from typing import BinaryIO, cast

from bilstm_tagger.text.errors import DataFormatError, PathLike

GZIP_MAGIC = b"\x1f\x8b"
_XZ_MAGIC = b"\xfd7zXZ\x00"
_ZIP_MAGIC = b"PK\x03\x04"
# A zip file without members is nothing but its end.
_EMPTY_ZIP_MAGIC = b"PK\x05\x06"
# A digit, and a block or the end, follow: a text may begin with the letters alone.
_BZIP2_MAGIC = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_BZIP2_CUT = re.compile(rb"BZh[1-9](?:1A?Y?&?S?|\x17r?E?8?P?)")
# What unpacks a stream.
_MODULES = {"gzip": "gzip", "bzip2": "bz2", "xz": "lzma"}
# As many bytes of a pipe are looked at before it is read.
_LOOK = 4096
_ENDINGS = re.compile(r"\.(?:gz|bz2|xz|zip)$", re.IGNORECASE)
# Names of members that an error shows.
_NAMES = 5
# The bit of a member's flags.
_ENCRYPTED = 1


class UnreadableContent(Exception):
    """A stream cannot be read as it should.

    # Parameters

    problem : `str`
        What is wrong, and the fix.
    in_line : `bool`, optional (default=`False`)
        Whether it is wrong at the place that was reached, not with the file as a whole.
    """

    def __init__(self, problem: str, in_line: bool = False) -> None:
        super().__init__(problem, in_line)
        self.problem = problem
        self.in_line = in_line

    def at(self, path: PathLike, number: int) -> DataFormatError:
        """The error for a file of which the line of this number was to be read."""
        return DataFormatError(path, number if self.in_line else None, self.problem)


class _Prefixed(io.RawIOBase):
    """A pipe, with the start that was read of it."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        # After the end of its input, a terminal would be asked for more.
        self._rest = rest if len(start) == _LOOK else io.BytesIO()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._start:
            part, self._start = self._start[: len(buffer)], self._start[len(buffer) :]
        else:
            part = self._rest.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


class _Unpacking(io.RawIOBase):
    """A packed file, whose damages are `UnreadableContent`."""

    def __init__(self, kind: str, file: BinaryIO, damages: tuple[type[Exception], ...]) -> None:
        self._kind = kind
        self._file = file
        self._damages: tuple[type[Exception], ...] = (EOFError, zlib.error, *damages)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            part = self._file.read(len(buffer))
        except OSError as error:
            if error.errno is not None:
                raise  # of the disk, not of the file
            raise _damaged(self._kind, error) from None
        except self._damages as error:
            raise _damaged(self._kind, error) from None
        buffer[: len(part)] = part
        return len(part)


def unpacked(stream: BinaryIO, buffer: int) -> io.BufferedReader:
    """What a stream holds, plain or packed. It is read in pieces of so many bytes. At least the
    first 4,096 bytes of it can be peeked at.

    # Errors

    `UnreadableContent` for a zip file that does not have exactly one member that can be read, or
    that comes from a pipe; in reading, for a file that is damaged.
    """
    plain = cast(io.BufferedReader, stream)
    if not plain.seekable():
        # A pipe may hand out a single byte at first.
        plain = io.BufferedReader(_Prefixed(plain.read(_LOOK), plain), buffer)
    start = plain.peek(_LOOK)[:_LOOK]
    kind = _packing(start)
    if kind is None:
        return plain
    unpacking = _zip(plain) if kind == "zip" else _unpacking(kind, plain)
    # A buffer of its own: gzip hands out line by line, which takes a fifth longer.
    return io.BufferedReader(unpacking, buffer)


def unpacked_name(path: str) -> str:
    """The path without the ending that says that the file is packed."""
    return _ENDINGS.sub("", path)


def _packing(start: bytes) -> str | None:
    """How a file that begins so is packed; of a file cut short, too."""
    if _begins(start, GZIP_MAGIC):
        return "gzip"
    if _BZIP2_MAGIC.match(start) or _BZIP2_CUT.fullmatch(start):
        return "bzip2"
    if _begins(start, _XZ_MAGIC):
        return "xz"
    return "zip" if start.startswith((_ZIP_MAGIC, _EMPTY_ZIP_MAGIC)) else None


def _begins(start: bytes, magic: bytes) -> bool:
    return bool(start) and (start.startswith(magic) or magic.startswith(start))


def _unpacking(kind: str, stream: BinaryIO) -> _Unpacking:
    # Modules are imported where they are needed: to tag a sentence should not wait for them.
    module = importlib.import_module(_MODULES[kind])
    damages = (module.LZMAError,) if kind == "xz" else ()
    return _Unpacking(kind, module.open(stream), damages)


def _zip(stream: BinaryIO) -> _Unpacking:
    import lzma
    import struct
    import zipfile

    if not stream.seekable():
        raise UnreadableContent(
            "a zip file cannot be read from a pipe, because its list of contents is at its end; "
            "name the file, or unpack it into the pipe: unzip -p FILE"
        )
    try:
        archive = zipfile.ZipFile(stream)
        # A Mac adds notes of its own about each file.
        members = [
            member
            for member in archive.infolist()
            if not member.is_dir() and not member.filename.startswith("__MACOSX/")
        ]
        if len(members) == 1 and not members[0].flag_bits & _ENCRYPTED:
            file = cast(BinaryIO, archive.open(members[0]))
            return _Unpacking("zip", file, (zipfile.BadZipFile, lzma.LZMAError))
    except NotImplementedError as error:
        raise UnreadableContent(
            f"the zip file is packed in a way that Python does not know ({error}); unpack it by "
            "another program: unzip FILE"
        ) from None
    except (zipfile.BadZipFile, OSError, ValueError, LookupError, struct.error) as error:
        raise _damaged("zip", error) from None
    names = ", ".join(repr(member.filename) for member in members[:_NAMES])
    if len(members) == 1:
        raise UnreadableContent(
            f"the file {names} in the zip file is encrypted; unpack it with its password: "
            "unzip FILE"
        )
    more = f" and {len(members) - _NAMES} more" if len(members) > _NAMES else ""
    raise UnreadableContent(
        f"expected a zip file with one file in it, found {len(members)}{': ' if names else ''}"
        f"{names}{more}; unpack the one that is meant: unzip -p FILE MEMBER > NEW"
    )


def _damaged(kind: str, error: Exception) -> UnreadableContent:
    """The error for a packed file that cannot be unpacked at the place that was reached."""
    return UnreadableContent(
        f"expected a whole {kind} file, but it cannot be unpacked here ({error}); the file is "
        "damaged or cut short: fetch or pack it again",
        in_line=True,
    )
