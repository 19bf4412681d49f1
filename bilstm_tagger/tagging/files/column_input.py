"""Column files in blocks: lines to sentences, every line kept."""

from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.records import Record, Row
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.text.column_format import TOKENS, ColumnFormat
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.lines import decode_line
from bilstm_tagger.text.memo import remember
from bilstm_tagger.text.rows import BLANK, DOCUMENT, HEADER, Rows


class ColumnInput:
    """Makes a record of each sentence. Its lines must have the same number of columns; those of
    other sentences, in blocks that another process may have, are not looked at. The columns of the
    layout, tokens and features, must be there. The source is the name of the input, for messages.
    """

    def __init__(self, layout: ColumnFormat, source: str = "input") -> None:
        self._source = source
        self._rows = Rows(source, layout)
        self._layout = layout
        self._known: dict[bytes, Row] = {}

    def records(self, block: Block) -> list[Record]:
        records: list[Record] = []
        record = Record(block.first_line, [], of_columns=True)
        tokens: list[Row] = []
        width = 0
        conllu, by_column = self._layout.conllu, self._layout.sentence_column is not None
        if block.first_line > 1 and not self._rows.places:
            self._read_header(block)
        # The first line of all may have a byte order mark, which is part of a token elsewhere.
        known = self._known if block.first_line > 1 else {}

        def close() -> None:
            if tokens and record.problem is None:
                sentence = self._sentence(tokens)
                if not records and block.index == 0:
                    self._rows.check_tokens(record.line, sentence.tokens)
                record.sentences.append(sentence)
            records.append(record)

        for number, raw in enumerate(block.lines, block.first_line):
            record.source.append(raw)
            try:
                row = known.get(raw) or self._row(number, raw)
                kind, cells, _, _ = row
                may_start = by_column and kind in ("token", "row")
                starts = may_start and self._rows.starts_sentence(cells)
                if starts and (tokens or record.problem):
                    record.source.pop()
                    close()
                    record, tokens = Record(number, [raw], of_columns=True), []
                if kind == "token":
                    if not tokens:
                        record.line, width = number, len(cells)
                    elif len(cells) != width:
                        line = decode_line(number, raw, "input")
                        widths = *self._rows.widths(tokens[0].cells), record.line
                        self._rows.check_width(line, cells, widths)
                    tokens.append(row)
                    if conllu and cells[0] != str(len(tokens)):
                        raise self._rows.wrong_id(cells, len(tokens))
                elif kind == DOCUMENT and tokens:
                    raise self._rows.divider_in_sentence()
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
        columns = self._rows.columns([row.cells for row in tokens])
        return TokenizedSentence(columns.pop(TOKENS), columns)

    def _read_header(self, block: Block) -> None:
        for number, raw in enumerate(block.head, start=1):
            try:
                if self._rows.classify(number, decode_line(number, raw, "input"))[0] == HEADER:
                    return
            except ValueError as error:
                raise DataFormatError(self._source, number, str(error)) from None

    def _under_header(self, body: bytes, width: int, delimiter: bytes) -> bytes:
        """A line with as many cells as the header, so that what is written behind it stands under
        its own name: empty cells at the end are left out, or added."""
        extra = width - self._rows.header_width
        while extra > 0 and body.endswith(delimiter):
            body, extra = body.removesuffix(delimiter), extra - 1
        return body + delimiter * -extra

    def _row(self, number: int, raw: bytes) -> Row:
        kind, cells = self._rows.classify(number, decode_line(number, raw, "input"))
        body = raw.removesuffix(b"\n").removesuffix(b"\r")
        end = raw[len(body) :]
        is_row = kind in ("token", "row")
        if is_row and self._rows.header_width and self._layout.delimiter is not None:
            body = self._under_header(body, len(cells), self._layout.delimiter.encode())
        row = Row(kind, cells, body, end)
        if number > 1 and kind != HEADER:
            # Lines come again and again: each is looked into once.
            remember(self._known, raw, row)
        return row
