"""`allennlp distribution`: the distribution of scores over seeds."""

import argparse
import json
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.tagging.commands.errors import one_line_errors, write_file
from bilstm_tagger.tagging.commands.tables import print_table, print_whole

if TYPE_CHECKING:
    from rich.table import Table

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
        subparser.add_argument(
            "runs", nargs="+", metavar="RUNS", help="folders of runs, or tables of them, runs.jsonl"
        )
        subparser.add_argument(
            "--metric",
            metavar="M",
            help="the metric to compare by, such as f1 or loss, perhaps as --metric=+f1 or "
            "--metric=-loss, for more or less of it is better; by default the (first) validation "
            "metric of each config",
        )
        subparser.add_argument(
            "--configs",
            nargs="+",
            metavar="NAME",
            default=(),
            help="show these alone, by their names or hashes (default = all)",
        )
        subparser.add_argument("--report", metavar="FILE.html", help="write a page with plots")
        subparser.add_argument(
            "--output-file", metavar="FILE.json", help="write all numbers as JSON"
        )
        subparser.set_defaults(func=run_distribution)
        return subparser


def run_distribution(args: argparse.Namespace) -> None:
    """Prints the tables and writes what is asked for; ends the process with status 1 where the
    records cannot be read, no run has the metric, or a file cannot be written."""
    from bilstm_tagger.experiments.distribution import distributions
    from bilstm_tagger.experiments.records import check_names, chosen, read_records
    from bilstm_tagger.experiments.report import make_report

    with one_line_errors():
        records = read_records(*args.runs)
        check_names(records, args.configs)
        records = chosen(records, args.configs)
        found = distributions(records, args.metric)
        print_distributions(found)
        if args.output_file:
            content = {"configs": [each.to_json() for each in found]}
            write_file(args.output_file, json.dumps(content, indent=2) + "\n")
        if args.report:
            write_file(args.report, make_report(found, records))


def print_distributions(found: Sequence["ConfigDistribution"]) -> None:
    """Two tables for each metric, of scores and of runs; and the runs that are in neither."""
    from rich.text import Text

    from bilstm_tagger.experiments.distribution import Scale, by_metric
    from bilstm_tagger.experiments.report import (
        RUN_COLUMNS,
        SCORE_COLUMNS,
        all_left_out,
        run_cells,
        score_cells,
    )

    for metric, group in by_metric(found).items():
        scale = Scale.of(group)
        scores = _table(
            f"{scale.describe(metric)}; {group[0].direction}", ("config", ""), SCORE_COLUMNS
        )
        runs = _table("", ("config",), RUN_COLUMNS)
        for each in group:
            # Names and errors may have brackets, which rich would take for its own.
            scores.add_row(Text(each.name), "dev", *score_cells(each.dev, scale))
            scores.add_row("", "test", *score_cells(each.test, scale), end_section=True)
            runs.add_row(Text(each.name), *run_cells(each, scale))
        print_whole(scores)
        print_whole(runs)
    left_out = all_left_out(found)
    if left_out:
        rows = [(run.name, str(run.seed), run.reason) for run in left_out]
        print_table("Runs left out", ("config", "seed", "why"), rows, 3, prose=True)


def _table(title: str, left: Sequence[str], numbers: Sequence[str]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left", box=SIMPLE_HEAD)
    for heading in left:
        table.add_column(heading, no_wrap=True)
    for heading in numbers:
        table.add_column(textwrap.fill(heading, 10), justify="right", no_wrap=True)
    return table
