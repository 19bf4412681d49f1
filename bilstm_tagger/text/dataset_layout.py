"""What the files of a data set hold: their form, columns, tasks and encodings."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Literal, Optional

import msgspec

from bilstm_tagger.text.character_spans import Policy
from bilstm_tagger.text.column_format import MISC, TOKENS, ColumnFormat, EmptyTokens, Place
from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.possible_labels import InvalidTag, Labels, PartialLabels
from bilstm_tagger.text.tag_recognition import recognise_tags
from bilstm_tagger.text.tag_spelling import USUAL, spelling_settings
from bilstm_tagger.text.task_column import TaskColumn

# The forms of files; see `DatasetLayout.form`.
Form = Literal["columns", "lines", "json", "brat", "spacy", "parquet"]
_WITH_INDICES = ("columns", "lines")
# See `DatasetLayout.casing`.
TokenCasing = Literal["lower", "upper"]
CASINGS: dict[TokenCasing, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper}
# The settings of files of columns, beside the columns.
_OF_COLUMNS = [field.name for field in dataclasses.fields(ColumnFormat) if field.name != "columns"]


class DatasetLayout(msgspec.Struct, forbid_unknown_fields=True, dict=True, omit_defaults=True):
    """The layout of the files of one data set. A `UserError` for settings that do not go
    together."""

    # Column to its place: an index from 0; `MISC:name` for an entry of CoNLL-U's MISC; a name in
    # the header; or a key of the objects of a file, which may lead through objects and lists by
    # dots: `annotations.0.result`.
    columns: dict[str, Place]
    tasks: dict[str, TaskColumn] = {}  # that the files have labels for
    # "columns": a token a line. "lines": a sentence a line, tokens separated by blanks, the parts
    # of a token by `delimiter`. "json": objects, one a line or a list of them. "brat": texts with
    # annotations beside them. "spacy": a DocBin. "parquet": a Parquet file, or the folder of a
    # Hugging Face data set.
    form: Form = "columns"
    # As of `ColumnFormat`.
    delimiter: Optional[str] = None
    comment_prefix: Optional[str] = None
    document_dividers: bool = False
    conllu: bool = False
    quoted: bool = False
    ragged: bool = False
    empty_tokens: EmptyTokens = "error"
    sentence_column: Optional[Place] = None
    # What to do with tags that are not in the declared encoding: "error", or "repair" as conlleval
    # reads them.
    invalid_tags: str = "error"
    # The same for spans by character offsets that do not fit the tokens; see `AlignedSpans`.
    invalid_spans: Policy = "error"
    language: str = "en"  # of raw text, for splitting it into tokens
    # Tokens are read in lower or upper case, so that a training sees annotated text in a casing
    # that it seldom has; text that is tagged stays as it is. `None`: as in the file.
    casing: Optional[TokenCasing] = None

    def __post_init__(self) -> None:
        if self.invalid_tags not in ("error", "repair"):
            raise UserError(
                f"invalid_tags must be 'error' or 'repair', found {self.invalid_tags!r}"
            )
        self.tasks = self.tasks or {}
        try:
            if self.form in _WITH_INDICES:
                self._format_of(self.columns)
            else:
                ColumnFormat(self.columns)  # columns must have tokens, and so on
        except ValueError as error:
            raise UserError(str(error)) from None
        indices = [name for name, place in self.columns.items() if isinstance(place, int)]
        if self.form not in _WITH_INDICES and indices:
            raise UserError(
                f"columns.{indices[0]} is {self.columns[indices[0]]}, but files of the form "
                f"'{self.form}' have keys: give the key, as in columns: {{{TOKENS}: 'tokens'}}"
            )
        if self.form == "lines" and (self.delimiter is None or len(indices) < len(self.columns)):
            raise UserError(
                "the form 'lines' needs the 'delimiter' between the parts of a token, such as '|', "
                "and the index of each part in 'columns'"
            )
        for name, task in self.tasks.items():
            self.check_columns([task.column or name], f"task '{name}'")

    def _format_of(self, columns: dict[str, Place]) -> ColumnFormat:
        settings = {name: getattr(self, name) for name in _OF_COLUMNS}
        return ColumnFormat(columns, **settings)

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

    def name_of(self, task: str) -> str:
        """The name in the header, or the key, of the labels of a task; without one its own name."""
        place = self.place_of(task)
        return place if isinstance(place, str) and not place.startswith(MISC) else task

    def place_of(self, task: str) -> Optional[Place]:
        """Where the labels of a task are; `None` where the files have none."""
        declared = self.tasks.get(task)
        return self.columns.get((declared.column if declared else None) or task)

    def column_format(self, names: Optional[Sequence[str]] = None) -> ColumnFormat:
        """The layout of files of columns, with the tokens and these columns; `None` are all."""
        names = list(self.columns) if names is None else [TOKENS, *names]
        return self._format_of({name: self.columns[name] for name in names})

    def labels(self, sentence: Sentence) -> tuple[dict[str, Labels], bool]:
        """The labels of a sentence for each task, in the model's encoding, and whether any had to
        be repaired.

        # Errors

        `DataFormatError` for tags that are not in the declared encoding.
        """
        labels: dict[str, Labels] = {}
        repaired = False
        for name, task in self.tasks.items():
            tags = sentence.columns[task.column or name]
            try:
                labels[name], changed = task.labels_of(tags, self.invalid_tags == "repair")
            except InvalidTag as error:
                raise self._invalid(sentence, name, error.index, error.message) from None
            except ValueError:  # no reading at all, so no repair
                raise self._unreadable(sentence, name) from None
            repaired |= changed
        return labels, repaired

    def _unreadable(self, sentence: Sentence, name: str) -> DataFormatError:
        """The error for the first tag that is no tag of spans, as they are spelled here."""
        task = self.tasks[name]
        tags = sentence.columns[task.column or name]
        index = next(index for index, tag in enumerate(tags) if not _is_readable(task, tag))
        message = f"{tags[index]!r} is no tag of any encoding and cannot be repaired"
        if task.spelling != USUAL:
            message = f"{tags[index]!r} is not spelled as declared"
        return self._invalid(sentence, name, index, message)

    def _invalid(self, sentence: Sentence, name: str, index: int, message: str) -> DataFormatError:
        task = self.tasks[name]
        column = task.column or name
        line = sentence.line_numbers[index] or None
        if task.source is None or task.probabilities:
            problem = f"column '{column}' of task '{name}': {message}"
            return DataFormatError(sentence.path, line, problem)
        tags = sentence.columns[column]
        tag = tags[index]
        if task.gaps is not None:
            # What they are without those that are known in part; at least the invalid one.
            tags = [tag, *(other for other in tags if not task.gaps.is_gap(other))]
        recognised = recognise_tags([tags])
        readable = [_is_readable(task, tag) for tag in tags]
        of_spans = any(
            can and tag != task.spelling.outside for can, tag in zip(readable, tags, strict=True)
        )
        usual = PartialLabels()
        if task.gaps is None and usual.is_gap(tag):
            fix = (
                "if it stands for a label that is not known, or for several possible ones, set "
                f"tasks.{name}.partial: true in the dataset reader; else fix the file"
            )
        elif all(readable):
            fix = "fix the file, set the 'encoding' of the task, or set invalid_tags: 'repair'"
        elif (
            recognised is not None
            and recognised.spelling != task.spelling
            and not (of_spans and recognised.spelling.prefix == "none")
        ):
            fix = (
                f"these tags look like {recognised.encoding}, spelled in another way: set "
                f"tasks.{name}: {{encoding: '{recognised.encoding}', spelling: "
                f"{spelling_settings(recognised.spelling)}}} in the dataset reader"
            )
        else:
            fix = "fix the file, or set the 'column' or 'encoding' of the task"
            if not any(readable):
                fix += ", which plain labels, such as parts of speech, have not"
        return DataFormatError(
            sentence.path,
            line,
            f"column '{column}' of task '{name}' is declared as {task.encoding}, but {message}; "
            f"{fix}",
        )


def _is_readable(task: TaskColumn, tag: str) -> bool:
    try:
        task.read(tag)
    except ValueError:
        return False
    return True
