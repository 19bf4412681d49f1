"""Column files in blocks: lines to sentences, every line kept."""

from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.records import Record, Row
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.text.columns import BLANK, DOCUMENT, TOKENS, ColumnFormat, Rows
from bilstm_tagger.text.lines import decode_line
from bilstm_tagger.text.memo import remember


class ColumnInput:
    """Makes a record of each sentence. Its lines must have the same number of columns; those of
    other sentences, in blocks that another process may have, are not looked at. The columns of the
    layout, tokens and features, must be there.
    """

    def __init__(self, layout: ColumnFormat) -> None:
        self._rows = Rows("", layout)
        self._token_column = layout.columns[TOKENS]
        self._features = {name: i for name, i in layout.columns.items() if name != TOKENS}
        self._known: dict[bytes, Row] = {}

    def records(self, block: Block) -> list[Record]:
        records: list[Record] = []
        record = Record(block.first_line, [], of_columns=True)
        tokens: list[Row] = []
        # The first line of all may have a byte order mark, which is part of a token elsewhere.
        known = self._known if block.first_line > 1 else {}

        def close() -> None:
            if tokens and record.problem is None:
                record.sentences.append(self._sentence(tokens))
            records.append(record)

        for number, raw in enumerate(block.lines, block.first_line):
            record.source.append(raw)
            try:
                row = known.get(raw) or self._row(number, raw)
                kind, cells, _, _ = row
                if kind == "token":
                    if not tokens:
                        record.line = number
                    elif len(cells) != (width := len(tokens[0].cells)):
                        line = decode_line(number, raw, "input")
                        raise self._rows.ragged(number, line, len(cells), width, record.line)
                    tokens.append(row)
                elif kind == DOCUMENT and tokens:
                    raise self._rows.divider_in_sentence(number)
                record.rows.append(row)
            except ValueError as error:
                record.fail(error, number)
                continue
            if kind == BLANK and (tokens or record.problem):
                close()
                record, tokens = Record(block.first_line, [], of_columns=True), []
        if record.source:
            close()
        return records

    def _sentence(self, tokens: list[Row]) -> TokenizedSentence:
        place = self._token_column
        return TokenizedSentence(
            [row.cells[place] for row in tokens],
            {name: [row.cells[i] for row in tokens] for name, i in self._features.items()},
        )

    def _row(self, number: int, raw: bytes) -> Row:
        kind, cells = self._rows.classify(number, decode_line(number, raw, "input"))
        body = raw.removesuffix(b"\n").removesuffix(b"\r")
        row = Row(kind, cells, body, raw[len(body) :])
        if number > 1:
            # Lines come again and again: each is looked into once.
            remember(self._known, raw, row)
        return row
