"""What the input is made of: sentences, and where they stand."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional, Protocol

from bilstm_tagger.tagging.files.blocks import Block, Skipped
from bilstm_tagger.tagging.results import TaggedSentence, TokenizedSentence
from bilstm_tagger.text.errors import DataFormatError

_BYTE_ORDER_MARK = "\ufeff"


class Row(NamedTuple):
    """A line of a column file.

    # Parameters

    kind : `str`
        As in `bilstm_tagger.text.columns`.
    cells : `List[str]`
        Those of a token.
    body, end : `bytes`
        The line, and its end.
    """

    kind: str
    cells: list[str]
    body: bytes
    end: bytes


@dataclass(slots=True)
class Record:
    """A line of text or JSON, or a sentence of a column file with comments and blank lines.

    # Parameters

    line : `int`
        The number of its (first) line in the input; of a sentence in columns, its first token's.
    source : `List[bytes]`
        Its lines, with their ends.
    sentences : `List[TokenizedSentence]`
        What is to be tagged.
    rows : `List[Row]`
        What each line of a column file is. Not all of them where there is a problem.
    others : `Dict[str, Any]`
        Keys of JSON that are handed through.
    of_columns : `bool`
        Whether they are of a column file.
    problem : `Skipped`, optional
        Why it cannot be tagged.
    """

    line: int
    source: list[bytes]
    sentences: list[TokenizedSentence] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    of_columns: bool = False
    problem: Optional[Skipped] = None


class InputForm(Protocol):
    """Makes records of lines."""

    def records(self, block: Block) -> list[Record]: ...


class OutputForm(Protocol):
    """Writes records.

    # Parameters

    with_spans : `bool`
        Whether it writes spans, or tags alone.

    # Errors

    `ValueError` for tokens that the form cannot hold.
    """

    with_spans: bool

    def tagged(self, record: Record, sentences: list[TaggedSentence]) -> bytes: ...

    def untagged(self, record: Record) -> bytes:
        """A record with a problem, passed through."""
        ...


def decode_line(number: int, raw: bytes) -> str:
    """The text of a line, without its end: UTF-8, with or without BOM, LF or CRLF.

    # Errors

    `ValueError` for an undecodable byte.
    """
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"expected UTF-8, found the byte 0x{raw[error.start]:02x} at position "
            f"{error.start + 1} of the line; convert the input to UTF-8"
        ) from None
    if number == 1:
        line = line.removeprefix(_BYTE_ORDER_MARK)
    return line.removesuffix("\n").removesuffix("\r")


def problem_of(error: Exception) -> str:
    """What is wrong, without the place."""
    return str(error.args[2] if isinstance(error, DataFormatError) else error)
