"""Confident learning: how sure models are of the labels that a corpus has.

Source: Northcutt, Jiang and Chuang (2021), "Confident Learning: Estimating Uncertainty in Dataset
Labels", Journal of Artificial Intelligence Research 70, arXiv 1911.00068.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Optional

from bilstm_tagger.experiments.out_of_fold import OutOfFoldTask, gold_spans

OUTSIDE = "O"


class Thresholds:
    """Collects the threshold of each class: the mean probability that it has where it is the label
    (section 3.1, equation 2 of the paper).

    The classes of plain labels are the labels. Those of spans are their types, whose probability is
    that of exactly this span, and "O" of the tokens outside of spans.
    """

    def __init__(self) -> None:
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._counts: defaultdict[str, int] = defaultdict(int)

    def add_labels(self, task: OutOfFoldTask) -> None:
        """Adds a sentence with plain labels."""
        for gold, labels in zip(task.gold, task.labels, strict=True):
            if gold:
                self._add(gold, dict(labels).get(gold, 0.0))

    def add_spans(self, task: OutOfFoldTask) -> None:
        """Adds a sentence of a task with spans."""
        probabilities = {(first, last, label): value for first, last, label, value in task.spans}
        for span in gold_spans(task.gold):
            self._add(span[2], probabilities[span])
        for gold, labels in zip(task.gold, task.labels, strict=True):
            if gold == OUTSIDE:
                self._add(OUTSIDE, dict(labels).get(OUTSIDE, 0.0))

    def _add(self, label: str, probability: float) -> None:
        self._sums[label] += probability
        self._counts[label] += 1

    def means(self) -> dict[str, float]:
        """The threshold of each class, the most frequent first."""
        order = sorted(self._counts, key=lambda label: (-self._counts[label], label))
        return {label: self._sums[label] / self._counts[label] for label in order}


def confident_label(
    probabilities: Mapping[str, float], thresholds: Mapping[str, float]
) -> Optional[str]:
    """The label that confident learning counts a token for: of those that reach their threshold the
    most probable one (equation 1 of the paper); `None` where none does."""
    reaching = [
        label
        for label, probability in probabilities.items()
        if label in thresholds and probability >= thresholds[label]
    ]
    return max(reaching, key=probabilities.__getitem__, default=None)
