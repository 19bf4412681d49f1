"""What the simulation of active learning found: tables, and a plot of the learning curves."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

import numpy
from scipy import stats  # type: ignore[import-untyped]

from benchmarks.selection import RANDOM, Training
from bilstm_tagger.tagging.plotting import draw

# Strategy to repetition to its trainings, the smallest first.
Curves = dict[str, dict[int, list[Training]]]
NAMES = {"conll2000": "Chunking, CoNLL-2000", "wnut17": "Entities, WNUT-17"}
_COLOURS = ("#777777", "#1f6fb2", "#c8553d", "#2a8f5b", "#8a5fbf", "#b58900", "#d36ba6")


class Saving(NamedTuple):
    """The labels of a strategy that reach the F1 of random choice with a number of sentences, as
    shares of the labels of random choice: of each repetition."""

    sentences: list[float]
    tokens: list[float]


def curves_of(trainings: Sequence[Training], corpus: str) -> Curves:
    """The learning curves of a corpus, random choice first. All of a repetition begin with the same
    training. Those that are not complete are left out."""
    curves: Curves = {}
    of_corpus = [training for training in trainings if training.corpus == corpus]
    first = min((len(training.chosen) for training in of_corpus), default=0)
    sizes = {len(training.chosen) for training in of_corpus}
    starts = {t.repetition: t for t in of_corpus if len(t.chosen) == first}
    for training in of_corpus:
        curve = curves.setdefault(training.name, {}).setdefault(
            training.repetition, [starts[training.repetition]]
        )
        if len(training.chosen) > first:
            curve.append(training)
    for name, of_name in curves.items():
        whole = {r: curve for r, curve in of_name.items() if len(curve) == len(sizes)}
        curves[name] = {r: sorted(curve, key=lambda t: len(t.chosen)) for r, curve in whole.items()}
    names = sorted(curves, key=lambda name: (name != RANDOM, name))
    return {name: curves[name] for name in names if curves[name]}


def saving(curves: Curves, name: str, sentences: int, part: str) -> Optional[Saving]:
    """How many labels reach the F1 of random choice, by lines between the points of each curve;
    where a curve does not reach it, that is the last point's number. `None` without a repetition
    that has both curves."""
    saving = Saving([], [])
    for repetition in sorted(curves[name].keys() & curves[RANDOM].keys()):
        (baseline,) = (t for t in curves[RANDOM][repetition] if len(t.chosen) == sentences)
        curve = curves[name][repetition]
        # F1 that a number of labels reaches: it does not fall again.
        scores = numpy.maximum.accumulate([getattr(training, part) for training in curve])
        target = getattr(baseline, part)
        for values, of_curve, of_random in (
            (saving.sentences, [len(t.chosen) for t in curve], sentences),
            (saving.tokens, [t.tokens for t in curve], baseline.tokens),
        ):
            values.append(_crossing(of_curve, scores.tolist(), target) / of_random)
    return saving if saving.sentences else None


def _crossing(labels: Sequence[int], scores: Sequence[float], target: float) -> float:
    """The number of labels at which a curve reaches a score."""
    points = list(zip(labels, scores, strict=True))
    if scores[0] >= target:
        return labels[0]
    for (before, low), (behind, high) in itertools.pairwise(points):
        if high >= target:
            return before + (behind - before) * (target - low) / (high - low)
    return labels[-1]


def scores_table(curves: Curves, part: str) -> list[list[str]]:
    """Of each strategy the mean F1 at each size, with its standard deviation, and the mean number
    of tokens. Rows of cells, the header first."""
    sizes = [len(t.chosen) for t in next(iter(curves[RANDOM].values()))]
    rows = [["strategy", "repetitions", *(f"{size:,}" for size in sizes)]]
    for name, of_name in curves.items():
        cells = []
        for trainings in zip(*of_name.values(), strict=True):
            values = [getattr(training, part) for training in trainings]
            tokens = numpy.mean([training.tokens for training in trainings])
            cells.append(f"{_mean(values, 2)} ({tokens:,.0f})")
        rows.append([name, str(len(of_name)), *cells])
    return rows


def savings_table(curves: Curves, part: str, sizes: Sequence[int]) -> list[list[str]]:
    """Of each strategy the share of the labels of random choice that reaches its F1, in sentences
    and in tokens. Rows of cells, the header first."""
    rows = [["strategy", "random choice", "share of sentences", "share of tokens"]]
    for name, size in itertools.product([name for name in curves if name != RANDOM], sizes):
        share = saving(curves, name, size, part)
        if share is not None:
            percent = [_mean([100 * value for value in values], 0, " %") for values in share]
            rows.append([name, f"{size:,} sentences", *percent])
    return rows


def verdicts(curves: Curves, part: str) -> list[str]:
    """Of each strategy the difference of its F1 to that of random choice, mean over the sizes but
    the first: with its 95 % interval and the p-value of a paired t-test over the repetitions."""
    lines = []
    for name, of_name in curves.items():
        common = sorted(of_name.keys() & curves[RANDOM].keys())
        if name == RANDOM or len(common) < 2:
            continue
        means = [
            [
                numpy.mean([getattr(training, part) for training in curve[repetition][1:]])
                for curve in (of_name, curves[RANDOM])
            ]
            for repetition in common
        ]
        ours, theirs = numpy.transpose(means)
        test = stats.ttest_rel(ours, theirs)
        low, high = test.confidence_interval()
        lines.append(
            f"{name}: F1 {numpy.mean(ours - theirs):+.2f} to random choice, mean over all sizes "
            f"(95 % interval {low:+.2f} to {high:+.2f}, p = {test.pvalue:.2g}, {len(common)} "
            "repetitions)"
        )
    return lines


def _mean(values: Sequence[float], digits: int, unit: str = "") -> str:
    mean = f"{numpy.mean(values):.{digits}f}"
    if len(values) < 2:
        return mean + unit
    return f"{mean} +- {numpy.std(values, ddof=1):.{digits}f}{unit}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown, its numbers at the right."""
    header, *others = rows
    marks = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, marks, *others))


def report(trainings: Sequence[Training], part: str) -> str:
    """All tables, as Markdown; F1 is that of a part, "dev" or "test"."""
    pieces = []
    for corpus, title in NAMES.items():
        curves = curves_of(trainings, corpus)
        if RANDOM not in curves:
            continue
        sizes = [len(t.chosen) for t in next(iter(curves[RANDOM].values()))]
        pieces.append(f"{title}: F1 ({part}) by the number of sentences; in brackets, tokens")
        pieces.append(markdown(scores_table(curves, part)))
        pieces.append("Labels that reach the F1 of random choice")
        pieces.append(markdown(savings_table(curves, part, sizes[2:])))
        pieces += verdicts(curves, part)
    return "\n\n".join(pieces)


def plot(trainings: Sequence[Training], part: str) -> bytes:
    """The learning curves as SVG: a row for each corpus, F1 by sentences and by tokens; the lines
    are means over the repetitions, with bars of a standard deviation."""
    corpora: Mapping[str, Curves] = {
        corpus: curves for corpus in NAMES if RANDOM in (curves := curves_of(trainings, corpus))
    }

    def paint(figure: Any) -> None:
        grid = figure.subplots(len(corpora), 2, squeeze=False, sharey="row")
        for (corpus, curves), (left, right) in zip(corpora.items(), grid, strict=True):
            for colour, (name, of_name) in zip(_COLOURS, curves.items(), strict=False):
                steps = list(zip(*of_name.values(), strict=True))
                sentences = [len(step[0].chosen) for step in steps]
                tokens = [numpy.mean([t.tokens for t in step]) for step in steps]
                scores = [[getattr(t, part) for t in step] for step in steps]
                means = list(map(numpy.mean, scores))
                spreads = [numpy.std(s, ddof=1) if len(s) > 1 else 0.0 for s in scores]
                for axes, labels in ((left, sentences), (right, tokens)):
                    axes.errorbar(
                        labels, means, spreads, color=colour, label=name, marker="o", ms=3.5,
                        linewidth=1.5, elinewidth=0.8, capsize=2,
                    )  # fmt: skip
            left.set(title=NAMES[corpus], ylabel=f"F1 ({part})")
            left.set_xlabel("labelled sentences")
            right.set_xlabel("labelled tokens")
            right.xaxis.set_major_formatter("{x:,.0f}")
            right.locator_params(axis="x", nbins=6)
            left.legend(frameon=False, loc="lower right")

    return draw((8.5, 3.6 * len(corpora)), paint, settings={"font.size": 9})
