"""Copies of files that are written as a whole (BRAT, DocBin, Parquet), with tags."""

import json
import os
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, Optional

from bilstm_tagger.tagging.files.output_forms import free_name
from bilstm_tagger.text.arrow_tables import read_batches
from bilstm_tagger.text.brat import brat_texts, read_text_file, write_annotations
from bilstm_tagger.text.docbin import doc_words, read_docs
from bilstm_tagger.text.errors import PathLike, UserError

# Of each object: key to annotations, a list of tags, or of spans (first character, the one behind
# the last, label); `None` for one that was skipped.
Annotations = Iterator[Optional[dict[str, list[Any]]]]


def _annotations(path: PathLike) -> Annotations:
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line).get("annotations")


def write_back(form: str, source: str, tagged: PathLike, output: str) -> None:
    """Writes a copy of a source, a file or folder of a form, with the annotations that `ItemOutput`
    has written.

    # Errors

    `UserError` for tasks that have no place in the form.
    """
    if form == "brat":
        _write_brat(source, _annotations(tagged), output)
    elif form == "spacy":
        _write_docbin(source, _annotations(tagged), output)
    else:
        _write_parquet(source, tagged, output)


def _write_brat(source: str, annotations: Annotations, output: str) -> None:
    """Each text, with the spans of all tasks beside it."""
    texts = brat_texts(source)
    root = Path(source) if os.path.isdir(source) else texts[0].parent
    for file, of_text in zip(texts, annotations, strict=True):
        target = Path(output) / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = read_text_file(file)
        target.write_bytes(file.read_bytes())
        spans = sorted(chain.from_iterable((of_text or {}).values()))
        write_annotations(target.with_suffix(".ann"), text, spans)


def _write_docbin(source: str, annotations: Annotations, output: str) -> None:
    """Spans of `ents`, or of a task `ner`, become entities, those of others `doc.spans`; tags of
    `pos` and `tag` those of the tokens."""
    from spacy.parts_of_speech import IDS
    from spacy.tokens import DocBin

    docs = DocBin(store_user_data=True)
    for doc, of_doc in zip(read_docs(source), annotations, strict=True):
        words = {word.idx: word for word in doc_words(doc)}
        for key, own in (of_doc or {}).items():
            plain = key in ("pos", "upos", "tag", "xpos")
            if plain:
                universal = key.endswith("pos") and all(label in IDS for _, _, label in own)
                for start, _, label in own:
                    setattr(words[start], "pos_" if universal else "tag_", label)
                continue
            spans = [doc.char_span(start, end, label) for start, end, label in own]
            if key in ("ents", "ner"):
                doc.ents = spans
            else:
                doc.spans[key.removeprefix("spans.")] = spans
        docs.add(doc)
    docs.to_disk(output)


def _write_parquet(source: str, tagged: PathLike, output: str) -> None:
    """A column for each task beside the others, under its key, or `KEY_predicted`."""
    import pyarrow
    from pyarrow import parquet

    # The first rows may have no annotations, which would say of what kind these are.
    kinds: dict[str, pyarrow.DataType] = {}
    annotations = _annotations(tagged)
    writer: Optional[parquet.ParquetWriter] = None
    try:
        for of_row in _annotations(tagged):
            for key, values in (of_row or {}).items():
                if key not in kinds or pyarrow.types.is_null(kinds[key].value_type):
                    kinds[key] = pyarrow.array([_cell(values)]).type
        for batch in read_batches(source):
            rows = [row or {} for row in islice(annotations, batch.num_rows)]
            table = pyarrow.Table.from_batches([batch])
            for key in kinds:
                taken = table.column_names
                name = free_name(key, taken) if key in taken else key
                cells = [_cell(row.get(key)) for row in rows]
                table = table.append_column(name, pyarrow.array(cells, kinds[key]))
            if writer is None:
                writer = parquet.ParquetWriter(output, table.schema)
            writer.write_table(table)
    except pyarrow.ArrowException as error:
        raise UserError(f"{output} cannot be written as Parquet ({error!s:.200})") from None
    finally:
        if writer is not None:
            writer.close()


def _cell(values: Optional[list[Any]]) -> Optional[list[Any]]:
    if values and isinstance(values[0], list):
        return [{"start": start, "end": end, "label": label} for start, end, label in values]
    return values
