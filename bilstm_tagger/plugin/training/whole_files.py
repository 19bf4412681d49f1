"""Files of tensors that are whole, or not there."""

import os
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch


def part_of(path: Path) -> Path:
    """The name under which a file is written before it gets its own."""
    return path.with_name(path.name + ".part")


def write_part(state: Any, path: Path) -> None:
    """Writes tensors beside the file that they are for, down to the disk.

    # Errors

    `OSError` where that fails, as on a full disk. Nothing is left of it then.
    """
    part = part_of(path)
    try:
        with part.open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException as error:
        part.unlink(missing_ok=True)
        interrupt = error.__context__
        if isinstance(error, RuntimeError) and interrupt and not isinstance(interrupt, Exception):
            raise interrupt from None  # in its place, torch complains of the unfinished file
        if isinstance(error, OSError | RuntimeError):  # torch's own, where the disk is full
            raise OSError(
                f"{path} cannot be written: {error}. What was there before is untouched. Free some "
                "space, if the disk is full, and go on with --recover"
            ) from error
        raise


def commit(path: Path) -> None:
    """Gives what `write_part` wrote its own name, in place of what had that name."""
    os.replace(part_of(path), path)


def save_whole(state: Any, path: Path) -> None:
    """`torch.save`; who is interrupted, or finds the disk full, keeps the file of before."""
    write_part(state, path)
    commit(path)


def are_whole(paths: Iterable[Path]) -> bool:
    """Whether all files are there and as they were written: their checksums are right."""
    try:
        for path in paths:
            with zipfile.ZipFile(path) as archive:
                if archive.testzip() is not None:
                    return False
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError):
        return False
    return True
