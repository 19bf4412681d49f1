"""Word vectors that were read before, kept as numbers: a training that is repeated with other seeds
or sizes does not parse the same text again.
"""

import hashlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Optional

import numpy

from bilstm_tagger.text.errors import PathLike
from bilstm_tagger.text.word_vectors import WordVectors, read_word_vectors

logger = logging.getLogger(__name__)

# To be raised with every change of what is kept.
_VERSION = 2
# A smaller file is read as fast as it is found.
MIN_SIZE = 2**20
# As many selections of vectors are kept; those that were not used for longest go first.
MAX_FILES = 10


def _key(path: str, wanted: Optional[Collection[str]]) -> str:
    """Names a selection of words of a file, as it is now."""
    about = os.stat(path)
    digest = hashlib.sha256()
    digest.update(
        repr((_VERSION, os.path.realpath(path), about.st_size, about.st_mtime_ns)).encode()
    )
    if wanted is not None:
        digest.update("\n".join(sorted(wanted)).encode("utf-8", "replace"))
    return digest.hexdigest()[:32]


def _load(path: str, file: Path) -> Optional[WordVectors]:
    try:
        with numpy.load(file, allow_pickle=False) as stored:
            text, matrix = stored["words"].tobytes().decode("utf-8"), stored["matrix"]
        words = text.split("\n") if text else []
        if matrix.ndim != 2 or len(matrix) != len(words):
            return None
        os.utime(file)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # not there, or damaged
    return WordVectors(path, words, matrix)


def _store(vectors: WordVectors, file: Path) -> None:
    words = numpy.frombuffer("\n".join(vectors.words).encode("utf-8", "replace"), dtype=numpy.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    # Under another name first: a training beside this one must not find half a file.
    with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
        try:
            numpy.savez(part, words=words, matrix=vectors.matrix)
            os.replace(part.name, file)
        except OSError:
            os.unlink(part.name)
            raise
    files = sorted(file.parent.glob("*.npz"), key=lambda each: each.stat().st_mtime)
    for old in files[:-MAX_FILES]:
        old.unlink(missing_ok=True)


def cached_word_vectors(
    path: PathLike, wanted: Optional[Collection[str]], folder: PathLike
) -> WordVectors:
    """As `read_word_vectors`, but what was read once is taken from a folder.

    What is kept is one selection of words of one file; it counts no more when the file's size or
    time of change is another. A folder that cannot be written to is no error.
    """
    path = os.fspath(path)
    if not os.path.isfile(path) or os.path.getsize(path) < MIN_SIZE:
        return read_word_vectors(path, wanted)
    file = Path(folder) / f"{_key(path, wanted)}.npz"
    vectors = _load(path, file)
    if vectors is None:
        vectors = read_word_vectors(path, wanted)
        try:
            _store(vectors, file)
        except OSError as error:
            logger.info("Word vectors are not kept for the next time: %s", error)
    return vectors
