"""From what single models say of the folds that they were not trained on to one file."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import msgspec

from bilstm_tagger.experiments.fold_scores import FoldScores
from bilstm_tagger.experiments.left_out import (
    LEFT_OUT,
    DataFile,
    FoldSentence,
    SpanChances,
    add_spans,
    fold_sequence,
    listed_labels,
    listed_spans,
    missing_spans,
    out_of_fold,
    read_folds,
    windows,
)
from bilstm_tagger.experiments.out_of_fold import (
    LEAST_PROBABILITY,
    OutOfFoldSentence,
    OutOfFoldTask,
    read_out_of_fold,
    write_out_of_fold,
)
from bilstm_tagger.tagging import Tagger
from bilstm_tagger.text.errors import PathLike, UserError
from bilstm_tagger.text.folds import Folds

Key = TypeVar("Key")


@dataclass
class FoldModel:
    """A model, and what it says of the fold that it was not trained on."""

    folder: Path  # of its run
    load: Callable[[Path], Tagger]

    @cached_property
    def tagger(self) -> Tagger:
        return self.load(self.folder / "model.tar.gz")

    def predictions(self) -> Iterator[OutOfFoldSentence]:
        path = self.folder / LEFT_OUT
        if not path.is_file():
            raise UserError(
                f"{path} is missing: remove {self.folder} and give the same command again"
            )
        return read_out_of_fold(path)

    def outdated(self, why: str) -> UserError:
        """The error for a run of other data: those of the other folds are, too."""
        runs = self.folder.parents[1]
        return UserError(f"{why}: remove {runs} and give the same command again")


def merge(
    path: PathLike,
    models: Sequence[Sequence[FoldModel]],
    files: Sequence[DataFile],
    folds: Folds,
) -> FoldScores:
    """Writes the file of out-of-fold predictions, and scores what the models predict.

    Folds are merged one after the other, each into a file of its own, so that few models and
    sentences are in memory at a time.

    # Parameters

    path : `PathLike`
        Where the predictions of all sentences go, in the order of the data.
    models : `Sequence[Sequence[FoldModel]]`
        For each fold its models, one for each seed, in the same order.
    files : `Sequence[DataFile]`
        The data of the training.
    folds : `Folds`

    # Errors

    `UserError` where predictions are missing, or are those of other data.
    """
    scores = FoldScores()
    with TemporaryDirectory(prefix=".merge-", dir=Path(path).parent) as scratch:
        parts = []
        for number, of_fold in enumerate(models, start=1):
            # The models of a fold go with it.
            of_fold = [FoldModel(model.folder, model.load) for model in of_fold]
            sentences = read_folds(files, folds, of_fold[0].tagger.specification, number)
            parts.append(Path(scratch, str(number)))
            write_out_of_fold(parts[-1], merge_models(of_fold, sentences, scores))
        streams = [read_out_of_fold(part) for part in parts]
        sequence = fold_sequence(files, folds, of_fold[0].tagger.specification)
        write_out_of_fold(path, (next(streams[fold - 1]) for fold in sequence))
    return scores


def merge_models(
    models: Sequence[FoldModel], sentences: Iterable[FoldSentence], scores: FoldScores
) -> Iterator[OutOfFoldSentence]:
    """The means of what the models of a fold say of its sentences. What each of the models
    predicts is added to the scores.

    # Errors

    As of `merge`.
    """
    streams = [model.predictions() for model in models]
    for window in windows(sentences):
        rows = [
            [_next(model, stream, entry) for entry in window]
            for model, stream in zip(models, streams, strict=True)
        ]
        for seed, row in enumerate(rows):
            for sentence in row:
                scores.add(seed, sentence)
        chances = [[_spans(sentence) for sentence in row] for row in rows]
        wanted = [
            {
                task: sorted(set().union(*(model[task] for model in of_models)))
                for task in of_models[0]
            }
            for of_models in zip(*chances, strict=True)
        ]
        for model, known in zip(models, chances, strict=True):
            if missing := missing_spans(known, wanted):
                add_spans(model.tagger, window, known, missing)
        for entry, of_models, spans in zip(
            window, zip(*rows, strict=True), zip(*chances, strict=True), strict=True
        ):
            yield out_of_fold(entry, _means(of_models, spans))
    for model, stream in zip(models, streams, strict=True):
        if next(stream, None) is not None:
            raise model.outdated(f"the data had more sentences when {model.folder} was made")


def _next(
    model: FoldModel, stream: Iterator[OutOfFoldSentence], entry: FoldSentence
) -> OutOfFoldSentence:
    """What a model says of a sentence of the data."""
    sentence = next(stream, None)
    gold = {} if sentence is None else {task: t.gold for task, t in sentence.tasks.items()}
    if sentence is None or sentence.tokens != entry.sentence.tokens or gold != entry.gold:
        place = out_of_fold(entry, {}).place
        raise model.outdated(f"{place}: the data were others when {model.folder} was made")
    return sentence


def _spans(sentence: OutOfFoldSentence) -> SpanChances:
    return {
        task: {(first, last, label): p for first, last, label, p in of_task.spans}
        for task, of_task in sentence.tasks.items()
    }


def _means(
    sentences: Sequence[OutOfFoldSentence], spans: Sequence[SpanChances]
) -> dict[str, OutOfFoldTask]:
    """The means of what several models say of a sentence."""
    share = 1 / len(sentences)
    means = {}
    for task, first in sentences[0].tasks.items():
        labels = [
            listed_labels(_mean(map(dict, of_token), share), gold, LEAST_PROBABILITY)
            for gold, *of_token in zip(
                first.gold, *(sentence.tasks[task].labels for sentence in sentences), strict=True
            )
        ]
        of_spans = _mean((chances[task] for chances in spans), share)
        means[task] = msgspec.structs.replace(first, labels=labels, spans=listed_spans(of_spans))
    return means


def _mean(chances: Iterable[Mapping[Key, float]], share: float) -> dict[Key, float]:
    """The mean of probabilities, each of which counts this share."""
    total: dict[Key, float] = defaultdict(float)
    for of_model in chances:
        for key, probability in of_model.items():
            total[key] += share * probability
    return total
