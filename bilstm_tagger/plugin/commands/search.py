"""`allennlp search`: looks for the best settings of a config."""

import argparse
import contextlib
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.tagging.commands.errors import interruptible, one_line_errors
from bilstm_tagger.tagging.commands.tables import print_table
from bilstm_tagger.text.errors import UserError

if TYPE_CHECKING:
    from bilstm_tagger.plugin.runs.search import Search as SettingsSearch

_SHOWN = 20


@Subcommand.register("search")
class Search(Subcommand):
    """Trains a config with many settings of a space, chosen by the results of earlier ones, and
    writes the best. The same command goes on after an interruption.

    Registered as a `Subcommand` with name "search".
    """

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(
            self.name,
            description="Search the settings of a config by Optuna. The same command goes on after "
            "an interruption.",
            help="Search the settings of a config.",
        )
        add = subparser.add_argument
        add("config", metavar="CONFIG", help="config of a training")
        add("--space", required=True, metavar="SPACE.jsonnet", help="settings, and their ranges")
        add(
            "-s",
            "--serialization-dir",
            required=True,
            metavar="RUNS",
            help="folder of the runs, RUNS/trial-<number>, and of the results: trials.csv, "
            "importances.svg, best.jsonnet",
        )
        add("--trials", type=int, default=40, help="number of trials of the study in the end")
        add(
            "--storage",
            metavar="URL",
            help="database of the study, which several machines may share "
            "(default = sqlite, in RUNS/search.db)",
        )
        add(
            "--metric",
            help="validation metric to optimise, with + or - before it for higher or lower is "
            "better, as --metric=+f1 or --metric=-loss (default = the first of the config)",
        )
        add("--jobs", type=int, default=1, help="number of runs at a time")
        add("--seed", type=int, default=1, help="seed of the runs")
        add(
            "--warmup-epochs",
            type=int,
            default=5,
            help="number of epochs before a trial may be ended early",
        )
        add("-o", "--overrides", default="", help="a jsonnet that overrides settings of the config")
        subparser.set_defaults(func=run_search)
        return subparser


@one_line_errors()
def run_search(args: argparse.Namespace) -> None:
    """Makes the trials; ends the process with status 1 if none was finished, 130 or 143 if it was
    interrupted.
    """
    from rich.console import Console

    from bilstm_tagger.experiments.records import write_table
    from bilstm_tagger.plugin.runs.local import run_locally
    from bilstm_tagger.plugin.runs.progress import RunsProgress

    if args.trials < 1 or args.jobs < 1:
        raise UserError("--trials and --jobs must be at least 1")
    search = _search(args)
    console = Console(stderr=True, highlight=False, emoji=False)
    if before := len(search.study.trials):
        console.print(f"the study has {before} trials")
    progress = RunsProgress(console, search.to_do(args.trials), search.metric)
    results = run_locally(map(progress.watched, search.jobs(args.trials)), args.jobs)
    with (
        interruptible(lambda _: console.print("interrupted; the same command goes on")),
        progress,
        contextlib.closing(results),
    ):
        for job, record in results:
            write_table(args.serialization_dir, strict=False)
            progress.ended(job, record)
            if record is not None:
                search.tell(job, record)
    # A study from elsewhere, of which no run is here, has no table.
    if any(Path(args.serialization_dir).glob("trial-*")):
        write_table(args.serialization_dir)
    _report(search, Path(args.serialization_dir))


def _search(args: argparse.Namespace) -> "SettingsSearch":
    try:
        import optuna  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"a search needs Optuna ({error}): pip install 'bilstm-tagger[search]'"
        ) from error
    from bilstm_tagger.plugin.runs.jobs import folder_of_runs, read_config
    from bilstm_tagger.plugin.runs.search import Search as SettingsSearch
    from bilstm_tagger.plugin.runs.search_space import SearchSpace

    config = read_config(args.config, args.overrides)
    space = SearchSpace(read_config(args.space))
    metric = args.metric or (config.get("trainer") or {}).get("validation_metric", "-loss")
    metric = metric[0] if isinstance(metric, list) else metric
    if metric[:1] not in ("+", "-"):
        raise UserError(f"--metric {metric}: put + or - before it: higher or lower is better")
    folder = folder_of_runs(args.serialization_dir).absolute()
    if args.storage is None and "?" in str(folder):
        raise UserError(f"-s {folder}: SQLite takes no '?' in a name; give another folder")
    return SettingsSearch(
        name=Path(args.config).stem,
        config=config,
        space=space,
        folder=str(folder),
        storage=args.storage or f"sqlite:///{folder / 'search.db'}",
        metric=metric[1:],
        maximize=metric[0] == "+",
        seed=args.seed,
        warmup_epochs=args.warmup_epochs,
        include_packages=tuple(args.include_package),
    )


def _report(search: "SettingsSearch", folder: Path) -> None:
    """Prints the best trials and writes the results."""
    from bilstm_tagger.experiments.plots import plot_importances
    from bilstm_tagger.plugin.runs.search import ERROR

    trials = search.study.trials
    sign = -1 if search.study.direction.name == "MAXIMIZE" else 1
    complete = [trial for trial in trials if trial.state.name == "COMPLETE"]
    complete.sort(key=lambda trial: sign * (trial.value or 0))
    others = [trial for trial in trials if trial.state.name != "COMPLETE"]
    names = list(search.space.settings)
    header = ["trial", "state", search.metric, "epochs", *names]
    rows, lines = [], []
    for trial in (*complete, *others):
        cells = [trial.number, trial.state.name.lower(), trial.value]
        cells += [len(trial.intermediate_values), *map(trial.params.get, names)]
        rows.append(_row(cells))
        lines.append([*cells, trial.user_attrs.get(ERROR)])
    with (folder / "trials.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*header, "error"], *lines])
    print_table(f"The best of {len(trials)} trials", _short(header), rows[:_SHOWN], 2)
    if not complete:
        print("no trial was trained to the end; trials.csv and the logs say why")
        sys.exit(1)
    if importances := search.importances():
        plot = plot_importances(importances, search.metric)
        (folder / "importances.svg").write_bytes(plot)
    path = folder / "best.jsonnet"
    best = search.write_best(path)
    print(f"{path}: trial {best.number}, {search.metric} {best.value:.4f}")


def _row(cells: Sequence[Any]) -> list[str]:
    """The cells of a trial in the table: scores with the same number of digits."""
    number, state, score, *others = cells
    settings = [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in others]
    return [str(number), state, "" if score is None else f"{score:.4f}", *settings]


def _short(names: list[str]) -> list[str]:
    """The last part of each dotted name, or as many parts as tell the names apart."""
    short_names = []
    for name in names:
        parts = name.split(".")
        for number in range(1, len(parts) + 1):
            end = ".".join(parts[-number:])
            if sum(f".{other}".endswith(f".{end}") for other in names) == 1 and not end.isdigit():
                break
        short_names.append(end)
    return short_names
