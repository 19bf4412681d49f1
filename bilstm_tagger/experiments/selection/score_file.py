"""The scores of a pool in a file, so that scoring goes on where it was interrupted."""

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Optional

import msgspec

from bilstm_tagger.text.errors import PathLike, UserError


class ScoredPool(msgspec.Struct, frozen=True):
    """What the scores of a file are of, its first line."""

    model: str  # the SHA-256 of its file
    pool: str  # its size in bytes and the time of its last change, or "none" for a folder
    vector_file: str  # the same, or "none" without one
    settings: str  # all else that scores depend on


def scored_pool(
    model: PathLike,
    pool: Optional[os.stat_result],
    vectors: Optional[os.stat_result],
    settings: dict[str, object],
) -> ScoredPool:
    """What scores are of, by the path of the model, the status of the files of the pool and of more
    word vectors, and the other settings."""
    with open(model, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    text = msgspec.json.encode(settings, order="sorted").decode()
    return ScoredPool(digest, _identity(pool), _identity(vectors), text)


def _identity(status: Optional[os.stat_result]) -> str:
    """Of files that are too large to read them for it."""
    if status is None:
        return "none"
    return f"{status.st_size} bytes, changed at {status.st_mtime_ns} ns"


def _differences(old: str, new: str) -> str:
    """The settings that differ, such as "strategy was 'errors' and is 'margin'"."""
    before, now = (msgspec.json.decode(settings, type=dict[str, object]) for settings in (old, new))
    return ", ".join(
        f"{name} was {before.get(name)!r} and is {now.get(name)!r}"
        for name in sorted(before | now)
        if before.get(name) != now.get(name)
    )


class ScoreFile:
    """The scores of the blocks of a pool, one block a line. Use as a context.

    # Parameters

    path : `str`
        The file. What is there is read; what is scored is added.
    of : `ScoredPool`
        What is scored now.

    # Errors

    `UserError` for a file that is of something else, or cannot be written.
    """

    def __init__(self, path: str, of: ScoredPool) -> None:
        self._path = Path(path)
        self._stream: Optional[BinaryIO] = None
        content = self._path.read_bytes() if self._path.exists() else b""
        # After an interruption, the last line may be half a line.
        self._size = content.rfind(b"\n") + 1
        self._lines = content[: self._size].splitlines()
        self._header = msgspec.json.encode(of)
        if self._lines:
            self._check(of)
        elif not self._header.startswith(content):
            raise self._error("expected the scores of a pool, found something else")
        self._scored = max(len(self._lines) - 1, 0)

    def _check(self, of: ScoredPool) -> None:
        try:
            before = msgspec.json.decode(self._lines[0], type=ScoredPool)
        except msgspec.DecodeError:
            raise self._error("expected the scores of a pool, found something else") from None
        for what in ScoredPool.__struct_fields__:
            old, new = getattr(before, what), getattr(of, what)
            if old != new:
                if what == "settings":
                    raise self._error(f"the scores have other settings: {_differences(old, new)}")
                name = what.replace("_", " ")
                raise self._error(f"the scores are of another {name} ({old:.80}, now {new:.80})")

    def _error(self, problem: str) -> UserError:
        return UserError(f"{problem}; remove the file, or name another one, --scores", self._path)

    def __enter__(self) -> "ScoreFile":
        self._stream = self._path.open("ab")
        # Without what is left of half a line. All whole lines stay: they may be hours of work.
        self._stream.truncate(self._size)
        if not self._lines:
            self._write(self._header)
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        assert self._stream is not None
        self._stream.close()

    def scores(self, block: int, sentences: int) -> Optional[list[float]]:
        """The scores of the sentences of a block, from 0; `None` where it was not scored yet."""
        if block >= self._scored:
            return None
        line = block + 1
        try:
            scores = msgspec.json.decode(self._lines[line], type=list[float])
        except msgspec.DecodeError as error:
            raise self._error(f"line {line + 1} is damaged ({error})") from None
        if len(scores) != sentences:
            raise self._error(
                f"line {line + 1} has the scores of {len(scores)} sentences, of a block of "
                f"{sentences}"
            )
        return scores

    def add(self, scores: list[float]) -> None:
        """Writes the scores of the next block."""
        self._write(msgspec.json.encode(scores))

    def _write(self, line: bytes) -> None:
        assert self._stream is not None
        self._stream.write(line + b"\n")
        self._stream.flush()
