"""Tags files with gold tags by one or two models, and collects the errors."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, repeat
from typing import Optional

from bilstm_tagger.experiments.errors.analysis import ErrorCounter
from bilstm_tagger.experiments.errors.groups import WordGroups
from bilstm_tagger.experiments.errors.report import ErrorReport
from bilstm_tagger.experiments.errors.words import words_of_model, words_of_training
from bilstm_tagger.tagging import TaggedSentence, Tagger
from bilstm_tagger.tagging.commands.gold_files import read_gold
from bilstm_tagger.tagging.specification import Specification
from bilstm_tagger.text.encodings import get_encoding

# Sentences that are in memory at a time.
WINDOW = 2048


def report_errors(
    taggers: Mapping[str, Tagger],
    files: Mapping[str, str],
    tasks: Mapping[str, Sequence[str]],
    training: Iterable[tuple[str, str]] = (),
) -> ErrorReport:
    """What models get wrong in files with gold tags.

    # Parameters

    taggers : `Mapping[str, Tagger]`
        One or two models by name. The files have the layouts of the first one; the second one has
        to know the tasks, and needs no other feature columns.
    files : `Mapping[str, str]`
        The file of each data set.
    tasks : `Mapping[str, Sequence[str]]`
        The tasks of each data set.
    training : `Iterable[tuple[str, str]]`, optional (default = none)
        Data sets and files of the training, of which the frequencies of words are counted.

    # Errors

    `DataFormatError` for a file that cannot be read, has no gold tags, or others than declared.
    """
    first = next(iter(taggers.values())).specification
    names = sorted({task for of_dataset in tasks.values() for task in of_dataset})
    encodings = {task: first.file_encoding(task) for task in names}
    if in_training := [(path, first.datasets[dataset]) for dataset, path in training]:
        words: Iterable[Optional[WordGroups]] = repeat(words_of_training(in_training), len(taggers))
    else:
        words = map(words_of_model, taggers.values())
    counter = ErrorCounter(encodings, list(taggers), list(words))
    for dataset, path in files.items():
        for tagger in taggers.values():
            tagger.tasks = list(tasks[dataset])
        gold = read_gold(path, first, dataset, tasks[dataset])
        number = 0
        while window := list(islice(gold, WINDOW)):
            sentences = [sentence for sentence, _, _ in window]
            tagged = [
                [_in_encodings(sentence, tagger.specification, encodings) for sentence in predicted]
                for tagger in taggers.values()
                for predicted in [tagger.tag(sentences, probabilities=True)]
            ]
            for (_, tags, place), *predictions in zip(window, *tagged, strict=True):
                number += 1
                counter.add(number, place, tags, predictions)
    return ErrorReport(list(taggers), dict(files), counter.errors())


def _in_encodings(
    sentence: TaggedSentence, specification: Specification, encodings: Mapping[str, Optional[str]]
) -> TaggedSentence:
    """The sentence, with the tags of spans in these encodings and their usual spelling."""
    for task, tags in sentence.tags.items():
        encoding = encodings[task]
        if encoding is not None:
            tags = list(map(specification.spelling(task).read, tags))
            if specification.file_encoding(task) != encoding:
                tags = get_encoding(encoding).repair(tags)
            sentence.tags[task] = tags
    return sentence
