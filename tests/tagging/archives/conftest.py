"""Archives as an attacker would make them."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import pytest


def pack(path: Path, files: dict[str, bytes], *more: tuple[tarfile.TarInfo, bytes]) -> Path:
    """A tar.gz of files, and of members as they are given."""
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member, data in more:
            archive.addfile(member, io.BytesIO(data))
    return path


def unpack(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            each.name: archive.extractfile(each).read()  # type: ignore[union-attr]
            for each in archive
            if each.isfile()
        }


@pytest.fixture(scope="session")
def packed() -> Callable[..., Path]:
    return pack


@pytest.fixture(scope="session")
def unpacked() -> Callable[[Path], dict[str, bytes]]:
    return unpack


@pytest.fixture
def changed(quickstart_archive: Path, tmp_path: Path) -> Callable[..., Path]:
    """The quickstart archive with other files; `None` takes one out. `config`: keys with dots and
    the values that they get."""

    def make(
        files: Optional[dict[str, Optional[bytes]]] = None, config: Optional[dict[str, Any]] = None
    ) -> Path:
        contents: dict[str, Optional[bytes]] = {**unpack(quickstart_archive), **(files or {})}
        if config is not None:
            loaded = json.loads(contents["config.json"] or b"")
            for key, value in config.items():
                *path, last = key.split(".")
                place = loaded
                for step in path:
                    place = place[step]
                place[last] = value
            contents["config.json"] = json.dumps(loaded).encode()
        kept = {name: data for name, data in contents.items() if data is not None}
        return pack(tmp_path / "changed.tar.gz", kept)

    return make
