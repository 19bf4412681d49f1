"""Tagged sentences as JSON, and as columns."""

import csv
import io
import json
from collections.abc import Container, Sequence
from functools import lru_cache
from typing import Any, Optional

from bilstm_tagger.tagging.files.records import OutputForm, Record
from bilstm_tagger.tagging.json_input import check_cell, prediction_of
from bilstm_tagger.tagging.results import TaggedSentence
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.memo import MAX_ENTRIES
from bilstm_tagger.text.rows import HEADER


class JsonOutput(OutputForm):
    """An object a line, as of the predictors: one for each line of text or JSON, or sentence of a
    column file. A record with a problem becomes an object with `error`, `line` (its number) and
    `input`; bytes of it that are no UTF-8 are escaped as Python's "surrogateescape" does.
    """

    with_spans = True

    def tagged(self, record: Record, sentences: list[TaggedSentence]) -> bytes:
        if record.of_columns and not sentences:  # comments and blank lines
            return b""
        return dump_json(prediction_of(record.others, sentences))

    def untagged(self, record: Record) -> bytes:
        assert record.problem is not None
        source = b"".join(record.source).rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        problem = record.problem
        return dump_json({"error": problem.problem, "line": problem.line, "input": source})


def dump_json(given: dict[str, Any]) -> bytes:
    """A line of JSON."""
    # An unpaired surrogate comes out as the escape that it came in as.
    return json.dumps(given, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def free_name(key: str, taken: Container[str]) -> str:
    """The key for tags, where there is something under their own: `KEY_predicted`, and so on."""
    name, number = f"{key}_predicted", 2
    while name in taken:
        name, number = f"{key}_predicted{number}", number + 1
    return name


class ColumnOutput(OutputForm):
    """A token a line, a column for each task. The lines of a column file come out byte for byte,
    with the tags behind, and the tasks behind a header; of others, token and tags separated by
    tabs, and a blank line after each sentence. The layout is that of the input, if it is a column
    file; the tasks are in the order of the tags."""

    def __init__(self, layout: Optional[ColumnFormat], tasks: Sequence[str]) -> None:
        delimiter = None if layout is None else layout.delimiter
        self._delimiter = None if delimiter is None else delimiter.encode()
        # What a tag cannot hold; with double quotes, it can hold anything.
        quoted = layout is not None and layout.quoted
        self._dividers = () if quoted else (" ", "\t") if delimiter is None else (delimiter,)
        self._layout = layout
        self._tasks = tasks

    def check_tokens(self, record: Record, tokens: Sequence[str]) -> None:
        if not record.of_columns:
            for token in tokens:
                check_cell(token)

    def tagged(self, record: Record, sentences: list[TaggedSentence]) -> bytes:
        if not record.of_columns:
            for sentence in sentences:
                self.check_tokens(record, sentence.tokens)
            return b"".join(map(_rows, sentences))
        # A header may stand alone.
        columns = sentences[0].tags.values() if sentences else ()
        of_tokens = zip(*columns, strict=True)
        # Ranges and empty nodes of CoNLL-U, and lines without a token, have none.
        none = ("_",) * len(self._tasks)
        lines = []
        for (kind, _, body, end), raw in zip(record.rows, record.source, strict=True):
            if kind in ("token", "row", HEADER):
                tags = next(of_tokens) if kind == "token" else none
                if kind == HEADER:
                    tags = self._headings(body)
                delimiter = self._delimiter or (b" " if b" " in body else b"\t")
                lines.append(body + _cells(delimiter, self._dividers, tags) + end)
            else:
                lines.append(raw)
        return b"".join(lines)

    def _headings(self, header: bytes) -> tuple[str, ...]:
        assert self._layout is not None
        names = self._layout.split(header.decode("utf-8"))
        return tuple(free_name(task, names) if task in names else task for task in self._tasks)


@lru_cache(maxsize=MAX_ENTRIES)
def _cells(delimiter: bytes, dividers: tuple[str, ...], tags: tuple[str, ...]) -> bytes:
    """What stands behind a token, in double quotes where nothing else divides cells. Raises
    `ValueError` for a tag that would be several cells."""
    if not dividers:
        row = io.StringIO()
        csv.writer(row, delimiter=delimiter.decode(), lineterminator="").writerow(["", *tags])
        return row.getvalue().encode()
    for tag in tags:
        if any(divider in tag for divider in dividers):
            raise ValueError(
                f"the tag {tag!r:.80} holds what divides columns here; choose JSON as output"
            )
    return b"".join(delimiter + tag.encode() for tag in tags)


def _rows(sentence: TaggedSentence) -> bytes:
    for tags in sentence.tags.values():
        for tag in tags:
            check_cell(tag, "tag")
    rows = zip(sentence.tokens, *sentence.tags.values(), strict=True)
    return "".join(["\t".join(row) + "\n" for row in rows] + ["\n"]).encode()
