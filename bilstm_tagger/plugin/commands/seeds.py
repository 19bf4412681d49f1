"""`allennlp seeds`: trains configs from many seeds."""

import argparse
import contextlib
import sys

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.tagging.commands.errors import interruptible, one_line_errors
from bilstm_tagger.text.errors import UserError


@Subcommand.register("seeds")
class Seeds(Subcommand):
    """Trains each config once for each seed, some runs at a time, and records the results.

    Finished runs are not made again, and half done ones are continued: the same command after an
    interruption, or with more seeds, makes what is missing. A run that fails is recorded with its
    error, stops no other, and is tried again the next time.

    Registered as a `Subcommand` with name "seeds".
    """

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(
            self.name,
            description="Train each config once for each seed. The same command goes on after an "
            "interruption.",
            help="Train configs from many seeds.",
        )
        add = subparser.add_argument
        add("configs", nargs="+", metavar="CONFIG", help="configs of trainings")
        add(
            "-s",
            "--serialization-dir",
            required=True,
            metavar="RUNS",
            help="folder of the runs, RUNS/<config>/seed-<seed>, and their table, RUNS/runs.jsonl",
        )
        add("--seeds", type=int, default=10, help="number of runs of each config")
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
        subparser.set_defaults(func=run_seeds)
        return subparser


@one_line_errors()
def run_seeds(args: argparse.Namespace) -> None:
    """Makes the runs; ends the process with status 1 if one failed, 130 or 143 if it was
    interrupted.
    """
    from rich.console import Console

    from bilstm_tagger.experiments.records import RunRecord, write_table
    from bilstm_tagger.plugin.runs.jobs import folder_of_runs, jobs_of
    from bilstm_tagger.plugin.runs.local import run_locally
    from bilstm_tagger.plugin.runs.on_ray import run_on_ray
    from bilstm_tagger.plugin.runs.progress import RunsProgress

    for name in ("seeds", "jobs"):
        if getattr(args, name) < 1:
            raise UserError(f"--{name} must be at least 1")
    jobs = jobs_of(
        args.configs,
        range(args.first_seed, args.first_seed + args.seeds),
        args.serialization_dir,
        args.overrides,
        args.include_package,
        args.name,
    )
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
    failed = sum(record is not None and not record.finished for record in records)
    finished = len(jobs) - failed - records.count(None)
    console.print(f"{table}: {finished} runs finished, {failed} failed", soft_wrap=True)
    if failed:
        sys.exit(1)
