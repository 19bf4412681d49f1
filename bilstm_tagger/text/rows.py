"""The lines of a column file: what each is, and its cells."""

import csv
import logging
import re
from collections.abc import Sequence
from operator import itemgetter
from typing import Optional

from bilstm_tagger.text.column_format import BLANKS, MISC, TOKENS, ColumnFormat, Place
from bilstm_tagger.text.errors import PathLike
from bilstm_tagger.text.memo import remember

logger = logging.getLogger(__name__)

# What a line is, apart from a "token", another "row" (a range or an empty node of CoNLL-U, a line
# without a token) and a "note" (a comment).
HEADER = "header"
BLANK = "blank"
DOCUMENT = "document"
DIVIDER = "-DOCSTART-"
# CoNLL-U ids of lines that are no words: ranges (`8-9`) and empty nodes (`8.1`).
_NOT_A_WORD = re.compile(r"\d+[-.]\d+")
_MISC_INDEX = 9
# Fewer lines have as many commas by chance.
_LINES_OF_CELLS = 4
# Names of columns in headers, in lower case.
TOKEN_NAMES = ("token", "tokens", "word", "words", "form", "text")
_TAG_NAMES = ("tag", "tags", "label", "labels", "pos", "upos", "xpos", "ner", "ner_tags", "chunk")


def is_header(cells: list[str]) -> bool:
    """Whether these cells are rather the names of columns than a token with its tags."""
    lower = [cell.strip().lower() for cell in cells]
    return any(c in TOKEN_NAMES for c in lower) and any(c in _TAG_NAMES for c in lower)


def separator_of_cells(lines: Sequence[str]) -> Optional[str]:
    """The comma or semicolon that divides each of these lines into the same number of cells, as
    spreadsheets write them; `None` where neither does, and for few lines."""
    for separator in ",;":
        try:
            widths = {len(row) for row in csv.reader(lines, delimiter=separator)}
        except csv.Error:  # of a line end within a token
            return None
        if len(lines) >= _LINES_OF_CELLS and len(widths) == 1 and widths.pop() > 1:
            return separator
    return None


def _numbers(tokens: list[str], first: int) -> list[str]:
    return list(map(str, range(first, first + len(tokens))))


class Rows:
    """The lines of one file: what each is, and whether it is as declared in its layout.

    # Parameters

    path : `PathLike`
        For warnings.
    layout : `ColumnFormat`

    # Errors

    All methods raise `ValueError` for what is not as declared: the place is for the reader to add.
    """

    def __init__(self, path: PathLike, layout: ColumnFormat) -> None:
        self._path = path
        self._layout = layout
        self._width: Optional[tuple[int, int, int]] = None  # of the first token: `_widths`, line
        self._known: dict[str, tuple[str, list[str]]] = {}
        self._warned: set[str] = set()
        self._sentence = ""
        # Where the columns are among the cells of a token.
        self.places: dict[str, int] = {}
        # The cells that must be there and filled, in their order.
        self._wanted: list[tuple[str, int]] = []
        self._misc = [
            place.removeprefix(MISC)
            for place in layout.columns.values()
            if isinstance(place, str) and layout.conllu
        ]
        self._awaits_header = layout.has_header
        self._of_spreadsheet = layout.quoted or layout.has_header
        self._header = ""
        self._split = layout.split
        self.header_width = 0  # the number of names in the header, if there is one
        if not layout.has_header:
            self._set_places(layout.columns, {})

    # Lines

    def parse(self, number: int, line: str) -> tuple[str, list[str]]:
        """The kind of a line, and the cells of a token's, checked. Lines come again and again: each
        is looked into once."""
        row = self._known.get(line)
        if row is None:
            row = self.classify(number, line)
            kind, cells = row
            if kind == "token":
                if self._width is None:
                    self._width = (*self.widths(cells), number)
                elif len(cells) != self._width[0]:
                    self.check_width(line, cells, self._width)
            if kind != HEADER:  # which must not come again
                remember(self._known, line, row)
        return row

    def classify(self, number: int, line: str) -> tuple[str, list[str]]:
        """The kind of a line, and the cells of a token's, or of one without a token; those of MISC
        stand behind the others. All columns of a token are there and filled."""
        layout = self._layout
        if not line.strip(BLANKS):
            return BLANK, []
        if layout.comment_prefix and line.startswith(layout.comment_prefix):
            return "note", []
        if self._of_spreadsheet:
            if self._awaits_header:
                self._read_header(line)
                return HEADER, []
            if line == self._header:
                raise ValueError(
                    f"the header is here again: {line[:80]!r}, as where files were joined; remove "
                    "the line"
                )
            if not any(map(str.strip, layout.split(line))):
                return BLANK, []
        cells = self._split(line)
        if DIVIDER in line and cells[0].strip(BLANKS) == DIVIDER:
            if layout.document_dividers:
                return DOCUMENT, []
            self._warn(
                number,
                f"{DIVIDER} is read as a token; if it divides documents, set document_dividers: "
                "true in the dataset reader",
            )
        if layout.conllu and _NOT_A_WORD.fullmatch(cells[0]):
            return "row", []
        if number == 1 and is_header(cells):
            self._warn(
                number,
                f"this looks like a header, but is read as a token: {line[:80]!r}; remove it, or "
                f"name the columns in the dataset reader as it does, as in columns: "
                f"{{{TOKENS}: {cells[self.places[TOKENS]]!r}}}",
            )
        if len(cells) <= self._last:
            name, index = next(item for item in self._wanted if item[1] >= len(cells))
            delimiter = layout.delimiter
            raise ValueError(
                f"expected at least {self._last + 1} columns separated by "
                f"{'spaces or tabs' if delimiter is None else repr(delimiter)}, found "
                f"{len(cells)}: {line[:80]!r}; column '{name}' (index {index}) is missing; fix "
                "the line, or 'columns' or 'delimiter' of the dataset reader"
            )
        if layout.empty_tokens == "leave_out" and not cells[self.places[TOKENS]]:
            self._warn(number, "lines without a token, such as this one, are left out")
            return "row", cells
        for name, index in self._wanted:
            if not cells[index]:
                more = ", or set empty_tokens: 'leave_out'" if name == TOKENS else ""
                raise ValueError(
                    f"expected something in column '{name}' (index {index}), found nothing: "
                    f"{line[:80]!r}; fix the line, or 'delimiter' of the dataset reader{more}"
                )
        if self._misc:
            cells = cells + self._misc_values(cells[_MISC_INDEX])
        return "token", cells

    def _warn(self, number: int, message: str) -> None:
        """Says something once for a file."""
        if message not in self._warned:
            self._warned.add(message)
            # Tagging has one input, and no path.
            place = f"{self._path}:{number}" if self._path else f"line {number} of the input"
            logger.warning("%s: %s", place, message)

    # Columns

    def _read_header(self, line: str) -> None:
        names = [name.strip() for name in self._layout.split(line)]
        twice = {name for name in names if names.count(name) > 1}
        wanted = {**self._layout.columns, "sentence_column": self._layout.sentence_column}
        for key, name in wanted.items():
            if name is not None and (name not in names or name in twice):
                count = "twice" if name in twice else "not"
                raise ValueError(
                    f"expected a header with the column {name!r} ('{key}' of the dataset reader); "
                    f"it is {count} among {names}; fix the header, or 'columns' or 'delimiter' of "
                    "the dataset reader"
                )
        self._awaits_header = False
        self._header = line
        self.header_width = len(names)
        self._set_places(self._layout.columns, {name: i for i, name in enumerate(names)})

    def _set_places(self, columns: dict[str, Place], header: dict[str, int]) -> None:
        behind = _MISC_INDEX + 1
        for name, place in columns.items():
            if isinstance(place, int):
                self.places[name] = place
            elif header:
                self.places[name] = header[place]
            else:
                self.places[name], behind = behind, behind + 1
        real = {name: i for name, i in self.places.items() if not self._misc or i <= _MISC_INDEX}
        self._wanted = sorted(real.items(), key=lambda item: item[1])
        self._last = _MISC_INDEX if self._misc else self._wanted[-1][1]
        if self._misc:
            self._wanted.append(("MISC", _MISC_INDEX))
        sentence = self._layout.sentence_column
        self._sentence_place = header[sentence] if isinstance(sentence, str) else sentence

    def _misc_values(self, cell: str) -> list[str]:
        entries = dict(entry.partition("=")[::2] for entry in cell.split("|"))
        for name in self._misc:
            if not entries.get(name):
                raise ValueError(
                    f"expected an entry '{name}=...' in the column MISC, found {cell[:80]!r}; "
                    "fix the line, or 'columns' of the dataset reader"
                )
        return [entries[name] for name in self._misc]

    def widths(self, cells: list[str]) -> tuple[int, int]:
        """The number of cells, and that without empty ones behind the columns that are read."""
        filled = len(cells)
        while filled > self._last + 1 and not cells[filled - 1]:
            filled -= 1
        return len(cells), filled

    def check_width(self, line: str, cells: list[str], first: tuple[int, int, int]) -> None:
        """Raises `ValueError` for a line of another number of columns than one before, whose
        `widths` and number are given. Empty cells at the end do not count."""
        width, filled, first_number = first
        if self._layout.ragged or len(cells) == width or self.widths(cells)[1] == filled:
            return
        raise ValueError(
            f"expected {width} columns as in line {first_number}, found {len(cells)}: "
            f"{line[:80]!r}; fix the line, or 'delimiter' of the dataset reader, or set ragged: "
            "true, where the columns that are read are right in all lines"
        )

    # Sentences

    def columns(self, tokens: Sequence[list[str]]) -> dict[str, list[str]]:
        """The columns of a sentence, by name, of the cells of its tokens."""
        return {name: list(map(itemgetter(i), tokens)) for name, i in self.places.items()}

    def starts_sentence(self, cells: list[str]) -> bool:
        """Whether a token, or a line without one, starts a sentence by its `sentence_column`."""
        if self._sentence_place is None or self._sentence_place >= len(cells):
            return False
        value = cells[self._sentence_place].strip()
        if not value or value == self._sentence:
            return False
        self._sentence = value
        return True

    def check_tokens(self, number: int, tokens: list[str]) -> None:
        """Warns where the tokens of the first sentence are numbers, or lines of cells."""
        separator = separator_of_cells(tokens)
        if separator is not None:
            self._warn(
                number,
                f"the tokens look like cells separated by {separator!r}: {tokens[0][:80]!r}; if "
                f"they are, set delimiter: {separator!r} and 'columns' in the dataset reader (for "
                "tagging: --layout)",
            )
        if len(tokens) > 2 and tokens in (_numbers(tokens, 0), _numbers(tokens, 1)):
            self._warn(
                number,
                f"the tokens are the numbers {tokens[0]} to {tokens[-1]}; if words stand in "
                f"another column, change 'columns.{TOKENS}' of the dataset reader",
            )

    def wrong_id(self, cells: list[str], expected: int) -> ValueError:
        """The error for a word of CoNLL-U with another id than is expected."""
        return ValueError(
            f"expected the id {expected}, found {cells[0][:80]!r}: the ids of the words of a "
            "sentence count up from 1; fix the ids, add the blank line between two sentences "
            "that is missing, or set conllu: false if the file is no CoNLL-U"
        )

    def divider_in_sentence(self) -> ValueError:
        """The error for a divider without a blank line before it."""
        return ValueError(
            f"expected a blank line before {DIVIDER}, found it inside a sentence; "
            "add the blank line, or set document_dividers: false"
        )
