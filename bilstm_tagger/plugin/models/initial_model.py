"""Reads the trained model that another training starts from."""

from pathlib import Path

import numpy
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.plugin.data.paths import local_path
from bilstm_tagger.tagging.archives.limits import FIX_TRUST, UnsafeModel
from bilstm_tagger.tagging.loading import read_data
from bilstm_tagger.tagging.models import installed_model, installed_models
from bilstm_tagger.tagging.specification import Specification
from bilstm_tagger.text.errors import UserError

# What names it in a config.
KEY = "model.initial_weights"
_ARCHIVE = "model.tar.gz"
_FIX = "name a model that `bilstm-tagger tag` opens without --trust"


def read_initial_model(source: str) -> tuple[Specification, dict[str, numpy.ndarray]]:
    """Specification and tensors of an archive, the folder of a training that has ended, a model
    file, or the name of an installed model. A path may be an address.

    # Errors

    `ConfigurationError` for what is no model, or a model that cannot be read as data.
    """
    try:
        return read_data(_path_of(source))
    except UnsafeModel as error:
        fix = _FIX if error.fix == FIX_TRUST else error.fix
        refused = UnsafeModel(error.where, error.what, fix).at(error.archive)
        raise ConfigurationError(f"{KEY}: {refused}") from None
    except UserError as error:
        raise ConfigurationError(f"{KEY}: {error}") from None


def _path_of(source: str) -> str:
    if not source:
        raise UserError("it is empty; name a model, or leave it out")
    if installed_model(source) is not None:
        return source
    names = ", ".join(model.name for model in installed_models())
    path = local_path(source, f"the path, or name an installed model: {names or 'there are none'}")
    if not Path(path).is_dir():
        return path
    archive = Path(path, _ARCHIVE)
    if not archive.is_file():
        fix = "name an archive, or the folder of a training that has ended"
        raise UserError(f"the folder has no {_ARCHIVE}; {fix}", source)
    return str(archive)
