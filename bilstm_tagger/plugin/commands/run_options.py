"""What the commands that make many runs share: their options, and the making."""

import argparse
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from bilstm_tagger.tagging.commands.errors import interruptible
from bilstm_tagger.text.errors import UserError

if TYPE_CHECKING:
    from bilstm_tagger.plugin.runs.jobs import Job


class MadeRuns(NamedTuple):
    """The numbers of runs that failed, and of those that another process is making."""

    failed: int
    elsewhere: int


def add_run_options(parser: argparse.ArgumentParser, seeds: int, folders: str) -> None:
    """Adds the options of runs of configs from some seeds, by default this number; `folders` are
    those of the runs, as the help says."""
    add = parser.add_argument
    add("configs", nargs="+", metavar="CONFIG", help="configs of trainings")
    add(
        "-s",
        "--serialization-dir",
        required=True,
        metavar="RUNS",
        help=f"folder of the runs, {folders}, and their table, RUNS/runs.jsonl",
    )
    add(
        "--seeds",
        type=int,
        default=seeds,
        help=f"number of seeds that each config is trained from (default = {seeds})",
    )
    add("--first-seed", type=int, default=1, help="the first seed")
    add(
        "--jobs",
        type=int,
        default=1,
        help="number of runs at a time; they share cores and memory",
    )
    add(
        "--ray",
        metavar="ADDRESS",
        help="spread the runs over the Ray cluster at this address, whose machines must share "
        "RUNS and the data; 'local' starts one here, of --jobs workers",
    )
    add(
        "--name",
        help="name of the config, to tell it from the same one with other settings by -o "
        "(default = that of its file)",
    )
    add(
        "-o",
        "--overrides",
        default="",
        help="a jsonnet that overrides the settings of each config",
    )


def check_numbers(args: argparse.Namespace, *names: str, least: int = 1) -> None:
    """A `UserError` for options below this number."""
    for name in names:
        if getattr(args, name) < least:
            raise UserError(f"--{name} must be at least {least}")


def configs_of(args: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """The configs by name; errors as of `named_configs`."""
    from bilstm_tagger.plugin.runs.jobs import named_configs

    return named_configs(args.configs, args.overrides, args.name)


def seeds_of(args: argparse.Namespace) -> range:
    """The seeds that are asked for."""
    return range(args.first_seed, args.first_seed + args.seeds)


def make_runs(args: argparse.Namespace, jobs: Sequence["Job"]) -> MadeRuns:
    """Makes the runs that are not finished, and their table, and shows how they go on; ends the
    process with status 130 or 143 if it is interrupted.
    """
    from rich.console import Console

    from bilstm_tagger.experiments.records import RunRecord, write_table
    from bilstm_tagger.plugin.runs.jobs import folder_of_runs
    from bilstm_tagger.plugin.runs.local import run_locally
    from bilstm_tagger.plugin.runs.on_ray import run_on_ray
    from bilstm_tagger.plugin.runs.progress import RunsProgress

    folder_of_runs(args.serialization_dir)
    console = Console(stderr=True, highlight=False, emoji=False)
    missing = [job for job in jobs if not ((record := job.record()) and record.finished)]
    if len(missing) < len(jobs):
        console.print(f"{len(jobs) - len(missing)} of {len(jobs)} runs were finished before")
    records: list[RunRecord | None] = []
    with interruptible(
        lambda _: console.print(
            f"interrupted: {len(records)} of {len(missing)} runs ended; the same command goes on"
        )
    ):
        progress = RunsProgress(console, total=len(missing))
        watched = list(map(progress.watched, missing))
        results = (
            run_on_ray(watched, args.jobs, args.ray)
            if args.ray
            else run_locally(watched, args.jobs)
        )
        # Whatever ends this block, closing stops the runs that have not ended.
        with progress, contextlib.closing(results):
            for job, record in results:
                records.append(record)
                write_table(args.serialization_dir, strict=False)
                progress.ended(job, record)
    table = write_table(args.serialization_dir)
    made = MadeRuns(
        sum(record is not None and not record.finished for record in records), records.count(None)
    )
    finished = len(jobs) - sum(made)
    console.print(f"{table}: {finished} runs finished, {made.failed} failed", soft_wrap=True)
    return made
