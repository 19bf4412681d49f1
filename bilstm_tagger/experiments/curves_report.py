"""The curves of one training: a page of HTML that needs nothing else, and the rows of a table."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Optional

import numpy

from bilstm_tagger.experiments.curves import DEV, TEST, TRAINING, Curve, Training
from bilstm_tagger.experiments.page import render
from bilstm_tagger.experiments.svg import DEV as DEV_COLOUR
from bilstm_tagger.experiments.svg import INK, RING, svg_element
from bilstm_tagger.experiments.svg import TEST as TEST_COLOUR
from bilstm_tagger.experiments.svg import TRAINING as TRAINING_COLOUR

# Part of the data: its name on the page, colour, line.
_LINES = {
    TRAINING: ("training", TRAINING_COLOUR, "--"),
    DEV: ("dev", DEV_COLOUR, "-"),
    TEST: ("test", TEST_COLOUR, "-."),
}


def header(training: Training) -> list[str]:
    """The columns of `rows`; those of test only where there is a test set."""
    columns = ["metric", "training, last", "dev, last", "dev, best", "best epoch"]
    return columns + ["test, last", "test, best on dev"] * _has_test(training)


def rows(training: Training) -> list[list[str]]:
    """A row for each metric."""
    table = []
    for curve in training.all_in_order:
        show = curve.scale.show
        best = curve.best
        dev, test = (curve.values.get(part) for part in (DEV, TEST))
        row = [
            curve.scale.describe(curve.metric),
            show(_last(curve.values.get(TRAINING))),
            show(_last(dev)),
            show(dev[best]) if dev and best is not None else "",
            "" if best is None else str(curve.epochs[best]),
        ]
        if _has_test(training):
            row += [show(_last(test)), show(test[best]) if test and best is not None else ""]
        table.append(row)
    return table


def summary(training: Training) -> str:
    """How far it is, in a sentence."""
    number = len(training.epochs)
    text = f"{number} epoch{'s' * (number != 1)}, "
    text += "finished" if training.finished else "not finished: still going on, or interrupted"
    if training.best_epoch is not None:
        verb = "has" if training.finished else "would now have"
        text += f"; the archive {verb} epoch {training.best_epoch}, "
        text += "the best by " + ("the sum of " if len(training.chosen_by) > 1 else "")
        text += " and ".join(training.chosen_by)
    return text


def make_page(training: Training) -> str:
    """The page: a table and plots. The same files make the same page."""
    numbers = itertools.count(1)

    def figures(curves: Iterable[Curve]) -> list[dict[str, Any]]:
        from markupsafe import Markup

        return [
            {
                "curve": curve,
                "best": _describe_best(curve),
                "svg": Markup(plot_curve(curve, training.best_epoch, f"figure{next(numbers)}")),
            }
            for curve in curves
        ]

    return render(
        "curves.html.jinja",
        training=training,
        summary=summary(training),
        header=header(training),
        rows=rows(training),
        sections=[
            ("Scores", figures(training.main_scores)),
            ("Loss", figures(training.losses)),
            ("Learning rate", figures(training.rates)),
        ],
    )


def plot_curve(curve: Curve, chosen_epoch: Optional[int], prefix: str) -> str:
    """A line for each part of the data, a ring at the best epoch on dev, and a dotted line at the
    epoch of the archive."""
    scale = curve.scale

    def paint(axes: Any) -> None:
        lines = []
        for part, values in curve.values.items():
            name, colour, style = _LINES[part]
            line = scale(1) * numpy.array(values)
            # A single epoch is a point.
            marker = "o" if numpy.isfinite(line).sum() == 1 else None
            axes.plot(
                curve.epochs, line, style, color=colour, label=name, marker=marker, linewidth=1.6
            )
            lines.append(line)
        if (best := curve.best) is not None:
            axes.plot(
                [curve.epochs[best]],
                [scale(curve.values[DEV][best])],
                "o",
                **RING,
                label="best",
            )
        if chosen_epoch in curve.epochs:
            axes.axvline(chosen_epoch, color=INK, linestyle=":", linewidth=1, label="archive")
        if not curve.is_rate:
            _fit(axes, lines)
        axes.set_xlim(min(curve.epochs) - 0.5, max(curve.epochs) + 0.5)
        axes.locator_params(axis="x", nbins=5, integer=True)
        axes.locator_params(axis="y", nbins=4)
        axes.set(xlabel="epoch", ylabel="per cent" if scale.per_cent else "")
        axes.figure.legend(
            loc="outside upper center",
            ncols=5,
            frameon=False,
            handlelength=1.5,
            handletextpad=0.3,
            columnspacing=0.8,
        )

    return svg_element(260, paint, f"{curve.metric} over the epochs", prefix)


def _fit(axes: Any, lines: Sequence[numpy.ndarray]) -> None:
    """Fits the axis to what comes after the first tenth of the epochs, which would take the height
    from all others."""
    start = len(lines[0]) // 10
    values = numpy.concatenate([line[start:] for line in lines])
    values = values[numpy.isfinite(values)]
    if len(values):
        margin = 0.08 * (values.max() - values.min()) or 0.5
        axes.set_ylim(values.min() - margin, values.max() + margin)


def _describe_best(curve: Curve) -> str:
    """The best score on dev, for people; empty without one."""
    best = curve.best
    if best is None:
        return ""
    text = f"best on dev: {curve.scale.show(curve.values[DEV][best])} in epoch {curve.epochs[best]}"
    if test := curve.values.get(TEST):
        text += f"; test there: {curve.scale.show(test[best])}"
    return text


def _last(values: Optional[Sequence[float]]) -> Optional[float]:
    return values[-1] if values and numpy.isfinite(values[-1]) else None


def _has_test(training: Training) -> bool:
    return any(TEST in curve.values for curve in training.curves)
