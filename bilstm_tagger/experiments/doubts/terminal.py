"""A report of doubts on the terminal."""

import logging
from collections.abc import Sequence
from typing import Optional

from bilstm_tagger.experiments.doubts.page import KIND_NAMES
from bilstm_tagger.experiments.doubts.report import Doubt, DoubtReport
from bilstm_tagger.experiments.out_of_fold import TokenSpan
from bilstm_tagger.tagging.commands.tables import escaped, print_table

logger = logging.getLogger(__name__)

# Characters of the words of a span.
_WIDTH = 40
# A score of the models below which a warning is printed.
_WEAK = 0.5


def print_doubts(report: DoubtReport, number: int) -> None:
    """Prints the number of doubts of each kind, and the likeliest doubts."""
    print(f"Predictions: {report.predictions}")
    for task in report.tasks:
        print(f"{task.name}: out of fold, the models have an {task.metric} of {task.score:.1%}")
        if task.score < _WEAK:
            logger.warning(
                "Many doubts about '%s' are errors of the models, not of the labels. Models that "
                "are trained longer, or on more sentences, find wrong labels better.",
                task.name,
            )
    rows = [
        (task.name, KIND_NAMES[kind], f"{count:,}", f"{confident:,}")
        for task in report.tasks
        for kind, (count, confident) in task.kinds.items()
    ]
    print_table("Doubts", ("task", "kind", "doubts", "confident"), rows, 2)
    several = len(report.tasks) > 1
    of_datasets = any(doubt.dataset for doubt in report.doubts)
    shown = [
        (
            f"{doubt.rank}",
            f"{doubt.score:.3f}",
            escaped(doubt.place),
            *((doubt.dataset,) if of_datasets else ()),
            *((doubt.task,) if several else ()),
            KIND_NAMES[doubt.kind],
            escaped(described(doubt.gold, doubt, _WIDTH)),
            escaped(described(doubt.suggestion, doubt, _WIDTH)),
            f"{doubt.gold_probability:.3f}",
            f"{doubt.probability:.3f}",
        )
        for doubt in report.doubts[:number]
    ]
    more = (*(("data set",) if of_datasets else ()), *(("task",) if several else ()))
    title = f"The first {len(shown):,} of {sum(task.total for task in report.tasks):,}"
    sides = ("gold", "suggestion", "P(gold)", "P(suggestion)")
    columns = ("rank", "score", "place", *more, "kind", *sides)
    print_table(title, columns, shown, len(columns) - 2)


def described(spans: Sequence[TokenSpan], doubt: Doubt, width: Optional[int] = None) -> str:
    """The spans of a side of a doubt with their words, such as "[the bank]NP"; of each no more
    characters than the width, if there is one."""
    pieces = []
    for first, last, label in spans:
        words = " ".join(doubt.tokens[first - doubt.first : last - doubt.first + 1])
        pieces.append(f"[{_shortened(words, width)}]{label}")
    return " ".join(pieces) or "no span"


def _shortened(text: str, width: Optional[int]) -> str:
    if width is None or len(text) <= width:
        return text
    return f"{text[: width // 2]}…{text[-width // 2 + 1 :]}"
