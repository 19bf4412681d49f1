"""What the input is made of: sentences, and where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

from bilstm_tagger.tagging.files.blocks import Skipped
from bilstm_tagger.tagging.results import TaggedSentence, TokenizedSentence
from bilstm_tagger.text.errors import UserError

# Of one record: `ValueError` of its form, the others of its features, or of JSON within JSON.
PROBLEMS = (ValueError, RecursionError)


class Row(NamedTuple):
    """A line of a column file."""

    kind: str  # as in `bilstm_tagger.text.columns`
    cells: list[str]  # of a token, or of a line without one
    body: bytes
    end: bytes  # of the line


@dataclass(slots=True)
class Record:
    """A line of text or JSON, or a sentence of a column file with comments and blank lines."""

    # The number of its (first) line in the input; of a sentence in columns, its first token's.
    line: int
    source: list[bytes]  # its lines, with their ends
    sentences: list[TokenizedSentence] = field(default_factory=list)  # what is to be tagged
    # What each line of a column file is. Not all of them where there is a problem.
    rows: list[Row] = field(default_factory=list)
    value: Any = None  # the object of a line of JSON
    others: dict[str, Any] = field(default_factory=dict)  # its keys that are handed through
    of_columns: bool = False
    problem: Optional[Skipped] = None  # why it cannot be tagged

    def fail(self, error: Exception, line: Optional[int] = None) -> None:
        """Makes an error the problem of this record, unless it has one; without the place."""
        problem = error.problem if isinstance(error, UserError) else str(error)
        self.problem = self.problem or Skipped(line or self.line, problem)
        self.sentences = []


class OutputForm:
    """Writes records. A `ValueError` is raised for tokens that the form cannot hold."""

    with_spans = False  # whether spans are written, or tags alone

    def check_tokens(self, record: Record, tokens: Sequence[str]) -> None:
        """Raises `ValueError` for tokens of a sentence that the form cannot hold, before it is
        tagged."""

    def tagged(self, record: Record, sentences: list[TaggedSentence]) -> bytes:
        raise NotImplementedError

    def untagged(self, record: Record) -> bytes:
        """A record with a problem: its lines, byte for byte; behind one of no column file a blank
        line, so that it is no part of the next sentence."""
        raw = b"".join(record.source)
        return raw if record.of_columns else raw.rstrip(b"\r\n") + b"\n\n"
