"""The layout of a data set as a part of a config."""

from typing import Any

import msgspec
from allennlp.common import FromParams, Params
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.text import dataset_layout, task_column


class _Settings(FromParams):
    """Makes a `kind` of settings in a config."""

    kind: type

    @classmethod
    def from_params(cls, params: Any, **extras: Any) -> Any:
        settings = params.as_dict(quiet=True) if isinstance(params, Params) else params
        try:
            return msgspec.convert(settings, cls.kind)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"dataset_reader: {error}") from None


class TaskColumn(_Settings):
    """Makes a `bilstm_tagger.text.task_column.TaskColumn` of settings in a config."""

    kind = task_column.TaskColumn


class DatasetLayout(_Settings):
    """Makes a `bilstm_tagger.text.dataset_layout.DatasetLayout` of settings in a config."""

    kind = dataset_layout.DatasetLayout
