"""The command `curves`: losses, scores and learning rates of one training."""

import argparse
import json

from bilstm_tagger.tagging.commands.errors import check_writable, one_line_errors, write_file
from bilstm_tagger.tagging.commands.tables import print_table

HELP = "Show the losses, scores and learning rates of one training over its epochs."
DESCRIPTION = f"{HELP} The training may still be going on."


def add_curves_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `curves` to a parser."""
    add = parser.add_argument
    add("run", metavar="RUN", help="the folder of a training (allennlp train -s RUN)")
    add("--report", metavar="FILE.html", help="write a page with plots")
    add("--output-file", metavar="FILE.json", help="write all numbers as JSON")
    parser.set_defaults(func=run_curves)


@one_line_errors()
def run_curves(args: argparse.Namespace) -> None:
    """Prints a table and writes the files that the options name; ends the process with status 1
    where the folder is none of a training, or a file cannot be written."""
    from bilstm_tagger.experiments.curves import read_training
    from bilstm_tagger.experiments.curves_report import header, make_page, rows, summary

    check_writable(args.output_file, args.report)
    training = read_training(args.run)
    print(f"{training.name}: {summary(training)}")
    print_table("", header(training), rows(training), 1)
    if args.output_file:
        write_file(args.output_file, json.dumps(training.to_json(), indent=2) + "\n")
    if args.report:
        write_file(args.report, make_page(training))
