"""An error report on the terminal."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Optional

from bilstm_tagger.experiments.errors.report import (
    ErrorReport,
    Group,
    Outcome,
    SentenceErrors,
    TaskErrors,
    side_by_side,
)
from bilstm_tagger.tagging.commands.tables import print_table
from bilstm_tagger.text.character_spans import CONTROL

# Rows of the tables of confusions and of types.
_CONFUSIONS, _TYPES = 10, 20
_WIDTH = 100


def print_errors(report: ErrorReport, sentences: int) -> None:
    """Prints the tables of each task, and as many of its sentences, the surest errors first."""
    names = _model_names(report.models)
    for name, model in zip(names, report.models, strict=True):
        print(f"{name}: {_safe(model)}" if name else f"Model: {_safe(model)}")
    print(f"Gold tags: {_safe(', '.join(report.gold.values()))}")
    for task in report.tasks:
        _print_task(task, names)
        for number, errors in enumerate(task.errors[:sentences]):
            if not number:
                count = len(task.errors)
                print(f"The surest errors, of {count:,} sentence{'s' * (count != 1)} with one:")
            _print_sentence(errors, task.of_spans, names)


def _model_names(models: Sequence[str]) -> list[str]:
    """What the models are called in tables: two have letters."""
    return [""] if len(models) == 1 else ["A", "B"]


def _print_task(task: TaskErrors, names: Sequence[str]) -> None:
    what = "spans" if task.of_spans else "tokens"
    accuracies = [
        f"{name}{': ' * bool(name)}{model.accuracy:.4f}"
        for name, model in zip(names, task.models, strict=True)
    ]
    print(
        f"\n{task.name}: {task.sentences:,} sentences, {task.tokens:,} tokens; tags right: "
        f"{', '.join(accuracies)}"
    )
    if task.of_spans:
        _print_scores(task, names)
        rows = [
            (kind, *(f"{model.kinds[kind]:,}" for model in task.models))
            for kind in task.models[0].kinds
        ]
        print_table("Spans by kind of error", ("kind", *_headings(names, "spans")), rows, 1)
    _print_confusions(task, names)
    _print_types(task, names)
    _print_groups(task, names)
    if task.only_right is not None:
        first, second = task.only_right
        print(f"Only A gets {first:,} gold {what} right, only B {second:,}.")
    if task.verdict is not None:
        print(*textwrap.wrap(_safe(task.verdict), _WIDTH, break_on_hyphens=False), sep="\n")


def _headings(names: Sequence[str], *columns: str) -> list[str]:
    """Of columns that each model has."""
    return [f"{name} {column}".strip() for name in names for column in columns]


def _print_scores(task: TaskErrors, names: Sequence[str]) -> None:
    rows = []
    for scheme in task.models[0].scores:
        for name, model in zip(names, task.models, strict=True):
            score = model.scores[scheme]
            shares = (score.precision, score.recall, score.f1)
            counts = (score.correct, score.incorrect, score.partial, score.missing, score.spurious)
            numbers = (*(f"{share:.4f}" for share in shares), *(f"{count:,}" for count in counts))
            rows.append((*([name] if name else []), scheme, *numbers))
    first = ("",) if len(names) > 1 else ()
    counted = ("correct", "incorrect", "partial", "missing", "spurious")
    header = (*first, "scheme", "precision", "recall", "F1", *counted)
    print_table("Scores", header, rows, len(first) + 1)


def _print_confusions(task: TaskErrors, names: Sequence[str]) -> None:
    pairs = side_by_side(
        [
            {(pair.gold, pair.predicted): pair.count for pair in model.confusions}
            for model in task.models
        ]
    )
    if not pairs:
        return
    pairs.sort(key=lambda row: -sum(count or 0 for count in row[1]))
    rows = []
    for (gold, predicted), counts in pairs[:_CONFUSIONS]:
        other_ends = " (other ends)" if gold == predicted else ""
        cells = ("none" if gold is None else gold, (predicted or "none") + other_ends)
        rows.append((*cells, *(f"{count or 0:,}" for count in counts)))
    title = _title("Confusions", "largest", len(rows), len(pairs))
    print_table(title, ("gold", "predicted", *_headings(names, "count")), rows, 2)


def _print_types(task: TaskErrors, names: Sequence[str]) -> None:
    by_label = [{score.label: score for score in model.types} for model in task.models]
    types = side_by_side(by_label)
    rows = []
    for label, scores in types[:_TYPES]:
        gold = next(score.gold for score in scores if score is not None)
        cells = [label, f"{gold:,}"]
        for score in scores:
            if score is None:  # The other model predicts it, and gold it never is.
                cells += ["0", "", "", ""]
                continue
            shares = (score.precision, score.recall, score.f1)
            cells += [f"{score.predicted:,}", *(f"{share:.4f}" for share in shares)]
        rows.append(cells)
    title = _title("Types" if task.of_spans else "Labels", "most frequent", len(rows), len(types))
    columns = _headings(names, "predicted", "precision", "recall", "F1")
    if len(names) > 1:  # as many as fit
        columns = _headings(names, "predicted", "F1")
        rows = [[*row[:3], row[5], row[6], row[9]] for row in rows]
    print_table(title, ("label", "gold", *columns), rows, 1)


def _print_groups(task: TaskErrors, names: Sequence[str]) -> None:
    groups = side_by_side(
        [
            {(name, group.name): group for name, groups in model.groups.items() for group in groups}
            for model in task.models
        ]
    )
    rows = [(*key, *(cell for group in cells for cell in _cells(group))) for key, cells in groups]
    columns = _headings(names, "gold", "right", "share")
    print_table("Right in groups", ("property", "group", *columns), rows, 2)


def _cells(group: Optional[Group]) -> tuple[str, str, str]:
    if group is None:
        return "0", "0", ""
    return f"{group.gold:,}", f"{group.right:,}", f"{group.right / group.gold:.4f}"


def _title(what: str, which: str, shown: int, total: int) -> str:
    return what if shown == total else f"{what}: the {shown} {which} of {total:,}"


def _print_sentence(errors: SentenceErrors, of_spans: bool, names: Sequence[str]) -> None:
    print(f"\n{_safe(errors.place)}")
    if not of_spans:
        _print_lines("", [" ".join(errors.tokens)])
        for name, outcomes in zip(names, errors.outcomes, strict=True):
            wrong = (_label(errors.tokens, outcome) for outcome in outcomes)
            _print_lines(name or "wrong", [", ".join(wrong) or "-"])
        return
    spans = [outcome.gold for outcome in errors.outcomes[0] if outcome.gold is not None]
    gold = [(first, last, label) for first, last, label in sorted(spans)]
    _print_lines("gold", [_marked(errors.tokens, gold)])
    for name, outcomes in zip(names, errors.outcomes, strict=True):
        predicted = sorted(
            (*outcome.predicted[:2], _with_probability(outcome))
            for outcome in outcomes
            if outcome.predicted is not None
        )
        _print_lines(name or "predicted", [_marked(errors.tokens, predicted)])


def _label(tokens: Sequence[str], outcome: Outcome) -> str:
    """A wrong label of a token."""
    assert outcome.gold is not None
    place, _, label = outcome.gold
    return f"{tokens[place]} {label}, not {_with_probability(outcome)}"


def _with_probability(outcome: Outcome) -> str:
    """The predicted type; where it is wrong, with its probability."""
    assert outcome.predicted is not None
    label = outcome.predicted[2]
    if outcome.kind == "right" or outcome.probability is None:
        return label
    return f"{label} {outcome.probability:.2f}"


def _marked(tokens: Sequence[str], spans: Iterable[tuple[int, int, str]]) -> str:
    """The tokens, with spans in brackets, from left to right."""
    words = list(tokens)
    for first, last, label in spans:
        words[first] = f"[{words[first]}"
        words[last] += f"]{label}"
    return " ".join(words)


def _print_lines(name: str, texts: Iterable[str]) -> None:
    for text in texts:
        lines = textwrap.wrap(
            _safe(text),
            _WIDTH,
            initial_indent=f"  {name:<9}  ",
            subsequent_indent=" " * 13,
            break_on_hyphens=False,
        )
        print(*lines, sep="\n")


def _safe(text: str) -> str:
    """Without characters that could steer a terminal."""
    return CONTROL.sub("?", text)
