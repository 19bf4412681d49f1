"""What the files of a data set hold: columns, tasks and their encodings."""

from collections.abc import Sequence
from typing import Optional

import msgspec

from bilstm_tagger.text.columns import TOKENS, ColumnFormat, Sentence
from bilstm_tagger.text.encodings import Encoding, get_encoding
from bilstm_tagger.text.errors import DataFormatError, UserError


def _encoding(name: Optional[str], key: str) -> Optional[Encoding]:
    try:
        return None if name is None else get_encoding(name)
    except ValueError as error:
        raise UserError(f"{key}: {error}") from None


class TaskColumn(msgspec.Struct, forbid_unknown_fields=True, dict=True):
    """The column that holds the labels of a task. A `UserError` for an encoding that there is
    not."""

    # The encoding of spans in the file: IOB1, BIO (= IOB2), IOBES or BILOU. It is checked.
    # `None`: plain labels, one for each token, such as parts of speech.
    encoding: Optional[str] = None
    # The encoding that the model learns; tags are converted. `None`: that of the file.
    model_encoding: Optional[str] = None
    column: Optional[str] = None  # its name in `columns`; `None`: that of the task

    def __post_init__(self) -> None:
        if self.encoding is None and self.model_encoding is not None:
            raise UserError(
                f"model_encoding is {self.model_encoding!r}, but the task has no 'encoding': say "
                "in which encoding the file is, or leave model_encoding out"
            )
        self.source = _encoding(self.encoding, "encoding")
        self.target = _encoding(self.model_encoding, "model_encoding") or self.source
        # The names that encodings are known by: "IOB2" becomes "BIO".
        self.encoding = None if self.source is None else self.source.name
        self.model_encoding = None if self.target is None else self.target.name


class DatasetLayout(msgspec.Struct, forbid_unknown_fields=True, dict=True):
    """The layout of the files of one data set. A `UserError` for settings that do not go
    together."""

    columns: dict[str, int]
    tasks: dict[str, TaskColumn] = {}  # that the files have labels for
    # As of `ColumnFormat`.
    delimiter: Optional[str] = None
    comment_prefix: Optional[str] = None
    document_dividers: bool = False
    conllu: bool = False
    # What to do with tags that are not in the declared encoding: "error", or "repair" as conlleval
    # reads them.
    invalid_tags: str = "error"

    def __post_init__(self) -> None:
        if self.invalid_tags not in ("error", "repair"):
            raise UserError(
                f"invalid_tags must be 'error' or 'repair', found {self.invalid_tags!r}"
            )
        self.tasks = self.tasks or {}
        try:
            self._format = self._format_of(self.columns)
        except ValueError as error:
            raise UserError(f"dataset_reader: {error}") from None
        for name, task in self.tasks.items():
            self.check_columns([task.column or name], f"task '{name}'")

    def _format_of(self, columns: dict[str, int]) -> ColumnFormat:
        return ColumnFormat(
            columns, self.delimiter, self.comment_prefix, self.document_dividers, self.conllu
        )

    def check_columns(self, names: Sequence[str], wanted_by: str) -> None:
        """Raises `UserError` unless all these columns are declared, beside the tokens."""
        for name in names:
            if name == TOKENS:
                raise UserError(
                    f"The column '{TOKENS}' is wanted by {wanted_by}: give its index a second name "
                    "among the 'columns' of the dataset reader, and use that"
                )
            if name not in self.columns:
                raise UserError(
                    f"The column '{name}', wanted by {wanted_by}, is not among the 'columns' of "
                    f"the dataset reader: {sorted(self.columns)}. Add it with its index."
                )

    def format_for_training(self) -> ColumnFormat:
        """All columns are read."""
        return self._format

    def format_for_prediction(self, features: Sequence[str]) -> ColumnFormat:
        """Only tokens and features are read: a file to be tagged need not have labels."""
        columns = {name: self.columns[name] for name in (TOKENS, *features)}
        return self._format_of(columns)

    def labels(self, sentence: Sentence) -> tuple[dict[str, list[str]], bool]:
        """The labels of a sentence for each task, in the model's encoding, and whether any had to
        be repaired.

        # Errors

        `DataFormatError` for tags that are not in the declared encoding.
        """
        labels = {}
        repaired = False
        for name, task in self.tasks.items():
            column = task.column or name
            tags = sentence.columns[column]
            if task.source is not None and task.target is not None:
                fault = task.source.first_violation(tags)
                if fault is not None and self.invalid_tags == "error":
                    raise DataFormatError(
                        sentence.path,
                        sentence.line_numbers[fault.index],
                        f"column '{column}' of task '{name}' is declared as {task.encoding}, but "
                        f"{fault.message}; fix the file, set the 'encoding' of the task, or set "
                        "invalid_tags: 'repair'",
                    )
                repaired |= fault is not None
                try:
                    tags = task.target.repair(tags)
                except ValueError:  # no reading at all, so no repair
                    raise self._unreadable(sentence, column, name, task.source) from None
            labels[name] = tags
        return labels, repaired

    @staticmethod
    def _unreadable(
        sentence: Sentence, column: str, task: str, encoding: Encoding
    ) -> DataFormatError:
        """The error for the first tag that belongs to no encoding."""
        for index, tag in enumerate(sentence.columns[column]):  # noqa: B007
            try:
                encoding.spans([tag])
            except ValueError:
                break
        return DataFormatError(
            sentence.path,
            sentence.line_numbers[index],
            f"column '{column}' of task '{task}' is declared as {encoding.name}, but {tag!r} is no "
            "tag of any encoding and cannot be repaired; fix the file, or set the 'column' or "
            "'encoding' of the task",
        )
