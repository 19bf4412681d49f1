"""Column files in blocks: lines to sentences, every line kept."""

from typing import Optional

from bilstm_tagger.tagging.files.blocks import Block, Skipped
from bilstm_tagger.tagging.files.records import Record, Row, decode_line, problem_of
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.text.columns import BLANK, DOCUMENT, TOKENS, ColumnFormat, Rows
from bilstm_tagger.text.memo import remember


class ColumnInput:
    """Makes a record of each sentence. Its lines must have the same number of columns; those of
    other sentences, in blocks that another process may have, are not looked at.

    # Parameters

    layout : `ColumnFormat`
        Columns that must be there: tokens and features.
    """

    def __init__(self, layout: ColumnFormat) -> None:
        self._rows = Rows("", layout)
        self._token_column = layout.columns[TOKENS]
        self._features = {name: i for name, i in layout.columns.items() if name != TOKENS}
        self._known: dict[bytes, Row] = {}

    def records(self, block: Block) -> list[Record]:
        records: list[Record] = []
        source: list[bytes] = []
        rows: list[Row] = []
        tokens: list[Row] = []
        first = width = 0
        problem: Optional[Skipped] = None
        # The first line of all may have a byte order mark, which is part of a token elsewhere.
        known = self._known if block.first_line > 1 else {}

        def close() -> None:
            record = Record(
                first or block.first_line, source, rows=rows, problem=problem, of_columns=True
            )
            if tokens and problem is None:
                record.sentences.append(self._sentence(tokens))
            records.append(record)

        for number, raw in enumerate(block.lines, block.first_line):
            source.append(raw)
            try:
                row = known.get(raw) or self._row(number, raw)
                kind, cells, _, _ = row
                if kind == "token":
                    if not tokens:
                        first, width = number, len(cells)
                    elif len(cells) != width:
                        line = decode_line(number, raw)
                        raise self._rows.ragged(number, line, len(cells), width, first)
                    tokens.append(row)
                elif kind == DOCUMENT and tokens:
                    raise self._rows.divider_in_sentence(number)
                rows.append(row)
            except ValueError as error:
                problem = problem or Skipped(number, problem_of(error))
                continue
            if kind == BLANK and (tokens or problem):
                close()
                source, rows, tokens, first, problem = [], [], [], 0, None
        if source:
            close()
        return records

    def _sentence(self, tokens: list[Row]) -> TokenizedSentence:
        place = self._token_column
        return TokenizedSentence(
            [row.cells[place] for row in tokens],
            {name: [row.cells[i] for row in tokens] for name, i in self._features.items()},
        )

    def _row(self, number: int, raw: bytes) -> Row:
        line = decode_line(number, raw)
        kind, cells = self._rows.classify(line)
        if kind == "token":
            self._rows.check_cells(number, line, cells)
        body = raw.removesuffix(b"\n").removesuffix(b"\r")
        row = Row(kind, cells, body, raw[len(body) :])
        if number > 1:
            # Lines come again and again: each is looked into once.
            remember(self._known, raw, row)
        return row
