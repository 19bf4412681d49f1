"""Text, sentences, tokens and JSON, a record a line."""

import re
from collections.abc import Callable
from typing import Any

from bilstm_tagger.tagging.files.blocks import Block, Skipped
from bilstm_tagger.tagging.files.records import Record, decode_line, problem_of
from bilstm_tagger.tagging.json_input import others_of, parse_json, sentences_of
from bilstm_tagger.tagging.raw_text import tokenize_text
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger

_BLANKS = " \t"
_BLANK_RUN = re.compile("[ \t]+")


class LineInput:
    """Makes a record of each line that is not blank.

    # Parameters

    tagger : `Tagger`
        It splits raw text, and knows the features.
    form : `str`
        "text": any number of sentences. "sentences": one, not yet split into tokens. "tokens": one,
        its tokens separated by blanks. "json": an object; see `sentences_of`.
    """

    def __init__(self, tagger: Tagger, form: str) -> None:
        self._tagger = tagger
        forms: dict[str, Callable[[str], list[TokenizedSentence]]] = {
            "text": tagger.split,
            "sentences": self._sentence,
            "tokens": self._tokens,
        }
        self._split = forms.get(form)

    def records(self, block: Block) -> list[Record]:
        records = []
        for number, raw in enumerate(block.lines, block.first_line):
            record = Record(number, [raw])
            try:
                line = decode_line(number, raw)
                if not line.strip(_BLANKS):
                    continue
                self._read(record, line)
            except (ValueError, RecursionError) as error:  # the latter of JSON within JSON
                record.problem = Skipped(number, problem_of(error))
            # White space that is not ASCII is a blank line of raw text, too.
            if record.sentences or record.problem or self._split is None:
                records.append(record)
        return records

    def _read(self, record: Record, line: str) -> None:
        if self._split is not None:
            record.sentences = self._split(line)
        else:
            given: Any = parse_json(line)
            record.sentences = sentences_of(given, self._tagger)
            record.others = others_of(given, self._tagger)

    def _sentence(self, line: str) -> list[TokenizedSentence]:
        tokens, offsets = tokenize_text(line, self._tagger.language)
        return [TokenizedSentence(tokens, text=line, offsets=offsets)] if tokens else []

    def _tokens(self, line: str) -> list[TokenizedSentence]:
        return [TokenizedSentence(_BLANK_RUN.split(line.strip(_BLANKS)))]
