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
    pool: str  # its size in bytes and the time of its last change, or empty for a folder
    settings: str  # all else that scores depend on


def scored_pool(
    model: PathLike, pool: Optional[os.stat_result], settings: dict[str, object]
) -> ScoredPool:
    """What scores are of, by the path of the model, the status of the pool's file, and the other
    settings."""
    with open(model, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    changed = "" if pool is None else f"{pool.st_size} bytes, changed at {pool.st_mtime_ns} ns"
    return ScoredPool(digest, changed, msgspec.json.encode(settings, order="sorted").decode())


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
        self._lines = content[: content.rfind(b"\n") + 1].splitlines()
        if content and not self._lines:
            raise self._error("expected the scores of a pool, found something else")
        if self._lines:
            self._check(of)
        else:
            self._lines = [msgspec.json.encode(of)]
        self._scored = len(self._lines) - 1

    def _check(self, of: ScoredPool) -> None:
        try:
            before = msgspec.json.decode(self._lines[0], type=ScoredPool)
        except msgspec.DecodeError:
            raise self._error("expected the scores of a pool, found something else") from None
        for what in ScoredPool.__struct_fields__:
            old, new = getattr(before, what), getattr(of, what)
            if old != new:
                raise self._error(f"the scores are of another {what} ({old:.80}, now {new:.80})")

    def _error(self, problem: str) -> UserError:
        return UserError(f"{problem}; remove the file, or name another one, --scores", self._path)

    def __enter__(self) -> "ScoreFile":
        # Without what is left of half a line.
        self._stream = self._path.open("wb")
        for line in self._lines:
            self._stream.write(line + b"\n")
        self._stream.flush()
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
        assert self._stream is not None
        self._stream.write(msgspec.json.encode(scores) + b"\n")
        self._stream.flush()
