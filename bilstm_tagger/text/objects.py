"""Annotated objects, as of a line of JSON: tokens with tags, or text with spans, to sentences."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from bilstm_tagger.text.character_spans import CONTROL, AlignedSpans, CharacterSpan, parse_span
from bilstm_tagger.text.column_format import TOKENS
from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.raw_text import RawSentence, SpacySplitter, Splitter
from bilstm_tagger.text.soft_labels import are_probabilities, cell_of

if TYPE_CHECKING:
    from bilstm_tagger.text.dataset_layout import DatasetLayout


# In place of a tag, that there is none; -100 is the number that PyTorch's losses leave out.
MISSING = (None, -100, "")


class Item(NamedTuple):
    """An object of a file, and where it stands there."""

    value: Any
    path: PathLike
    line: Optional[int] = None  # from 1; `None` in files without lines
    name: str = ""  # such as "document 3", in files without lines

    def error(self, problem: str) -> DataFormatError:
        """The error for what is wrong with it."""
        return DataFormatError(self.path, self.line, f"{self.name}: {problem}".lstrip(": "))


def value_at(value: Any, key: str) -> Any:
    """What stands under a key of an object. A key with dots leads through objects, and lists by
    index: `annotations.0.result`. Raises `KeyError`."""
    if isinstance(value, dict) and key in value:
        return value[key]
    for step in key.split("."):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            raise KeyError(key)
    return value


def split_object(
    item: Item, key: str, splitter: Splitter
) -> tuple[Optional[str], list[RawSentence]]:
    """The raw text of an object, if it has one, and its sentences: of a string those of the
    splitter; of a list of strings one, without offsets; of a list of objects with `text`, `start`
    and `end` those that start at tokens with `sentence_start`."""
    try:
        value = value_at(item.value, key)
    except KeyError:
        raise item.error(
            f"expected the tokens or the text under {key!r}, which is not there: "
            f"{_shown(item.value)}; check 'columns.{TOKENS}' of the dataset reader"
        ) from None
    if isinstance(value, str):
        _check_characters(item, key, value)
        return value, splitter.split([value])[0]
    if isinstance(value, list) and all(isinstance(token, str) for token in value):
        if "" in value:
            raise item.error(f"the token {value.index('')} of {key!r} is empty; leave it out")
        return None, [RawSentence(value, [])] if value else []
    try:
        text = item.value["text"]
        pieces: list[RawSentence] = []
        behind = 0
        for token in value:
            if not pieces or token.get("sentence_start"):
                pieces.append(RawSentence([], []))
            start, end = token["start"], token["end"]
            # Numbers below 0 would count from the end.
            if not behind <= start < end or text[start:end] != token["text"]:
                raise item.error(
                    f"the token {token['text']!r:.80} is not at {start} to {end} of the text, or "
                    "not behind the one before it; fix the offsets, which count characters (not "
                    "bytes) from 0"
                )
            behind = end
            pieces[-1].tokens.append(token["text"])
            pieces[-1].offsets.append((start, end))
        return text, pieces
    except (KeyError, TypeError, AttributeError):
        raise item.error(
            f"expected text, a list of tokens, or tokens with 'text', 'start' and 'end' beside "
            f"'text', found under {key!r}: {_shown(value)}"
        ) from None


def _check_characters(item: Item, key: str, text: str) -> None:
    """Raises `DataFormatError` for a text with half of a surrogate pair, which no splitter can
    read."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise item.error(
            f"'{key}' has an unpaired surrogate, which is no character, at position "
            f"{error.start + 1}: {text[error.start : error.start + 40]!a}; fix it, or give "
            f"'{TOKENS}'"
        ) from None


def _shown(value: Any) -> str:
    return json.dumps(value, default=repr)[:80]


class ObjectReader:
    """Makes sentences of objects, in the layout of a data set.

    # Parameters

    layout : `DatasetLayout`
    names : `Sequence[str]`
        The columns beside the tokens that are read.
    """

    def __init__(self, layout: "DatasetLayout", names: Sequence[str]) -> None:
        self._layout = layout
        self._names = names
        self._encodings = {
            task.column or name: "BIO" if task.encoding == "auto" else task.encoding
            for name, task in layout.tasks.items()
            if task.encoding is not None
        }
        self._labels = {task.column or name: task.labels for name, task in layout.tasks.items()}
        # What stands for a label that is not known, where there are such.
        self._missing = {
            task.column or name: task.gaps.missing[0]
            for name, task in layout.tasks.items()
            if task.gaps is not None and task.gaps.missing
        }
        self._with_probabilities = {
            task.column or name for name, task in layout.tasks.items() if task.probabilities
        }
        self.changes: Counter[str] = Counter()  # what became of spans

    def sentences(self, item: Item, document: int = 0) -> Iterator[Sentence]:
        """Yields the sentences of an object, which is the document of this number; none of one
        without tokens, or one that the annotator did not accept.

        # Errors

        `DataFormatError` for an object that is not as the layout says.
        """
        layout = self._layout
        # Of Prodigy: the annotations of these are wrong, or missing.
        answer = item.value.get("answer") if isinstance(item.value, dict) else None
        if answer in ("reject", "ignore"):
            self.changes[f"objects with the answer '{answer}' were left out"] += 1
            return
        splitter = SpacySplitter(layout.language)
        text, pieces = split_object(item, str(layout.columns[TOKENS]), splitter)
        offsets = [pair for piece in pieces for pair in piece.offsets]
        tokens = [token for piece in pieces for token in piece.tokens]
        length = len(tokens)
        bounds = set(accumulate((len(piece.tokens) for piece in pieces), initial=0))
        columns: dict[str, list[str]] = {}
        for name in self._names:
            values = self._value(item, name)
            # An empty list is one of spans where there is a text.
            of_spans = isinstance(values[0], (list, dict, CharacterSpan)) if values else bool(text)
            if not of_spans or (values and self._is_soft(name, values[0])):
                columns[name] = self._tags(item, name, values, length)
                continue
            if values and (text is None or not offsets):
                raise item.error(
                    f"the spans of '{name}' need the text that their offsets count in: set "
                    f"'columns.{TOKENS}' of the dataset reader to the key of the text"
                )
            try:
                spans = [s if isinstance(s, CharacterSpan) else parse_span(s) for s in values]
                aligned = AlignedSpans(text or "", offsets, spans, layout.invalid_spans)
            except ValueError as error:
                raise item.error(f"'{name}': {error}") from None
            self.changes.update(aligned.changes)
            encoding = self._encodings.get(name)
            if encoding is None:
                raise item.error(f"'{name}' holds spans: set the 'encoding' of its task, as 'BIO'")
            columns[name] = get_encoding(encoding).spans_to_tags(aligned.spans, length)
            # The splitter must not end a sentence within a span.
            for span in aligned.spans:
                bounds.difference_update(range(span.start + 1, span.end))
        for start, end in pairwise(sorted(bounds)):
            yield Sentence(
                tokens[start:end],
                {name: values[start:end] for name, values in columns.items()},
                str(item.path),
                [item.line or 0] * (end - start),
                text=text,
                offsets=offsets[start:end] or None,
                document=document,
            )

    def _is_soft(self, name: str, value: Any) -> bool:
        """Whether it is labels with probabilities, right or wrong, and no span."""
        expected = name in self._with_probabilities
        return are_probabilities(value) or (
            expected and isinstance(value, dict) and "start" not in value
        )

    def _value(self, item: Item, name: str) -> list[Any]:
        key = str(self._layout.columns[name])
        try:
            value = value_at(item.value, key)
        except KeyError:
            raise item.error(
                f"expected a list of tags or spans under {key!r}, which is not there; "
                + (
                    "a text without annotations has an empty file .ann"
                    if self._layout.form == "brat"
                    else f"check 'columns.{name}' of the dataset reader"
                )
            ) from None
        if not isinstance(value, list):
            raise item.error(f"expected a list under {key!r}, found {value!r:.80}")
        return value

    def _tags(self, item: Item, name: str, values: list[Any], length: int) -> list[str]:
        if len(values) != length:
            raise item.error(f"'{name}' has {len(values)} tags, and there are {length} tokens")
        labels = self._labels.get(name)
        missing = self._missing.get(name)
        tags = []
        for value in values:
            if missing is not None and value in MISSING:
                tags.append(missing)
                continue
            if name in self._with_probabilities and self._is_soft(name, value):
                tags.append(cell_of(value))
                continue
            if type(value) is int and labels is not None and 0 <= value < len(labels):
                value = labels[value]
            if isinstance(value, str) and CONTROL.search(value):
                raise item.error(f"the tag {value!r:.80} of '{name}' has control characters")
            if not isinstance(value, str) or not value:
                problem = f"'{name}' has {value!r:.80} in place of a tag"
                if value in MISSING:
                    problem += (
                        "; if that stands for a label that is not known, set "
                        f"tasks.{name}.partial: true in the dataset reader"
                    )
                elif are_probabilities(value):
                    problem += (
                        "; if these are probabilities of tags, set "
                        f"tasks.{name}.probabilities: true in the dataset reader"
                    )
                elif type(value) is int:
                    problem += (
                        f"; set tasks.{name}.labels of the dataset reader, the list that it counts "
                        "in"
                    )
                raise item.error(problem)
            tags.append(value)
        return tags
