"""The fold that a model was not trained on: what the model predicts of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import NamedTuple

import msgspec

from bilstm_tagger.experiments.out_of_fold import (
    LEAST_PROBABILITY,
    OutOfFoldSentence,
    OutOfFoldTask,
    TokenSpan,
    gold_spans,
)
from bilstm_tagger.tagging import TaggedSentence, Tagger, TokenizedSentence
from bilstm_tagger.tagging.gold_tags import GoldTags, gold_tags
from bilstm_tagger.tagging.results import rounded
from bilstm_tagger.tagging.span_probabilities import span_probabilities
from bilstm_tagger.tagging.specification import Specification
from bilstm_tagger.text.encodings import Encoding
from bilstm_tagger.text.folds import Folds
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.spans import Span
from bilstm_tagger.text.tag_spelling import USUAL

# In the folder of a run: what its model says of the fold that it was not trained on.
LEFT_OUT = "left_out.jsonl"
# A mean over models loses nothing that is shown by what one of them leaves out.
LEAST_OF_A_MODEL = LEAST_PROBABILITY / 10
# Sentences that are in memory at a time, with the probability of every tag.
_WINDOW = 256

# Task to spans and their probabilities.
SpanChances = dict[str, dict[TokenSpan, float]]


class DataFile(NamedTuple):
    """A file of a data set."""

    dataset: str
    name: str  # as the config names it
    path: str  # on this machine


class FoldSentence(NamedTuple):
    """A sentence of the data, with its gold tags, and where it stands."""

    # Data set, file, number and lines, as of `OutOfFoldSentence`.
    place: tuple[str, str, int, list[int]]
    fold: int
    sentence: TokenizedSentence
    gold: GoldTags


def read_folds(
    files: Iterable[DataFile], folds: Folds, specification: Specification, only: int
) -> Iterator[FoldSentence]:
    """The sentences of a fold, in the order of the files, with the gold tags of the tasks of a
    model.

    # Errors

    `DataFormatError` for a file that cannot be read.
    """
    for file in files:
        declared = specification.datasets[file.dataset]
        tasks = {name: t for name, t in declared.tasks.items() if name in specification.tasks}
        layout = msgspec.structs.replace(declared, tasks=tasks)
        number, path = 0, ""
        for fold, sentence in folds.assign(file.name, read_dataset(file.path, declared)):
            # A folder of texts has many.
            number = number + 1 if sentence.path == path else 1
            path = sentence.path
            if fold == only:
                gold, _ = gold_tags(sentence, layout, specification)
                name = path if declared.form == "brat" else file.name
                yield FoldSentence(
                    (file.dataset, name, number, list(filter(None, sentence.line_numbers))),
                    fold,
                    TokenizedSentence(sentence.tokens, sentence.columns),
                    gold,
                )


def fold_sequence(
    files: Iterable[DataFile], folds: Folds, specification: Specification
) -> Iterator[int]:
    """The fold of each sentence, in the order of the files."""
    for file in files:
        sentences = read_dataset(file.path, specification.datasets[file.dataset])
        for fold, _ in folds.assign(file.name, sentences):
            yield fold


def windows(sentences: Iterable[FoldSentence]) -> Iterator[list[FoldSentence]]:
    """Some sentences at a time, all of one data set."""
    for _, of_dataset in groupby(sentences, key=lambda sentence: sentence.place[0]):
        while window := list(islice(of_dataset, _WINDOW)):
            yield window


def predict(tagger: Tagger, sentences: Iterable[FoldSentence]) -> Iterator[OutOfFoldSentence]:
    """What a model says of sentences: spans are those that are gold, and those that it predicts."""
    specification = tagger.specification
    encodings = specification.file_encodings
    for window in windows(sentences):
        tasks = list(window[0].gold)
        tagged = tagger.with_tasks(tasks).tag(
            [entry.sentence for entry in window], probabilities="all"
        )
        chances = [_predicted_spans(sentence) for sentence in tagged]
        gold = [spans_of_tags(entry.gold, encodings) for entry in window]
        add_spans(tagger, window, chances, missing_spans(chances, gold))
        for entry, sentence, spans in zip(window, tagged, chances, strict=True):
            predictions = {
                task: _prediction(
                    sentence, task, entry.gold[task], spans.get(task, {}), specification
                )
                for task in tasks
            }
            yield out_of_fold(entry, predictions)


def spans_of_tags(
    tags: Mapping[str, Sequence[str]], encodings: Mapping[str, Encoding]
) -> dict[str, list[TokenSpan]]:
    """Task to the spans in its tags."""
    return {task: gold_spans(of_task) for task, of_task in tags.items() if task in encodings}


def missing_spans(
    chances: Sequence[SpanChances], wanted: Sequence[Mapping[str, Iterable[TokenSpan]]]
) -> dict[int, dict[str, list[Span]]]:
    """Number of the sentence to the wanted spans whose probability is not known."""
    missing = {}
    for number, (known, of_sentence) in enumerate(zip(chances, wanted, strict=True)):
        spans = {
            task: [Span(label, first, last + 1) for first, last, label in unknown]
            for task, of_task in of_sentence.items()
            if (unknown := [span for span in of_task if span not in known[task]])
        }
        if spans:
            missing[number] = spans
    return missing


def add_spans(
    tagger: Tagger,
    window: Sequence[FoldSentence],
    chances: Sequence[SpanChances],
    missing: Mapping[int, Mapping[str, Sequence[Span]]],
) -> None:
    """Adds the probabilities of `missing_spans`, as a tagger has them, to those of sentences."""
    sentences = [window[number].sentence for number in missing]
    added = span_probabilities(tagger, sentences, list(missing.values()))
    for (number, spans), values in zip(missing.items(), added, strict=True):
        for task, of_task in spans.items():
            for span, value in zip(of_task, values[task], strict=True):
                chances[number][task][span.start, span.end - 1, span.label] = value


def out_of_fold(sentence: FoldSentence, predictions: dict[str, OutOfFoldTask]) -> OutOfFoldSentence:
    """A sentence with predictions."""
    dataset, file, number, lines = sentence.place
    tokens = sentence.sentence.tokens
    return OutOfFoldSentence(file, number, sentence.fold, tokens, predictions, lines, dataset)


def listed_labels(labels: Mapping[str, float], gold: str, least: float) -> list[tuple[str, float]]:
    """The labels of a token, as of `OutOfFoldTask.labels`."""
    chances = {gold: 0.0, **labels}
    order = sorted(chances.items(), key=lambda item: (-item[1], item[0]))
    return [(label, rounded(p)) for label, p in order if label and (p >= least or label == gold)]


def listed_spans(chances: Mapping[TokenSpan, float]) -> list[tuple[int, int, str, float]]:
    """The spans of a sentence, as of `OutOfFoldTask.spans`."""
    return [(*span, rounded(p)) for span, p in sorted(chances.items())]


def _predicted_spans(sentence: TaggedSentence) -> SpanChances:
    return {
        task: {(s.first_token, s.last_token, s.label): s.probability or 0.0 for s in spans}
        for task, spans in sentence.spans.items()
    }


def _prediction(
    sentence: TaggedSentence,
    task: str,
    gold: list[str],
    spans: Mapping[TokenSpan, float],
    specification: Specification,
) -> OutOfFoldTask:
    predicted = sentence.tags[task]
    labels: Sequence[Mapping[str, float]] = sentence.distributions[task]
    spelling = specification.spelling(task)
    if spelling != USUAL:
        predicted = list(map(spelling.read, predicted))
        labels = [{spelling.read(tag): p for tag, p in chances.items()} for chances in labels]
    return OutOfFoldTask(
        gold,
        predicted,
        [
            listed_labels(chances, tag, LEAST_OF_A_MODEL)
            for chances, tag in zip(labels, gold, strict=True)
        ],
        listed_spans(spans),
        specification.file_encoding(task),
    )
