"""From a name or path to a model: a model file, or an archive of AllenNLP."""

import os
from importlib import import_module
from typing import Any

import numpy

from bilstm_tagger.tagging.archives.limits import FIX_TRUST, UnsafeModel
from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.model_file import read_model
from bilstm_tagger.tagging.models import installed_model, installed_models
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


class NoSuchModel(UserError, FileNotFoundError):
    """There is no model of a name, and no file of this path."""


def find_model(model: PathLike) -> PathLike:
    """The path of a model.

    A string that is the name of an installed model is that model, even if the working directory
    has a file of this name: that one is `"./NAME"`, or a `Path`. Anything else is a path.

    # Errors

    `NoSuchModel` for what is neither.
    """
    if isinstance(model, str) and (installed := installed_model(model)) is not None:
        return installed.path
    if os.path.exists(model):
        return model
    names = ", ".join(installed.name for installed in installed_models())
    fix = f"check the path, or name an installed model: {names or 'there are none'}"
    raise NoSuchModel(f"there is no such model; {fix}", model)


def read_data(
    model: PathLike,
) -> tuple[Specification, dict[str, numpy.ndarray]]:
    """Specification and tensors of a model, by name or path; of an archive, what can be read as
    data.

    # Errors

    `UnsafeModel` for a file that is refused, `NoSuchModel`.
    """
    path = find_model(model)
    return read_archive(path) if _is_archive(path) else read_model(path)


def load_model(
    model: PathLike, trust: bool = False, cuda_device: int = -1
) -> tuple[Specification, EmissionSource]:
    """The model of a name, or in a model file or a `model.tar.gz`, told apart by their first bytes;
    for the parameters see `Tagger.load`.

    # Errors

    `UnsafeModel` for a file that is refused, `NoSuchModel`.
    """
    path = find_model(model)
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
