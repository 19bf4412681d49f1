"""How much is right in groups of words, spans and sentences."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from bilstm_tagger.experiments.errors.report import Group, Property


class Bins(NamedTuple):
    """Groups of numbers."""

    # The largest number of each group but the last.
    limits: Sequence[int]
    names: Sequence[str]

    def place(self, number: int) -> int:
        """The index of the group that has a number."""
        return bisect_left(self.limits, number)


# How often training has a word.
FREQUENCIES = Bins((0, 1, 5, 20, 100), ("0", "1", "2-5", "6-20", "21-100", "101+"))
# In tokens.
SPAN_LENGTHS = Bins((1, 2, 3, 4), ("1", "2", "3", "4", "5+"))
SENTENCE_LENGTHS = Bins((5, 10, 20, 40), ("1-5", "6-10", "11-20", "21-40", "41+"))
UNKNOWN = ("known", "unknown")


class WordGroups(dict[str, int]):
    """Word to its group: that of its frequency in training, or, where that is not known, 0 for an
    unknown word and 1 for a known one.

    # Parameters

    groups : `Mapping[str, int]`
        The groups of some words.
    group_of : `Callable[[str], int]`
        Says the group of any other word.
    by_frequency : `bool`
        Whether the groups are those of frequencies.
    """

    def __init__(
        self, groups: Mapping[str, int], group_of: Callable[[str], int], by_frequency: bool
    ) -> None:
        super().__init__(groups)
        self._group_of = group_of
        self.by_frequency = by_frequency

    @classmethod
    def of_training(cls, counts: Mapping[str, int]) -> "WordGroups":
        """By the number of times that each word is in the training data."""
        groups = {word: FREQUENCIES.place(count) for word, count in counts.items()}
        return cls(groups, lambda word: 0, by_frequency=True)

    @classmethod
    def of_known(cls, is_known: Callable[[str], bool]) -> "WordGroups":
        """By what says of a word whether it is known."""
        return cls({}, lambda word: int(is_known(word)), by_frequency=False)

    def __missing__(self, word: str) -> int:
        group = self[word] = self._group_of(word)
        return group


class GroupCounter:
    """Counts what is right in groups: spans of gold tags, or tokens."""

    def __init__(self, by_frequency: bool) -> None:
        self._by_frequency = by_frequency
        # Of groups and whether it is right: words, lengths of spans, of sentences.
        self._words: Counter[tuple[int, bool]] = Counter()
        self._spans: Counter[tuple[int, bool]] = Counter()
        self._sentences: Counter[tuple[int, bool]] = Counter()

    def add(
        self,
        right: Sequence[bool],
        sentence_length: int,
        word_groups: Iterable[int] = (),
        span_lengths: Iterable[int] = (),
    ) -> None:
        """Adds a sentence.

        # Parameters

        right : `Sequence[bool]`
            Of each span or token, whether it is right.
        sentence_length : `int`
        word_groups : `Iterable[int]`, optional (default = none)
            Of each span or token, see `WordGroups`.
        span_lengths : `Iterable[int]`, optional (default = none)
            Of each span.
        """
        self._words.update(zip(word_groups, right, strict=False))
        lengths = map(SPAN_LENGTHS.place, span_lengths)
        self._spans.update(zip(lengths, right, strict=False))
        place, hits = SENTENCE_LENGTHS.place(sentence_length), sum(right)
        self._sentences[place, True] += hits
        self._sentences[place, False] += len(right) - hits

    def groups(self) -> dict[Property, list[Group]]:
        """Those that have something, of each property that is known."""
        known: Counter[tuple[int, bool]] = Counter()
        for (group, right), count in self._words.items():
            known[int(group == 0), right] += count
        properties: dict[Property, list[Group]] = {
            "words": _groups(known, UNKNOWN),
            "frequency": _groups(self._words, FREQUENCIES.names) if self._by_frequency else [],
            "span length": _groups(self._spans, SPAN_LENGTHS.names),
            "sentence length": _groups(self._sentences, SENTENCE_LENGTHS.names),
        }
        return {name: groups for name, groups in properties.items() if groups}


def _groups(counts: Counter[tuple[int, bool]], names: Sequence[str]) -> list[Group]:
    groups = [
        Group(name, counts[place, True] + counts[place, False], counts[place, True])
        for place, name in enumerate(names)
    ]
    return [group for group in groups if group.gold]
