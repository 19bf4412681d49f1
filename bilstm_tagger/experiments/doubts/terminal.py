"""A report of doubts on the terminal."""

from bilstm_tagger.experiments.doubts.page import KIND_NAMES
from bilstm_tagger.experiments.doubts.report import Doubt, DoubtReport
from bilstm_tagger.tagging.commands.tables import print_table

# Characters of the words around a doubt.
_WIDTH = 40


def print_doubts(report: DoubtReport, number: int) -> None:
    """Prints how many doubts of each kind there are, and so many of them, the likeliest first."""
    print(f"Predictions: {report.predictions}")
    rows = [
        (task.name, KIND_NAMES[kind], f"{count:,}", f"{confident:,}")
        for task in report.tasks
        for kind, (count, confident) in task.kinds.items()
    ]
    print_table("Doubts", ("task", "kind", "doubts", "confident"), rows, 2)
    several = len(report.tasks) > 1
    shown = [
        (
            f"{doubt.rank}",
            f"{doubt.score:.3f}",
            doubt.place,
            *((doubt.task,) if several else ()),
            KIND_NAMES[doubt.kind],
            described(doubt, "gold"),
            described(doubt, "suggestion"),
            f"{doubt.gold_probability:.3f}",
            f"{doubt.probability:.3f}",
        )
        for doubt in report.doubts[:number]
    ]
    header = ("rank", "score", "place", *(("task",) if several else ()), "kind", "gold")
    title = f"The first {len(shown):,} of {len(report.doubts):,}"
    columns = (*header, "suggestion", "P(gold)", "P(suggestion)")
    print_table(title, columns, shown, len(columns) - 2)


def described(doubt: Doubt, side: str) -> str:
    """The labels of a doubt, or its suggestion, with the tokens, such as "[the bank]NP"."""
    spans = doubt.gold if side == "gold" else doubt.suggestion
    if not spans:
        return "no span" if side == "suggestion" else _short(" ".join(doubt.tokens))
    pieces = []
    for first, last, label in spans:
        words = " ".join(doubt.tokens[first - doubt.first : last - doubt.first + 1])
        pieces.append(f"[{_short(words)}]{label}")
    return " ".join(pieces)


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH // 2]}…{text[-_WIDTH // 2 + 1 :]}"
