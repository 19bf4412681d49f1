"""Makes docs/results.md: the runs of docs/results/plan.jsonnet that are missing, then the tables of
all. `make results`; `--no-runs` for the tables alone.

A run is in the folder runs/<hash of its config>/<config>/seed-<seed>, and its record, once it has
finished, in docs/results/runs.jsonl, which is what the tables are made of. A config that was
changed since is run anew.
"""

import argparse
import contextlib
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from _jsonnet import evaluate_file  # type: ignore[import-untyped]
from rich.console import Console

from bilstm_tagger.experiments.distribution import Summary
from bilstm_tagger.experiments.records import RunRecord, read_records
from bilstm_tagger.plugin.runs.jobs import Job, jobs_of
from bilstm_tagger.plugin.runs.local import run_locally
from bilstm_tagger.plugin.runs.progress import RunsProgress
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.files import write_text

FOLDER = Path("docs/results")
PLAN, TABLE, PAGE = FOLDER / "plan.jsonnet", FOLDER / "runs.jsonl", Path("docs/results.md")
HEADER = """\
# Results

`make results` makes this page from the records of the runs,
[results/runs.jsonl](results/runs.jsonl). It trains the runs that are missing. No number on this
page is typed by hand.

- Scores are in per cent, of the epoch that is best on dev. If there are several runs, the table
  shows mean ± standard deviation over the seeds, which start at 1.
- The word vectors are GloVe 6B, 100 dimensions.
- Minutes are the time of one training on one core. The machines were of two kinds and did other
  work, too. So the minutes only show which configs take long.
- A published number comes from a single run, unless the table says more.

`peters2018_elmo` and `transformer` are not in the tables, because `make data` does not
fetch the weights that they need. `ner` and `pos` are there for the papers that have such a task.

These commands make a single run. The second is for a row with `ner` or `pos`, which is its `FORM`:

```
allennlp train CONFIG -s FOLDER -o '{"random_seed": 1, "numpy_seed": 1, "pytorch_seed": 1}'
allennlp train CONFIG -s FOLDER -o "(import 'training_config/papers/FORM.libsonnet') +
  {random_seed: 1, numpy_seed: 1, pytorch_seed: 1}"
```
"""
MISSING = """
**"1 of 3" means that two of three runs are still missing. One run says little.**
"""
COLUMNS = ("config", "score", "runs", "dev", "test", "test, from - to", "best epoch", "minutes")


@dataclasses.dataclass(frozen=True)
class Entry:
    """A row of the plan: a config, its runs, and what was published."""

    label: str
    jobs: list[Job]
    published: dict[str, str]

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Entry":
        variant, overrides = row["variant"], json.dumps(row["overrides"])
        jobs = jobs_of([row["config"]], range(1, row["seeds"] + 1), "runs", overrides)
        # A config has the same runs whatever a plan calls it, and others once it has changed.
        folder = Path("runs", jobs[0].config_hash, jobs[0].name).absolute()
        jobs = [dataclasses.replace(job, folder=str(folder / f"seed-{job.seed}")) for job in jobs]
        label = f"`{jobs[0].name}`" + (f", `{variant}`" if variant else "")
        return cls(label, jobs, row["published"])


def read_plan() -> list[tuple[str, list[Entry]]]:
    """The titles of the tables, and their rows."""
    tables = json.loads(evaluate_file(str(PLAN)))
    return [(table["title"], [Entry.of(row) for row in table["entries"]]) for table in tables]


def slim(record: RunRecord) -> RunRecord:
    """The record without what no table and no plot of a paper needs."""
    curves = {
        key: [round(value, 6) for value in values]
        for key, values in record.curves.items()
        if key.startswith("validation_") and key.endswith(("_f1", "_accuracy", "_loss"))
    }
    return dataclasses.replace(record, curves=curves)


def keep(records: Sequence[RunRecord]) -> None:
    """Writes the table of records."""
    ordered = sorted(records, key=lambda record: (record.name, *key_of(record)))
    write_text(TABLE, "".join(json.dumps(slim(record).row()) + "\n" for record in ordered))


def key_of(run: Job | RunRecord) -> tuple[str, int]:
    """Hash of the config and seed."""
    return run.config_hash, run.seed


def known() -> dict[tuple[str, int], RunRecord]:
    """The records that were kept, by `key_of`."""
    with contextlib.suppress(UserError):
        return {key_of(record): record for record in read_records(TABLE)}
    return {}


def run_missing(entries: Sequence[Entry], slots: int) -> int:
    """Trains what no record is kept of; the number of runs that failed."""
    records = known()
    wanted = {key_of(job): job for entry in entries for job in entry.jobs}
    # The first seed of all before the second of any.
    missing = sorted(
        (job for key, job in wanted.items() if key not in records), key=lambda job: job.seed
    )
    failed = 0
    progress = RunsProgress(Console(stderr=True, highlight=False), len(missing))
    outcomes = run_locally(map(progress.watched, missing), slots)
    with progress, contextlib.closing(outcomes):
        for job, record in outcomes:
            progress.ended(job, record)
            if record is not None and record.finished:
                # Read again, as `make findings` may run beside `make results`.
                keep(list({**known(), key_of(job): record}.values()))
            else:
                failed += 1
    return failed


def page(plan: Sequence[tuple[str, list[Entry]]]) -> str:
    """The text of docs/results.md."""
    records = known()
    tables = []
    missing = False
    for title, entries in plan:
        tables += [f"## {title}", "", table_row(*COLUMNS, "published")]
        tables.append(table_row(*["---"] * 2, *["---:"] * 6, "---"))
        for entry in entries:
            kept = [record for job in entry.jobs if (record := records.get(key_of(job)))]
            missing |= len(kept) < len(entry.jobs)
            tables += rows_of(entry, kept)
        tables.append("")
    lines = [HEADER, *([MISSING] if missing else []), *tables]
    return "\n".join(lines)


def rows_of(entry: Entry, records: Sequence[RunRecord]) -> Iterator[str]:
    """A row for each task: its F1, or its accuracy where it has none."""
    if not records:
        yield table_row(entry.label, *["not run"] + [""] * 7)
    runs = str(len(records))
    if len(records) < len(entry.jobs):
        runs += f" of {len(entry.jobs)}"
    for number, metric in enumerate(main_metrics(records)):
        test = Summary.of(record.test(metric) for record in records)
        dev = Summary.of(record.dev(metric) for record in records)
        epochs = Summary.of(record.best_epoch or 0 for record in records)
        minutes = Summary.of((record.seconds or 0) / 60 for record in records)
        assert epochs is not None and minutes is not None
        yield table_row(
            "" if number else entry.label,
            metric.replace("_", " "),
            runs,
            show_mean(dev),
            show_mean(test),
            "" if test is None or test.n == 1 else f"{_show(test.minimum)} - {_show(test.maximum)}",
            f"{epochs.mean:.0f}",
            f"{minutes.mean:.0f}",
            entry.published.get(metric, ""),
        )


def main_metrics(records: Sequence[RunRecord]) -> list[str]:
    """The metric of each task."""
    names = {
        name.removeprefix("test_")
        for record in records
        for name in record.metrics
        if name.startswith("test_")
    }
    tasks = sorted({name.removesuffix("_accuracy") for name in names if "_accuracy" in name})
    return [f"{task}_f1" if f"{task}_f1" in names else f"{task}_accuracy" for task in tasks]


def show_mean(summary: Optional[Summary]) -> str:
    """Mean, and standard deviation where there is one, in per cent."""
    if summary is None:
        return ""
    deviation = summary.standard_deviation
    return _show(summary.mean) + ("" if deviation is None else f" ± {_show(deviation)}")


def _show(score: float) -> str:
    return f"{100 * score:.2f}"


def table_row(*cells: str) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def run_as_told(
    description: str, entries: Sequence[Entry], arguments: Optional[Sequence[str]]
) -> int:
    """Reads the command line and trains what is missing; the number of runs that failed."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--no-runs", action="store_true", help="train nothing, write the page")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    given = parser.parse_args(arguments)
    return 0 if given.no_runs else run_missing(entries, given.jobs)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Status 1 where a run failed."""
    plan = read_plan()
    everything = [entry for _, entries in plan for entry in entries]
    failed = run_as_told("Make docs/results.md.", everything, arguments)
    write_text(PAGE, page(plan))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
