"""A component for spaCy: `nlp.add_pipe("bilstm_tagger", config={"model": "model.tar.gz"})`.

spaCy imports this module whenever it looks for a component, of whatever name. So nothing heavy is
imported before there is a model to load.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

from spacy.language import Language
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc, Span, Token
from spacy.util import minibatch

from bilstm_tagger import spacy_extensions as extensions
from bilstm_tagger.spacy_targets import Targets, default_targets

if TYPE_CHECKING:
    from bilstm_tagger.tagging import TaggedSentence


_error = extensions.component_error


def _visible(tokens: Iterable[Token]) -> list[Token]:
    """The tokens that are not white space."""
    return [token for token in tokens if token.text.strip()]


def _words(tokens: Sequence[Token]) -> tuple[list[str], list[tuple[int, int]]]:
    """Texts, and the first character of each and the one behind its last."""
    words = [token.text for token in tokens]
    return words, [(token.idx, token.idx + len(token)) for token in tokens]


@Language.factory(
    "bilstm_tagger",
    assigns=[
        *("doc.sents", "doc.ents", "doc.spans", "token.is_sent_start"),
        *("token.ent_iob", "token.ent_type", "token.tag", "token.pos"),
    ],
    default_config={
        "model": None,
        "ents": None,
        "tag": None,
        "pos": None,
        "spans": None,
        "probabilities": False,
        "overwrite_ents": True,
        "vectors": None,
        "trust": False,
        "constrained": None,
        "batch_size": 256,
    },
)
class SpacyTagger:
    """Tags docs with a trained model. Their tokens stay as they are; white space is left out of
    what the model reads, and gets no tags. Sentences are those of the doc. Those of a doc that has
    none are found by the model and written to it (`doc.sents`), if a task of the model does so, or
    else by the rules of spaCy's sentencizer, and not written.

    Registered with spaCy as "bilstm_tagger". Where none of `ents`, `tag`, `pos` and `spans` is
    given, all tasks are tagged: spans of a task `ner` become `doc.ents`, tags of a task `upos` or
    `pos` `token.pos_`, those of `xpos`, or of a `pos` whose tags are not universal, `token.tag_`,
    and spans of other tasks `doc.spans[task]`; otherwise, only the tasks that are named.

    The extension `doc._.bilstm_tagger` (of a component of another name, that name) is the list of
    `TaggedSentence`s, which are without white space, too.

    A stored pipeline has the name or path of the model, not the model: that has to be there when
    the pipeline is loaded.

    # Parameters

    model : `str`
        The name of an installed model, or the path of a model file or a `model.tar.gz`.
    ents : `str`, optional (default=`None`)
        The task whose spans become `doc.ents`.
    tag, pos : `str`, optional (default=`None`)
        The task whose tags become `token.tag_`; the one whose tags become `token.pos_`.
    spans : `Union[Dict[str, str], List[str]]`, optional (default=`None`)
        Tasks whose spans go to `doc.spans`, and under which key; that of a list is the task.
    probabilities : `bool`, optional (default=`False`)
        Adds `token._.tag_probabilities`, task to the probability of the token's tag, and
        `span._.probability` of the spans in `doc.ents` and `doc.spans`. Where spans of two tasks
        have the same bounds and label, it is that of `doc.ents`.
    overwrite_ents : `bool`, optional (default=`True`)
        Whether entities of earlier components give way where they overlap. `False`: they stay, and
        those of the model give way.
    vectors, trust, constrained
        As of `Tagger.load`.
    batch_size : `int`, optional (default=`256`)
        At most so many docs are tagged at once by `nlp.pipe`; fewer, if its own is smaller.

    # Errors

    `UserError` for a model that is not there or does not have what is wanted of it.
    """

    def __init__(
        self,
        nlp: Optional[Language],
        name: str,
        model: Optional[str],
        ents: Optional[str],
        tag: Optional[str],
        pos: Optional[str],
        spans: Union[dict[str, str], list[str], None],
        probabilities: bool,
        overwrite_ents: bool,
        vectors: Optional[str],
        trust: bool,
        constrained: Optional[bool],
        batch_size: int,
    ) -> None:
        if model is None:
            raise _error('\'model\' is missing; name it: config={"model": "model.tar.gz"}')
        if batch_size < 1:
            raise _error(f"'batch_size' must be 1 or more, found {batch_size}")
        self.name = name
        self._model = model
        keys = spans if isinstance(spans, dict) else {task: task for task in spans or ()}
        self._given = Targets(ents, tag, pos, keys)
        self._probabilities = probabilities
        self._overwrite_ents = overwrite_ents
        self._options: dict[str, Any] = dict(vectors=vectors, trust=trust, constrained=constrained)
        self._batch_size = batch_size
        self._load()

    def _load(self) -> None:
        from bilstm_tagger.tagging import Tagger
        from bilstm_tagger.tagging.loading import NoSuchModel

        try:
            tagger = Tagger.load(self._model, tasks=self._given.tasks or None, **self._options)
        except NoSuchModel as error:
            raise _error(f"{error} (a relative path starts from the working directory)") from None
        if columns := tagger.specification.feature_columns:
            raise _error(
                f"the model reads the columns {columns} beside the tokens, "
                "which docs do not have; use bilstm_tagger.Tagger"
            )
        self._tagger = tagger
        self._targets = self._given if self._given.tasks else default_targets(tagger)
        self._targets.check(tagger)
        self._sentencizer = Sentencizer()
        extensions.register(self.name, self._probabilities)

    def __getstate__(self) -> dict[str, Any]:
        # For processes that are started anew: they load the model themselves.
        loaded = ("_tagger", "_targets", "_sentencizer")
        return {name: value for name, value in vars(self).items() if name not in loaded}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._load()

    def __call__(self, doc: Doc) -> Doc:
        self._annotate([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int) -> Iterator[Doc]:
        """Tags docs, a batch at once; `batch_size` is that of `nlp.pipe`."""
        for docs in minibatch(stream, min(batch_size, self._batch_size)):
            self._annotate(docs)
            yield from docs

    def _annotate(self, docs: Sequence[Doc]) -> None:
        from bilstm_tagger.tagging import TokenizedSentence

        self._split([doc for doc in docs if not doc.has_annotation("SENT_START")])
        sentences = [(doc, self._sentences(doc)) for doc in docs]
        given = []
        for doc, of_doc in sentences:
            text = doc.text
            for tokens in of_doc:
                words, offsets = _words(tokens)
                given.append(TokenizedSentence(words, text=text, offsets=offsets))
        tagged = iter(self._tagger.tag(given, probabilities=self._probabilities))
        for doc, of_doc in sentences:
            self._write(doc, of_doc, [next(tagged) for _ in of_doc])

    def _split(self, docs: Sequence[Doc]) -> None:
        """Writes the sentences that a task of the model finds, if it has one."""
        from bilstm_tagger.tagging.splitting import LearnedSplitter
        from bilstm_tagger.text.raw_text import RawSentence

        splitter = self._tagger.splitter
        if not isinstance(splitter, LearnedSplitter):
            return
        visible = [_visible(doc) for doc in docs]
        starts = splitter.starts(
            [doc.text for doc in docs], [RawSentence(*_words(tokens)) for tokens in visible]
        )
        for doc, tokens, of_doc in zip(docs, visible, starts, strict=True):
            # White space at the beginning belongs to the first sentence.
            firsts = {0, *(tokens[place].i for place in of_doc[1:])}
            for token in doc:
                token.is_sent_start = token.i in firsts

    def _sentences(self, doc: Doc) -> list[list[Token]]:
        """The tokens of each sentence, without white space."""
        if doc.has_annotation("SENT_START"):
            sentences = list(doc.sents)
        else:
            (is_start,) = self._sentencizer.predict([doc])
            starts = [index for index, start in enumerate(is_start) if start]
            sentences = [
                doc[start:end] for start, end in zip(starts, [*starts[1:], len(doc)], strict=True)
            ]
        return [tokens for tokens in map(_visible, sentences) if tokens]

    def _write(
        self, doc: Doc, sentences: list[list[Token]], tagged: list["TaggedSentence"]
    ) -> None:
        targets = self._targets
        for tokens, sentence in zip(sentences, tagged, strict=True):
            for place, token in enumerate(tokens):
                if targets.tag is not None:
                    token.tag_ = sentence.tags[targets.tag][place]
                if targets.pos is not None:
                    token.pos_ = sentence.tags[targets.pos][place]
                if self._probabilities:
                    values = sentence.probabilities.items()
                    extensions.keep_token(token, {task: each[place] for task, each in values})
        groups: dict[str, list[Span]] = {key: [] for key in targets.spans.values()}
        for task, key in targets.spans.items():
            groups[key] += self._spans(doc, task, sentences, tagged)
        for key, group in groups.items():
            doc.spans[key] = group
        if targets.ents is not None:
            self._write_ents(doc, self._spans(doc, targets.ents, sentences, tagged))
        extensions.keep_sentences(doc, self.name, tagged)

    def _spans(
        self, doc: Doc, task: str, sentences: list[list[Token]], tagged: list["TaggedSentence"]
    ) -> list[Span]:
        spans = []
        for tokens, sentence in zip(sentences, tagged, strict=True):
            for tagged_span in sentence.spans[task]:
                first, last = tokens[tagged_span.first_token], tokens[tagged_span.last_token]
                span = Span(doc, first.i, last.i + 1, label=tagged_span.label)
                if tagged_span.probability is not None:
                    extensions.keep_span(span, tagged_span.probability)
                spans.append(span)
        return spans

    def _write_ents(self, doc: Doc, found: list[Span]) -> None:
        earlier = list(doc.ents)
        first, second = (found, earlier) if self._overwrite_ents else (earlier, found)
        taken = {index for span in first for index in range(span.start, span.end)}
        free = [span for span in second if taken.isdisjoint(range(span.start, span.end))]
        doc.ents = sorted([*first, *free], key=lambda span: span.start)
