"""Vectors of the tokens of sentences on disk: computed once, mapped into memory."""

import os
import secrets
import struct
import time
from pathlib import Path
from typing import BinaryIO, Optional

import numpy

_TYPE = numpy.dtype("<f2")
# Key of a sentence, and the number of its tokens.
_RECORD = struct.Struct("<16sI")
_VECTORS, _KEYS = ".vectors", ".keys"
# Seconds between two looks at what other processes have added.
_LOOK_AGAIN = 5.0


class VectorCache:
    """The vectors of sentences by key, in half precision, in a folder that several processes may
    use at the same time. Each of them adds to files of its own and reads those of all. What is
    there when a process is killed stays.

    # Parameters

    folder : `Path`
        It is made when the first vectors are added.
    size : `int`
        The numbers of a vector.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._size = size
        self._segments: dict[str, _Segment] = {}
        # Key to its segment, first row and number of rows.
        self._places: dict[bytes, tuple[_Segment, int, int]] = {}
        self._own: Optional[tuple[str, BinaryIO, BinaryIO]] = None
        self._looked = -_LOOK_AGAIN

    @property
    def bytes_per_token(self) -> int:
        """What the vector of a token needs on disk."""
        return self._size * _TYPE.itemsize

    @property
    def tokens(self) -> int:
        """The number of tokens of all sentences."""
        self._look()
        return sum(count for _, _, count in self._places.values())

    def get(self, key: bytes) -> Optional[numpy.ndarray]:
        """The vectors of a sentence, `(tokens, size)`; `None` where they are not there."""
        place = self._places.get(key)
        if place is None:
            self._look()
            place = self._places.get(key)
        if place is None:
            return None
        segment, first, count = place
        return segment.rows(first, count)

    def add(self, key: bytes, vectors: numpy.ndarray) -> None:
        """Adds the vectors of a sentence, `(tokens, size)`, whose key has 16 bytes.

        # Errors

        `OSError` where they cannot be written.
        """
        if self._own is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            name = f"{os.getpid()}-{secrets.token_hex(4)}"
            streams = [(self.folder / f"{name}{end}").open("xb") for end in (_VECTORS, _KEYS)]
            self._own = (name, streams[0], streams[1])
            self._segments[name] = _Segment(self.folder / name, self._size)
        name, vector_stream, key_stream = self._own
        vector_stream.write(numpy.ascontiguousarray(vectors, _TYPE).tobytes())
        # A key that is there has its vectors.
        vector_stream.flush()
        key_stream.write(_RECORD.pack(key, len(vectors)))
        key_stream.flush()
        self._segments[name].read_into(self._places)

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

    def read_into(self, places: dict[bytes, tuple["_Segment", int, int]]) -> None:
        """Reads what was added since the last time."""
        with self._keys.open("rb") as stream:
            stream.seek(self._records * _RECORD.size)
            content = stream.read()
        # The last record may be half a record, of a process that was killed.
        whole = len(content) - len(content) % _RECORD.size
        for key, count in _RECORD.iter_unpack(content[:whole]):
            places.setdefault(key, (self, self._rows, count))
            self._rows += count
            self._records += 1

    def rows(self, first: int, count: int) -> numpy.ndarray:
        """Some rows, which are not copied."""
        if first + count > len(self._mapped):
            rows = self._vectors.stat().st_size // (self._size * _TYPE.itemsize)
            self._mapped = numpy.memmap(self._vectors, _TYPE, "r", shape=(rows, self._size))
        return self._mapped[first : first + count]
