"""Tagged sentences in the objects, or in the lines of tokens with parts, that they came in."""

import contextlib
import copy
import re
from collections.abc import Sequence
from typing import Any, Optional

from bilstm_tagger.tagging.files.output_forms import JsonOutput, dump_json, free_name
from bilstm_tagger.tagging.files.records import OutputForm, Record
from bilstm_tagger.tagging.results import TaggedSentence
from bilstm_tagger.text.column_format import split_blanks
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.objects import value_at

# Keys under which annotation tools have spans as lists, `[start, end, label]`.
_LISTS = ("label", "labels", "entities")
_BLANK = re.compile("[ \t\r\n]")
_PARTS = ("start", "end", "label")


class ObjectOutput(JsonOutput):
    """Objects as they came, with the tags of each task under its key in the training, or its name:
    a list of tags; for raw text, a list of spans by character offsets. What is there already stays,
    unless it is empty: the tags then go to `KEY_predicted`."""

    def __init__(self, layout: Optional[DatasetLayout], tasks: Sequence[str]) -> None:
        self._keys = {t: t if layout is None else layout.name_of(t) for t in tasks}
        self._tasks = {} if layout is None else layout.tasks

    def tagged(self, record: Record, sentences: list[TaggedSentence]) -> bytes:
        value = copy.deepcopy(record.value)
        for key, annotations in self.annotations(sentences).items():
            of_spans = bool(annotations) and isinstance(annotations[0], list)
            if of_spans and key.split(".")[-1] not in _LISTS:
                annotations = [dict(zip(_PARTS, span, strict=True)) for span in annotations]
            put_at(value, key, annotations)
        return dump_json(value)

    def annotations(self, sentences: list[TaggedSentence]) -> dict[str, list[Any]]:
        """Key to tags, or spans, of the sentences of an object."""
        annotations = {}
        for task, key in self._keys.items():
            declared = self._tasks.get(task)
            tags = _of_task(task, sentences) if sentences else []
            if declared is not None and declared.labels is not None:
                numbers = {label: number for number, label in enumerate(declared.labels)}
                tags = [numbers.get(tag, tag) if isinstance(tag, str) else tag for tag in tags]
            annotations[key] = tags
        return annotations


class ItemOutput(ObjectOutput):
    """For a copy of a file that is written as a whole, later: see `write_back`."""

    def tagged(self, record: Record, sentences: list[TaggedSentence]) -> bytes:
        return dump_json({"annotations": self.annotations(sentences)})


def _of_task(task: str, sentences: list[TaggedSentence]) -> list[Any]:
    """Tags; of raw text, spans: first character, the one behind the last, label."""
    if sentences[0].text is None:
        return [tag for sentence in sentences for tag in sentence.tags[task]]
    spans: list[Any] = []
    for sentence in sentences:
        if task in sentence.spans:
            spans += [[span.start, span.end, span.label] for span in sentence.spans[task]]
        else:
            tags = zip(sentence.offsets or (), sentence.tags[task], strict=True)
            spans += [[start, end, tag] for (start, end), tag in tags]
    return spans


def put_at(value: Any, key: str, content: Any) -> None:
    """Puts something under a key of an object; see `value_at`. Where there is something, under
    `KEY_predicted`; where the objects that the key leads through are missing, under all of it."""
    parent, last = (value, key) if key in value else _place(value, key)
    with contextlib.suppress(KeyError):
        if value_at(value, key):
            parent, last = value, free_name(key, value)
    parent[last] = content


def _place(value: Any, key: str) -> tuple[Any, Any]:
    """The object or list that a key leads to, and the key or index in it."""
    before, _, last = key.rpartition(".")
    with contextlib.suppress(KeyError):
        parent = value_at(value, before)
        if isinstance(parent, dict):
            return parent, last
        if isinstance(parent, list) and last.isdigit() and int(last) < len(parent):
            return parent, int(last)
    return value, key


class LineOutput(OutputForm):
    """A sentence a line; the tags of a token behind its other parts. The layout is that of the
    input, if it has tokens of several parts."""

    def __init__(self, layout: Optional[DatasetLayout]) -> None:
        parts = layout if layout is not None and layout.form == "lines" else None
        self._edits = parts is not None
        self._delimiter = (parts and parts.delimiter) or "|"

    def check_tokens(self, record: Record, tokens: Sequence[str]) -> None:
        broken = next(filter(_BLANK.search, self._parts(record, tokens)), None)
        if broken is not None:
            raise ValueError(
                f"the token {broken!r:.80} holds a blank, which divides tokens in this form; "
                "choose JSON as output"
            )

    def tagged(self, record: Record, sentences: list[TaggedSentence]) -> bytes:
        lines = []
        for sentence in sentences:
            self.check_tokens(record, sentence.tokens)
            tokens = self._parts(record, sentence.tokens)
            rows = list(zip(tokens, *sentence.tags.values(), strict=True))
            tag = next((t for row in rows for t in row[1:] if self._divides(t)), None)
            if tag is not None:
                raise ValueError(
                    f"the tag {tag!r:.80} holds a blank or {self._delimiter!r}, which divide tags "
                    "in this form; choose JSON as output"
                )
            lines.append(" ".join(map(self._delimiter.join, rows)) + "\n")
        return "".join(lines).encode("utf-8", "backslashreplace")

    def _parts(self, record: Record, tokens: Sequence[str]) -> Sequence[str]:
        """What stands before the tags: of a line of tokens with other parts, these as they are."""
        if not self._edits:
            return tokens
        line = record.source[0].decode("utf-8")
        return split_blanks(line.lstrip("\ufeff").rstrip("\r\n"))

    def _divides(self, tag: str) -> bool:
        return self._delimiter in tag or _BLANK.search(tag) is not None
