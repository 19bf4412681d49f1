"""How far probabilities can be trusted: calibration of tokens, spans and sentences.

Sources: Naeini, Cooper and Hauskrecht (2015), "Obtaining Well Calibrated Probabilities Using
Bayesian Binning" (expected and maximum calibration error); Guo et al. (2017), "On Calibration of
Modern Neural Networks", arXiv 1706.04599, equations 3 and 5; Brier (1950), "Verification of
Forecasts Expressed in Terms of Probability"; Wilson (1927), "Probable Inference, the Law of
Succession, and Statistical Inference" (interval of a share).
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy

from bilstm_tagger.tagging.results import TaggedSentence
from bilstm_tagger.text.encodings import get_encoding

TOKENS, SPANS, SENTENCES = LEVELS = ("tokens", "spans", "sentences")
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Bin:
    """The `n` predictions whose probabilities are above `low`, and not above `high` (0 belongs to
    the first bin); the other values are `None` where there are none."""

    low: float
    high: float
    n: int
    mean_probability: float | None = None
    # The share that is right, and its interval by Wilson, 95 %.
    accuracy: float | None = None
    # Accuracy minus mean probability: below 0 where the model is too sure.
    gap: float | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Calibration:
    """How the probabilities of `n` predictions agree with what is right."""

    n: int
    # The share that is right; of spans, that is the precision.
    accuracy: float
    mean_probability: float
    # Expected calibration error: the mean of the absolute gaps of the bins, weighted by their
    # numbers of predictions.
    ece: float
    adaptive_ece: float
    # Maximum calibration error: the largest gap of `bins`, however few predictions it has.
    mce: float
    # The mean square of the distance between the probability and 1 (right) or 0 (wrong).
    brier: float
    errors: int
    # The number of errors if the probabilities held.
    expected_errors: float
    # Of equal width.
    bins: list[Bin]
    # Of equal mass; equal probabilities stay together, so that there may be fewer.
    adaptive_bins: list[Bin]


def calibration_of(
    probabilities: Sequence[float], right: Sequence[bool], bins: int = 10
) -> Calibration:
    """The calibration of predictions, at least one, by their probabilities and whether each is
    right."""
    # Sums of many small numbers end a little above 1.
    chances = numpy.clip(numpy.asarray(probabilities, dtype=float), 0.0, 1.0)
    hits = numpy.asarray(right, dtype=bool)
    equal_width = _bins(chances, hits, numpy.arange(1, bins) / bins)
    adaptive = _bins(chances, hits, _equal_mass(chances, bins))
    return Calibration(
        n=len(chances),
        accuracy=float(hits.mean()),
        mean_probability=float(chances.mean()),
        ece=_expected_error(equal_width),
        adaptive_ece=_expected_error(adaptive),
        mce=max(abs(bin_.gap) for bin_ in equal_width if bin_.gap is not None),
        brier=float(((chances - hits) ** 2).mean()),
        errors=int((~hits).sum()),
        expected_errors=float((1 - chances).sum()),
        bins=equal_width,
        adaptive_bins=adaptive,
    )


def _equal_mass(chances: numpy.ndarray, bins: int) -> numpy.ndarray:
    """The edges between bins of equal numbers of predictions."""
    ordered = numpy.sort(chances)
    below = ordered[ordered < ordered[-1]]
    if not len(below):
        return below
    places = -(-len(ordered) * numpy.arange(1, bins) // bins) - 1
    # The highest probability, commonly 1 of many predictions, has the last bin.
    return numpy.unique(numpy.minimum(ordered[places], below[-1]))


def _bins(chances: numpy.ndarray, hits: numpy.ndarray, edges: numpy.ndarray) -> list[Bin]:
    """The bins between 0, the edges, and 1."""
    limits = [0.0, *edges.tolist(), 1.0]
    places = numpy.searchsorted(edges, chances, side="left")
    bins = []
    for index, (low, high) in enumerate(zip(limits[:-1], limits[1:], strict=True)):
        inside = places == index
        n, right = int(inside.sum()), int(hits[inside].sum())
        if n:
            mean, accuracy = float(chances[inside].mean()), right / n
            bins.append(
                Bin(low, high, n, mean, accuracy, accuracy - mean, _wilson_interval(right, n))
            )
        else:
            bins.append(Bin(low, high, 0))
    return bins


def _wilson_interval(right: int, n: int) -> tuple[float, float]:
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    middle = (right + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(right * (n - right) / n + z * z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def _expected_error(bins: Sequence[Bin]) -> float:
    n = sum(bin_.n for bin_ in bins)
    return sum(bin_.n * abs(bin_.gap) for bin_ in bins if bin_.gap is not None) / n


@dataclass(slots=True)
class _Outcomes:
    """Probabilities of predictions, and 1 for each right one, 0 for each wrong one."""

    probabilities: array = field(default_factory=lambda: array("d"))
    right: array = field(default_factory=lambda: array("b"))

    def add(self, probabilities: Sequence[float], right: Sequence[bool]) -> None:
        self.probabilities.extend(probabilities)
        self.right.extend(right)


class CalibrationCounter:
    """Collects which predictions are right: the tag of each token, each predicted span, and all
    tags of a sentence together.

    # Parameters

    encodings : `Mapping[str, Optional[str]]`
        Task to the encoding of its tags; a task without one has no spans.
    """

    def __init__(self, encodings: Mapping[str, str | None]) -> None:
        self._encodings = {
            task: None if name is None else get_encoding(name) for task, name in encodings.items()
        }
        self._outcomes = {
            task: {level: _Outcomes() for level in LEVELS if level != SPANS or encoding is not None}
            for task, encoding in self._encodings.items()
        }

    def add(self, predicted: TaggedSentence, gold: Mapping[str, Sequence[str]]) -> None:
        """Adds a sentence with probabilities, and the gold tags of some of the tasks, in the
        encoding of the predicted ones."""
        for task, tags in gold.items():
            encoding, outcomes = self._encodings[task], self._outcomes[task]
            pairs = zip(predicted.tags[task], tags, strict=True)
            right = [predicted_tag == gold_tag for predicted_tag, gold_tag in pairs]
            outcomes[TOKENS].add(predicted.probabilities[task], right)
            outcomes[SENTENCES].add([predicted.sequence_probabilities[task]], [all(right)])
            if encoding is None:
                continue
            gold_spans = set(encoding.spans(tags))
            for span in predicted.spans[task]:
                assert span.probability is not None
                predicted_span = (span.label, span.first_token, span.last_token + 1)
                outcomes[SPANS].add([span.probability], [predicted_span in gold_spans])

    def calibrations(self, bins: int = 10) -> dict[str, dict[str, Calibration | None]]:
        """Of each task and level; `None` for spans where none was predicted."""
        return {
            task: {
                level: calibration_of(outcome.probabilities, outcome.right, bins)
                if outcome.right
                else None
                for level, outcome in levels.items()
            }
            for task, levels in self._outcomes.items()
        }
