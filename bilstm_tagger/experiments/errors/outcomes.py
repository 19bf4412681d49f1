"""Gold and predicted spans of a sentence, paired and counted as SemEval 2013 does.

Source: Segura-Bedmar, Martínez and Herrero-Zazo (2013), "SemEval-2013 Task 9: Extraction of
Drug-Drug Interactions from Biomedical Texts"; the library `nervaluate` implements it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional

from bilstm_tagger.experiments.errors.report import Kind, Outcome, Scheme, Score

if TYPE_CHECKING:
    from nervaluate.entities import Entity, EvaluationResult
    from nervaluate.strategies import EvaluationStrategy

# First token and last token, both within, and the type.
TokenSpan = tuple[int, int, str]

_COUNTS = ("correct", "incorrect", "partial", "missed", "spurious")


class SchemeCounter:
    """Pairs the spans of sentences, and counts the pairs by each scheme."""

    def __init__(self) -> None:
        # As `--include-package bilstm_tagger` imports this module, and training does without.
        from nervaluate import entities, strategies

        self._strategies: dict[Scheme, EvaluationStrategy] = {
            "strict": strategies.StrictEvaluation(),
            "exact": strategies.ExactEvaluation(),
            "partial": strategies.PartialEvaluation(),
            "type": strategies.EntityTypeEvaluation(),
        }
        self._results: dict[Scheme, EvaluationResult] = {
            scheme: entities.EvaluationResult() for scheme in self._strategies
        }

    def add(
        self,
        gold: Sequence[TokenSpan],
        predicted: Sequence[TokenSpan],
        probabilities: Optional[Mapping[TokenSpan, float]] = None,
    ) -> list[Outcome]:
        """Adds a sentence.

        Spans are paired as the schemes strict, exact and partial pair them: a predicted span goes
        with the first gold span that it overlaps and that no span before it has taken. The scheme
        "type" prefers a gold span of the same type, so that its counts may differ from what the
        outcomes say, where a span overlaps several.

        # Parameters

        gold, predicted : `Sequence[TokenSpan]`
            From left to right; neither has spans that overlap.
        probabilities : `Mapping[TokenSpan, float]`, optional (default=`None`)
            Of the predicted spans.

        # Returns

        The outcomes, from left to right.
        """
        probabilities = probabilities or {}
        # No other span overlaps one that is right.
        right = {*gold}.intersection(predicted)
        outcomes = [Outcome("right", span, span, probabilities.get(span)) for span in right]
        for result in self._results.values():
            result.correct += len(right)
        if len(right) < len(gold) or len(right) < len(predicted):
            missed = [span for span in gold if span not in right]
            wrong = [span for span in predicted if span not in right]
            for gold_span, span in self._count(missed, wrong):
                kind = _kind(gold_span, span)
                chance = None if span is None else probabilities.get(span)
                outcomes.append(Outcome(kind, gold_span, span, chance))
        outcomes.sort(key=_start)
        return outcomes

    def _count(
        self, gold: Sequence[TokenSpan], predicted: Sequence[TokenSpan]
    ) -> list[tuple[Optional[TokenSpan], Optional[TokenSpan]]]:
        """Counts spans none of which is right; returns the pairs, and the spans without a pair."""
        gold_entities, entities = _entities(gold), _entities(predicted)
        for scheme, strategy in self._strategies.items():
            result, indices = strategy.evaluate(gold_entities, entities, [])
            total = self._results[scheme]
            for name in _COUNTS:
                setattr(total, name, getattr(total, name) + getattr(result, name))
            if scheme == "strict":
                missed = {number for _, number in indices.missed_indices}
                spurious = {number for _, number in indices.spurious_indices}
        # Spans that overlap are in the same order on both sides.
        pairs = zip(
            (span for number, span in enumerate(gold) if number not in missed),
            (span for number, span in enumerate(predicted) if number not in spurious),
            strict=True,
        )
        return [
            *pairs,
            *((gold[number], None) for number in missed),
            *((None, predicted[number]) for number in spurious),
        ]

    def scores(self) -> dict[Scheme, Score]:
        """By each scheme, of all sentences."""
        scores: dict[Scheme, Score] = {}
        for scheme, result in self._results.items():
            result.compute_metrics(partial_or_type=scheme in ("partial", "type"))
            scores[scheme] = Score(
                precision=float(result.precision),
                recall=float(result.recall),
                f1=float(result.f1),
                correct=result.correct,
                incorrect=result.incorrect,
                partial=result.partial,
                missing=result.missed,
                spurious=result.spurious,
            )
        return scores


def _entities(spans: Sequence[TokenSpan]) -> list["Entity"]:
    from nervaluate.entities import Entity

    return [Entity(label, first, last) for first, last, label in spans]


def _kind(gold: Optional[TokenSpan], predicted: Optional[TokenSpan]) -> Kind:
    """Of spans that are not equal."""
    if gold is None:
        return "spurious"
    if predicted is None:
        return "missing"
    if gold[2] == predicted[2]:
        return "boundary"
    return "type" if gold[:2] == predicted[:2] else "type and boundary"


def _start(outcome: Outcome) -> int:
    return min(span[0] for span in (outcome.gold, outcome.predicted) if span is not None)
