"""What the tests of files share: small models of files of every form, and the command that tags."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bilstm_tagger import command_line

MODEL = Path("fixtures/models/quickstart_0.1.0.tar.gz")


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A model whose training had files in a layout, given by settings; its tasks are `pos` and
    `chunk`, parts of speech and spans."""
    folder = tmp_path_factory.mktemp("models")
    with tarfile.open(MODEL) as archive:
        files = {
            member.name: archive.extractfile(member).read()  # type: ignore[union-attr]
            for member in archive
            if member.isfile()
        }

    def model_of(**layout: Any) -> Path:
        path = folder / f"{abs(hash(json.dumps(layout)))}.tar.gz"
        config = json.loads(files["config.json"])
        kept = {key: config["dataset_reader"][key] for key in ("type", "tasks", "token_indexers")}
        config["dataset_reader"] = {**kept, **layout}
        with tarfile.open(path, "w:gz") as archive:
            for name, data in {**files, "config.json": json.dumps(config).encode()}.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return path

    return model_of


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., tuple[bytes, list[str]]]:
    """`bilstm-tagger tag ARGUMENTS`; returns what it writes to standard output, and its lines on
    stderr."""

    def run(*arguments: Any, status: int = 0) -> tuple[bytes, list[str]]:
        capfdbinary.readouterr()
        ended: Any = 0
        try:
            command_line.main(["tag", *map(str, arguments)])
        except SystemExit as error:
            ended = error.code
        output, errors = capfdbinary.readouterr()
        assert ended == status, errors.decode()
        return output, errors.decode().splitlines()

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of text, or of bytes; returns its path."""

    def write(content: str | bytes, name: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
