"""The layout of a data set as a part of a config."""

from collections.abc import Sequence
from typing import Optional

from allennlp.common import FromParams
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.text import dataset_layout
from bilstm_tagger.text.errors import UserError


class TaskColumn(dataset_layout.TaskColumn, FromParams):
    """A `bilstm_tagger.text.dataset_layout.TaskColumn` whose settings come from a config."""

    def __post_init__(self) -> None:
        try:
            super().__post_init__()
        except UserError as error:
            raise ConfigurationError(str(error)) from None


class DatasetLayout(dataset_layout.DatasetLayout, FromParams):
    """A `bilstm_tagger.text.dataset_layout.DatasetLayout` whose settings come from a config."""

    def __init__(
        self,
        columns: dict[str, int],
        tasks: Optional[dict[str, TaskColumn]] = None,
        delimiter: Optional[str] = None,
        comment_prefix: Optional[str] = None,
        document_dividers: bool = False,
        conllu: bool = False,
        invalid_tags: str = "error",
    ) -> None:
        try:
            super().__init__(
                columns,
                dict(tasks or {}),
                delimiter,
                comment_prefix,
                document_dividers,
                conllu,
                invalid_tags,
            )
        except UserError as error:
            raise ConfigurationError(str(error)) from None

    def check_columns(self, names: Sequence[str], wanted_by: str) -> None:
        try:
            super().check_columns(names, wanted_by)
        except UserError as error:
            raise ConfigurationError(str(error)) from None
