"""`allennlp distribution`: the distribution of scores over seeds."""

import argparse
import json
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.tagging.commands.errors import check_writable, one_line_errors, write_file
from bilstm_tagger.tagging.commands.tables import print_table

if TYPE_CHECKING:
    from bilstm_tagger.experiments.distribution import Distribution as ConfigDistribution


@Subcommand.register("distribution")
class Distribution(Subcommand):
    """Shows how the scores of configs are distributed over their seeds: on dev and test, a table, a
    page of plots, and all numbers as JSON (Reimers and Gurevych 2017, arXiv 1707.09861).

    Registered as a `Subcommand` with name "distribution".
    """

    # It reads records alone: there is no package to include.
    requires_plugins = False

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(
            self.name,
            description="Show the distribution of scores over the seeds of each config.",
            help="Show the distribution of scores over seeds.",
        )
        add = subparser.add_argument
        add("runs", nargs="+", metavar="RUNS", help="folders of runs, or their tables, runs.jsonl")
        add(
            "--metric",
            metavar="M",
            help="the metric to compare by, such as f1 or loss; --metric=+f1 or --metric=-loss "
            "says that higher or lower is better; by default the (first) validation metric of each "
            "config",
        )
        add(
            "--configs",
            nargs="+",
            metavar="NAME",
            default=(),
            help="names or hashes of the configs to show (default = all)",
        )
        add("--report", metavar="FILE.html", help="write a page with plots")
        add("--output-file", metavar="FILE.json", help="write all numbers as JSON")
        subparser.set_defaults(func=run_distribution)
        return subparser


@one_line_errors()
def run_distribution(args: argparse.Namespace) -> None:
    """Prints the tables and writes the files that the options name; ends the process with status 1
    where the records cannot be read, no run has the metric, or a file cannot be written."""
    from bilstm_tagger.experiments.distribution import distributions
    from bilstm_tagger.experiments.records import check_names, read_records, select
    from bilstm_tagger.experiments.report import make_report

    check_writable(args.output_file, args.report)
    records = read_records(*args.runs)
    check_names(records, args.configs)
    records = select(records, args.configs)
    configs = distributions(records, args.metric)
    print_distributions(configs)
    if args.output_file:
        content = {"configs": [config.to_json() for config in configs]}
        write_file(args.output_file, json.dumps(content, indent=2) + "\n")
    if args.report:
        write_file(args.report, make_report(configs, records))


def print_distributions(configs: Sequence["ConfigDistribution"]) -> None:
    """Two tables for each metric, of scores and of runs; and the runs that are in neither."""
    from bilstm_tagger.experiments.distribution import Scale, by_metric
    from bilstm_tagger.experiments.report import (
        RUN_COLUMNS,
        SCORE_COLUMNS,
        all_left_out,
        run_cells,
        score_cells,
    )

    score_header, run_header = (
        [textwrap.fill(name, 10) for name in columns] for columns in (SCORE_COLUMNS, RUN_COLUMNS)
    )
    for metric, group in by_metric(configs).items():
        scale = Scale.of(group)
        scores: list[list[str]] = []
        for config in group:
            scores.append([config.name, "dev", *score_cells(config.dev, scale)])
            scores.append(["", "test", *score_cells(config.test, scale)])
        title = f"{scale.describe(metric)}; {group[0].direction}"
        print_table(title, ["config", "", *score_header], scores, 2)
        runs = [[config.name, *run_cells(config, scale)] for config in group]
        print_table("", ["config", *run_header], runs, 1)
    if left_out := all_left_out(configs):
        rows = [(run.name, str(run.seed), run.reason) for run in left_out]
        print_table("Runs left out", ("config", "seed", "why"), rows, 3, prose=True)
