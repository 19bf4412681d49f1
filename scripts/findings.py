"""Makes docs/findings.md: the runs of docs/findings/plan.jsonnet that are missing, then the page
and its plots. `make findings`; `--no-runs` for the page alone.

Runs and records are kept as those of `scripts/results.py`, which see.
"""

import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from _jsonnet import evaluate_file  # type: ignore[import-untyped]
from results import Entry, key_of, known, run_as_told, show_mean, table_row

from bilstm_tagger.experiments.comparison import compare_all
from bilstm_tagger.experiments.distribution import Scale, Summary
from bilstm_tagger.experiments.verdicts import verdict
from bilstm_tagger.tagging.plotting import draw
from bilstm_tagger.text.files import write_text

PLAN, PAGE = Path("docs/findings/plan.jsonnet"), Path("docs/findings.md")
LEAST_RUNS = 2
HEADER = """\
# Findings

Reimers and Gurevych (2017, [arXiv 1707.06799](https://arxiv.org/abs/1707.06799)) compared settings
of such networks in many thousand runs. This page tries some of their findings again. A table shows
variants of one config that differ in one respect, each with several seeds. The permutation test of
`allennlp compare` decides whether two variants differ ([experiments.md](experiments.md)). It
corrects p for the number of pairs in the table (Holm).

`make findings` makes this page from the records of the runs,
[results/runs.jsonl](results/runs.jsonl). [Another page](findings/components.md) is about components
of other systems that were tried.

- Scores are on test, in per cent, of the epoch that is best on dev: mean ± standard deviation.
- The word vectors are GloVe 6B, 100 dimensions.
- A training ends after 25 epochs, or after 5 epochs without a better score. This is sooner than in
  [results.md](results.md).
- With five runs per variant, an interval of 95 per cent contains the true value in about 86 of 100
  cases ([experiments.md](experiments.md)).
"""


@dataclasses.dataclass(frozen=True)
class Trial:
    """Variants of a config, beside each other.

    # Parameters

    title : `str`
    metric : `str`
    entries : `Dict[str, Entry]`
        Name of each variant to its runs.
    expected : `List[Tuple[str, str]]`
        What was found: which variant is better than which.
    """

    title: str
    metric: str
    entries: dict[str, Entry]
    expected: list[tuple[str, str]]

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Trial":
        base = {"config": given["config"], "seeds": given["seeds"], "published": {}}
        entries = {each["variant"]: Entry.of({**base, **each}) for each in given["variants"]}
        expected = [(better, worse) for better, worse in given["expected"]]
        return cls(Path(given["config"]).stem, given["metric"], entries, expected)

    def scores(self) -> dict[str, list[float]]:
        """Test scores of each variant, of the runs that there are."""
        records = known()
        return {
            name: [
                score
                for job in entry.jobs
                if (record := records.get(key_of(job))) is not None
                and (score := record.test(self.metric)) is not None
            ]
            for name, entry in self.entries.items()
        }


def read_plan() -> list[tuple[dict[str, Any], list[Trial]]]:
    """Each finding, and how it is tried."""
    findings = json.loads(evaluate_file(str(PLAN)))
    return [(each, [Trial.of(trial) for trial in each["trials"]]) for each in findings]


def page(plan: Sequence[tuple[dict[str, Any], list[Trial]]]) -> str:
    """The text of docs/findings.md."""
    lines = [HEADER]
    for finding, trials in plan:
        lines += [f"## {finding['title']}", "", f"They found: {finding['claim']}", ""]
        scores = [trial.scores() for trial in trials]
        for trial, of_trial in zip(trials, scores, strict=True):
            lines += [*_lines_of(trial, of_trial), ""]
        if any(map(_enough, scores)):
            lines += [f"![Test scores of each run](findings/{finding['name']}.svg)", ""]
        if "note" in finding:
            lines += [finding["note"], ""]
    return "\n".join(lines)


def _lines_of(trial: Trial, scores: dict[str, list[float]]) -> Iterator[str]:
    yield table_row(
        f"`{trial.title}`, {trial.metric.replace('_', ' ')}", "runs", "test", "from - to"
    )
    yield table_row("---", "---:", "---:", "---:")
    for name, values in scores.items():
        summary = Summary.of(values)
        if summary is None:
            yield table_row(name, "not run", "", "")
        else:
            ends = f"{100 * summary.minimum:.2f} - {100 * summary.maximum:.2f}"
            yield table_row(name, str(summary.n), show_mean(summary), ends)
    yield ""
    if not _enough(scores):
        yield "There are too few runs to compare."
        return
    comparisons = {frozenset((pair.a, pair.b)): pair for pair in compare_all(scores)}
    for better, worse in trial.expected:
        pair = comparisons.pop(frozenset((better, worse)))
        outcome = "Not shown here."
        if pair.better is not None:
            outcome = "Holds." if pair.better == better else "The other way round here."
        yield f"- **{outcome}** {verdict(pair, Scale(per_cent=True))}"
    for pair in comparisons.values():
        yield f"- {verdict(pair, Scale(per_cent=True))}"


def _enough(scores: dict[str, list[float]]) -> bool:
    return all(len(values) >= LEAST_RUNS for values in scores.values())


def plot(trials: Sequence[Trial], path: Path) -> None:
    """Every run of every variant a point, a panel for each config."""

    def paint(figure: Any) -> None:
        panels = figure.subplots(1, len(trials), squeeze=False)[0]
        for axes, trial in zip(panels, trials, strict=True):
            for row, (_, values) in enumerate(trial.scores().items()):
                points = [100 * value for value in values]
                axes.plot(points, [row] * len(points), "o", color="#2a6fbb", alpha=0.6)
                axes.plot([sum(points) / len(points)], [row], "|", color="#888888", markersize=18)
            axes.set_yticks(range(len(trial.entries)), list(trial.entries))
            axes.set_ylim(len(trial.entries) - 0.5, -0.5)
            axes.set_xlabel(f"{trial.title}: {trial.metric.replace('_', ' ')}, test")
            axes.locator_params(axis="x", nbins=6)
            axes.grid(False, axis="y")
            axes.spines["left"].set_visible(False)

    size = (4.6 * len(trials), 1.1 + 0.5 * len(trials[0].entries))
    path.write_bytes(draw(size, paint, settings={"svg.fonttype": "none"}))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Status 1 where a run failed."""
    plan = read_plan()
    everything = [
        entry for _, trials in plan for trial in trials for entry in trial.entries.values()
    ]
    failed = run_as_told("Make docs/findings.md and its plots.", everything, arguments)
    for finding, trials in plan:
        drawn = [trial for trial in trials if _enough(trial.scores())]
        if drawn:
            plot(drawn, PLAN.parent / f"{finding['name']}.svg")
    write_text(PAGE, page(plan))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
