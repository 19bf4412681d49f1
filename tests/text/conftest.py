"""What the tests of files share: writing them, and reading them in a layout."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.read_dataset import read_dataset


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of text, or of bytes; returns its path."""

    def write(content: str | bytes, name: str = "file.conll") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture(scope="session")
def read() -> Callable[..., list[Sentence]]:
    """The sentences of a file in a layout, which is given by settings."""

    def read(path: Path, **settings: Any) -> list[Sentence]:
        return list(read_dataset(path, msgspec.convert(settings, DatasetLayout)))

    return read
