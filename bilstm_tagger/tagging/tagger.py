"""The tagger for Python: loads a model, takes text or tokens, gives sentences with tags."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional, Union

from allennlp.data import DatasetReader, Instance
from allennlp.models import Model

from bilstm_tagger.plugin.dataset_readers import ConllColumnsReader
from bilstm_tagger.plugin.loading import load_safely
from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.models.prediction import PredictionOptions, TaskPrediction
from bilstm_tagger.tagging.archives.members import AnyPath
from bilstm_tagger.tagging.more_vectors import add_word_vectors
from bilstm_tagger.tagging.raw_text import split_text
from bilstm_tagger.tagging.results import (
    Alternative,
    TaggedSentence,
    TaggedSpan,
    TokenizedSentence,
)
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import UserError

# None, those of what was chosen, or "all", those of every tag, too.
Probabilities = Union[bool, str]


class Tagger:
    """Tags text with a trained model, for all of its tasks in one pass.

        tagger = Tagger.load("model.tar.gz")
        for sentence in tagger("Ada wrote to Charles. He answered."):
            print(sentence.tokens, sentence.tags["chunk"], sentence.spans["chunk"])

    Several threads may share a tagger; one tags at a time.

    # Parameters

    model : `BiLSTMTagger`, reader : `ConllColumnsReader`
        Those of an archive.
    language : `str`, optional (default=`"en"`)
        The language of raw text, for splitting it into tokens.
    tasks : `List[str]`, optional (default = all, in alphabetical order)
        The tasks that are wanted.
    constrained : `bool`, optional (default=`None`)
        Whether sequences that the encoding of a task forbids are never given. `None`: yes, unless
        the config of the model has `constrained: false` for the task.
    dataset : `str`, optional (default=`None`)
        The data set whose layout column files have, where the model was trained on several.

    # Errors

    `UserError` for another kind of model, or a task or data set that it does not have.
    """

    def __init__(
        self,
        model: Model,
        reader: DatasetReader,
        language: str = "en",
        tasks: Optional[Sequence[str]] = None,
        constrained: Optional[bool] = None,
        dataset: Optional[str] = None,
    ) -> None:
        for part, wanted in ((model, BiLSTMTagger), (reader, ConllColumnsReader)):
            if not isinstance(part, wanted):
                raise UserError(
                    "this is for a model 'bilstm_tagger' with a dataset reader 'conll_columns', "
                    f"found {type(part).__name__} in place of {wanted.__name__}"
                )
        self.model: BiLSTMTagger = model
        self.reader: ConllColumnsReader = reader.for_prediction(dataset)
        self.language = language
        self.constrained = constrained
        self.tasks = sorted(model.tasks) if tasks is None else list(tasks)
        for name in self.tasks:
            if name not in model.tasks:
                raise UserError(f"the model has no task '{name}'; it has {sorted(model.tasks)}")
        # Task to how its tags are read as spans.
        self._encodings = {
            name: get_encoding(encoding)
            for name in self.tasks
            if (encoding := self.reader.file_encodings.get(name)) is not None
        }
        # The model keeps what it has computed for words.
        self._lock = threading.Lock()

    @classmethod
    def load(
        cls,
        path: AnyPath,
        *,
        trust: bool = False,
        vectors: Optional[AnyPath] = None,
        cuda_device: int = -1,
        **settings: Any,
    ) -> "Tagger":
        """Loads a `model.tar.gz`.

        # Parameters

        path : `PathLike`
            The archive.
        trust : `bool`, optional (default=`False`)
            Whether the archive may name components other than those of this package and a few of
            AllenNLP; see `bilstm_tagger.archives.load_safely`.
        vectors : `PathLike`, optional (default=`None`)
            The file of word vectors that the model was trained with: words that are in it, but not
            in the model, get their vectors.
        cuda_device : `int`, optional (default=`-1`)
            The GPU; -1 is the CPU.
        settings
            `language`, `tasks`, `constrained`, `dataset`, as of the class.

        # Errors

        `UnsafeArchive` for an archive that is refused, `FileNotFoundError`, and
        `DataFormatError` or `UserError` for vectors that cannot be read or do not fit.
        """
        archive = load_safely(path, trust, cuda_device=cuda_device)
        tagger = cls(archive.model, archive.dataset_reader, **settings)
        if vectors is not None:
            add_word_vectors(tagger.model, tagger.reader, vectors)
        return tagger

    def __call__(
        self, text: str, *, probabilities: Probabilities = False, top_k: int = 0
    ) -> list[TaggedSentence]:
        """Splits raw text into sentences and tokens and tags them. White space is no token; nothing
        else is left out.

        # Parameters

        text : `str`
            Any text, an empty one, too.
        probabilities, top_k
            As of `tag`.
        """
        return self.tag(self.split(text), probabilities=probabilities, top_k=top_k)

    def split(self, text: str) -> list[TokenizedSentence]:
        """The sentences and tokens of raw text."""
        return [
            TokenizedSentence(each.tokens, text=text, offsets=each.offsets)
            for each in split_text(text, self.language)
        ]

    def tag_tokens(
        self,
        tokens: Sequence[str],
        columns: Optional[Mapping[str, Sequence[str]]] = None,
        *,
        probabilities: Probabilities = False,
        top_k: int = 0,
    ) -> TaggedSentence:
        """Tags one sentence that is split into tokens.

        # Parameters

        tokens : `Sequence[str]`
            At least one.
        columns : `Mapping[str, Sequence[str]]`, optional
            Feature columns that the model was trained with, each with a value for every token.
        probabilities, top_k
            As of `tag`.
        """
        given = {name: list(values) for name, values in (columns or {}).items()}
        sentence = TokenizedSentence(list(tokens), given)
        return self.tag([sentence], probabilities=probabilities, top_k=top_k)[0]

    def tag(
        self,
        sentences: Iterable[TokenizedSentence],
        *,
        probabilities: Probabilities = False,
        top_k: int = 0,
    ) -> list[TaggedSentence]:
        """Tags sentences of any lengths, in batches of similar length; the results are in the order
        of the sentences.

        # Parameters

        sentences : `Iterable[TokenizedSentence]`
        probabilities : `Union[bool, str]`, optional (default=`False`)
            `True`: the probabilities of the chosen tags, of spans, and of the whole sequence.
            `"all"`: those of every tag, too.
        top_k : `int`, optional (default=`0`)
            How many of the best sequences of tags are given. There may be fewer.

        # Errors

        `DataFormatError` for a sentence without tokens or an empty token, `UserError` for
        a feature column that is missing or of another length.
        """
        given = list(sentences)
        instances = [self.reader.text_to_instance(each.tokens, each.columns) for each in given]
        return self.tag_instances(instances, given, probabilities=probabilities, top_k=top_k)

    def tag_instances(
        self,
        instances: Sequence[Instance],
        sentences: Sequence[TokenizedSentence],
        *,
        probabilities: Probabilities = False,
        top_k: int = 0,
        with_spans: bool = True,
    ) -> list[TaggedSentence]:
        """Tags sentences that the dataset reader has made instances of.

        # Parameters

        instances : `Sequence[Instance]`, sentences : `Sequence[TokenizedSentence]`
            The same sentences.
        probabilities, top_k
            As of `tag`.
        with_spans : `bool`, optional (default=`True`)
            `False` leaves `spans` empty, which takes less time.
        """
        options = PredictionOptions.of(probabilities, top_k, self.constrained, self.tasks)
        with self._lock:
            predictions = self.model.predict_instances(instances, options)
        return [
            self._sentence(given, predicted, with_spans)
            for given, predicted in zip(sentences, predictions, strict=True)
        ]

    def _sentence(
        self, given: TokenizedSentence, predicted: dict[str, TaskPrediction], with_spans: bool
    ) -> TaggedSentence:
        sentence = TaggedSentence(
            given.tokens,
            {task: predicted[task].tags for task in self.tasks},
            {},
            given.text,
            given.offsets,
        )
        for task in self.tasks:
            each = predicted[task]
            spans = self._spans(task, each.tags, given) if with_spans else None
            if spans is not None:
                sentence.spans[task] = spans
                for span, probability in zip(spans, each.span_probabilities or (), strict=False):
                    span.probability = probability
            if each.probability is not None and each.tag_probabilities is not None:
                sentence.probabilities[task] = each.tag_probabilities
                sentence.sequence_probabilities[task] = each.probability
            if each.distributions is not None:
                sentence.distributions[task] = each.distributions
            if each.alternatives is not None:
                sentence.alternatives[task] = [
                    Alternative(tags, self._spans(task, tags, given) or [], probability)
                    for tags, probability in each.alternatives
                ]
        return sentence

    def _spans(
        self, task: str, tags: list[str], given: TokenizedSentence
    ) -> Optional[list[TaggedSpan]]:
        if task not in self._encodings:
            return None
        spans = []
        for label, first, behind in self._encodings[task].spans(tags):
            if given.offsets is not None and given.text is not None:
                start, end = given.offsets[first][0], given.offsets[behind - 1][1]
                text = given.text[start:end]
                spans.append(TaggedSpan(label, first, behind - 1, text, start, end))
            else:
                text = " ".join(given.tokens[first:behind])
                spans.append(TaggedSpan(label, first, behind - 1, text))
        return spans
