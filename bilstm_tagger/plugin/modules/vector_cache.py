"""Vectors of the tokens of sentences on disk: computed once, mapped into memory."""

import os
import secrets
import struct
import time
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple, Optional

import numpy

_TYPE = numpy.dtype("<f2")
# Key of a sentence, the number of its tokens, and the checksum of their vectors.
_RECORD = struct.Struct("<16sII")
_VECTORS, _KEYS = ".vectors", ".index"
# Seconds between two looks at what other processes have added.
_LOOK_AGAIN = 5.0


class VectorCache:
    """The vectors of sentences by key, in half precision, in a folder that several processes may
    use at the same time. Each of them adds to files of its own and reads those of all. What is
    there when a process is killed stays. Vectors that were damaged since count as not there.

    # Parameters

    folder : `Path`
        It is made when the first vectors are added, if it is not there.
    size : `int`
        The numbers of a vector.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._size = size
        self._segments: dict[str, _Segment] = {}
        self._places: _Places = {}
        self._checked: set[bytes] = set()  # keys whose vectors are as they were written
        # What this process adds to: vectors, and keys.
        self._own: Optional[tuple[_Segment, BinaryIO, BinaryIO]] = None
        self._looked = -_LOOK_AGAIN

    @property
    def bytes_per_token(self) -> int:
        """What the vector of a token needs on disk."""
        return self._size * _TYPE.itemsize

    @property
    def tokens(self) -> int:
        """The number of tokens of all sentences."""
        self._look()
        return sum(places[0].tokens for places in self._places.values() if places)

    def get(self, key: bytes) -> Optional[numpy.ndarray]:
        """The vectors of a sentence, `(tokens, size)`; `None` where they are not there."""
        if not self._places.get(key):
            self._look()
        places = self._places.get(key, [])
        while places:
            segment, first, tokens, checksum = places[0]
            rows = segment.rows(first, tokens)
            if key in self._checked or zlib.crc32(rows.data) == checksum:
                self._checked.add(key)
                return rows
            del places[0]
        return None

    def add(self, key: bytes, vectors: numpy.ndarray) -> None:
        """Adds the vectors of a sentence, `(tokens, size)`, whose key has 16 bytes.

        # Errors

        `OSError` where they cannot be written.
        """
        segment, vector_stream, key_stream = self._own = self._own or self._new_segment()
        try:
            content = numpy.ascontiguousarray(vectors, _TYPE).tobytes()
            vector_stream.write(content)
            # A key that is there has its vectors.
            vector_stream.flush()
            checksum = zlib.crc32(content)
            key_stream.write(_RECORD.pack(key, len(vectors), checksum))
            key_stream.flush()
        except OSError:
            self._own = None  # a part of them may be there, behind which nothing can be added
            raise
        segment.count(key, len(vectors), checksum, self._places)

    def _new_segment(self) -> tuple["_Segment", BinaryIO, BinaryIO]:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        vectors, keys = ((self.folder / f"{name}{end}").open("xb") for end in (_VECTORS, _KEYS))
        self._segments[name] = _Segment(self.folder / name, self._size)
        return self._segments[name], vectors, keys

    def __reduce__(self) -> tuple[type["VectorCache"], tuple[Path, int]]:
        # A copy, or another process, has a segment of its own.
        return VectorCache, (self.folder, self._size)

    def _look(self) -> None:
        """Reads what other processes have added."""
        if time.monotonic() - self._looked < _LOOK_AGAIN:
            return
        for path in sorted(self.folder.glob(f"*{_KEYS}")):
            if path.stem not in self._segments:
                self._segments[path.stem] = _Segment(path.with_suffix(""), self._size)
            self._segments[path.stem].read_into(self._places)
        self._looked = time.monotonic()


class _Segment:
    """What one process has added."""

    def __init__(self, path: Path, size: int) -> None:
        self._vectors, self._keys = path.with_suffix(_VECTORS), path.with_suffix(_KEYS)
        self._size = size
        self._records = 0  # that were read
        self._rows = 0  # of these
        self._mapped = numpy.empty((0, size), _TYPE)

    def read_into(self, places: "_Places") -> None:
        """Reads what was added since the last time."""
        with self._keys.open("rb") as stream:
            stream.seek(self._records * _RECORD.size)
            content = stream.read()
        rows = self._rows_there()
        # The last record may be half a record, of a process that was killed.
        whole = len(content) - len(content) % _RECORD.size
        for key, count, checksum in _RECORD.iter_unpack(content[:whole]):
            if self._rows + count > rows:
                break  # vectors were lost: these sentences are computed anew
            self.count(key, count, checksum, places)

    def count(self, key: bytes, count: int, checksum: int, places: "_Places") -> None:
        """Takes note of the next sentence."""
        places.setdefault(key, []).append(_Place(self, self._rows, count, checksum))
        self._rows += count
        self._records += 1

    def _rows_there(self) -> int:
        try:
            return self._vectors.stat().st_size // (self._size * _TYPE.itemsize)
        except FileNotFoundError:
            return 0

    def rows(self, first: int, count: int) -> numpy.ndarray:
        """Some rows, which are not copied."""
        if first + count > len(self._mapped):
            shape = (self._rows_there(), self._size)
            self._mapped = numpy.memmap(self._vectors, _TYPE, "r", shape=shape)
        return self._mapped[first : first + count]


class _Place(NamedTuple):
    """Where the vectors of a sentence are."""

    segment: _Segment
    first: int  # row
    tokens: int  # and of rows
    checksum: int


# Several processes may have added the same sentence.
_Places = dict[bytes, list[_Place]]
