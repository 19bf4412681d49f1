"""Folds of data for cross-validation: each of its sentences, or documents, belongs to one.

A data path with folds stands in a config in place of a plain path:

    {path: 'train.conll', folds: 5, by: 'document', without: 2}    all of the file but fold 2
    {path: 'train.conll', folds: 5, by: 'document', only: 2}       fold 2 of the file

Documents, or sentences, go to the folds in turn, in the order of the file, whatever the seed.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Optional, Union

import msgspec

from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.errors import DataFormatError, PathLike, UserError

# What stays together in a fold.
Unit = Literal["document", "sentence"]


class Folds(msgspec.Struct, frozen=True):
    """How data are divided into folds."""

    number: int
    unit: Unit

    def assign(
        self, path: PathLike, sentences: Iterable[Sentence]
    ) -> Iterator[tuple[int, Sentence]]:
        """The sentences of a file, each with its fold, from 1.

        # Errors

        `NoDocuments`, at the end, for a file without documents where they are needed.
        """
        index, document = -1, None
        for sentence in sentences:
            if self.unit == "sentence" or sentence.document != document:
                index, document = index + 1, sentence.document
            yield index % self.number + 1, sentence
        if self.unit == "document" and index == 0 and document == 0:
            raise NoDocuments(path)

    def there_are(self, count: int) -> str:
        """How many documents, or sentences, there are, in words."""
        return f"there is 1 {self.unit}" if count == 1 else f"there are {count} {self.unit}s"


class NoDocuments(DataFormatError):
    """A file that is divided by document does not say where documents begin."""

    def __init__(self, path: PathLike) -> None:
        super().__init__(
            path,
            None,
            "nothing says where documents begin: expected lines '# newdoc', or -DOCSTART- with "
            "document_dividers: true in the dataset reader; add them, or divide the data by "
            "sentence (by: 'sentence' in the config, --by sentence of crossval)",
        )
        self.args = (path,)  # what pickle calls the constructor with


class FoldedPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A data path, one fold of which is left out, or read alone. A `UserError` for settings that do
    not go together."""

    path: Union[str, dict[str, str]]  # as of the dataset reader
    folds: Annotated[int, msgspec.Meta(ge=2)]
    by: Unit
    without: Optional[int] = None
    only: Optional[int] = None

    def __post_init__(self) -> None:
        numbers = [number for number in (self.without, self.only) if number is not None]
        if len(numbers) != 1 or not 1 <= numbers[0] <= self.folds:
            raise UserError(
                f"a data path with folds needs either 'without' or 'only', the number of a fold "
                f"from 1 to {self.folds}"
            )
        files = self.path.values() if isinstance(self.path, dict) else [self.path]
        if not files or "" in files:
            raise UserError("'path' is empty: name a file")

    @property
    def division(self) -> Folds:
        return Folds(self.folds, self.by)

    def select(self, path: PathLike, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """Those of the sentences of a file that the path stands for.

        # Errors

        As of `Folds.assign`; at the end, `DataFormatError` where there are none.
        """
        last, is_empty = 0, True
        for fold, sentence in self.division.assign(path, sentences):
            last = max(last, fold)
            if (fold == self.only) if self.without is None else (fold != self.without):
                is_empty = False
                yield sentence
        if is_empty:
            part = f"fold {self.only}" if self.without is None else f"all but fold {self.without}"
            # Of so few, each is a fold of its own.
            few = self.division.there_are(last)
            problem = f"{part} of {self.folds} has no sentences; {few}"
            raise DataFormatError(path, None, f"{problem}: give fewer 'folds', or another file")


def folded_path(path: Any) -> Optional[FoldedPath]:
    """The data path with folds that a config has; `None` where it is a plain one.

    # Errors

    `UserError` for wrong settings.
    """
    # Other dictionaries are from data set to file.
    if not isinstance(path, Mapping) or not {"path", "folds"} <= path.keys():
        return None
    try:
        return msgspec.convert(dict(path), FoldedPath)
    except msgspec.ValidationError as error:
        raise UserError(f"the data path {dict(path)}: {error}") from None
