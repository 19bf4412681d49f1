"""Collects what one or two models get right and wrong in sentences with gold tags."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Optional

import msgspec

from bilstm_tagger.experiments.errors.groups import WordGroups
from bilstm_tagger.experiments.errors.model_counter import ModelCounter
from bilstm_tagger.experiments.errors.report import SentenceErrors, TaskErrors
from bilstm_tagger.experiments.sentence_test import compare_predictions
from bilstm_tagger.tagging.results import TaggedSentence
from bilstm_tagger.text.encodings import get_encoding


class ErrorCounter:
    """Collects the errors of models in sentences.

    # Parameters

    encodings : `Mapping[str, Optional[str]]`
        Task to the encoding of its tags; a task without one has no spans.
    models : `Sequence[str]`
        The names of one or two models.
    word_groups : `Sequence[Optional[WordGroups]]`
        Of each model, how well it knows words; `None`: that is not known.
    """

    def __init__(
        self,
        encodings: Mapping[str, Optional[str]],
        models: Sequence[str],
        word_groups: Sequence[Optional[WordGroups]],
    ) -> None:
        self._tasks = {
            task: _TaskCounter(task, encoding, models, word_groups)
            for task, encoding in encodings.items()
        }

    def add(
        self,
        number: int,
        place: str,
        gold: Mapping[str, Sequence[str]],
        predictions: Sequence[TaggedSentence],
    ) -> None:
        """Adds a sentence.

        # Parameters

        number, place
            As of `SentenceErrors`.
        gold : `Mapping[str, Sequence[str]]`
            The gold tags of some of the tasks.
        predictions : `Sequence[TaggedSentence]`
            Of each model, with probabilities, and tags in the encoding of the gold ones.
        """
        for task, tags in gold.items():
            self._tasks[task].add(number, place, tags, predictions)

    def errors(self) -> list[TaskErrors]:
        """Of each task that has sentences."""
        return [task.errors() for task in self._tasks.values() if task.sentences]


class _TaskCounter:
    def __init__(
        self,
        name: str,
        encoding: Optional[str],
        models: Sequence[str],
        word_groups: Sequence[Optional[WordGroups]],
    ) -> None:
        self._name = name
        self._encoding = None if encoding is None else get_encoding(encoding)
        self._names = models
        self._models = [ModelCounter(encoding is not None, groups) for groups in word_groups]
        self.sentences = 0
        self._tokens = 0
        # Minus the sureness of the surest model, and the sentence.
        self._errors: list[tuple[float, SentenceErrors]] = []
        # Whether a gold span or token is right in the first model, and in the second.
        self._both: Counter[tuple[bool, ...]] = Counter()

    def add(
        self,
        number: int,
        place: str,
        tags: Sequence[str],
        predictions: Sequence[TaggedSentence],
    ) -> None:
        self.sentences += 1
        self._tokens += len(tags)
        results = []
        spans = None
        if self._encoding is not None:
            spans = [(first, end - 1, label) for label, first, end in self._encoding.spans(tags)]
        for model, predicted in zip(self._models, predictions, strict=True):
            if spans is None:
                results.append(model.add_tokens(self._name, tags, predicted))
            else:
                results.append(model.add_spans(self._name, tags, spans, predicted))
        if len(results) > 1:
            self._both.update(zip(*(result.right for result in results), strict=True))
        sureness = [result.sureness for result in results if result.sureness is not None]
        if sureness:
            outcomes = [result.outcomes for result in results]
            errors = SentenceErrors(number, place, predictions[0].tokens, outcomes)
            self._errors.append((-max(sureness), errors))

    def errors(self) -> TaskErrors:
        of_spans = self._encoding is not None
        # Sentences of equal sureness stay in the order of the file.
        self._errors.sort(key=lambda error: error[0])
        errors = TaskErrors(
            name=self._name,
            of_spans=of_spans,
            sentences=self.sentences,
            tokens=self._tokens,
            models=[model.errors(self._tokens) for model in self._models],
            errors=[sentence for _, sentence in self._errors],
        )
        if len(self._models) == 1:
            return errors
        first, second = self._models
        metric = "f1" if of_spans else "accuracy"
        test = compare_predictions(first.counts, second.counts, metric)
        return msgspec.structs.replace(
            errors,
            only_right=(self._both[True, False], self._both[False, True]),
            test=dataclasses.asdict(test),
            verdict=test.verdict(*self._names),
        )
