"""From a path to a model: a model file, or an archive of AllenNLP."""

import os
from importlib import import_module
from typing import Any

from bilstm_tagger.tagging.archives.limits import FIX_TRUST, UnsafeModel
from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.model_file import read_model
from bilstm_tagger.tagging.network import EmissionSource, Network
from bilstm_tagger.tagging.specification import Specification
from bilstm_tagger.text.errors import PathLike, UserError
from bilstm_tagger.text.packing import GZIP_MAGIC
from bilstm_tagger.text.requirements import missing

# The header of a model file is JSON behind eight bytes of its length.
_HEADER_START, _HEADER_PLACE = b"{", 8
# What opens archives with AllenNLP. It stands above this package, and is looked for when it is
# wanted: AllenNLP need not be installed.
_PLUGIN = "bilstm_tagger.plugin.tagging"


def load_model(
    path: PathLike, trust: bool = False, cuda_device: int = -1
) -> tuple[Specification, EmissionSource]:
    """The model in a model file or a `model.tar.gz`, told apart by their first bytes; for the
    parameters see `Tagger.load`.

    # Errors

    `UnsafeModel` for a file that is refused, `FileNotFoundError`.
    """
    if not _is_archive(path):
        if cuda_device >= 0:
            raise UserError(
                "a model file is for the CPU; give the archive, model.tar.gz, to use a GPU", path
            )
        specification, tensors = read_model(path)
    elif cuda_device >= 0:
        return _loaded_by_allennlp(path, trust, cuda_device)
    else:
        try:
            specification, tensors = read_archive(path)
        except UnsafeModel as error:
            if not trust or error.fix != FIX_TRUST:
                raise
            return _loaded_by_allennlp(path, trust, cuda_device)
    try:
        return specification, Network(specification, tensors)
    except ValueError as error:
        raise UnsafeModel("", str(error)).at(path) from None


def _is_archive(path: PathLike) -> bool:
    """Whether a file is an archive; if not, it is a model file."""
    if os.path.isdir(path):
        fix = "name the file model.tar.gz or .safetensors in it"
        raise UnsafeModel("", "this is a folder", fix).at(path)
    with open(path, "rb") as file:
        start = file.read(_HEADER_PLACE + len(_HEADER_START))
    if not start.startswith(GZIP_MAGIC) and start[_HEADER_PLACE:] != _HEADER_START:
        what = "this is neither a model file nor an archive, model.tar.gz"
        fix = "name the file that training or `allennlp export` has made"
        raise UnsafeModel("", what, fix).at(path)
    return start.startswith(GZIP_MAGIC)


def _loaded_by_allennlp(
    path: PathLike, trust: bool, cuda_device: int
) -> tuple[Specification, EmissionSource]:
    try:
        plugin: Any = import_module(_PLUGIN)
    except ModuleNotFoundError as error:
        raise missing("AllenNLP", "train", "This archive, or a GPU,") from error
    return plugin.load(path, trust, cuda_device)
