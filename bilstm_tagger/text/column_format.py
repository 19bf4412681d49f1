"""How a column file is laid out."""

import csv
import re
from dataclasses import dataclass
from typing import Literal, Optional, Union, get_args

TOKENS = "tokens"
# Only ASCII blanks: a no-break space or an ideographic space can be a token.
BLANKS = " \t\r\v\f"
_BLANK_RUN = re.compile(r"[ \t]+")
# Where a column stands: its index from 0, its name in the header of the file, or `MISC:name`.
Place = Union[int, str]
# What becomes of lines without a token, which hold labels alone.
EmptyTokens = Literal["error", "leave_out"]
# An entry `name=value` of the last column of CoNLL-U.
MISC = "MISC:"


def split_blanks(line: str) -> list[str]:
    """What stands between runs of spaces and tabs, in a line that is not blank."""
    return _BLANK_RUN.split(line.strip(BLANKS))


@dataclass(frozen=True)
class ColumnFormat:
    """How a column file is laid out.

    # Errors

    `ValueError` for settings that do not go together.
    """

    # Name of each column that is read, and its place. One of them is `tokens`.
    columns: dict[str, Place]
    delimiter: Optional[str] = None  # `None`: runs of spaces and tabs
    # A line that starts with it is a comment, which never splits a sentence. `None`: there are no
    # comments, so that tokens may begin with `#`.
    comment_prefix: Optional[str] = None
    # Lines whose first column is `-DOCSTART-` divide documents and are no tokens.
    document_dividers: bool = False
    # CoNLL-U: tab as delimiter, `#` comments, multi-word ranges and empty nodes are no tokens.
    conllu: bool = False
    # Cells may stand in double quotes, as spreadsheets write them.
    quoted: bool = False
    # Lines may have different numbers of columns, as long as those that are read are there.
    ragged: bool = False
    # "leave_out": a line whose token is empty is no token; it is kept where lines are written.
    empty_tokens: EmptyTokens = "error"
    # The column that says to which sentence a line belongs: where it has another value than before,
    # a sentence starts; an empty cell goes on with the last one. `None`: blank lines end sentences.
    sentence_column: Optional[Place] = None

    def __post_init__(self) -> None:
        if TOKENS not in self.columns:
            raise ValueError(
                f"'columns' must name the column '{TOKENS}', found {sorted(self.columns)}; "
                f"for example columns: {{{TOKENS}: 0, pos: 1}}"
            )
        places = {f"columns.{name}": place for name, place in self.columns.items()}
        if self.sentence_column is not None:
            places["sentence_column"] = self.sentence_column
        for key, place in places.items():
            if isinstance(place, int) and place < 0:
                raise ValueError(f"{key} is {place}; columns are counted from 0")
        named = [key for key, place in places.items() if self._is_name(place)]
        if named and self.conllu:
            raise ValueError(
                f"{named[0]} is {places[named[0]]!r}, but CoNLL-U has no header: give its index "
                f"from 0, or '{MISC}name' for an entry of MISC"
            )
        if named and len(named) < len(places):
            raise ValueError(
                f"{named[0]} is the name of a column in a header, and others are indices; give all "
                "by name, or all by index"
            )
        if self.empty_tokens not in get_args(EmptyTokens):
            raise ValueError(
                f"empty_tokens must be 'error' or 'leave_out', found {self.empty_tokens!r}"
            )
        if self.delimiter == "":
            raise ValueError("'delimiter' is empty; leave it out for spaces and tabs")
        if self.quoted and len(self.delimiter or "") != 1:
            raise ValueError("'quoted' needs a 'delimiter' of one character, such as ','")
        if self.empty_tokens != "error" and self.delimiter is None and not self.conllu:
            raise ValueError(
                "'empty_tokens' needs a 'delimiter', such as '\\t': where runs of blanks separate "
                "columns, none is empty"
            )
        if self.conllu:
            if self.delimiter not in (None, "\t"):
                raise ValueError(
                    f"'delimiter' is {self.delimiter!r}, but CoNLL-U is separated by tabs; "
                    "leave it out, or set conllu: false"
                )
            object.__setattr__(self, "delimiter", "\t")
            object.__setattr__(self, "comment_prefix", self.comment_prefix or "#")

    def _is_name(self, place: Place) -> bool:
        return isinstance(place, str) and not (self.conllu and place.startswith(MISC))

    @property
    def has_header(self) -> bool:
        """Whether the first line names the columns."""
        return self._is_name(self.columns[TOKENS])

    def split(self, line: str) -> list[str]:
        """The cells of a line, as many as there are. Raises `ValueError` for an open quote."""
        if self.delimiter is None:
            return split_blanks(line)
        if self.quoted and '"' in line:
            try:
                return next(csv.reader([line], delimiter=self.delimiter, strict=True))
            except (csv.Error, StopIteration):
                raise ValueError(
                    f"the double quotes do not match: {line[:80]!r}; fix the line (a cell cannot "
                    "hold a line end), or set quoted: false in the dataset reader"
                ) from None
        return line.split(self.delimiter)
