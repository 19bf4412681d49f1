"""Text, sentences, tokens and JSON, a record a line."""

import re
from typing import Optional

from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.records import PROBLEMS, Record
from bilstm_tagger.tagging.json_input import others_of, sentences_of
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.column_format import TOKENS
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.json_values import parse_json
from bilstm_tagger.text.lines import decode_line
from bilstm_tagger.text.read_dataset import LineSplitter

_BLANKS = " \t"
_BLANK_RUN = re.compile("[ \t]+")


class LineInput:
    """Makes a record of each line that is not blank. The tagger splits raw text, and knows the
    features. The form is "text": any number of sentences; "sentences": one, not yet split into
    tokens; "tokens": one, its tokens separated by blanks; "lines": one, its tokens of several
    parts; all others: an object, see `sentences_of`. The layout, which the
    user declared or not, is for the last two.
    """

    def __init__(
        self,
        tagger: Tagger,
        form: str,
        layout: Optional[DatasetLayout] = None,
        is_declared: bool = False,
    ) -> None:
        self._tagger = tagger
        self._form = form
        self._layout = layout
        self._is_declared = is_declared
        self._splitter: Optional[LineSplitter] = None
        if form == "lines" and layout is not None:
            self._splitter = LineSplitter(layout, tagger.specification.feature_columns)
        self._of_objects = form not in ("text", "sentences", "tokens", "lines")

    def records(self, block: Block) -> list[Record]:
        records = []
        texts: list[tuple[Record, str]] = []
        for number, raw in enumerate(block.lines, block.first_line):
            record = Record(number, [raw])
            try:
                line = decode_line(number, raw, "input")
                if not line.strip(_BLANKS):
                    continue
                if self._form == "text":
                    texts.append((record, line))
                else:
                    self._read(record, line)
            except PROBLEMS as error:
                record.fail(error)
            records.append(record)
        # All at once, which takes less time.
        split = self._tagger.split_texts([line for _, line in texts])
        for (record, _), sentences in zip(texts, split, strict=True):
            record.sentences = sentences
        if self._of_objects:
            return records
        # White space that is not ASCII is a blank line of raw text, too.
        return [record for record in records if record.sentences or record.problem]

    def _read(self, record: Record, line: str) -> None:
        match self._form:
            case "sentences":
                tokens, offsets = self._tagger.splitter.tokenize(line)
                if tokens:
                    record.sentences = [TokenizedSentence(tokens, text=line, offsets=offsets)]
            case "tokens":
                record.sentences = [TokenizedSentence(_BLANK_RUN.split(line.strip(_BLANKS)))]
            case "lines":
                assert self._splitter is not None
                columns = self._splitter.columns(line)
                record.sentences = [TokenizedSentence(columns.pop(TOKENS), columns)]
            case _:
                if line.lstrip(_BLANKS) == "[" or line.lstrip(_BLANKS).startswith("[{"):
                    raise ValueError(
                        "expected an object a line, found a list; make lines of it: "
                        "jq -c '.[]' FILE > NEW"
                    )
                record.value = parse_json(line)
                record.sentences = sentences_of(
                    record.value, self._tagger, self._layout, self._is_declared
                )
                record.others = others_of(record.value, self._tagger, self._layout)
