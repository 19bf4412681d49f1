"""The page of a report of doubts: one file of HTML that needs nothing else."""

from itertools import zip_longest
from typing import Any

from bilstm_tagger.experiments.doubts.report import (
    Doubt,
    DoubtfulSentence,
    DoubtReport,
    Kind,
    TaskDoubts,
)
from bilstm_tagger.experiments.page import embedded, hues_of, render_sentences

KIND_NAMES: dict[Kind, str] = {
    "label": "wrong label",
    "type": "wrong type",
    "boundary": "wrong boundary",
    "missed": "missed",
    "spurious": "spurious",
}


def make_doubt_page(report: DoubtReport) -> str:
    """The page: for each task its numbers, and a list of the sentences with doubts to search and
    filter. The same report makes the same page.
    """
    return render_sentences(
        "doubts/doubts.html.jinja", report=report, tasks=[_task(task) for task in report.tasks]
    )


def _task(task: TaskDoubts) -> dict[str, Any]:
    spans = [
        span
        for sentence in task.doubtful
        for doubt in sentence.doubts
        for span in doubt.gold + doubt.suggestion
    ]
    agreed = [span for sentence in task.doubtful for span in sentence.agreed]
    labels = dict.fromkeys([*task.thresholds, *(label for _, _, label in spans + agreed)])
    # "O" is no type of spans, and has no colour.
    hues = hues_of(label for label in labels if label != "O" or not task.of_spans)
    kinds = {kind: KIND_NAMES[kind] for kind in task.kinds}
    return {
        "doubts": task,
        "other_side": "suggested",
        "hues": hues,
        "kind_names": kinds,
        "matrix": None,
        "data": embedded(
            {
                "of_spans": task.of_spans,
                "noun": "doubt",
                "models": ["suggestion"],
                "hues": hues,
                "kinds": kinds,
                "errors": [_sentence(sentence) for sentence in task.doubtful],
            }
        ),
    }


def _sentence(sentence: DoubtfulSentence) -> dict[str, Any]:
    """A sentence as the script of the list takes it."""
    outcomes = [{"kind": "right", "gold": span, "predicted": span} for span in sentence.agreed]
    for doubt in sentence.doubts:
        outcomes += _outcomes(doubt)
    facts = [f"data set {sentence.dataset}"] if sentence.dataset else []
    facts += [
        f"rank {doubt.rank:,} (score {doubt.score:.3f})"
        for doubt in sorted(sentence.doubts, key=lambda doubt: doubt.rank)
    ]
    return {
        "number": sentence.number,
        "place": sentence.place,
        "tokens": sentence.tokens,
        "facts": facts,
        "outcomes": [outcomes],
    }


def _outcomes(doubt: Doubt) -> list[dict[str, Any]]:
    """The spans of a doubt side by side; after the first they are marked as the same doubt."""
    outcomes = []
    for index, (gold, suggestion) in enumerate(zip_longest(doubt.gold, doubt.suggestion)):
        outcome: dict[str, Any] = {"kind": doubt.kind, "probability": doubt.probability}
        outcome["continued"] = index > 0
        if gold is not None:
            outcome["gold"] = gold
        if suggestion is not None:
            outcome["predicted"] = suggestion
        outcomes.append(outcome)
    return outcomes
