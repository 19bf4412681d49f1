"""The sentences of a file of any form."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Optional

import msgspec

from bilstm_tagger.text.column_format import BLANKS, TOKENS, split_blanks
from bilstm_tagger.text.columns import Sentence, read_sentences
from bilstm_tagger.text.dataset_layout import CASINGS, DatasetLayout
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.file_recognition import parts_of
from bilstm_tagger.text.lines import read_lines

logger = logging.getLogger(__name__)


def read_dataset(
    path: PathLike,
    layout: DatasetLayout,
    names: Optional[Sequence[str]] = None,
    keep_lines: bool = False,
    report_misfit: Optional[Callable[[DataFormatError], None]] = None,
) -> Iterator[Sentence]:
    """Yields the sentences of a file in the layout of a data set, one at a time.

    # Parameters

    path : `PathLike`
        The file; of BRAT and Hugging Face data sets also a folder.
    layout : `DatasetLayout`
    names : `Sequence[str]`, optional (default = all)
        The columns beside the tokens that are read. Others need not be there.
    keep_lines : `bool`, optional (default=`False`)
        Whether files of columns are read with their lines, `Sentence.source_lines`.
    report_misfit : `Callable`, optional (default=`None`)
        Gets the first span of an object that does not fit its tokens, and the spans of the object
        are widened. `None`: this is an error.

    # Errors

    `DataFormatError` for a file that is not as the layout says, or has no sentences.
    """
    sentences = _read(path, layout, names, keep_lines, report_misfit)
    if layout.casing is None:
        yield from sentences
        return
    cased = CASINGS[layout.casing]
    for sentence in sentences:
        sentence.tokens = list(map(cased, sentence.tokens))
        yield sentence


def _read(
    path: PathLike,
    layout: DatasetLayout,
    names: Optional[Sequence[str]],
    keep_lines: bool,
    report_misfit: Optional[Callable[[DataFormatError], None]],
) -> Iterator[Sentence]:
    if names is None:
        names = [name for name in layout.columns if name != TOKENS]
    if layout.form == "columns":
        yield from read_sentences(path, layout.column_format(names), keep_lines)
        return
    sentence = None
    if layout.form == "lines":
        sentences = _of_lines(path, layout, names)
    else:
        sentences = _of_objects(path, layout, names, report_misfit)
    for sentence in sentences:
        yield sentence
    if sentence is None:
        raise DataFormatError(path, None, "expected at least one sentence, found none")


def _of_objects(
    path: PathLike,
    layout: DatasetLayout,
    names: Sequence[str],
    report_misfit: Optional[Callable[[DataFormatError], None]],
) -> Iterator[Sentence]:
    from bilstm_tagger.text.object_files import read_items
    from bilstm_tagger.text.objects import ObjectReader

    reader = ObjectReader(layout, names)
    tolerant = ObjectReader(msgspec.structs.replace(layout, invalid_spans="widen"), names)
    for number, item in enumerate(read_items(path, layout.form), start=1):
        try:
            yield from reader.sentences(item, number)
        except DataFormatError as error:
            if report_misfit is None:
                raise
            yield from tolerant.sentences(item, number)  # raises what is wrong in another way
            report_misfit(error)
    for change, count in sorted(reader.changes.items()):
        logger.warning("%s: %d %s.", path, count, change)


def _of_lines(path: PathLike, layout: DatasetLayout, names: Sequence[str]) -> Iterator[Sentence]:
    splitter = LineSplitter(layout, names)
    for number, line in read_lines(path):
        if not line.strip(BLANKS):
            continue
        try:
            columns = splitter.columns(line)
        except ValueError as error:
            raise DataFormatError(path, number, str(error)) from None
        tokens = columns.pop(TOKENS)
        yield Sentence(tokens, columns, os.fspath(path), [number] * len(tokens))


class LineSplitter:
    """Splits lines of the form "lines", of which the tokens and these columns are read. All tokens
    have as many parts as the one with the fewest in the first line; what is more belongs to the
    first part, as in `||PUNCT|O`."""

    def __init__(self, layout: DatasetLayout, names: Sequence[str]) -> None:
        assert layout.delimiter is not None
        self._delimiter = layout.delimiter
        places = ((name, layout.columns[name]) for name in (TOKENS, *names))
        self._places = {name: place for name, place in places if isinstance(place, int)}
        self._needed = 1 + max(self._places.values())
        self._parts = 0

    def columns(self, line: str) -> dict[str, list[str]]:
        """The tokens of a sentence and its other columns, by name. Raises `ValueError` for a token
        without the parts that are read, or with empty ones."""
        tokens = split_blanks(line)
        if not self._parts:
            fewest = min(parts_of(token, self._delimiter) for token in tokens)
            self._parts = max(self._needed, fewest)
        sentence = []
        for token in tokens:
            parts = token.rsplit(self._delimiter, self._parts - 1)
            if len(parts) < self._parts or not all(parts[: self._needed]):
                raise ValueError(
                    f"expected {self._parts} parts separated by {self._delimiter!r}, found "
                    f"{token[:80]!r}; fix the line, or 'columns' or 'delimiter' of the dataset "
                    "reader"
                )
            sentence.append(parts)
        return {name: [parts[i] for parts in sentence] for name, i in self._places.items()}
