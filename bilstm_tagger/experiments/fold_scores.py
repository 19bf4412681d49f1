"""The scores of a cross-validation: of each fold, and of all folds together."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from bilstm_tagger.experiments.distribution import Scale, Summary
from bilstm_tagger.experiments.out_of_fold import OutOfFoldSentence
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.known_spans import judged_spans
from bilstm_tagger.text.spans import Span, precision_recall_f1

# Name of a metric to scores.
Scores = dict[str, list[float]]


class FoldScores:
    """F1 of the tasks of spans and accuracy of the others, of predictions out of fold.

    There are one or several models for each fold, one for each seed; the models of one seed predict
    all data.
    """

    def __init__(self) -> None:
        self._sentences: Counter[int] = Counter()
        # Fold, seed and name of the metric to the numbers of what is right, predicted and gold.
        self._counts: dict[tuple[int, int, str], tuple[int, int, int]] = {}

    def add(self, seed: int, sentence: OutOfFoldSentence) -> None:
        """Adds what the model of a seed, which is numbered from 0, says of a sentence. Where the
        gold tags are not known, nothing is right or wrong."""
        self._sentences[sentence.fold] += seed == 0
        for task, of_task in sentence.tasks.items():
            gold, predicted = of_task.gold, of_task.predicted
            if of_task.encoding is not None:
                metric = f"{task}_f1"
                encoding = get_encoding(of_task.encoding)
                known = encoding.spans([tag or "O" for tag in gold])
                judged = judged_spans(encoding.spans(predicted), known, _outside(gold))
                numbers = len({*judged} & {*known}), len(judged), len(known)
            else:
                # Of labels, as many are predicted as are gold: their F1 is the accuracy.
                metric = f"{task}_accuracy"
                right = [tag == label for tag, label in zip(predicted, gold, strict=True) if label]
                numbers = sum(right), len(right), len(right)
            key = sentence.fold, seed, metric
            self._counts[key] = _sum(self._counts.get(key, (0, 0, 0)), numbers)

    def of_runs(self, fold: int | None = None) -> Scores:
        """Of each model, on the fold that it was not trained on; of all folds, or of one."""
        scores: Scores = defaultdict(list)
        for (of_fold, _, metric), counts in sorted(self._counts.items()):
            if fold in (None, of_fold):
                scores[metric].append(precision_recall_f1(*counts)[2])
        return scores

    def together(self) -> Scores:
        """Of all data, for each seed."""
        totals: dict[tuple[int, str], tuple[int, int, int]] = {}
        for (_, seed, metric), counts in self._counts.items():
            totals[seed, metric] = _sum(totals.get((seed, metric), (0, 0, 0)), counts)
        scores: Scores = defaultdict(list)
        for (_, metric), counts in sorted(totals.items()):
            scores[metric].append(precision_recall_f1(*counts)[2])
        return scores

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The header of a table, and its rows: one for each fold, the mean of all runs, and all
        folds together; means and standard deviations in per cent."""
        names = sorted(self.together())
        rows = [
            _row(f"fold {fold}", count, self.of_runs(fold), names)
            for fold, count in sorted(self._sentences.items())
        ]
        runs = len({(fold, seed) for fold, seed, _ in self._counts})
        rows.append(_row(f"mean ± sd of {runs} runs", None, self.of_runs(), names))
        total = self._sentences.total()
        rows.append(_row("all folds together", total, self.together(), names))
        return ["left out", "sentences", *names], rows


def _outside(gold: Sequence[str]) -> Callable[[Span], bool]:
    """Whether spans are known to be outside of all spans, and where they would end is known."""
    return lambda span: (
        "" not in gold[span.start : span.end + 1]
        and all(tag == "O" for tag in gold[span.start : span.end])
    )


def _sum(counts: tuple[int, int, int], more: tuple[int, int, int]) -> tuple[int, int, int]:
    return counts[0] + more[0], counts[1] + more[1], counts[2] + more[2]


def _row(name: str, sentences: int | None, scores: Scores, names: list[str]) -> list[str]:
    cells = ["" if sentences is None else f"{sentences:,}"]
    scale = Scale(per_cent=True)
    for metric in names:
        summary = Summary.of(scores[metric])
        assert summary is not None
        cell = scale.show(summary.mean)
        if summary.standard_deviation is not None:
            cell += f" ± {scale.show(summary.standard_deviation)}"
        cells.append(cell)
    return [name, *cells]
