"""`allennlp seeds`: trains configs from many seeds."""

import argparse
import sys

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.plugin.commands.run_options import (
    add_run_options,
    check_numbers,
    configs_of,
    make_runs,
    seeds_of,
)
from bilstm_tagger.tagging.commands.errors import one_line_errors


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
        add_run_options(subparser, seeds=10, folders="RUNS/<config>/seed-<seed>")
        subparser.set_defaults(func=run_seeds)
        return subparser


@one_line_errors()
def run_seeds(args: argparse.Namespace) -> None:
    """Makes the runs; ends the process with status 1 if one failed, 130 or 143 if it was
    interrupted.
    """
    from bilstm_tagger.plugin.runs.jobs import jobs_of_named

    check_numbers(args, "seeds", "jobs")
    jobs = jobs_of_named(
        configs_of(args), seeds_of(args), args.serialization_dir, args.include_package
    )
    if make_runs(args, jobs).failed:
        sys.exit(1)
