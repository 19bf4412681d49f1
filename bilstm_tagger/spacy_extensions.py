"""What the component for spaCy says of docs, tokens and spans beside spaCy's own attributes."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

import msgspec
from spacy.tokens import Doc, Span, Token

from bilstm_tagger.text.errors import UserError

if TYPE_CHECKING:
    from bilstm_tagger.tagging import TaggedSentence

# Extensions are read from `doc.user_data`, under keys of the form that spaCy has for extensions: so
# all comes along when docs are stored, joined, or sent to another process. It is plain Python, as
# nothing else can be stored.
_TOKEN = "tag_probabilities"
_SPAN = "probability"


def _key(name: str, start: Optional[int] = None, end: Optional[int] = None) -> tuple[Any, ...]:
    return "._.", name, start, end


def _of_doc(name: str, doc: Doc) -> list["TaggedSentence"]:
    """The sentences that the component of a name has tagged."""
    from bilstm_tagger.tagging import TaggedSentence

    # A doc that was stored comes back with tuples for lists.
    kept = msgspec.convert(doc.user_data.get(_key(name), ()), list[TaggedSentence])
    return [replace(sentence, text=doc.text) for sentence in kept]


def _of_token(token: Token) -> dict[str, float]:
    found: dict[str, float] = token.doc.user_data.get(_key(_TOKEN, token.idx), {})
    return found


def _of_span(span: Span) -> Optional[float]:
    # By label: spans of several tasks may have the same bounds.
    key = _key(_SPAN, span.start_char, span.end_char)
    found: Optional[float] = span.doc.user_data.get(key, {}).get(span.label_)
    return found


def component_error(problem: str) -> Exception:
    """An error of a user of the component."""
    return UserError(f"the spaCy component 'bilstm_tagger': {problem}")


def _extend(kind: Any, name: str, getter: Callable[[Any], Any], fix: str) -> None:
    """Registers an extension, unless there is somebody else's."""
    if kind.has_extension(name):
        found = kind.get_extension(name)[2]
        found = getattr(found, "func", found)  # that of a partial
        if getattr(found, "__module__", None) != __name__:
            raise component_error(f"there is another extension {kind.__name__}._.{name}; {fix}")
    kind.set_extension(name, getter=getter, force=True)


def register(name: str, probabilities: bool) -> None:
    """Registers the extensions of a component: that of docs, by its name, and with probabilities
    those of tokens and spans. A `UserError` where there is another extension of that name.
    """
    fix = "give this component another name: nlp.add_pipe('bilstm_tagger', name=...)"
    _extend(Doc, name, partial(_of_doc, name), fix)
    if probabilities:
        fix = "remove that one, or set probabilities: false"
        _extend(Token, _TOKEN, _of_token, fix)
        _extend(Span, _SPAN, _of_span, fix)


def keep_sentences(doc: Doc, name: str, sentences: list["TaggedSentence"]) -> None:
    """Sets `doc._.<name>`. All sentences have the text of the doc, which is not kept again."""
    without_text = [replace(sentence, text=None) for sentence in sentences]
    doc.user_data[_key(name)] = msgspec.to_builtins(without_text)


def keep_token(token: Token, probabilities: dict[str, float]) -> None:
    """Adds to `token._.tag_probabilities`, task to probability."""
    token.doc.user_data.setdefault(_key(_TOKEN, token.idx), {}).update(probabilities)


def keep_span(span: Span, probability: float) -> None:
    """Sets `span._.probability`."""
    key = _key(_SPAN, span.start_char, span.end_char)
    span.doc.user_data.setdefault(key, {})[span.label_] = probability
