"""Column files (CoNLL, CoNLL-U): lines to sentences, in plain Python."""

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Optional, Union

PathLike = Union[str, "os.PathLike[str]"]

TOKENS = "tokens"
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = "\ufeff"
# Only ASCII blanks: a no-break space or an ideographic space can be a token.
_BLANKS = " \t\r\v\f"
_BLANK_RUN = re.compile(r"[ \t]+")
_DIVIDER = "-DOCSTART-"
# CoNLL-U ids of lines that are no words: ranges (`8-9`) and empty nodes (`8.1`).
_NOT_A_WORD = re.compile(r"\d+[-.]\d+")


class DataFormatError(ValueError):
    """A data file does not hold what its declaration says.

    The message names file, line, what was expected, what was found, and the setting to mend.
    """

    def __init__(self, path: PathLike, line: Optional[int], problem: str) -> None:
        where = os.fspath(path) if line is None else f"{os.fspath(path)}:{line}"
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class ColumnFormat:
    """How a column file is laid out.

    # Parameters

    columns : `Dict[str, int]`
        Name of each column that is read, and its index from 0. One of them is `tokens`.
    delimiter : `str`, optional
        What separates columns. `None`: runs of spaces and tabs.
    comment_prefix : `str`, optional
        A line that starts with it is a comment. A comment never splits a sentence.
        `None` (the default): there are no comments, so that tokens may begin with `#`.
    document_dividers : `bool`
        Lines whose first column is `-DOCSTART-` divide documents and are no tokens.
    conllu : `bool`
        CoNLL-U: tab as delimiter, `#` comments, multi-word ranges and empty nodes are no tokens.
    """

    columns: dict[str, int]
    delimiter: Optional[str] = None
    comment_prefix: Optional[str] = None
    document_dividers: bool = False
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
            return _BLANK_RUN.split(line.strip(_BLANKS))
        return line.split(self.delimiter)


@dataclass
class Sentence:
    """One sentence: tokens, the other columns by name, and where it stands.

    # Parameters

    tokens : `List[str]`
        At least one.
    columns : `Dict[str, List[str]]`
        The other columns that were asked for, each as long as `tokens`.
    path : `str`
        The file; empty for sentences that come from none.
    line_numbers : `List[int]`
        The line of each token, from 1.
    source_lines : `List[Tuple[str, str]]`
        Every line of the sentence as it was read, and what it is: a "token", another "row" (a range
        or an empty node of CoNLL-U), or a "note" (comment, divider). Filled only on request.
    """

    tokens: list[str]
    columns: dict[str, list[str]] = field(default_factory=dict)
    path: str = ""
    line_numbers: list[int] = field(default_factory=list)
    source_lines: list[tuple[str, str]] = field(default_factory=list)


def _decoded_lines(stream: BinaryIO, path: PathLike) -> Iterator[tuple[int, str]]:
    """Number and text of each line, without its end (LF or CRLF).

    Bytes are split before they are decoded: Unicode knows more line ends than these files do.
    """
    number = 0
    try:
        for number, raw in enumerate(stream, start=1):
            try:
                line = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                raise DataFormatError(
                    path,
                    number,
                    f"expected UTF-8, found the byte 0x{raw[error.start]:02x} at position "
                    f"{error.start + 1} of the line; convert the file to UTF-8",
                ) from None
            if number == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            yield number, line.removesuffix("\n").removesuffix("\r")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataFormatError(
            path,
            number + 1,
            f"expected a whole gzip file, but it cannot be unpacked here ({error}); "
            "the file is damaged or cut short: fetch or pack it again",
        ) from None


def read_lines(path: PathLike) -> Iterator[tuple[int, str]]:
    """Yields number (from 1) and text of each line of a file: UTF-8, with or without BOM, LF or
    CRLF, plain or gzip (told by its first bytes).

    # Errors

    `DataFormatError` for a missing path, a folder, an undecodable byte, a damaged gzip file.
    """
    if not os.path.exists(path):
        raise DataFormatError(path, None, "there is no such file; check the path in the config")
    if os.path.isdir(path):
        raise DataFormatError(path, None, "expected a file, found a folder; name a file in it")
    with open(path, "rb") as stream:
        packed = stream.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        stream.seek(0)
        if packed:
            with gzip.open(stream) as unpacked:
                yield from _decoded_lines(unpacked, path)  # type: ignore[arg-type]
        else:
            yield from _decoded_lines(stream, path)


def read_sentences(
    path: PathLike, layout: ColumnFormat, keep_lines: bool = False
) -> Iterator[Sentence]:
    """Yields the sentences of a column file, one at a time.

    # Parameters

    path : `PathLike`
        The file, plain or gzip.
    layout : `ColumnFormat`
        Its layout. Every column that it names must be there, in every line of a token.
    keep_lines : `bool`
        Keep the lines as they were read, in `Sentence.source_lines`.

    # Errors

    `DataFormatError` for a file that cannot be read, a missing column, a ragged line, an empty
    token, or a file without sentences.
    """
    wanted = sorted(layout.columns.items(), key=lambda item: item[1])
    last_column = wanted[-1][1]
    token_column = layout.columns[TOKENS]
    others = [(name, index) for name, index in wanted if name != TOKENS]

    def describe_delimiter() -> str:
        return "spaces or tabs" if layout.delimiter is None else repr(layout.delimiter)

    width: Optional[int] = None
    width_line = 0
    found = False
    waiting: list[tuple[str, str]] = []  # dividers and comments before a sentence
    sentence = Sentence([], {name: [] for name, _ in others}, os.fspath(path))
    for number, line in read_lines(path):
        stripped = line.strip(_BLANKS)
        if not stripped:
            if sentence.tokens:
                found = True
                yield sentence
                sentence = Sentence([], {name: [] for name, _ in others}, os.fspath(path))
            elif waiting:
                waiting.append((line, "note"))
            continue
        if layout.comment_prefix and line.startswith(layout.comment_prefix):
            if keep_lines:
                (sentence.source_lines if sentence.tokens else waiting).append((line, "note"))
            continue
        cells = layout.split(line)
        if layout.document_dividers and cells[0].strip(_BLANKS) == _DIVIDER:
            if sentence.tokens:
                raise DataFormatError(
                    path,
                    number,
                    f"expected a blank line before {_DIVIDER}, found it inside a sentence; "
                    "add the blank line, or set document_dividers: false",
                )
            if keep_lines:
                waiting.append((line, "note"))
            continue
        if layout.conllu and _NOT_A_WORD.fullmatch(cells[0]):
            if keep_lines:
                if not sentence.tokens:
                    sentence.source_lines += waiting
                    waiting = []
                sentence.source_lines.append((line, "row"))
            continue
        if len(cells) <= last_column:
            name = next(name for name, index in wanted if index >= len(cells))
            raise DataFormatError(
                path,
                number,
                f"expected at least {last_column + 1} columns separated by "
                f"{describe_delimiter()}, found {len(cells)}: {line[:80]!r}; column '{name}' "
                f"(index {layout.columns[name]}) is missing; mend the line, or 'columns' or "
                "'delimiter' of the dataset reader",
            )
        if width is None:
            width, width_line = len(cells), number
        elif len(cells) != width:
            raise DataFormatError(
                path,
                number,
                f"expected {width} columns as in line {width_line}, found {len(cells)}: "
                f"{line[:80]!r}; mend the line, or 'delimiter' of the dataset reader",
            )
        for name, index in wanted:
            if not cells[index]:
                raise DataFormatError(
                    path,
                    number,
                    f"expected something in column '{name}' (index {index}), found nothing: "
                    f"{line[:80]!r}; mend the line, or 'delimiter' of the dataset reader",
                )
        sentence.tokens.append(cells[token_column])
        for name, index in others:
            sentence.columns[name].append(cells[index])
        sentence.line_numbers.append(number)
        if keep_lines:
            sentence.source_lines += waiting
            waiting = []
            sentence.source_lines.append((line, "token"))
    if sentence.tokens:
        found = True
        yield sentence
    if not found:
        raise DataFormatError(
            path, None, "expected at least one sentence, found none; is this the right file?"
        )
