"""The temperature at which the probabilities of a task agree best with what is right.

Guo et al. (2017), "On Calibration of Modern Neural Networks", arXiv 1706.04599, section 4.2: one
number for all scores, chosen by the likelihood of development data. Here it is the likelihood of
the tags of tokens, as they are written, under their marginals, so that a conditional random field
is fitted for what its probabilities of tags are used for.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from typing import NamedTuple

import numpy

from bilstm_tagger.tagging.chain import Array, Ints, TokenOrder
from bilstm_tagger.tagging.prediction import PredictionOptions, TaskPredictor
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.tagging.threads import limited_threads
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import missing

logger = logging.getLogger(__name__)

# The lowest and the highest temperature that are tried.
_RANGE = 0.1, 10.0
# Smaller probabilities count as this one: that of "O" is what the others leave of 1, and no more
# exact.
_LEAST = numpy.finfo(numpy.float64).eps


class Batch(NamedTuple):
    """Some sentences of known tags."""

    emissions: Array  # (batch, length, labels)
    lengths: Ints  # the longest first
    # The number of each token's tag, packed as marginals are; -1 for a tag the model does not have.
    gold: Ints


class TemperatureFit:
    """Collects sentences of known tags, and finds the temperature of each task.

    # Parameters

    tagger : `Tagger`

    # Errors

    `UserError` where scipy is not installed.
    """

    def __init__(self, tagger: Tagger) -> None:
        try:
            from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]
        except ImportError as error:
            raise missing("scipy", "report", "--fit") from error
        self._minimize = minimize_scalar
        self._tagger = tagger
        self._batches: dict[str, list[Batch]] = defaultdict(list)

    def add(
        self,
        sentences: Sequence[TokenizedSentence],
        gold: Sequence[Mapping[str, Sequence[str]]],
        tasks: Sequence[str],
    ) -> None:
        """Adds sentences and the tags of each in some tasks, as a prediction writes them; a
        sentence without the tags of a task says nothing of it."""
        with limited_threads(self._tagger.threads):
            for emissions in self._tagger.source.emissions(sentences, tasks):
                lengths = list(zip(emissions.sentences, emissions.lengths.tolist(), strict=True))
                for task, scores in emissions.scores.items():
                    tags = self._tagger.predictors[task].written_tags
                    ids = {tag: number for number, tag in enumerate(tags)}
                    rows = [
                        [ids.get(tag, -1) for tag in gold[number].get(task, [""] * length)]
                        for number, length in lengths
                    ]
                    order = TokenOrder(emissions.lengths)
                    places = zip(order.sentence.tolist(), order.position.tolist(), strict=True)
                    packed = [rows[sentence][position] for sentence, position in places]
                    batch = Batch(scores, emissions.lengths, numpy.array(packed))
                    self._batches[task].append(batch)

    def temperatures(self) -> dict[str, float]:
        """The temperature of each task.

        # Errors

        `UserError` for a task of which the model has none of the gold tags, or whose tags have no
        probabilities.
        """
        options = PredictionOptions(self._tagger.constrained)
        temperatures = {}
        for task, batches in self._batches.items():
            if not any((gold >= 0).any() for _, _, gold in batches):
                raise UserError(
                    f"the model has none of the gold tags of the task '{task}'; check the file, or "
                    "name other tasks"
                )
            predictor = self._tagger.predictors[task]
            best = self._minimize(
                lambda x, predictor=predictor, batches=batches: token_loss(
                    predictor, batches, options, exp(x)
                ),
                bounds=tuple(map(log, _RANGE)),
                method="bounded",
                options={"xatol": 1e-3},
            )
            temperatures[task] = temperature = round(exp(best.x), 3)
            if not _RANGE[0] * 1.02 < temperature < _RANGE[1] / 1.02:
                logger.warning(
                    "The best temperature of the task '%s' is at the end of the range that is "
                    "tried, %g to %g: are there enough sentences, and are they others than those "
                    "of the training?",
                    task,
                    *_RANGE,
                )
        return temperatures


def token_loss(
    predictor: TaskPredictor,
    batches: Iterable[Batch],
    options: PredictionOptions,
    temperature: float,
) -> float:
    """The mean negative logarithm of the probability of the right tag of a token. Tags that the
    model does not have are left out; there must be others."""
    total, count = 0.0, 0
    for emissions, lengths, gold in batches:
        distribution = predictor.distribution(emissions, lengths, options, temperature)
        known = numpy.flatnonzero(gold >= 0)
        chances = predictor.tag_probabilities(distribution, options)[known, gold[known]]
        total -= float(numpy.log(numpy.maximum(chances, _LEAST)).sum())
        count += len(known)
    return total / count
