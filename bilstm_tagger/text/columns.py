"""Column files (CoNLL, CoNLL-U): lines to sentences, in plain Python."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Optional

from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.lines import read_lines
from bilstm_tagger.text.memo import remember

TOKENS = "tokens"
# Only ASCII blanks: a no-break space or an ideographic space can be a token.
BLANKS = " \t\r\v\f"
_BLANK_RUN = re.compile(r"[ \t]+")
_DIVIDER = "-DOCSTART-"
# CoNLL-U ids of lines that are no words: ranges (`8-9`) and empty nodes (`8.1`).
_NOT_A_WORD = re.compile(r"\d+[-.]\d+")


@dataclass(frozen=True)
class ColumnFormat:
    """How a column file is laid out.

    # Errors

    `ValueError` for settings that do not go together.
    """

    # Name of each column that is read, and its index from 0. One of them is `tokens`.
    columns: dict[str, int]
    delimiter: Optional[str] = None  # `None`: runs of spaces and tabs
    # A line that starts with it is a comment, which never splits a sentence. `None`: there are no
    # comments, so that tokens may begin with `#`.
    comment_prefix: Optional[str] = None
    # Lines whose first column is `-DOCSTART-` divide documents and are no tokens.
    document_dividers: bool = False
    # CoNLL-U: tab as delimiter, `#` comments, multi-word ranges and empty nodes are no tokens.
    conllu: bool = False

    def __post_init__(self) -> None:
        if TOKENS not in self.columns:
            raise ValueError(
                f"'columns' must name the column '{TOKENS}', found {sorted(self.columns)}; "
                f"for example columns: {{{TOKENS}: 0, pos: 1}}"
            )
        for name, index in self.columns.items():
            if index < 0:
                raise ValueError(f"columns.{name} is {index}; columns are counted from 0")
        if self.delimiter == "":
            raise ValueError("'delimiter' is empty; leave it out for spaces and tabs")
        if self.conllu:
            if self.delimiter not in (None, "\t"):
                raise ValueError(
                    f"'delimiter' is {self.delimiter!r}, but CoNLL-U is separated by tabs; "
                    "leave it out, or set conllu: false"
                )
            object.__setattr__(self, "delimiter", "\t")
            object.__setattr__(self, "comment_prefix", self.comment_prefix or "#")

    def split(self, line: str) -> list[str]:
        """The cells of a line, as many as there are."""
        if self.delimiter is None:
            return _BLANK_RUN.split(line.strip(BLANKS))
        return line.split(self.delimiter)


@dataclass
class Sentence:
    """One sentence: tokens, the other columns by name, and where it stands."""

    tokens: list[str]  # at least one
    # The other columns that were asked for, each as long as `tokens`.
    columns: dict[str, list[str]] = field(default_factory=dict)
    path: str = ""  # the file; empty for sentences that come from none
    line_numbers: list[int] = field(default_factory=list)  # of each token, from 1
    # Every line of the sentence as it was read, and what it is: a "token", another "row" (a range
    # or an empty node of CoNLL-U), or a "note" (comment, divider). Filled only on request.
    source_lines: list[tuple[str, str]] = field(default_factory=list)


# What a line is, apart from a "token", another "row" and a "note", as in `Sentence.source_lines`.
BLANK = "blank"
DOCUMENT = "document"


class Rows:
    """The lines of one file: what each is, and whether it is as declared in its layout. The path
    is for messages."""

    def __init__(self, path: PathLike, layout: ColumnFormat) -> None:
        self._path = path
        self._layout = layout
        self._wanted = sorted(layout.columns.items(), key=lambda item: item[1])
        self._width = self._width_line = 0
        self._known: dict[str, tuple[str, list[str]]] = {}

    def parse(self, number: int, line: str) -> tuple[str, list[str]]:
        """The kind of a line, and the cells of a token's, checked. Lines come again and again: each
        is looked into once."""
        found = self._known.get(line)
        if found is None:
            kind, cells = found = self.classify(number, line)
            if kind == "token" and not self._width:
                self._width, self._width_line = len(cells), number
            elif kind == "token" and len(cells) != self._width:
                raise self.ragged(number, line, len(cells), self._width, self._width_line)
            remember(self._known, line, found)
        return found

    def classify(self, number: int, line: str) -> tuple[str, list[str]]:
        """The kind of a line, and the cells of a token's. Raises `DataFormatError` unless all
        columns are there and filled."""
        layout = self._layout
        if not line.strip(BLANKS):
            return BLANK, []
        if layout.comment_prefix and line.startswith(layout.comment_prefix):
            return "note", []
        cells = layout.split(line)
        if layout.document_dividers and cells[0].strip(BLANKS) == _DIVIDER:
            return DOCUMENT, []
        if layout.conllu and _NOT_A_WORD.fullmatch(cells[0]):
            return "row", []
        last = self._wanted[-1][1]
        if len(cells) <= last:
            name, index = next(item for item in self._wanted if item[1] >= len(cells))
            delimiter = self._layout.delimiter
            raise DataFormatError(
                self._path,
                number,
                f"expected at least {last + 1} columns separated by "
                f"{'spaces or tabs' if delimiter is None else repr(delimiter)}, found "
                f"{len(cells)}: {line[:80]!r}; column '{name}' (index {index}) is missing; fix "
                "the line, or 'columns' or 'delimiter' of the dataset reader",
            )
        for name, index in self._wanted:
            if not cells[index]:
                raise DataFormatError(
                    self._path,
                    number,
                    f"expected something in column '{name}' (index {index}), found nothing: "
                    f"{line[:80]!r}; fix the line, or 'delimiter' of the dataset reader",
                )
        return "token", cells

    def ragged(
        self, number: int, line: str, found: int, width: int, width_line: int
    ) -> DataFormatError:
        """The error for a line of another number of columns than one before."""
        return DataFormatError(
            self._path,
            number,
            f"expected {width} columns as in line {width_line}, found {found}: {line[:80]!r}; fix "
            "the line, or 'delimiter' of the dataset reader",
        )

    def divider_in_sentence(self, number: int) -> DataFormatError:
        """The error for a divider without a blank line before it."""
        return DataFormatError(
            self._path,
            number,
            f"expected a blank line before {_DIVIDER}, found it inside a sentence; "
            "add the blank line, or set document_dividers: false",
        )


def read_sentences(
    path: PathLike, layout: ColumnFormat, keep_lines: bool = False
) -> Iterator[Sentence]:
    """Yields the sentences of a column file, plain or packed, one at a time; on request with the
    lines as they were read, in `Sentence.source_lines`. Every column that the layout names must be
    there, in every line of a token.

    # Errors

    `DataFormatError` for a file that cannot be read, a missing column, a ragged line, an empty
    token, or a file without sentences.
    """
    token_column = layout.columns[TOKENS]
    others = [(name, index) for name, index in layout.columns.items() if name != TOKENS]

    def new_sentence() -> Sentence:
        return Sentence([], {name: [] for name, _ in others}, os.fspath(path))

    rows = Rows(path, layout)
    found = False
    sentence = new_sentence()
    for number, line in read_lines(path):
        kind, cells = rows.parse(number, line)
        if kind == BLANK and sentence.tokens:
            found = True
            yield sentence
            sentence = new_sentence()
            continue
        if kind == DOCUMENT and sentence.tokens:
            raise rows.divider_in_sentence(number)
        if kind == "token":
            sentence.tokens.append(cells[token_column])
            for name, index in others:
                sentence.columns[name].append(cells[index])
            sentence.line_numbers.append(number)
        # Comments and dividers before a sentence are kept with it, and the blanks after them.
        if keep_lines and (kind != BLANK or sentence.source_lines):
            sentence.source_lines.append((line, "note" if kind in (BLANK, DOCUMENT) else kind))
    if sentence.tokens:
        found = True
        yield sentence
    if not found:
        raise DataFormatError(
            path,
            None,
            "expected at least one sentence, found none; check the path in the config, and "
            "'comment_prefix' of the dataset reader",
        )
