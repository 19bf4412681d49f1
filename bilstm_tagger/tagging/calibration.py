"""How far probabilities can be trusted: calibration of tokens, spans and sentences.

Sources: Naeini, Cooper and Hauskrecht (2015), "Obtaining Well Calibrated Probabilities Using
Bayesian Binning" (expected and maximum calibration error); Guo et al. (2017), "On Calibration of
Modern Neural Networks", arXiv 1706.04599, equations 3 and 5; Brier (1950), "Verification of
Forecasts Expressed in Terms of Probability".
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Optional

import numpy

from bilstm_tagger.tagging.results import TaggedSentence
from bilstm_tagger.text.encodings import get_encoding

TOKENS, SPANS, SENTENCES = LEVELS = ("tokens", "spans", "sentences")
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Bin:
    """The predictions whose probabilities are in an interval; the last four are `None` where there
    are none.

    # Parameters

    low, high : `float`
        Above `low`, and not above `high`; 0 belongs to the first bin.
    n : `int`
        How many.
    mean_probability : `float`
    accuracy : `float`
        The share that is right.
    gap : `float`
        Accuracy minus mean probability: below 0 where the model is too sure.
    interval : `Tuple[float, float]`
        Of the accuracy, by Wilson, 95 %.
    """

    low: float
    high: float
    n: int
    mean_probability: Optional[float] = None
    accuracy: Optional[float] = None
    gap: Optional[float] = None
    interval: Optional[tuple[float, float]] = None


@dataclass(frozen=True)
class Calibration:
    """How the probabilities of predictions agree with what is right.

    # Parameters

    n : `int`
        How many predictions.
    accuracy : `float`
        The share that is right; of spans, that is the precision.
    mean_probability : `float`
    ece : `float`
        Expected calibration error: the mean of the gaps of `bins`, without their signs, each with
        the weight of its predictions.
    adaptive_ece : `float`
        The same of `adaptive_bins`.
    mce : `float`
        Maximum calibration error: the largest gap of `bins`, however few predictions it has.
    brier : `float`
        The mean square of the distance between the probability and 1 (right) or 0 (wrong).
    errors : `int`
        How many predictions are wrong.
    expected_errors : `float`
        How many would be, if the probabilities held.
    bins : `List[Bin]`
        Of equal width.
    adaptive_bins : `List[Bin]`
        Of equal mass; equal probabilities stay together, so that there may be fewer.
    """

    n: int
    accuracy: float
    mean_probability: float
    ece: float
    adaptive_ece: float
    mce: float
    brier: float
    errors: int
    expected_errors: float
    bins: list[Bin]
    adaptive_bins: list[Bin]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def calibration_of(
    probabilities: Sequence[float], right: Sequence[bool], bins: int = 10
) -> Calibration:
    """
    # Parameters

    probabilities : `Sequence[float]`
        Of each prediction, at least one.
    right : `Sequence[bool]`
        Whether it is right.
    bins : `int`, optional (default=`10`)
        How many bins.
    """
    # Sums of many small numbers end a little above 1.
    chances = numpy.clip(numpy.asarray(probabilities, dtype=float), 0.0, 1.0)
    hits = numpy.asarray(right, dtype=bool)
    table = _bins(chances, hits, numpy.arange(1, bins) / bins)
    adaptive = _bins(chances, hits, _equal_mass(chances, bins))
    return Calibration(
        n=len(chances),
        accuracy=float(hits.mean()),
        mean_probability=float(chances.mean()),
        ece=_expected_error(table),
        adaptive_ece=_expected_error(adaptive),
        mce=max(abs(each.gap) for each in table if each.gap is not None),
        brier=float(((chances - hits) ** 2).mean()),
        errors=int((~hits).sum()),
        expected_errors=float((1 - chances).sum()),
        bins=table,
        adaptive_bins=adaptive,
    )


def _equal_mass(chances: numpy.ndarray, bins: int) -> numpy.ndarray:
    """The edges between bins with as many predictions each."""
    ordered = numpy.sort(chances)
    below = ordered[ordered < ordered[-1]]
    if not len(below):
        return below
    places = -(-len(ordered) * numpy.arange(1, bins) // bins) - 1
    # The highest probability, commonly 1 of many predictions, has the last bin.
    return numpy.unique(numpy.minimum(ordered[places], below[-1]))


def _bins(chances: numpy.ndarray, hits: numpy.ndarray, edges: numpy.ndarray) -> list[Bin]:
    """The bins between 0, the edges, and 1."""
    places = numpy.searchsorted(edges, chances, side="left")
    size = len(edges) + 1
    counts = numpy.bincount(places, minlength=size).tolist()
    sums = numpy.bincount(places, weights=chances, minlength=size).tolist()
    rights = numpy.bincount(places[hits], minlength=size).tolist()
    limits = [0.0, *edges.tolist(), 1.0]
    return [_bin(*row) for row in zip(limits[:-1], limits[1:], counts, sums, rights, strict=True)]


def _bin(low: float, high: float, n: int, total: float, right: int) -> Bin:
    from scipy.stats import binomtest  # type: ignore[import-untyped]

    if not n:
        return Bin(low, high, 0)
    mean, accuracy = total / n, right / n
    interval = binomtest(right, n).proportion_ci(CONFIDENCE, method="wilson")
    limits = (float(interval.low), float(interval.high))
    return Bin(low, high, n, mean, accuracy, accuracy - mean, limits)


def _expected_error(bins: Sequence[Bin]) -> float:
    n = sum(each.n for each in bins)
    return sum(each.n * abs(each.gap) for each in bins if each.gap is not None) / n


@dataclass(slots=True)
class _Outcomes:
    """Probabilities of predictions, and 1 for each that is right, 0 for another."""

    probabilities: array = field(default_factory=lambda: array("d"))
    right: array = field(default_factory=lambda: array("b"))

    def add(self, probabilities: Sequence[float], right: Sequence[bool]) -> None:
        self.probabilities.extend(probabilities)
        self.right.extend(right)


class CalibrationCounter:
    """Collects what became of predictions: of the tag of each token, of each predicted span, and of
    all tags of a sentence together.

    # Parameters

    encodings : `Mapping[str, Optional[str]]`
        Task to the encoding of its tags; those without have no spans.
    """

    def __init__(self, encodings: Mapping[str, Optional[str]]) -> None:
        self._encodings = {
            task: None if name is None else get_encoding(name) for task, name in encodings.items()
        }
        self._outcomes = {
            task: {level: _Outcomes() for level in LEVELS if level != SPANS or encoding is not None}
            for task, encoding in self._encodings.items()
        }

    def add(self, predicted: TaggedSentence, gold: Mapping[str, Sequence[str]]) -> None:
        """
        # Parameters

        predicted : `TaggedSentence`
            With probabilities.
        gold : `Mapping[str, Sequence[str]]`
            The right tags of each task, in the encoding of the predicted ones.
        """
        for task, encoding in self._encodings.items():
            outcomes = self._outcomes[task]
            pairs = zip(predicted.tags[task], gold[task], strict=True)
            right = [tag == wanted for tag, wanted in pairs]
            outcomes[TOKENS].add(predicted.probabilities[task], right)
            outcomes[SENTENCES].add([predicted.sequence_probabilities[task]], [all(right)])
            if encoding is None:
                continue
            wanted_spans = set(encoding.spans(gold[task]))
            for span in predicted.spans[task]:
                assert span.probability is not None
                found = (span.label, span.first_token, span.last_token + 1)
                outcomes[SPANS].add([span.probability], [found in wanted_spans])

    def calibrations(self, bins: int = 10) -> dict[str, dict[str, Optional[Calibration]]]:
        """Of each task and level; `None` for spans where none was predicted."""
        return {
            task: {
                level: calibration_of(each.probabilities, each.right, bins) if each.right else None
                for level, each in levels.items()
            }
            for task, levels in self._outcomes.items()
        }
