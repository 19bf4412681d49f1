"""What a model says of the sentences of a batch: tags, and on request how certain they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

import torch
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.network.crf_probabilities import TagDistribution
from bilstm_tagger.network.span_rules import SentenceSpan
from bilstm_tagger.network.written_tags import WrittenTags
from bilstm_tagger.plugin.models.task_scores import Tags, written
from bilstm_tagger.plugin.modules.decoders import TaskDecoder
from bilstm_tagger.text.encodings import Encoding


@dataclass(frozen=True, slots=True)
class PredictionOptions:
    """What is wanted of a prediction.

    # Parameters

    constrained : `bool`, optional (default=`None`)
        Whether sequences that the encoding forbids are never predicted; `None`: as the decoders are
        set.
    probabilities : `bool`, optional (default=`False`)
        Those of the chosen tags, of spans and of sequences.
    distributions : `bool`, optional (default=`False`)
        The probability of every tag.
    top_k : `int`, optional (default=`0`)
        How many of the best sequences.
    tasks : `Sequence[str]`, optional (default = all)
        The tasks that are predicted.
    """

    constrained: Optional[bool] = None
    probabilities: bool = False
    distributions: bool = False
    top_k: int = 0
    tasks: Optional[Sequence[str]] = None

    @classmethod
    def of(
        cls,
        probabilities: Union[bool, str] = False,
        top_k: int = 0,
        constrained: Optional[bool] = None,
        tasks: Optional[Sequence[str]] = None,
    ) -> "PredictionOptions":
        """Options as users give them: `probabilities` is `False`, `True` or `"all"`.

        # Errors

        `ConfigurationError` for another one, or a negative `top_k`.
        """
        if probabilities not in (False, True, "all"):
            raise ConfigurationError(
                f"probabilities must be False, True or 'all', found {probabilities!r}"
            )
        if top_k < 0:
            raise ConfigurationError(f"top_k must be 0 or more, found {top_k}")
        return cls(constrained, bool(probabilities), probabilities == "all", top_k, tasks)


@dataclass(slots=True)
class TaskPrediction:
    """What one task says of one sentence; the rest is `None` unless it was asked for.

    # Parameters

    tags : `List[str]`
        In the encoding of the files.
    probability : `float`, optional
        Of the whole sequence.
    tag_probabilities : `List[float]`, optional
        Of each tag of `tags`.
    span_probabilities : `List[float]`, optional
        Of each span of `tags`, from left to right. `None` also where the task has no encoding.
    distributions : `List[Dict[str, float]]`, optional
        Of each token, every tag and its probability.
    alternatives : `List[Tuple[List[str], float]]`, optional
        The best sequences of tags and their probabilities.
    """

    tags: list[str]
    probability: Optional[float] = None
    tag_probabilities: Optional[list[float]] = None
    span_probabilities: Optional[list[float]] = None
    distributions: Optional[list[dict[str, float]]] = None
    alternatives: Optional[list[tuple[list[str], float]]] = None


class TaskPredictor:
    """The predictions of one task.

    # Parameters

    decoder : `TaskDecoder`
    encoding : `Encoding`, optional
        That of the files; `None` where the task has none.
    """

    def __init__(self, decoder: TaskDecoder, encoding: Optional[Encoding]) -> None:
        self._decoder = decoder
        self._encoding = encoding
        self._written: Optional[WrittenTags] = None

    def predict(
        self,
        emissions: torch.Tensor,
        mask: Optional[torch.Tensor],
        lengths: list[int],
        options: PredictionOptions,
    ) -> list[TaskPrediction]:
        """
        # Parameters

        emissions : `torch.Tensor`
            Scores, (batch, length, labels).
        mask : `torch.Tensor`, optional
            Tokens, (batch, length), bool. `None`: there is no padding.
        lengths : `List[int]`
            Of the sentences.
        options : `PredictionOptions`
        """
        decoder = self._decoder
        constrained = decoder.constrains_prediction(options.constrained)
        if not (options.probabilities or options.top_k):
            ids = decoder.decode(emissions, mask, constrained)
            return [TaskPrediction(tags) for tags in self._tags(ids, lengths)]
        distribution = decoder.distribution(emissions, mask, constrained)
        best = distribution.n_best(max(options.top_k, 1))
        ids = best.tags[:, 0]
        predictions = [TaskPrediction(tags) for tags in self._tags(ids, lengths)]
        if options.top_k:
            self._add_alternatives(predictions, best, lengths)
        if options.probabilities:
            chances = best.log_probabilities[:, 0].exp().tolist()
            for prediction, chance in zip(predictions, chances, strict=True):
                prediction.probability = chance
            self._add_span_probabilities(predictions, distribution)
            self._add_tag_probabilities(predictions, distribution, constrained, options)
        return predictions

    def _tags(self, ids: torch.Tensor, lengths: list[int]) -> Tags:
        decoder = self._decoder
        label = decoder.labels.__getitem__
        return [
            written(list(map(label, row[:length])), decoder, self._encoding, decoder.repair)
            for row, length in zip(ids.tolist(), lengths, strict=True)
        ]

    def _add_alternatives(
        self, predictions: list[TaskPrediction], best: Any, lengths: list[int]
    ) -> None:
        chances = best.log_probabilities.exp().tolist()
        for number, (prediction, count) in enumerate(
            zip(predictions, best.counts.tolist(), strict=True)
        ):
            tags = self._tags(best.tags[number, :count], [lengths[number]] * count)
            prediction.alternatives = list(zip(tags, chances[number], strict=False))

    def _add_span_probabilities(
        self, predictions: list[TaskPrediction], distribution: TagDistribution
    ) -> None:
        if self._encoding is None:
            return
        found = [self._encoding.spans(each.tags) for each in predictions]
        spans = [
            SentenceSpan(number, span.start, span.end - 1, span.label)
            for number, spans in enumerate(found)
            for span in spans
        ]
        values = iter(
            distribution.span_probabilities(spans, self._decoder.span_rules).tolist()
            if spans
            else ()
        )
        for prediction, of_sentence in zip(predictions, found, strict=True):
            prediction.span_probabilities = [next(values) for _ in of_sentence]

    def _add_tag_probabilities(
        self,
        predictions: list[TaskPrediction],
        distribution: TagDistribution,
        constrained: bool,
        options: PredictionOptions,
    ) -> None:
        decoder = self._decoder
        if self._written is None:
            rules = None if decoder.encoding is None else decoder.span_rules
            self._written = WrittenTags(decoder.labels, self._encoding, rules)
        if decoder.repair == "O" and not constrained:
            raise ConfigurationError(
                "tags that a repair makes 'O' have no probabilities of their own; leave decoding "
                "constrained, which makes no tags that want repair"
            )
        names = self._written.names
        place = {name: index for index, name in enumerate(names)}
        rows = self._written.probabilities(distribution).tolist()
        order = sorted(names)
        for prediction, row in zip(predictions, rows, strict=True):
            tokens = list(zip(prediction.tags, row, strict=False))
            prediction.tag_probabilities = [chances[place[tag]] for tag, chances in tokens]
            if options.distributions:
                prediction.distributions = [
                    {name: chances[place[name]] for name in order} for _, chances in tokens
                ]
