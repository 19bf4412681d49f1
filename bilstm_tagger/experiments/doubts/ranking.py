"""Ranks the labels of a corpus that are likely wrong."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Optional, get_args

import msgspec

from bilstm_tagger.experiments.doubts.checks import checked_sentences
from bilstm_tagger.experiments.doubts.confidence import Thresholds, confident_label
from bilstm_tagger.experiments.doubts.places import Place, label_places, span_places
from bilstm_tagger.experiments.doubts.report import (
    Doubt,
    DoubtfulSentence,
    DoubtReport,
    Kind,
    TaskDoubts,
)
from bilstm_tagger.experiments.fold_scores import FoldScores
from bilstm_tagger.experiments.out_of_fold import (
    OutOfFoldSentence,
    OutOfFoldTask,
    TokenSpan,
    gold_spans,
    read_out_of_fold,
)
from bilstm_tagger.tagging.gold_tags import NOT_KNOWN
from bilstm_tagger.text.errors import UserError

# A suggestion that is at least as probable is sure.
SURE = 0.9
# The share of sure suggestions of a kind counts as much as this number of places.
_PRIOR_PLACES = 5


class SureShares:
    """How often models are sure of what they suggest, where they disagree with the labels.

    Where two classes are hard to tell apart, most disagreements are doubtful, and even a sure one
    may be an error of the models. Where models are sure whenever they disagree, it is that of the
    labels.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        # Of a kind, and of a kind with its two classes: places, and those with a sure suggestion.
        self._counts: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
        for place in places:
            for key in ((place.kind,), (place.kind, *place.classes)):
                self._counts[key][0] += 1
                self._counts[key][1] += place.probability >= SURE

    def share(self, place: Place) -> float:
        """The share of sure suggestions among places of the same kind and classes; where they are
        few, that of the kind counts, too. Never 0 or 1."""
        of_kind, sure_of_kind = self._counts[(place.kind,)]
        count, sure = self._counts[(place.kind, *place.classes)]
        # With one place more of either sort (Laplace's rule of succession).
        expected = (sure_of_kind + 1) / (of_kind + 2)
        return (sure + _PRIOR_PLACES * expected) / (count + _PRIOR_PLACES)

    def score(self, place: Place) -> float:
        """The larger, the likelier the labels are wrong; between 0 and 1.

        The margin between suggestion and labels (the "normalized margin" of confident learning),
        moved to between 0 and 1, makes odds; those of the share are what is expected of such a
        place before. As of independent evidence, the score has the product of both odds.
        """
        share = self.share(place)
        evidence = (1 + place.probability - place.gold_probability) / 2
        wrong = evidence * share
        return wrong / (wrong + (1 - evidence) * (1 - share))


# Data set, file, and the number there.
_Key = tuple[str, str, int]


def _key(sentence: OutOfFoldSentence) -> _Key:
    return sentence.dataset, sentence.file, sentence.number


class _Task:
    """Collects what there is of a task."""

    def __init__(self, name: str, of_spans: bool) -> None:
        self.name = name
        self.of_spans = of_spans
        self.scores = FoldScores()
        self.chances = Thresholds()
        self.thresholds: dict[str, float] = {}
        self.sentences = 0
        self.tokens = 0
        self.unknown = 0
        self.places: list[tuple[OutOfFoldSentence, Place]] = []

    def add_chances(self, task: OutOfFoldTask) -> None:
        if self.of_spans:
            self.chances.add_spans(task)
        else:
            self.chances.add_labels(task)

    def find_places(self, sentence: OutOfFoldSentence) -> None:
        task = sentence.tasks[self.name]
        self.sentences += 1
        self.tokens += len(sentence.tokens)
        self.unknown += task.gold.count(NOT_KNOWN)
        self.scores.add(0, msgspec.structs.replace(sentence, tasks={self.name: task}))
        places = span_places(task) if self.of_spans else label_places(task, self.thresholds)
        self.places.extend((sentence, place) for place in places)

    def is_confident(self, place: Place) -> bool:
        suggested = place.classes[1]
        if suggested not in self.thresholds:  # which is never the label
            return False
        return confident_label({suggested: place.probability}, self.thresholds) is not None

    def report(self, doubts: Sequence[tuple[OutOfFoldSentence, Doubt]]) -> TaskDoubts:
        """What there is of the task, with those of its doubts that are wanted."""
        kinds: dict[Kind, tuple[int, int]] = {}
        for kind in get_args(Kind):
            confident = [self.is_confident(place) for _, place in self.places if place.kind == kind]
            if (kind != "label") == self.of_spans:
                kinds[kind] = len(confident), sum(confident)
        by_sentence: defaultdict[_Key, list[Doubt]] = defaultdict(list)
        sentences = {}
        for sentence, doubt in doubts:
            key = _key(sentence)
            sentences[key] = sentence
            by_sentence[key].append(doubt)
        # Also those of doubts that are not wanted.
        in_doubt: defaultdict[_Key, set[TokenSpan]] = defaultdict(set)
        for sentence, place in self.places:
            if (key := _key(sentence)) in by_sentence:
                in_doubt[key].update(place.gold)
        (score,) = self.scores.together().values()
        return TaskDoubts(
            self.name,
            self.of_spans,
            score[0],
            self.sentences,
            self.tokens,
            self.unknown,
            self.thresholds,
            kinds,
            [
                self._doubtful(sentences[key], of_key, in_doubt[key])
                for key, of_key in by_sentence.items()
            ],
        )

    def _doubtful(
        self, sentence: OutOfFoldSentence, doubts: list[Doubt], in_doubt: Set[TokenSpan]
    ) -> DoubtfulSentence:
        agreed = []
        if self.of_spans:
            agreed = [s for s in gold_spans(sentence.tasks[self.name].gold) if s not in in_doubt]
        in_order = sorted(doubts, key=lambda doubt: doubt.first)
        return DoubtfulSentence(
            sentence.number,
            sentence.place,
            sentence.tokens,
            in_order,
            agreed,
            sentence.dataset,
        )


def find_doubts(
    path: str, tasks: Optional[Sequence[str]] = None, number: Optional[int] = None
) -> DoubtReport:
    """The labels of a corpus that are likely wrong, by out-of-fold predictions.

    # Parameters

    path : `str`
        A file that `write_out_of_fold` wrote. It is read twice.
    tasks : `Sequence[str]`, optional (default = all)
        The tasks that are wanted.
    number : `int`, optional (default = all)
        The number of doubts that are wanted, the likeliest first.

    # Errors

    `DataFormatError` as of `checked_sentences`, `UserError` for a task that the file does not have.
    """
    by_name = _tasks(path, tasks)
    for sentence in read_out_of_fold(path):
        for name in by_name.keys() & sentence.tasks.keys():
            by_name[name].find_places(sentence)
    ranked = sorted(_scored(by_name.values()), key=lambda item: -item[0])[:number]
    doubts: list[Doubt] = []
    of_task: dict[str, list[tuple[OutOfFoldSentence, Doubt]]] = {name: [] for name in by_name}
    for rank, (score, task, sentence, place) in enumerate(ranked, start=1):
        first, last = place.tokens
        doubt = Doubt(
            rank=rank,
            score=score,
            task=task.name,
            kind=place.kind,
            place=sentence.place_of(first),
            file=sentence.file,
            sentence=sentence.number,
            first=first,
            last=last,
            tokens=sentence.tokens[first : last + 1],
            gold=place.gold,
            suggestion=place.suggestion,
            gold_probability=place.gold_probability,
            probability=place.probability,
            confident=task.is_confident(place),
            dataset=sentence.dataset,
        )
        doubts.append(doubt)
        of_task[task.name].append((sentence, doubt))
    reports = [task.report(of_task[name]) for name, task in by_name.items()]
    return DoubtReport(path, doubts, reports)


def _scored(
    tasks: Iterable[_Task],
) -> Iterator[tuple[float, _Task, OutOfFoldSentence, Place]]:
    for task in tasks:
        shares = SureShares(place for _, place in task.places)
        for sentence, place in task.places:
            yield shares.score(place), task, sentence, place


def _tasks(path: str, wanted: Optional[Sequence[str]]) -> dict[str, _Task]:
    """The tasks in the order of their names, with their thresholds."""
    tasks: dict[str, _Task] = {}
    names: set[str] = set()
    for sentence in checked_sentences(path):
        names |= sentence.tasks.keys()
        for name, task in sentence.tasks.items():
            if wanted is None or name in wanted:
                tasks.setdefault(name, _Task(name, task.encoding is not None)).add_chances(task)
    if missing := sorted({*(wanted or ())}.difference(names)):
        raise UserError(
            f"{path} has no predictions of the task '{missing[0]}'; it has those of "
            f"{', '.join(sorted(names))}"
        )
    for collected in tasks.values():
        collected.thresholds = collected.chances.means()
    return dict(sorted(tasks.items()))
