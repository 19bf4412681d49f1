"""The page of an error report: one file of HTML that needs nothing else."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Optional

from bilstm_tagger.experiments.errors.confusion_matrix import Labels, make_confusion_matrix
from bilstm_tagger.experiments.errors.report import (
    ErrorReport,
    Group,
    Kind,
    ModelErrors,
    Property,
    TaskErrors,
    side_by_side,
)
from bilstm_tagger.experiments.page import embedded, hues_of, render_sentences

_KINDS: dict[Kind, str] = {
    "right": "right",
    "type": "wrong type",
    "boundary": "wrong boundary",
    "type and boundary": "wrong type and boundary",
    "missing": "missing",
    "spurious": "spurious",
}
_PROPERTIES: dict[Property, str] = {
    "words": "words, by whether training has them",
    "frequency": "words, by how often training has them",
    "span length": "spans, by their number of tokens",
    "sentence length": "sentences, by their number of tokens",
}


def make_error_page(report: ErrorReport) -> str:
    """The page: for each task its tables, and a list of the sentences with errors to search and
    filter. The same report makes the same page.
    """
    names = ["A", "B"] if len(report.models) > 1 else ["predicted"]
    return render_sentences(
        "errors/errors.html.jinja",
        report=report,
        names=names,
        tasks=[_task(task, names) for task in report.tasks],
        property_names=_PROPERTIES,
    )


def _task(task: TaskErrors, names: Sequence[str]) -> dict[str, Any]:
    """What the page shows of a task; rows with a cell for each model, `None` where it has none."""
    models = task.models
    types = side_by_side([{score.label: score for score in model.types} for model in models])
    confusions = side_by_side(
        [{(pair.gold, pair.predicted): pair.count for pair in model.confusions} for model in models]
    )
    confusions.sort(key=lambda row: -sum(count or 0 for count in row[1]))
    matrix = make_confusion_matrix(confusions)
    labels = dict.fromkeys(label for label, _ in types)
    labels.update(dict.fromkeys(label for pair, _ in confusions for label in pair if label))
    hues = hues_of(labels)
    kinds = dict(_KINDS) if task.of_spans else {**_KINDS, "type": "wrong label"}
    properties = dict.fromkeys(itertools.chain(*(model.groups for model in models)))
    return {
        "errors": task,
        "other_side": "predicted",
        "hues": hues,
        "kind_names": kinds,
        "scores": side_by_side([model.scores for model in models]),
        "kinds": side_by_side([model.kinds for model in models]),
        "types": types,
        "confusions": confusions,
        "matrix": matrix,
        "right": [[_right(model, labels) for labels, _ in matrix.rows] for model in models],
        "groups": [
            (name, side_by_side([_by_name(model.groups.get(name, ())) for model in models]))
            for name in properties
        ],
        "data": embedded(
            {
                "of_spans": task.of_spans,
                "noun": "error",
                "models": names,
                "hues": hues,
                "kinds": kinds,
                "errors": task.errors,
            }
        ),
    }


def _by_name(groups: Iterable[Group]) -> dict[str, Group]:
    return {group.name: group for group in groups}


def _right(model: ModelErrors, labels: Labels) -> Optional[int]:
    """How often labels are right; `None` where they are no spans."""
    if labels == (None,):
        return None
    return sum(round(score.recall * score.gold) for score in model.types if score.label in labels)
