"""The probabilities of any spans, whether a tagger predicts them or not."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from bilstm_tagger.tagging.prediction import PredictionOptions
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.text.spans import Span

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger


def span_probabilities(
    tagger: "Tagger",
    sentences: Iterable[TokenizedSentence],
    spans: Sequence[Mapping[str, Sequence[Span]]],
) -> list[dict[str, list[float]]]:
    """The probability of each span: that exactly it is in its sentence, no longer and no shorter,
    as a tagger gives it for those that it predicts.

    # Parameters

    tagger : `Tagger`
    sentences : `Iterable[TokenizedSentence]`
        The sentences, split into tokens.
    spans : `Sequence[Mapping[str, Sequence[Span]]]`
        For each sentence, task to spans that lie within it, which may overlap. The tasks have an
        encoding. A span with a label that the model does not know has probability 0.

    # Returns

    For each sentence, task to the probabilities of its spans.

    # Errors

    As of `Tagger.tag`.
    """
    options = PredictionOptions.of(True, 0, tagger.constrained, tagger.calibrated)
    tokenized = list(sentences)
    tasks = list(dict.fromkeys(task for of_sentence in spans for task in of_sentence))
    chances: list[dict[str, list[float]]] = [{} for _ in tokenized]
    for task, scores, emissions in tagger.emissions(tokenized, tasks) if tasks else ():
        predictor = tagger.predictors[task]
        distribution = predictor.distribution(scores, emissions.lengths, options)
        wanted = [spans[number].get(task, ()) for number in emissions.sentences]
        values = predictor.span_probabilities(distribution, wanted)
        for number, of_sentence in zip(emissions.sentences, values, strict=True):
            chances[number][task] = of_sentence
    return chances
