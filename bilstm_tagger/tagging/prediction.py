"""What a task says of the sentences of a batch: tags, and on request how certain they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

import numpy as np

from bilstm_tagger.tagging.chain import Array, Ints, Potentials, viterbi
from bilstm_tagger.tagging.distribution import TagDistribution
from bilstm_tagger.tagging.n_best import NBest, n_best
from bilstm_tagger.tagging.span_rules import SentenceSpan, SpanRules
from bilstm_tagger.tagging.written_tags import WrittenTags, span_rules_of, written_tags_of
from bilstm_tagger.text.encodings import Encoding
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.spans import Span
from bilstm_tagger.text.tag_repair import repaired_spans

# None, those of what was chosen, or "all", those of every tag, too.
Probabilities = Union[bool, str]


@dataclass(frozen=True, slots=True)
class PredictionOptions:
    """What is wanted of a prediction."""

    # Whether sequences that the encoding forbids are never predicted; `None`: as the task is set.
    constrained: Optional[bool] = None
    probabilities: bool = False  # those of the chosen tags, of spans and of sequences
    distributions: bool = False  # the probability of every tag
    top_k: int = 0  # how many of the best sequences
    calibrated: bool = True  # whether probabilities are those of the task's temperature

    @classmethod
    def of(
        cls,
        probabilities: Probabilities = False,
        top_k: int = 0,
        constrained: Optional[bool] = None,
        calibrated: bool = True,
    ) -> "PredictionOptions":
        """Options as users give them: `probabilities` is `False`, `True` or `"all"`.

        # Errors

        `UserError` for another one, or a negative `top_k`.
        """
        if probabilities not in (False, True, "all"):
            raise UserError(f"probabilities must be False, True or 'all', found {probabilities!r}")
        if top_k < 0:
            raise UserError(f"top_k must be 0 or more, found {top_k}")
        return cls(constrained, bool(probabilities), probabilities == "all", top_k, calibrated)


@dataclass(slots=True)
class TaskPrediction:
    """What one task says of one sentence; what was not asked for is `None`."""

    tags: list[str]  # in the encoding of the files
    probability: Optional[float] = None  # of the whole sequence
    tag_probabilities: Optional[list[float]] = None  # of each tag of `tags`
    # Of each span of `tags`, from left to right. `None` also where the task has no encoding.
    span_probabilities: Optional[list[float]] = None
    # Of each token, every tag and its probability.
    distributions: Optional[list[dict[str, float]]] = None
    # The best sequences of tags and their probabilities.
    alternatives: Optional[list[tuple[list[str], float]]] = None


def written(
    tags: list[str],
    encoding: Optional[Encoding],
    written_encoding: Optional[Encoding],
    repair: Optional[str] = None,
) -> list[str]:
    """The tags of a sentence, in the encoding of the model, as they are written in files. No
    encoding: they are plain labels. `repair` is what becomes of tags that continue a chunk where
    none is open."""
    if encoding is None or written_encoding is None:
        return tags
    if repair is not None:
        return written_encoding.spans_to_tags(repaired_spans(tags, repair), len(tags))
    if written_encoding is not encoding:
        return written_encoding.repair(tags)
    return tags


class TaskPredictor:
    """The predictions of one task.

    # Parameters

    labels : `List[str]`, encoding : `Encoding`, optional
        The label of each id, and their encoding; `None` where they are plain.
    written_encoding : `Encoding`, optional
        Of the files.
    transitions, start, end : optional
        The scores of a CRF: of tags that follow one another, (tags, tags), indexed [from, to], and
        of those that start and end a sentence, (tags,). `None`: nothing but emissions counts.
    constrained, repair, temperature : optional
        As of `Task`.
    """

    def __init__(
        self,
        labels: list[str],
        encoding: Optional[Encoding] = None,
        written_encoding: Optional[Encoding] = None,
        transitions: Optional[Array] = None,
        start: Optional[Array] = None,
        end: Optional[Array] = None,
        *,
        constrained: Optional[bool] = None,
        repair: Optional[str] = None,
        temperature: float = 1.0,
    ) -> None:
        self.labels = labels
        self._temperature = temperature
        self._encoding = encoding
        self._written_encoding = written_encoding
        self._repair = repair
        self._is_crf = transitions is not None
        size = len(labels)
        free = [
            np.zeros(shape, np.float32) if scores is None else np.asarray(scores, np.float32)
            for scores, shape in ((transitions, (size, size)), (start, (size,)), (end, (size,)))
        ]
        # What is scored beside emissions, unconstrained and constrained.
        self._scores: dict[bool, list[Any]] = {False: free}
        self._constrains = False
        if encoding is not None:
            rules = encoding.allowed(labels)
            allowed = map(np.array, (rules.transitions, rules.start, rules.end))
            self._scores[True] = [
                np.where(permitted, scores, np.float32(-np.inf))
                for permitted, scores in zip(allowed, free, strict=True)
            ]
            self._constrains = rules.fits_any_length if constrained is None else constrained

    def is_constrained(self, options: PredictionOptions) -> bool:
        """Whether sequences that the encoding forbids are left out."""
        if True not in self._scores:
            return False
        return self._constrains if options.constrained is None else options.constrained

    def predict(
        self, emissions: Array, lengths: Ints, options: PredictionOptions
    ) -> list[TaskPrediction]:
        """For emissions, (batch, length, labels), of sentences of these lengths, (batch,), the
        longest first."""
        if not (options.probabilities or options.top_k):
            ids = self.decode(emissions, lengths, options)
            return [TaskPrediction(tags) for tags in self.tags(ids, lengths)]
        distribution = self.distribution(emissions, lengths, options)
        if options.top_k:
            best = n_best(distribution, options.top_k)
            ids, log_probabilities = best.tags[:, 0], best.log_probabilities[:, 0]
        else:  # the same, in less time
            ids = self.best(distribution.potentials, options)
            log_probabilities = distribution.log_probabilities(ids)
        predictions = [TaskPrediction(tags) for tags in self.tags(ids, lengths)]
        if options.top_k:
            self._add_alternatives(predictions, best, lengths)
        if options.probabilities:
            chances = np.exp(log_probabilities).tolist()
            for prediction, chance in zip(predictions, chances, strict=True):
                prediction.probability = chance
            spans = self.spans([prediction.tags for prediction in predictions])
            if spans is not None:
                of_sentences = self.span_probabilities(distribution, spans)
                for prediction, of_spans in zip(predictions, of_sentences, strict=True):
                    prediction.span_probabilities = of_spans
            self._add_tag_probabilities(predictions, distribution, options)
        return predictions

    def distribution(
        self,
        emissions: Array,
        lengths: Ints,
        options: PredictionOptions,
        temperature: Optional[float] = None,
    ) -> TagDistribution:
        """The distribution over sequences of tags, by default at the temperature of the task."""
        if temperature is None:
            temperature = self._temperature if options.calibrated else 1.0
        return TagDistribution(self._potentials(emissions, lengths, options), temperature)

    def decode(self, emissions: Array, lengths: Ints, options: PredictionOptions) -> Ints:
        """The best tags, ids (batch, length)."""
        return self.best(self._potentials(emissions, lengths, options), options)

    def best(self, potentials: Potentials, options: PredictionOptions) -> Ints:
        """The best tags, ids (batch, length)."""
        if not self._is_crf and not self.is_constrained(options):
            return potentials.emissions.argmax(-1)
        return viterbi(potentials)

    def _potentials(
        self, emissions: Array, lengths: Ints, options: PredictionOptions
    ) -> Potentials:
        transitions, start, end = self._scores[self.is_constrained(options)]
        return Potentials(emissions, transitions, start, end, lengths)

    def tags(self, ids: Ints, lengths: Ints) -> list[list[str]]:
        """Of each sentence the tags of these ids, (batch, length), as they are written."""
        label = self.labels.__getitem__
        how = self._encoding, self._written_encoding, self._repair
        return [
            written(list(map(label, row[:length])), *how)
            for row, length in zip(ids.tolist(), lengths.tolist(), strict=True)
        ]

    def _add_alternatives(
        self, predictions: list[TaskPrediction], best: NBest, lengths: Ints
    ) -> None:
        chances = np.exp(best.log_probabilities).tolist()
        for number, (prediction, count) in enumerate(
            zip(predictions, best.counts.tolist(), strict=True)
        ):
            tags = self.tags(best.tags[number, :count], lengths[[number] * count])
            prediction.alternatives = list(zip(tags, chances[number], strict=False))

    def spans(self, tags: Sequence[Sequence[str]]) -> Optional[list[list[Span]]]:
        """The spans of the written tags of each sentence, from left to right; `None` where the task
        has no encoding."""
        if self._written_encoding is None:
            return None
        return list(map(self._written_encoding.spans, tags))

    def span_probabilities(
        self, distribution: TagDistribution, spans: Sequence[Sequence[Span]]
    ) -> list[list[float]]:
        """The probability of each span of these, for every sentence of a batch, as of
        `TagDistribution.span_probabilities`. The task has an encoding."""
        chances = distribution.span_probabilities(
            [
                SentenceSpan(number, span.start, span.end - 1, span.label)
                for number, of_sentence in enumerate(spans)
                for span in of_sentence
            ],
            self.span_rules,
        )
        values = iter(chances.tolist())
        return [[next(values) for _ in of_sentence] for of_sentence in spans]

    def _add_tag_probabilities(
        self,
        predictions: list[TaskPrediction],
        distribution: TagDistribution,
        options: PredictionOptions,
    ) -> None:
        place = {name: index for index, name in enumerate(self.written_tags)}
        order = sorted(place)
        chances = distribution.order.padded(self.tag_probabilities(distribution, options))
        for prediction, rows in zip(predictions, chances, strict=True):
            chosen = [place[tag] for tag in prediction.tags]
            prediction.tag_probabilities = rows[np.arange(len(chosen)), chosen].tolist()
            if options.distributions:
                prediction.distributions = [
                    {name: row[place[name]] for name in order}
                    for row in rows[: len(chosen)].tolist()
                ]

    @property
    def span_rules(self) -> SpanRules:
        """How spans are read in the tags of a task with an encoding."""
        assert self._encoding is not None
        return span_rules_of(
            tuple(self.labels), self._encoding, self._written_encoding, self._repair
        )

    @property
    def _writer(self) -> WrittenTags:
        return written_tags_of(
            tuple(self.labels), self._encoding, self._written_encoding, self._repair
        )

    @property
    def written_tags(self) -> list[str]:
        """The tags in the encoding of the files."""
        return self._writer.names

    def tag_probabilities(self, distribution: TagDistribution, options: PredictionOptions) -> Array:
        """The probability of each of `written_tags` of each token, packed (tokens, tags)."""
        if self._repair == "O" and not self.is_constrained(options):
            raise UserError(
                "tags that a repair makes 'O' have no probabilities of their own; leave decoding "
                "constrained, which makes no tags that want repair"
            )
        return self._writer.probabilities(distribution)
