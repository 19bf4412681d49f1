"""What is in the files of a data set: sentences, labels, faults, and what files have in common."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple, Optional, cast

from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.known_spans import known_spans
from bilstm_tagger.text.memo import Memo
from bilstm_tagger.text.possible_labels import InvalidTag, PartialLabels, Possible
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.task_column import TaskColumn
from bilstm_tagger.text.word_forms import CHAIN_STEPS, chain_step, word_forms

# Faults that are kept with their place; the others are counted.
_SHOWN_FAULTS = 3


@dataclass
class TaskInspection:
    """The labels of a task in a file."""

    # Labels, or types of spans, and how often they occur.
    counts: Counter[str] = field(default_factory=Counter)
    partial_tokens: int = 0  # whose label is not known, or one of several
    # Plain labels that may stand for those, where the layout does not say so: `_`, `?`, `A|B`.
    doubtful: Counter[str] = field(default_factory=Counter)
    invalid_sentences: int = 0  # whose tags are not in the declared encoding and spelling
    faults: list[DataFormatError] = field(default_factory=list)  # of the first of them
    unreadable_sentences: int = 0  # of these, the ones with tags that no repair can read
    unreadable: Optional[DataFormatError] = None  # the first of these tags


@dataclass
class FileInspection:
    """What is in a file."""

    path: str
    tasks: dict[str, TaskInspection]
    lengths: list[int] = field(default_factory=list)  # of sentences, in tokens
    tokens: Counter[str] = field(default_factory=Counter)
    sentences: Counter[tuple[str, ...]] = field(default_factory=Counter)
    # Texts with spans that do not fit the tokens, and the first of these spans.
    misfits: int = 0
    misfit_faults: list[DataFormatError] = field(default_factory=list)

    @property
    def token_count(self) -> int:
        return sum(self.lengths)

    @property
    def median_length(self) -> float:
        return median(self.lengths)

    def report_misfit(self, error: DataFormatError) -> None:
        """Counts a text with spans that do not fit."""
        self.misfits += 1
        if len(self.misfit_faults) < _SHOWN_FAULTS:
            self.misfit_faults.append(error)


def inspect_file(path: PathLike, layout: DatasetLayout) -> FileInspection:
    """Reads a file and counts what is in it.

    # Errors

    `DataFormatError` for a file that cannot be read as the layout says. Invalid tags and spans that
    do not fit are no errors here.
    """
    inspection = FileInspection(str(path), {name: TaskInspection() for name in layout.tasks})
    readers = {name: _TagReader(name, task) for name, task in layout.tasks.items()}
    for sentence in read_dataset(path, layout, report_misfit=inspection.report_misfit):
        inspection.lengths.append(len(sentence.tokens))
        inspection.tokens.update(sentence.tokens)
        inspection.sentences[tuple(sentence.tokens)] += 1
        for name, reader in readers.items():
            reader.count(sentence, inspection.tasks[name])
    for name, task in layout.tasks.items():
        if task.source is None and task.gaps is None and not task.probabilities:
            inspection.tasks[name].doubtful = _doubtful(inspection.tasks[name].counts)
    return inspection


def _doubtful(counts: Counter[str]) -> Counter[str]:
    """The plain labels that look like no label, or like several other labels of the same file."""
    usual = PartialLabels()
    doubtful = Counter[str]()
    for label, count in counts.items():
        parts = label.split(usual.separator)
        if label in usual.missing or (len(parts) > 1 and all(part in counts for part in parts)):
            doubtful[label] = count
    return doubtful


class _TagReader:
    """Counts the labels of a task."""

    def __init__(self, name: str, task: TaskColumn) -> None:
        self._column = task.column or name
        self._task = task
        self._encoding = task.source
        self._read = Memo(task.read)

    def count(self, sentence: Sentence, inspection: TaskInspection) -> None:
        """Counts those of a sentence; of labels that are known in part, the certain ones."""
        cells = sentence.columns[self._column]
        if self._task.are_partial(cells):
            self._count_partial(sentence, inspection)
            return
        if self._encoding is None:
            inspection.counts.update(cells)
            return
        tags: list[str] = []
        try:
            for tag in cells:
                tags.append(self._read[tag])
        except ValueError as error:
            fault = self._fault(sentence, len(tags), str(error), inspection)
            inspection.unreadable_sentences += 1
            inspection.unreadable = inspection.unreadable or fault
            return
        inspection.counts.update(span.label for span in self._encoding.spans(tags))
        violation = self._encoding.first_violation(tags)
        if violation is not None:
            self._fault(sentence, violation.index, violation.message, inspection)

    def _count_partial(self, sentence: Sentence, inspection: TaskInspection) -> None:
        try:
            labels, _ = self._task.labels_of(sentence.columns[self._column])
        except InvalidTag as error:
            fault = self._fault(sentence, error.index, error.message, inspection)
            if self._task.probabilities:
                inspection.unreadable_sentences += 1
                inspection.unreadable = inspection.unreadable or fault
            return
        tokens = cast(list[Possible], labels)
        known = [token.certain for token in tokens]
        inspection.partial_tokens += known.count(None)
        if self._task.target is None:
            inspection.counts.update(filter(None, known))
        else:
            spans = known_spans(tokens, self._task.target)
            inspection.counts.update(span.label for span in spans)

    def _fault(
        self, sentence: Sentence, index: int, problem: str, inspection: TaskInspection
    ) -> DataFormatError:
        line = sentence.line_numbers[index] or None
        fault = DataFormatError(sentence.path, line, problem)
        inspection.invalid_sentences += 1
        if len(inspection.faults) < _SHOWN_FAULTS:
            inspection.faults.append(fault)
        return fault


class FileComparison(NamedTuple):
    """What of a file is in the training file, too."""

    seen_sentences: float  # the share of its sentences
    unknown_tokens: float  # the share of its tokens that the training file has not
    new_labels: dict[str, Counter[str]]  # of each task, those that the training file has not


def compare_files(train: FileInspection, other: FileInspection) -> FileComparison:
    """Compares a file with the training file."""
    seen = sum(count for tokens, count in other.sentences.items() if tokens in train.sentences)
    unknown = sum(count for token, count in other.tokens.items() if token not in train.tokens)
    new_labels = {}
    for name, task in other.tasks.items():
        known = train.tasks[name].counts
        new_labels[name] = Counter({k: n for k, n in task.counts.items() if k not in known})
    return FileComparison(seen / len(other.lengths), unknown / other.token_count, new_labels)


def wanted_words(inspections: Sequence[FileInspection]) -> set[str]:
    """The forms under which tokens are looked up among word vectors."""
    tokens = {token for inspection in inspections for token in inspection.tokens}
    return {form for token in tokens for form in word_forms(token)}


def look_up_shares(inspection: FileInspection, words: Collection[str]) -> dict[str, float]:
    """The share of tokens that each step of the look-up chain finds among words with a vector."""
    counts = [0] * len(CHAIN_STEPS)
    for token, count in inspection.tokens.items():
        counts[chain_step(word_forms(token), words)] += count
    return {
        step: count / inspection.token_count
        for step, count in zip(CHAIN_STEPS, counts, strict=True)
    }
