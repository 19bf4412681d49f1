"""Sentences in JSON: an object with raw text or tokens, and the object that they become."""

import contextlib
import json
from typing import Any, Optional

from bilstm_tagger.tagging.results import TaggedSentence, TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.column_format import TOKENS
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.objects import Item, split_object, value_at

# What a token in a column cannot hold.
_COLUMN_ENDS = frozenset("\t\r\n")
# The keys of raw text.
_TEXTS = ("sentence", "text")


def _key_of(content: Any, layout: Optional[DatasetLayout], is_declared: bool) -> str:
    """The key of an object under which its tokens, or its text, stand."""
    if isinstance(content, dict):
        if layout is not None and layout.form != "columns":
            own = str(layout.columns[TOKENS])
            try:
                value_at(content, own)
                return own
            except KeyError:
                if is_declared:
                    raise ValueError(
                        f"the object has no key {own!r}, which --layout names as 'tokens': "
                        f"{json.dumps(content)[:80]}; fix the object or --layout"
                    ) from None
        keys = [key for key in (TOKENS, *_TEXTS) if key in content]
        # Annotation tools give the text beside its tokens.
        if keys == [TOKENS, "text"]:
            return TOKENS
        if len(keys) == 1:
            return keys[0]
    raise ValueError(
        "expected a JSON object with either 'sentence' or 'text' (raw text), or 'tokens' (a list "
        f"of strings), found {json.dumps(content)[:80]}; say the keys of other objects by "
        "--layout"
    )


def sentences_of(
    content: Any,
    tagger: Tagger,
    layout: Optional[DatasetLayout] = None,
    is_declared: bool = False,
) -> list[TokenizedSentence]:
    """The sentences of an object with `sentence` or `text` (raw text, of any number of sentences)
    or `tokens` (a list, one sentence; feature columns beside it), or with what a layout says, which
    must be there if the user declared the layout. A `ValueError` for another object."""
    key = _key_of(content, layout, is_declared)
    places = {} if layout is None or layout.form == "columns" else layout.columns
    features = {}
    for name in tagger.specification.feature_columns:
        with contextlib.suppress(KeyError):
            features[name] = value_at(content, str(places.get(name, name)))
            if not _is_list_of(str, features[name]):
                raise ValueError(
                    f"'{name}' must be a list of strings, found {features[name]!r:.80}"
                )
    value = value_at(content, key)
    if key in _TEXTS and layout is None and not isinstance(value, str):
        raise ValueError(f"'{key}' must be a string, found {value!r:.80}")
    if key == TOKENS and not (_is_list_of(str, value) or _is_list_of(dict, value)):
        raise ValueError(f"'{key}' must be a list of strings, found {value!r:.80}")
    if _is_list_of(str, value):
        return [TokenizedSentence(value, features)] if value else []
    text, pieces = split_object(Item(content, "input"), key, tagger.splitter)
    sentences = []
    position = 0
    for piece in pieces:
        end = position + len(piece.tokens)
        columns = {name: values[position:end] for name, values in features.items()}
        sentences.append(TokenizedSentence(piece.tokens, columns, text, piece.offsets or None))
        position = end
    if features and pieces and any(len(values) != position for values in features.values()):
        sentences[0].columns = features  # of another length, which the tagger refuses
    return sentences


def _is_list_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def others_of(
    content: dict[str, Any], tagger: Tagger, layout: Optional[DatasetLayout] = None
) -> dict[str, Any]:
    """The keys that are handed through."""
    taken = {_key_of(content, layout, False), *tagger.specification.feature_columns}
    return {key: value for key, value in content.items() if key not in taken}


def prediction_of(others: dict[str, Any], sentences: list[TaggedSentence]) -> dict[str, Any]:
    """What becomes of an object."""
    return {**others, "sentences": [sentence.to_json() for sentence in sentences]}


def check_cell(token: str, kind: str = "token") -> None:
    """Raises `ValueError` for a token, or another kind of cell, that a column cannot hold."""
    if not _COLUMN_ENDS.isdisjoint(token):
        raise ValueError(
            f"the {kind} {token!r:.80} holds a tab or line end, which columns cannot; choose JSON "
            "as output"
        )
    try:
        token.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(
            f"the {kind} {token!a:.80} holds an unpaired surrogate, which UTF-8 cannot write; "
            "choose JSON as output"
        ) from None
