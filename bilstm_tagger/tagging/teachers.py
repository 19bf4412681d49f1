"""Trained models as teachers of another one: the probabilities that they give to tags (Hinton et
al. 2015, "Distilling the Knowledge in a Neural Network", arXiv 1503.02531)."""

from collections.abc import Sequence

import numpy

from bilstm_tagger.tagging.prediction import PredictionOptions
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.errors import UserError

# Task to the probabilities of the tags of a sentence, (tokens, labels of the task).
SentenceChances = dict[str, numpy.ndarray]


class Teachers:
    """The mean of the probabilities that several models give to the tags of each token, in the
    encoding that the models have learned.

    # Parameters

    taggers : `Sequence[Tagger]`
        The models, at least one. The tasks of the first are taken, which all need to have.

    # Errors

    `UserError` if a model does not have a task, or has other labels or another encoding in it.
    """

    def __init__(self, taggers: Sequence[Tagger]) -> None:
        first, *others = taggers
        self.tasks = first.tasks
        self._taggers = [first, *(other.with_tasks(first.tasks) for other in others)]
        self.labels = {task: first.specification.tasks[task].labels for task in self.tasks}
        self.encodings = {task: first.specification.tasks[task].encoding for task in self.tasks}
        # Of each tagger and task, where it has the labels of the first.
        self._places: list[dict[str, list[int]]] = []
        for tagger in self._taggers:
            places = {}
            for task, labels in self.labels.items():
                of_task = tagger.specification.tasks[task]
                different = sorted({*labels} ^ {*of_task.labels})
                if different or of_task.encoding != self.encodings[task]:
                    what = f"labels ({', '.join(different[:5])})" if different else "encodings"
                    raise UserError(
                        f"the models have different {what} in the task '{task}'; take models that "
                        "were trained on the same labels, or name other tasks by --tasks"
                    )
                places[task] = [of_task.labels.index(label) for label in labels]
            self._places.append(places)

    def __call__(self, sentences: Sequence[TokenizedSentence]) -> list[SentenceChances]:
        """For each sentence the probabilities of `labels`, in each task."""
        means: list[SentenceChances] = [{} for _ in sentences]
        for tagger, places in zip(self._taggers, self._places, strict=True):
            options = PredictionOptions.of(
                "all", constrained=tagger.constrained, calibrated=tagger.calibrated
            )
            for task, scores, emissions in tagger.emissions(sentences):
                predictor = tagger.predictors[task]
                distribution = predictor.distribution(scores, emissions.lengths, options)
                chances = distribution.order.padded(distribution.marginals)[..., places[task]]
                chances /= len(self._taggers)
                rows = zip(emissions.sentences, emissions.lengths.tolist(), chances, strict=True)
                for number, length, row in rows:
                    before = means[number].get(task)
                    means[number][task] = row[:length] if before is None else before + row[:length]
        return means
