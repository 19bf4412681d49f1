"""Paths and addresses of data files."""

from allennlp.common.file_utils import cached_path

from bilstm_tagger.data.columns import DataFormatError, PathLike


def local_path(path: PathLike, setting: str) -> str:
    """Where a file is on this machine: a path as it is, an address fetched and cached.

    # Parameters

    path : `PathLike`
        The path or address.
    setting : `str`
        The setting that names it, for the message.

    # Errors

    `DataFormatError` where there is no such file.
    """
    try:
        return str(cached_path(path))
    except FileNotFoundError:
        raise DataFormatError(path, None, f"there is no such file; check {setting}") from None
