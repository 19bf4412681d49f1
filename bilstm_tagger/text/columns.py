"""Column files (CoNLL, CoNLL-U, CSV): lines to sentences, in plain Python."""

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Optional

from bilstm_tagger.text.column_format import TOKENS, ColumnFormat
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.lines import read_lines
from bilstm_tagger.text.rows import BLANK, DOCUMENT, Rows

logger = logging.getLogger(__name__)

# A file of one sentence that is as long as this lacks what divides sentences.
_VERY_LONG = 500
# The comment of CoNLL-U before the first sentence of a document.
_NEW_DOCUMENT = re.compile(r"#\s*newdoc\b")


@dataclass
class Sentence:
    """One sentence: tokens, the other columns by name, and where it stands."""

    tokens: list[str]  # at least one
    # The other columns that were asked for, each as long as `tokens`.
    columns: dict[str, list[str]] = field(default_factory=dict)
    path: str = ""  # the file; empty for sentences that come from none
    line_numbers: list[int] = field(default_factory=list)  # of each token, from 1
    # Every line of the sentence as it was read, and what it is: a "token", another "row" (a range
    # or an empty node of CoNLL-U, a line without a token), the "header" of the file, or a "note"
    # (comment, divider). Filled only on request.
    source_lines: list[tuple[str, str]] = field(default_factory=list)
    # The raw text that the sentence comes from, and of each token its first character in it, and
    # the one behind its last; `None` for sentences of tokens.
    text: Optional[str] = None
    offsets: Optional[list[tuple[int, int]]] = None
    # The number of its document in the file, from 1: of columns, that which a divider or a comment
    # `# newdoc` began; of objects, the object. 0: before the first, and where there are none.
    document: int = 0


def read_sentences(
    path: PathLike, layout: ColumnFormat, keep_lines: bool = False
) -> Iterator[Sentence]:
    """Yields the sentences of a column file, plain or packed, one at a time; on request with the
    lines as they were read, in `Sentence.source_lines`. Every column that the layout names must be
    there, in every line of a token.

    # Errors

    `DataFormatError` for a file that cannot be read, a missing column, a ragged line, an empty
    token, ids of CoNLL-U that do not count up, or a file without sentences.
    """
    rows = Rows(path, layout)
    # Of the sentence that is being read: the cells of tokens, their lines, and all lines.
    tokens: list[list[str]] = []
    numbers: list[int] = []
    source_lines: list[tuple[str, str]] = []
    count = document = 0

    def sentence() -> Sentence:
        nonlocal count
        count += 1
        columns = rows.columns(tokens)
        if count == 1:
            rows.check_tokens(numbers[0], columns[TOKENS])
        place = os.fspath(path), numbers, source_lines
        return Sentence(columns.pop(TOKENS), columns, *place, document=document)

    conllu, by_column = layout.conllu, layout.sentence_column is not None
    for number, line in read_lines(path):
        try:
            kind, cells = rows.parse(number, line)
            starts = by_column and kind in ("token", "row") and rows.starts_sentence(cells)
            if tokens and (kind == BLANK or starts):
                yield sentence()
                tokens, numbers, source_lines = [], [], []
                if kind == BLANK:
                    continue
            if kind == "token":
                tokens.append(cells)
                numbers.append(number)
                if conllu and cells[0] != str(len(tokens)):
                    raise rows.wrong_id(cells, len(tokens))
            elif kind == DOCUMENT:
                if tokens:
                    raise rows.divider_in_sentence()
                document += 1
            elif kind == "note" and not tokens and _NEW_DOCUMENT.match(line):
                document += 1
        except ValueError as error:
            raise DataFormatError(path, number, str(error)) from None
        # Comments and dividers before a sentence are kept with it, and the blanks after them.
        if keep_lines and (kind != BLANK or source_lines):
            source_lines.append((line, "note" if kind in (BLANK, DOCUMENT) else kind))
    if tokens:
        if not count and len(tokens) >= _VERY_LONG:
            logger.warning(
                "%s: the whole file is one sentence of %d tokens; a blank line ends a sentence, or "
                "set 'sentence_column' of the dataset reader",
                path,
                len(tokens),
            )
        yield sentence()
    if not count:
        raise DataFormatError(
            path,
            None,
            "expected at least one sentence, found none; check the path, and "
            "'comment_prefix' of the dataset reader",
        )
