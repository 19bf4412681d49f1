"""The confusions of labels as a square: rows are gold, columns predicted."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Optional

# A type or label; `None`: no span.
Label = Optional[str]
# What a row or column is of: one label, or all labels that have none of their own.
Labels = tuple[Label, ...]
Pair = tuple[Label, Label]

# The maximum number of rows, and of columns: more cannot be read. The least confused labels share
# the last one.
MAX_LABELS = 20


class Choice(NamedTuple):
    """One confusion, or several in one cell, as a filter of sentences selects them."""

    gold: Labels
    predicted: Labels
    pairs: list[Pair]


class Cell(NamedTuple):
    """How often gold labels were predicted as others."""

    # The index of its `Choice`.
    choice: int
    # Of each model.
    counts: list[int]


class ConfusionMatrix(NamedTuple):
    """Confusions as a square. Rows and columns are in one order, the most confused labels first."""

    columns: list[Labels]
    # The labels of a row, and its cells; `None`: no model confuses these labels.
    rows: list[tuple[Labels, list[Optional[Cell]]]]
    # Each confusion, in its order, then the cells with several.
    choices: list[Choice]


def make_confusion_matrix(
    confusions: Sequence[tuple[Pair, Sequence[Optional[int]]]],
) -> ConfusionMatrix:
    """Arranges confusions as a square.

    # Parameters

    confusions : `Sequence[Tuple[Pair, Sequence[Optional[int]]]]`
        A gold and a predicted label, and how often each model makes this confusion.
    """
    sizes: Counter[Label] = Counter()
    for pair, counts in confusions:
        for label in dict.fromkeys(pair):
            sizes[label] += sum(count or 0 for count in counts)
    labels = [label for label, _ in sizes.most_common()]
    axis: list[Labels] = [(label,) for label in labels]
    if len(axis) > MAX_LABELS:
        axis[MAX_LABELS - 1 :] = [tuple(labels[MAX_LABELS - 1 :])]
    place = {label: entry for entry in axis for label in entry}
    choices = [
        Choice((gold,), (predicted,), [(gold, predicted)]) for (gold, predicted), _ in confusions
    ]
    inside: dict[tuple[Labels, Labels], list[int]] = {}
    for index, ((gold, predicted), _) in enumerate(confusions):
        inside.setdefault((place[gold], place[predicted]), []).append(index)
    cells = {}
    for entries, indices in inside.items():
        choice = indices[0]
        if len(indices) > 1:
            choice = len(choices)
            choices.append(Choice(*entries, [confusions[index][0] for index in indices]))
        columns = zip(*(confusions[index][1] for index in indices), strict=True)
        cells[entries] = Cell(choice, [sum(count or 0 for count in column) for column in columns])
    gold_entries, predicted_entries = ({entries[side] for entries in cells} for side in (0, 1))
    columns_shown = [entry for entry in axis if entry in predicted_entries]
    return ConfusionMatrix(
        columns_shown,
        [
            (entry, [cells.get((entry, column)) for column in columns_shown])
            for entry in axis
            if entry in gold_entries
        ],
        choices,
    )
