"""Text, sentences, tokens and JSON, a record a line."""

import re

from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.records import PROBLEMS, Record
from bilstm_tagger.tagging.json_input import others_of, parse_json, sentences_of
from bilstm_tagger.tagging.raw_text import tokenize_text
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.lines import decode_line

_BLANKS = " \t"
_BLANK_RUN = re.compile("[ \t]+")


class LineInput:
    """Makes a record of each line that is not blank. The tagger splits raw text, and knows the
    features. The form is "text": any number of sentences; "sentences": one, not yet split into
    tokens; "tokens": one, its tokens separated by blanks; "json": an object, see `sentences_of`.
    """

    def __init__(self, tagger: Tagger, form: str) -> None:
        self._tagger = tagger
        self._form = form

    def records(self, block: Block) -> list[Record]:
        records = []
        for number, raw in enumerate(block.lines, block.first_line):
            record = Record(number, [raw])
            try:
                line = decode_line(number, raw, "input")
                if not line.strip(_BLANKS):
                    continue
                self._read(record, line)
            except PROBLEMS as error:
                record.fail(error)
            # White space that is not ASCII is a blank line of raw text, too.
            if record.sentences or record.problem or self._form == "json":
                records.append(record)
        return records

    def _read(self, record: Record, line: str) -> None:
        match self._form:
            case "text":
                record.sentences = self._tagger.split(line)
            case "sentences":
                tokens, offsets = tokenize_text(line, self._tagger.language)
                if tokens:
                    record.sentences = [TokenizedSentence(tokens, text=line, offsets=offsets)]
            case "tokens":
                record.sentences = [TokenizedSentence(_BLANK_RUN.split(line.strip(_BLANKS)))]
            case _:
                given = parse_json(line)
                record.sentences = sentences_of(given, self._tagger)
                record.others = others_of(given, self._tagger)
