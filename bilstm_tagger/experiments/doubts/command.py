"""The command `doubts`: labels of a corpus that are likely wrong, by out-of-fold predictions."""

import argparse
import os
from importlib.util import find_spec
from pathlib import Path

from bilstm_tagger.experiments.out_of_fold import PREDICTIONS
from bilstm_tagger.tagging.commands.errors import check_writable, one_line_errors, write_file
from bilstm_tagger.tagging.commands.option_types import positive_integer
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import missing

HELP = "Rank the labels of a corpus that are likely wrong."
DESCRIPTION = (
    "Rank the labels of a corpus that are likely wrong, by what models say of sentences that they "
    "were not trained on (allennlp crossval)."
)
# Rows of the table.
_SHOWN = 20


def add_doubts_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `doubts`, and what it does, to a parser."""
    add = parser.add_argument
    add(
        "runs",
        metavar="RUNS",
        help=f"the folder of a cross-validation (allennlp crossval), or its {PREDICTIONS}",
    )
    add(
        "--task",
        metavar="NAME",
        action="append",
        help="a task whose labels are looked at, can be repeated (default = all)",
    )
    add(
        "--number",
        metavar="N",
        type=positive_integer,
        help="write only the first N doubts, to the table and to all files (default = "
        f"{_SHOWN} in the table, all in the files)",
    )
    add("--report", metavar="FILE.html", help="write a page of sentences to look at")
    add(
        "--output-file",
        metavar="FILE",
        help="write the doubts; the form is that of the name: .json, .jsonl or .csv",
    )
    add(
        "--corpus",
        metavar="FILE",
        help="write the corpus in columns: each token, and of each task its gold tag, the "
        "suggested tag, the kind of the doubt and its score",
    )
    parser.set_defaults(func=run_doubts)


@one_line_errors()
def run_doubts(args: argparse.Namespace) -> None:
    """Prints the tables and writes what is asked for; ends the process with status 1 where the
    predictions cannot be read, or a file cannot be written."""
    from bilstm_tagger.experiments.doubts.corpus import corpus_columns, corpus_lines
    from bilstm_tagger.experiments.doubts.output import check_form, doubts_as
    from bilstm_tagger.experiments.doubts.page import make_doubt_page
    from bilstm_tagger.experiments.doubts.ranking import find_doubts
    from bilstm_tagger.experiments.doubts.terminal import print_doubts
    from bilstm_tagger.tagging.files.output_file import check_distinct, check_outputs

    path = find_predictions(args.runs)
    if args.report and find_spec("jinja2") is None:
        raise missing("jinja2", "report", "The option --report")
    if args.report and not args.report.lower().endswith(".html"):
        raise UserError(f"--report is {args.report}; its name must end in .html")
    if args.output_file:
        check_form(args.output_file)
    check_distinct(
        {"--report": args.report, "--output-file": args.output_file, "--corpus": args.corpus}
    )
    outputs = [name for name in (args.report, args.output_file, args.corpus) if name]
    if os.path.exists(path):
        check_outputs(path, os.stat(path), *outputs)
    check_writable(*outputs)
    report = find_doubts(path, args.task, args.number)
    print_doubts(report, args.number or _SHOWN)
    if args.output_file:
        write_file(args.output_file, doubts_as(args.output_file, report))
    if args.report:
        write_file(args.report, make_doubt_page(report))
    if args.corpus:
        write_file(args.corpus, "".join(corpus_lines(report)))
        print(f"Columns of {args.corpus}: {', '.join(corpus_columns(report))}")


def find_predictions(runs: str) -> str:
    """The file of predictions that a folder of `allennlp crossval` has, or that is named.

    # Errors

    `UserError` for a folder without one, or with several.
    """
    folder = Path(runs)
    if not folder.is_dir():
        return runs
    if (folder / PREDICTIONS).is_file():
        return str(folder / PREDICTIONS)
    files = sorted(folder.glob(f"*/{PREDICTIONS}"))
    if not files:
        raise UserError(
            f"{runs} has no {PREDICTIONS}; name a folder that 'allennlp crossval' has filled"
        )
    if len(files) > 1:
        raise UserError(
            f"{runs} has predictions of {len(files)} configs; name one: "
            f"{', '.join(map(str, files))}"
        )
    return str(files[0])
