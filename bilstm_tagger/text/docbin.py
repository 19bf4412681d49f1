"""spaCy's `.spacy` files (DocBin)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.objects import Item
from bilstm_tagger.text.requirements import missing

if TYPE_CHECKING:
    from spacy.tokens import Doc

# Attributes of tokens that can be columns, and spaCy's names for them.
_OF_TOKENS = {"pos": "pos_", "tag": "tag_", "lemma": "lemma_", "dep": "dep_", "morph": "morph"}

ENTITY_TAGS = "ent_tags"


def read_docs(path: PathLike) -> Iterator["Doc"]:
    """Yields the docs of a file.

    # Errors

    `DataFormatError` for what is no DocBin, `UserError` where spaCy is not installed.
    """
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError as error:
        raise missing("spacy", "text", "A .spacy file") from error
    try:
        # The docs are made one at a time, each from what may be damaged.
        yield from DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab)
    except FileNotFoundError:
        raise DataFormatError(path, None, "there is no such file; check the path") from None
    except Exception as error:  # of zlib, msgpack or spaCy, which do not document theirs
        raise DataFormatError(
            path, None, f"expected a DocBin of spaCy, which this is not ({error!r:.200})"
        ) from None


def doc_words(doc: "Doc") -> list[Any]:
    """The tokens that are no white space."""
    return [token for token in doc if not token.is_space]


def read_docbin(path: PathLike) -> Iterator[Item]:
    """Yields an object for each doc: `text`; `tokens`, with the sentences of the doc, or those of
    spaCy's rules if it has none; a list of `pos`, `tag`, `lemma`, `dep` and `morph`; `ent_tags`,
    the entities as tags in BIO, with `_` for tokens of which they are not known; `ents` and
    `spans`, which is an object with a list under each key. White space is no token."""
    from spacy.pipeline import Sentencizer

    for number, doc in enumerate(read_docs(path), start=1):
        if not doc.has_annotation("SENT_START"):
            doc = Sentencizer()(doc)
        starts = set()
        words = doc_words(doc)
        seen = -1
        # A sentence may begin with white space, which is left out.
        for word in words:
            if word.sent.start != seen:
                starts.add(word.i)
                seen = word.sent.start
        value: dict[str, Any] = {
            "text": doc.text,
            "tokens": [
                {
                    "text": word.text,
                    "start": word.idx,
                    "end": word.idx + len(word.text),
                    "sentence_start": word.i in starts,
                }
                for word in words
            ],
            "ents": [_span(span) for span in doc.ents],
            ENTITY_TAGS: [_entity_tag(word) for word in words],
            "spans": {key: [_span(span) for span in group] for key, group in doc.spans.items()},
        }
        for name, attribute in _OF_TOKENS.items():
            if doc.has_annotation(name.upper()):
                value[name] = [str(getattr(word, attribute)) or "_" for word in words]
        yield Item(value, path, None, f"document {number}")


def _entity_tag(word: Any) -> str:
    if word.ent_iob_ in ("B", "I"):
        return f"{word.ent_iob_}-{word.ent_type_}"
    return word.ent_iob_ or "_"


def _span(span: Any) -> dict[str, Any]:
    return {"start": span.start_char, "end": span.end_char, "label": span.label_}
