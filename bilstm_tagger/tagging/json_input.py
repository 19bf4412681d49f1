"""Sentences in JSON: an object with raw text or tokens, and the object that they become."""

import json
from typing import Any

from bilstm_tagger.tagging.archives.json_object import unique_keys
from bilstm_tagger.tagging.results import TaggedSentence, TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger

# What a token in a column cannot hold.
_COLUMN_ENDS = frozenset("\t\r\n")


def parse_json(line: str) -> Any:
    """What a line holds; a `ValueError` for what is no JSON, and for a key that comes twice, of
    which one value would be lost."""
    try:
        return json.loads(line, object_pairs_hook=unique_keys)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"expected a JSON object, found {line[:80]!r} ({error})") from None


def sentences_of(given: Any, tagger: Tagger) -> list[TokenizedSentence]:
    """The sentences of an object with `sentence` (raw text, of any number of sentences) or
    `tokens` (a list, one sentence; feature columns beside it). A `ValueError` for another one."""
    if not isinstance(given, dict) or ("sentence" in given) == ("tokens" in given):
        raise ValueError(
            "expected a JSON object with either 'sentence' (raw text) or 'tokens' (a list of "
            f"strings), found {json.dumps(given)[:80]}"
        )
    features = {name: given[name] for name in tagger.specification.feature_columns if name in given}
    if "tokens" in given:
        tokens = given["tokens"]
        for name, values in {"tokens": tokens, **features}.items():
            if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
                raise ValueError(f"'{name}' must be a list of strings, found {values!r:.80}")
        return [TokenizedSentence(tokens, features)] if tokens else []
    text = given["sentence"]
    if not isinstance(text, str):
        raise ValueError(f"'sentence' must be a string, found {text!r:.80}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:  # no text that the splitter can read has one
        raise ValueError(
            f"'sentence' has an unpaired surrogate, which is no character, at position "
            f"{error.start + 1}: {text[error.start : error.start + 40]!a}; fix it, or give "
            "'tokens'"
        ) from None
    return tagger.split(text)


def others_of(given: dict[str, Any], tagger: Tagger) -> dict[str, Any]:
    """The keys that are handed through."""
    taken = {"sentence", "tokens", *tagger.specification.feature_columns}
    return {key: value for key, value in given.items() if key not in taken}


def prediction_of(others: dict[str, Any], sentences: list[TaggedSentence]) -> dict[str, Any]:
    """What becomes of an object."""
    return {**others, "sentences": [sentence.to_json() for sentence in sentences]}


def check_cell(token: str) -> None:
    """Raises `ValueError` for a token that a column cannot hold."""
    if not _COLUMN_ENDS.isdisjoint(token):
        raise ValueError(
            f"the token {token!r:.80} holds a tab or line end, which columns cannot; choose JSON "
            "as output"
        )
    try:
        token.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(
            f"the token {token!a:.80} holds an unpaired surrogate, which UTF-8 cannot write; "
            "choose JSON as output"
        ) from None
