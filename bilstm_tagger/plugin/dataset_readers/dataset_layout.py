"""The layout of a data set as a part of a config."""

from typing import Any

import msgspec
from allennlp.common import FromParams, Params
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.text import dataset_layout


def _from_params(params: Any, kind: type) -> Any:
    settings = params.as_dict(quiet=True) if isinstance(params, Params) else params
    try:
        return msgspec.convert(settings, kind)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"dataset_reader: {error}") from None


class TaskColumn(FromParams):
    """Makes a `bilstm_tagger.text.dataset_layout.TaskColumn` of settings in a config."""

    @classmethod
    def from_params(cls, params: Any, **extras: Any) -> dataset_layout.TaskColumn:
        made: dataset_layout.TaskColumn = _from_params(params, dataset_layout.TaskColumn)
        return made


class DatasetLayout(FromParams):
    """Makes a `bilstm_tagger.text.dataset_layout.DatasetLayout` of settings in a config."""

    @classmethod
    def from_params(cls, params: Any, **extras: Any) -> dataset_layout.DatasetLayout:
        made: dataset_layout.DatasetLayout = _from_params(params, dataset_layout.DatasetLayout)
        return made
