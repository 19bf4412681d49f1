"""The binary form of word2vec: a line `COUNT DIMENSION`, then for each word its bytes, a blank, and
the numbers as float32, little endian; some programs add a line feed."""

import codecs
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO, Optional

import numpy

from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.kept_vectors import KeptVectors
from bilstm_tagger.text.packing import UnreadableContent

_HEADER = re.compile(rb"(\d{1,15}) (\d{1,15})\n")
# What words and numbers as text have not.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_NUMBERS = re.compile(rb"[-+.\deEnaif]+(?:\s+[-+.\deEnaif]+)*\s*")
# As many bytes are read together.
_PIECE = 2**20
# What is longer, or larger, comes from a header that is wrong.
_LONGEST_WORD = 10_000
_LARGEST_DIMENSION = 100_000


@dataclass(frozen=True)
class BinaryHeader:
    """The first line."""

    words: int
    dimension: int

    @property
    def size(self) -> int:
        """Bytes of a vector."""
        return 4 * self.dimension


def binary_header(start: bytes) -> Optional[BinaryHeader]:
    """The header of a file that begins so; `None` where it is not the binary form."""
    header = _HEADER.match(start)
    if header is None:
        return None
    # The text form has the same header: it is told by what follows.
    body = start[header.end() :]
    line = body.partition(b"\n")[0]
    if _NUMBERS.fullmatch(line.partition(b" ")[2]) or not (
        _CONTROL.search(body) or _is_bytes(body)
    ):
        return None
    return BinaryHeader(int(header[1]), int(header[2]))


def _is_bytes(body: bytes) -> bool:
    """Whether this is not UTF-8, be its last character cut or not."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return True
    return False


def read_binary_vectors(
    content: BinaryIO, path: str, header: BinaryHeader, wanted: Optional[Collection[bytes]]
) -> KeptVectors:
    """Reads the wanted vectors, or all, of a file in the binary form.

    # Errors

    `DataFormatError` for a file that is cut short, damaged, not as long as its header says, or with
    numbers that are not finite.
    """
    count, dimension = header.words, header.dimension
    size = header.size
    says = f"its header says {count} words of {dimension} numbers"
    if not 0 < dimension <= _LARGEST_DIMENSION:
        raise DataFormatError(path, 1, f"{says}; this is no file of word vectors: fetch it again")

    def not_finite(place: int, word: bytes, vector: bytes, problem: str) -> DataFormatError:
        name = word.decode("utf-8", "replace")
        return DataFormatError(
            path,
            None,
            f"{problem} in the vector of word {place} of {count} ({name[:80]!r}); the file is "
            "damaged, or its header is wrong: fetch it again",
        )

    kept = KeptVectors(dimension, _matrix, not_finite)
    content.readline()
    data, start = b"", 0
    index = 0
    try:
        for index in range(1, count + 1):
            blank = data.find(b" ", start)
            while blank < 0 or blank + 1 + size > len(data):
                piece = content.read(_PIECE)
                if not piece or (blank < 0 and len(data) - start > _LONGEST_WORD):
                    raise DataFormatError(
                        path,
                        None,
                        f"{says}, but {'word' if piece else 'the file ends in word'} {index}"
                        f"{' is too long' if piece else ''}; the file is cut short, or its header "
                        "is wrong: fetch it again",
                    )
                data, start = data[start:] + piece, 0
                blank = data.find(b" ")
            end = blank + 1 + size
            word = data[start:blank].removeprefix(b"\n")
            if wanted is None or word in wanted:
                kept.add(index, word, data[blank + 1 : end])
            start = end
        rest = data[start:] + content.read(2)
    except UnreadableContent as error:
        # There are no lines to count.
        raise DataFormatError(path, None, f"in word {index} of {count}: {error.problem}") from None
    if rest.strip(b"\n"):
        raise DataFormatError(
            path, None, f"{says}, but the file goes on after them; fetch it again, whole"
        )
    return kept


def _matrix(vectors: list[bytes], dimension: int) -> numpy.ndarray:
    flat = numpy.frombuffer(b"".join(vectors), dtype="<f4").astype(numpy.float32)
    return flat.reshape(len(vectors), dimension)
