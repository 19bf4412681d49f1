"""The layout of a data set as a part of a config."""

import difflib
import re
import typing
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
        place, settings = "dataset_reader", params
        if isinstance(params, Params):
            place = params.history.removesuffix(".") or place
            settings = params.as_dict(quiet=True)
        try:
            return msgspec.convert(settings, cls.kind)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"{place}: {error}{_help(error, cls.kind)}") from None


def _help(error: msgspec.ValidationError, kind: type) -> str:
    """What the message does not say: the values that a key may have, the keys that there are."""
    if key := re.search(r"Invalid enum value .*`\$\.(\w+)`", str(error)):
        values = re.findall(r"'\w+'", str(typing.get_type_hints(kind)[key[1]]))
        return f"; permitted: {', '.join(values)}"
    if key := re.search(r"unknown field `(\w+)`", str(error)):
        keys = [*dataset_layout.DatasetLayout.__struct_fields__]
        keys += task_column.TaskColumn.__struct_fields__
        near = difflib.get_close_matches(key[1], keys, 1, 0.5)
        return f"; did you mean '{near[0]}'?" if near else ""
    return ""


class TaskColumn(_Settings):
    """Makes a `bilstm_tagger.text.task_column.TaskColumn` of settings in a config."""

    kind = task_column.TaskColumn


class DatasetLayout(_Settings):
    """Makes a `bilstm_tagger.text.dataset_layout.DatasetLayout` of settings in a config."""

    kind = dataset_layout.DatasetLayout
