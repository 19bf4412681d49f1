"""The files in a `model.tar.gz` from anywhere: read into memory, under limits, and checked.

Python's `tarfile` follows what an archive says of itself (sparse files, headers of any size); this
reads blocks itself, and of `tarfile` only takes the reading of one header.
"""

import gzip
import logging
import os
import stat
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Union, cast

from bilstm_tagger.tagging.archives.limits import FIX_ATTACK, Limits, UnsafeModel

CONFIG = "config.json"
META = "meta.json"
WEIGHTS = "weights.th"
VOCABULARY = "vocabulary/"

BLOCK = 512
_CHUNK = 2**20
_MAX_HEADER = 2**16  # of a long name

_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.GNUTYPE_LONGLINK: "a link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
    tarfile.XGLTYPE: "a header for several files",
}

logger = logging.getLogger(__name__)

AnyPath = Union[str, "os.PathLike[str]"]


class Reader:
    """What a gzip file unpacks to, up to the limits."""

    def __init__(self, file: BinaryIO, packed: int, limits: Limits) -> None:
        self._file = file
        self._packed = packed
        self._limits = limits
        self._position = 0

    def _allow(self, size: int, where: str) -> None:
        total, limits = self._position + size, self._limits
        if total > limits.unpacked:
            raise UnsafeModel(
                where,
                f"the archive unpacks to {total} bytes or more, above the limit of "
                f"{limits.unpacked}",
                "if it has to be so large, raise the limit 'unpacked'",
            )
        if total > limits.ratio_from and total > limits.ratio * self._packed:
            raise UnsafeModel(
                where,
                f"the archive of {self._packed} bytes unpacks to {total} bytes or more, above the "
                f"limit of {limits.ratio:g} times its size",
                FIX_ATTACK,
            )

    def chunks(self, size: int, where: str) -> Iterator[bytes]:
        """The next bytes, so many of them. What is claimed is checked before anything is read."""
        self._allow(size, where)
        while size:
            chunk = self._file.read(min(size, _CHUNK))
            if not chunk:
                raise UnsafeModel(where, "the archive ends in the middle")
            self._position += len(chunk)
            size -= len(chunk)
            yield chunk

    def take(self, size: int, where: str) -> bytes:
        return b"".join(self.chunks(size, where))

    def skip(self, size: int, where: str) -> None:
        for _ in self.chunks(size, where):
            pass

    def skip_rest(self) -> None:
        """To the end, where gzip keeps its check sum."""
        while chunk := self._file.read(_CHUNK):
            self._position += len(chunk)
            self._allow(0, "the end")


class _Member(NamedTuple):
    name: str
    size: int
    is_folder: bool


def _long_name(data: bytes) -> dict[str, str]:
    return {"path": data.split(b"\0")[0].decode("utf-8")}


def _extended_header(data: bytes) -> dict[str, str]:
    """The records of a PAX header, each `length key=value`."""
    fields = {}
    start = 0
    while start < len(data):
        digits = data[start : data.index(b" ", start, start + 20)]
        end = start + int(digits)
        record = data[start + len(digits) + 1 : end]
        if not digits.isdigit() or end > len(data) or not record.endswith(b"\n"):
            raise ValueError("no such record")
        key, value = record[:-1].decode("utf-8").split("=", 1)
        fields[key] = value
        start = end
    return fields


def _members(reader: Reader) -> Iterator[_Member]:
    """Headers; the caller reads what follows each."""
    extended: dict[str, str] = {}
    while any(block := reader.take(BLOCK, "a header")):
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            size = int(extended.get("size", header.size))
            name = extended.get("path", header.name)
            if size < 0:
                raise ValueError("a negative size")
        except (tarfile.TarError, ValueError):
            raise UnsafeModel("a header", "this is no tar file") from None
        where = ascii(name)
        if header.type in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
            if size > _MAX_HEADER:
                raise UnsafeModel(where, f"a header of {size} bytes", FIX_ATTACK)
            data = reader.take(size + -size % BLOCK, where)[:size]
            parse = _extended_header if header.type == tarfile.XHDTYPE else _long_name
            try:
                extended |= parse(data)
            except ValueError:
                raise UnsafeModel(where, "its long header is damaged") from None
            continue
        is_folder = header.type == tarfile.DIRTYPE
        sparse = any(key.startswith("GNU.sparse") for key in extended)
        if sparse or not (is_folder or header.type in (tarfile.REGTYPE, tarfile.AREGTYPE)):
            kind = "a sparse file" if sparse else _KINDS.get(header.type, "of an unknown kind")
            raise UnsafeModel(where, f"it is {kind}, no file or folder", FIX_ATTACK)
        yield _Member(name, 0 if is_folder else size, is_folder)
        extended = {}


def checked_name(name: str) -> str:
    """The name of a member, without `./`. An `UnsafeModel` for a name that leaves the folder, or
    cannot be a name everywhere."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or "\\" in name or name[1:2] == ":":
        raise UnsafeModel(ascii(name), "the name leads out of the archive's folder", FIX_ATTACK)
    if not name.isprintable() or len(name) > 1024 or len(parts) > 32:
        raise UnsafeModel(ascii(name)[:200], "this is no name of a file", FIX_ATTACK)
    return "/".join(parts)


def is_known(name: str) -> bool:
    """Whether AllenNLP itself puts such a file into an archive, and reads it."""
    return name in (CONFIG, META, WEIGHTS) or name.startswith(VOCABULARY)


def _read(reader: Reader, limits: Limits, extras: bool) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    names: set[str] = set()
    folders: set[str] = set()
    of_vocabulary = 0
    for number, member in enumerate(_members(reader), 1):
        name, size = checked_name(member.name), member.size
        if number > limits.members:
            raise UnsafeModel(name, f"more than {limits.members} files", FIX_ATTACK)
        above = {str(folder) for folder in Path(name).parents}
        if name in names or above & names or (name in folders and not member.is_folder):
            raise UnsafeModel(name, "the archive has two files of that name", FIX_ATTACK)
        if not name and not member.is_folder:
            raise UnsafeModel(ascii(member.name), "this is no name of a file", FIX_ATTACK)
        folders |= above
        if member.is_folder:
            folders.add(name)
            continue
        names.add(name)
        of_vocabulary += size if name.startswith(VOCABULARY) else 0
        if name in (CONFIG, META) and size > limits.config:
            fix = "raise the limit 'config'"
            raise UnsafeModel(name, f"{size} bytes, the limit is {limits.config}", fix)
        if of_vocabulary > limits.vocabulary:
            raise UnsafeModel(
                name,
                f"the vocabulary has {of_vocabulary} bytes or more, the limit is "
                f"{limits.vocabulary}",
                "if it has to be so large, raise the limit 'vocabulary'",
            )
        if is_known(name) or extras:
            files[name] = reader.take(size, name)
        else:
            logger.info("%s is left in the archive: nothing reads it.", name)
            reader.skip(size, name)
        reader.skip(-size % BLOCK, name)
    reader.skip_rest()
    return files


def read_members(path: AnyPath, limits: Limits, extras: bool = False) -> dict[str, bytes]:
    """The files of an archive, a local file, name to content; on request with those that AllenNLP
    does not know (`include_in_archive`). Nothing is written.

    # Errors

    `UnsafeModel` for what is no archive, or a damaged one; for anything but files and folders,
    names that leave the folder or come twice, and what is too large. `FileNotFoundError`.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no file"
        raise UnsafeModel("", f"this is {what}", "name the file model.tar.gz that training made")
    try:
        with open(path, "rb") as packed, gzip.GzipFile(fileobj=packed) as file:
            reader = Reader(cast(BinaryIO, file), os.fstat(packed.fileno()).st_size, limits)
            files = _read(reader, limits, extras)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        what = f"this is no gzip file, or not all of it ({error})"
        raise UnsafeModel("", what) from None
    for name in (CONFIG, WEIGHTS):
        if name not in files:
            raise UnsafeModel(name, "the archive has no such file")
    return files
