"""Data files by path or address."""

from collections.abc import Collection
from pathlib import Path
from typing import Optional

from allennlp.common.file_utils import CACHE_ROOT, cached_path

from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.word_vector_cache import cached_word_vectors
from bilstm_tagger.text.word_vectors import WordVectors


def local_path(path: PathLike, setting: str) -> str:
    """Where a file is on this machine: a path as it is, an address fetched and cached. A
    `DataFormatError`, which names the setting, where there is no such file.
    """
    try:
        return str(cached_path(path))
    except FileNotFoundError:
        raise DataFormatError(path, None, f"there is no such file; check {setting}") from None


def local_word_vectors(
    path: PathLike, wanted: Optional[Collection[str]], setting: str
) -> WordVectors:
    """The wanted vectors of a file, by path or address. What was read once is kept where AllenNLP
    keeps what it fetched (`ALLENNLP_CACHE_ROOT`).

    # Parameters

    wanted : `Collection[str]`, optional
        The words to keep. `None` keeps all.

    # Errors

    As `local_path`; a `DataFormatError` also where something else is in the file.
    """
    return cached_word_vectors(local_path(path, setting), wanted, Path(CACHE_ROOT) / "word_vectors")
