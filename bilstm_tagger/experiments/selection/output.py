"""The selected sentences, for those who label them: with the tags of the model as a draft."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Optional

from bilstm_tagger.experiments.selection.pool import Pool
from bilstm_tagger.experiments.selection.select import SelectedSentence
from bilstm_tagger.tagging.commands.tables import escaped
from bilstm_tagger.tagging.files.output_forms import dump_json
from bilstm_tagger.tagging.results import rounded
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.rows import BLANK

FORMS = ("json", "conll", "conllu", "lines")
COLUMNS = ("rank", "place", "sentence", "tokens", "score")


def rendered(sentences: list[SelectedSentence], pool: Pool, form: str) -> Iterator[bytes]:
    """The sentences in one of `FORMS`, that of the pool's form tagger.

    # Errors

    `DataFormatError` for a sentence that the form cannot hold.
    """
    writes = pool.form_tagger.writes
    if form == "conll":
        yield from (writes.tagged(header, []) for header in pool.header)
    for sentence in sentences:
        record = sentence.pool.record
        if form == "json":
            yield dump_json(_object(sentence))
            continue
        try:
            lines = writes.tagged(record, [sentence.draft])
        except ValueError as error:
            source = pool.form_tagger.source
            raise DataFormatError(source, record.line, str(error)) from None
        if form == "conllu":
            yield "".join(
                f"# {name} = {value}\n" for name, value in _about(sentence).items()
            ).encode()
        yield lines
        if record.of_columns and record.rows[-1].kind != BLANK:  # at the end of the pool
            yield b"\n" if lines.endswith(b"\n") else b"\n\n"


def _about(sentence: SelectedSentence) -> dict[str, Any]:
    return {
        "rank": sentence.rank,
        "score": rounded(sentence.score),
        "place": sentence.pool.place,
    }


def _object(sentence: SelectedSentence) -> dict[str, Any]:
    """Tokens, features and tags, and the keys that the object of the pool has beside them."""
    draft = sentence.draft
    content = {**sentence.pool.record.others, "selection": _about(sentence)}
    if draft.offsets is not None and draft.text is not None:
        content["text"] = text_of(sentence)
        start = draft.offsets[0][0]
        draft.offsets = [(first - start, behind - start) for first, behind in draft.offsets]
        for span in (span for spans in draft.spans.values() for span in spans):
            if span.start is not None and span.end is not None:
                span.start, span.end = span.start - start, span.end - start
    return {**content, **sentence.pool.sentence.columns, **draft.to_json()}


def text_of(sentence: SelectedSentence) -> str:
    """The raw text of a sentence; of one without, its tokens, separated by blanks."""
    source = sentence.pool.sentence
    if source.text is None or source.offsets is None:
        return " ".join(source.tokens)
    return source.text[source.offsets[0][0] : source.offsets[-1][1]]


def table_rows(
    sentences: list[SelectedSentence], width: Optional[int] = None
) -> list[tuple[str, ...]]:
    """The cells of `COLUMNS` of each sentence. With a width they are for a terminal: no more
    characters of a sentence, and control characters escaped."""
    return [
        (
            str(sentence.rank),
            sentence.pool.place if width is None else escaped(sentence.pool.place),
            _shortened(text_of(sentence), width),
            str(len(sentence.draft.tokens)),
            f"{sentence.score:.4f}",
        )
        for sentence in sentences
    ]


def _shortened(text: str, width: Optional[int]) -> str:
    if width is None:
        return text
    text = escaped(text)
    return text if len(text) <= width else f"{text[: width - 4]} ..."


def tab_separated(sentences: list[SelectedSentence]) -> bytes:
    """The table of all sentences, for programs."""
    text = io.StringIO()
    writer = csv.writer(text, dialect="excel-tab", lineterminator="\n")
    writer.writerows([COLUMNS, *table_rows(sentences)])
    # An unpaired surrogate comes out as an escape, as in JSON.
    return text.getvalue().encode("utf-8", "backslashreplace")
