"""Out-of-fold predictions of a model, as `allennlp crossval` writes them."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.corpus import Rows
from bilstm_tagger.experiments.out_of_fold import LEAST_PROBABILITY, OutOfFoldTask
from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.prediction import PredictionOptions, TaskPrediction
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.span_rules import SentenceSpan
from bilstm_tagger.tagging.written_tags import span_rules_of
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.spans import read_spans


def predict(model: Path, task: str, sentences: Sequence[Rows]) -> list[OutOfFoldTask]:
    """What a model says of sentences whose last column has the gold tags, in BIO."""
    tagger = Tagger.load(model)
    predictor, specification = tagger.predictors[task], tagger.specification.tasks[task]
    assert specification.encoding is not None
    rules = span_rules_of(
        tuple(predictor.labels),
        get_encoding(specification.encoding),
        get_encoding("BIO"),
        specification.repair,
    )
    tokenized = [TokenizedSentence([row[0] for row in rows]) for rows in sentences]
    options = PredictionOptions.of("all")
    results: dict[int, OutOfFoldTask] = {}
    for emissions in tagger.source.emissions(tokenized, [task]):
        scores, lengths = emissions.scores[task], emissions.lengths
        predictions = predictor.predict(scores, lengths, options)
        gold = [[row[-1] for row in sentences[number]] for number in emissions.sentences]
        spans = [
            SentenceSpan(index, *span)
            for index, (tags, prediction) in enumerate(zip(gold, predictions, strict=True))
            for span in _spans(tags, prediction)
        ]
        distribution = predictor.distribution(scores, lengths, options)
        chances = distribution.span_probabilities(spans, rules).tolist()
        found: list[list[tuple[int, int, str, float]]] = [[] for _ in gold]
        for span, chance in zip(spans, chances, strict=True):
            found[span.sentence].append((span.first, span.last, span.label, chance))
        for number, tags, prediction, of_sentence in zip(
            emissions.sentences, gold, predictions, found, strict=True
        ):
            labels = _labels(tags, prediction)
            results[number] = OutOfFoldTask(tags, prediction.tags, labels, of_sentence)
    return [results[number] for number in range(len(sentences))]


def _spans(gold: list[str], prediction: TaskPrediction) -> list[tuple[int, int, str]]:
    spans = read_spans(gold) + read_spans(prediction.tags)
    return sorted({(span.start, span.end - 1, span.label) for span in spans})


def _labels(gold: list[str], prediction: TaskPrediction) -> list[list[tuple[str, float]]]:
    assert prediction.distributions is not None
    return [
        sorted(
            (
                (label, chance)
                for label, chance in chances.items()
                if chance >= LEAST_PROBABILITY or label == tag
            ),
            key=lambda pair: -pair[1],
        )
        for tag, chances in zip(gold, prediction.distributions, strict=True)
    ]
