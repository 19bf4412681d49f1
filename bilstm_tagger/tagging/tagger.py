"""The tagger for Python: loads a model, takes text or tokens, gives sentences with tags."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, Optional

import numpy

from bilstm_tagger.tagging.network import Emissions, EmissionSource
from bilstm_tagger.tagging.prediction import (
    PredictionOptions,
    Probabilities,
    TaskPrediction,
    TaskPredictor,
)
from bilstm_tagger.tagging.results import TaggedSentence, TokenizedSentence, check_sentences
from bilstm_tagger.tagging.specification import Specification
from bilstm_tagger.tagging.splitting import TokenizerChoice, splitter_of
from bilstm_tagger.tagging.tagged_sentence import tagged_sentence
from bilstm_tagger.tagging.threads import limited_threads
from bilstm_tagger.tagging.uncertainty import MEASURES, uncertainty
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import PathLike, UserError
from bilstm_tagger.text.tag_spelling import USUAL


class Tagger:
    """Tags text with a trained model, for all of its tasks in one pass.

        tagger = Tagger.load("model.tar.gz")
        for sentence in tagger("Ada wrote to Charles. He answered."):
            print(sentence.tokens, sentence.tags["chunk"], sentence.spans["chunk"])

    Several threads may use a tagger at once, and it can be sent to other processes.

    # Parameters

    specification : `Specification`
        The model.
    source : `EmissionSource`
        What reads sentences: the network of the model.
    language : `str`, optional (default=`None`)
        The language of raw text, for splitting it into sentences and tokens. `None`: that of the
        model's own rules; English, if it has none.
    tasks : `List[str]`, optional (default = all that tag, in alphabetical order)
        The tasks that are wanted.
    constrained : `bool`, optional (default=`None`)
        Whether sequences that the encoding of a task forbids are never given. `None`: yes, unless
        the model has `constrained: false` for the task.
    dataset : `str`, optional (default=`None`)
        The data set whose layout column files have, where the model was trained on several.
    calibrated : `bool`, optional (default=`True`)
        Whether probabilities are those of the temperatures in the model, if it has some; see
        `bilstm-tagger calibration --fit`.
    threads : `int`, optional (default=`1`)
        The number of threads of a product of matrices. More of them seldom make it faster. `None`:
        as many as the process has set.
    tokenizer : `str`, optional (default=`"auto"`)
        What splits raw text. `"auto"`: the rules that a model file has, where they are for the
        language, else spaCy. `"spacy"`: always spaCy.

    # Errors

    `UserError` for a task or data set that the model does not have.
    """

    def __init__(
        self,
        specification: Specification,
        source: EmissionSource,
        language: Optional[str] = None,
        tasks: Optional[Sequence[str]] = None,
        constrained: Optional[bool] = None,
        dataset: Optional[str] = None,
        threads: Optional[int] = 1,
        calibrated: bool = True,
        tokenizer: TokenizerChoice = "auto",
    ) -> None:
        if dataset is not None and dataset not in specification.datasets:
            raise UserError(
                f"there is no data set {dataset!r}; the model has {sorted(specification.datasets)}"
            )
        self.specification = specification
        self.source = source
        self.splitter, self.language = splitter_of(
            specification, source, language, tokenizer, threads
        )
        self.constrained = constrained
        self.dataset = dataset
        self.threads = threads
        self.calibrated = calibrated
        if threads is not None and (not isinstance(threads, int) or threads < 1):
            raise UserError(f"'threads' must be 1 or more, or None, found {threads!r}")
        self.tasks = specification.tagging_tasks if tasks is None else self._checked_tasks(tasks)
        # Task to how its tags are read as spans.
        self._encodings = specification.file_encodings
        self._spellings = {
            name: spelling
            for name in specification.tasks
            if (spelling := specification.spelling(name)) != USUAL
        }
        self.predictors = {
            name: TaskPredictor(
                task.labels,
                None if task.encoding is None else get_encoding(task.encoding),
                self._encodings.get(name),
                *source.chains.get(name, (None, None, None)),
                constrained=task.constrained,
                repair=task.repair,
                temperature=task.temperature,
            )
            for name, task in specification.tasks.items()
        }

    @classmethod
    def load(
        cls,
        model: PathLike,
        *,
        trust: bool = False,
        vectors: Optional[PathLike] = None,
        cuda_device: int = -1,
        **settings: Any,
    ) -> "Tagger":
        """Loads a model: an installed one, a model file, or a `model.tar.gz` of AllenNLP. They are
        read as data; nothing of them is run.

        # Parameters

        model : `PathLike`
            The name of an installed model, such as `"english"`, or the path of a file. A file that
            is named as a model is, is `"./english"`.
        trust : `bool`, optional (default=`False`)
            Whether an archive may name components other than those of this package and a few of
            AllenNLP, and run what it likes. AllenNLP has to be installed then.
        vectors : `PathLike`, optional (default=`None`)
            The file of word vectors that the model was trained with: words that are in it, but not
            in the model, get their vectors.
        cuda_device : `int`, optional (default=`-1`)
            The GPU, which needs AllenNLP and an archive; -1 is the CPU.
        settings
            `language`, `tasks`, `constrained`, `dataset`, `threads`, `calibrated`, `tokenizer`, as
            of the class.

        # Errors

        `UnsafeModel` for a file that is refused, `NoSuchModel`, which is a `FileNotFoundError`, and
        `UserError` for vectors that cannot be read or do not fit.
        """
        from bilstm_tagger.tagging.loading import load_model

        specification, source = load_model(model, trust, cuda_device)
        tagger = cls(specification, source, **settings)
        if vectors is not None:
            from bilstm_tagger.tagging.more_vectors import add_word_vectors

            add_word_vectors(source, vectors)
        return tagger

    def with_tasks(self, tasks: Sequence[str]) -> "Tagger":
        """This tagger for other tasks, with the same network. A `UserError` as of the class."""
        tagger = copy.copy(self)
        tagger.tasks = self._checked_tasks(tasks)
        return tagger

    def _checked_tasks(self, tasks: Sequence[str]) -> list[str]:
        if isinstance(tasks, str) or not tasks:
            raise UserError(f"'tasks' must be a list of names of tasks, found {tasks!r}")
        names = self.specification.tasks
        for task in tasks:
            if task not in names:
                raise UserError(f"the model has no task '{task}'; it has {sorted(names)}")
        return list(tasks)

    @property
    def layout(self) -> DatasetLayout:
        """The layout that a file to be tagged has, of which tokens and features are read."""
        datasets = self.specification.datasets
        return datasets[next(iter(datasets)) if self.dataset is None else self.dataset]

    def __call__(
        self, text: str, *, probabilities: Probabilities = False, top_k: int = 0
    ) -> list[TaggedSentence]:
        """Splits raw text into sentences and tokens and tags them. White space is no token; nothing
        else is left out. For `probabilities` and `top_k` see `tag`."""
        return self.tag(self.split(text), probabilities=probabilities, top_k=top_k)

    def split(self, text: str) -> list[TokenizedSentence]:
        """The sentences and tokens of raw text."""
        return self.split_texts([text])[0]

    def split_texts(self, texts: Sequence[str]) -> list[list[TokenizedSentence]]:
        """The sentences and tokens of raw texts; of many at once in less time."""
        return [
            [TokenizedSentence(tokens, {}, text, offsets) for tokens, offsets in sentences]
            for text, sentences in zip(texts, self.splitter.split(texts), strict=True)
        ]

    def tag_tokens(
        self,
        tokens: Sequence[str],
        columns: Optional[Mapping[str, Sequence[str]]] = None,
        *,
        probabilities: Probabilities = False,
        top_k: int = 0,
    ) -> TaggedSentence:
        """Tags one sentence that is split into tokens, at least one; for `columns` see
        `TokenizedSentence`, for `probabilities` and `top_k` see `tag`.

        # Errors

        `UserError` for a string in place of a list, and as of `tag`.
        """
        for name, values in {"tokens": tokens, **(columns or {})}.items():
            unordered = isinstance(values, (str, bytes, Set, Mapping))
            if unordered or not isinstance(values, Iterable):
                raise UserError(
                    f"'{name}' must be a list of strings, found {values!r:.80}; split raw text "
                    "into tokens, or call the tagger with it: tagger(text)"
                )
        features = {name: list(values) for name, values in (columns or {}).items()}
        sentence = TokenizedSentence(list(tokens), features)
        return self.tag([sentence], probabilities=probabilities, top_k=top_k)[0]

    def tag(
        self,
        sentences: Iterable[TokenizedSentence],
        *,
        probabilities: Probabilities = False,
        top_k: int = 0,
        with_spans: bool = True,
    ) -> list[TaggedSentence]:
        """Tags sentences of any lengths, in batches of similar length; the results are in the order
        of the sentences.

        # Parameters

        sentences : `Iterable[TokenizedSentence]`
            The sentences, split into tokens.
        probabilities : `Union[bool, str]`, optional (default=`False`)
            `True`: the probabilities of the chosen tags, of spans, and of the whole sequence.
            `"all"`: those of every tag, too.
        top_k : `int`, optional (default=`0`)
            How many of the best sequences of tags are given. There may be fewer.
        with_spans : `bool`, optional (default=`True`)
            `False` leaves `spans` empty, which takes less time.

        # Errors

        `DataFormatError` for a sentence without tokens or an empty token, `UserError` for a feature
        column that is missing or of another length.
        """
        options = PredictionOptions.of(probabilities, top_k, self.constrained, self.calibrated)
        tokenized = list(sentences)
        predictions: list[dict[str, TaskPrediction]] = [{} for _ in tokenized]
        for task, scores, emissions in self.emissions(tokenized):
            predicted = self.predictors[task].predict(scores, emissions.lengths, options)
            for number, prediction in zip(emissions.sentences, predicted, strict=True):
                predictions[number][task] = prediction
        return [
            tagged_sentence(
                sentence, prediction, self.tasks, self._encodings, self._spellings, with_spans
            )
            for sentence, prediction in zip(tokenized, predictions, strict=True)
        ]

    def uncertainties(
        self, sentences: Iterable[TokenizedSentence], measure: str
    ) -> list[dict[str, float]]:
        """How unsure the model is of each sentence, in each task: 0 or more, 0 for a model that is
        sure. `measure` is one of `bilstm_tagger.tagging.uncertainty.MEASURES`, such as "entropy";
        the errors are those of `tag`."""
        if measure not in MEASURES:
            raise UserError(f"there is no measure {measure!r}; there are {', '.join(MEASURES)}")
        options = PredictionOptions.of(True, 0, self.constrained, self.calibrated)
        tokenized = list(sentences)
        values: list[dict[str, float]] = [{} for _ in tokenized]
        for task, scores, emissions in self.emissions(tokenized):
            predictor, lengths = self.predictors[task], emissions.lengths
            of_batch = uncertainty(predictor, scores, lengths, options, measure)
            for number, value in zip(emissions.sentences, of_batch.tolist(), strict=True):
                values[number][task] = value
        return values

    def emissions(
        self, sentences: Sequence[TokenizedSentence], tasks: Optional[Sequence[str]] = None
    ) -> Iterator[tuple[str, numpy.ndarray, Emissions]]:
        """Checks sentences, and yields tasks, by default all, with their scores for a batch of
        them. Errors are those of `tag`."""
        check_sentences(sentences, self.specification.feature_columns)
        with limited_threads(self.threads):
            for emissions in self.source.emissions(sentences, tasks or self.tasks):
                for task, scores in emissions.scores.items():
                    yield task, scores, emissions
