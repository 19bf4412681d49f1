"""The command `errors`: what a model gets wrong, or two models, in files with gold tags."""

import argparse
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

import msgspec

from bilstm_tagger.tagging.commands.errors import check_writable, one_line_errors, write_file
from bilstm_tagger.tagging.commands.gold_files import (
    add_gold_arguments,
    add_tagger_options,
    gold_files,
    gold_tasks,
    tagger_settings,
)
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import missing

if TYPE_CHECKING:
    from bilstm_tagger.tagging import Tagger

DESCRIPTION = (
    "Report what a model gets wrong in a file with gold tags: kinds of errors, confusions, groups "
    "of words and sentences, and the sentences themselves; of two models also where one is right "
    "and the other wrong."
)
HELP = "Report what a model gets wrong, or two models, in a file with gold tags."


def add_errors_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `errors`, and what it does, to a parser."""
    add_gold_arguments(parser)
    add = parser.add_argument
    add("other", metavar="MODEL2", nargs="?", help="a second model, to be compared with the first")
    add(
        "--dataset",
        metavar="NAME",
        help="the data set whose layout the files have, where the model knows several",
    )
    add(
        "--train",
        metavar="FILE",
        action="append",
        default=[],
        help="a file of the training, for groups of words by their frequency in it, can be "
        "repeated; JSON as for GOLD (default = words are known if the model has their vector)",
    )
    add("--report", metavar="FILE.html", help="write a page with everything, for a browser")
    add("--output-file", metavar="FILE.json", help="write everything as JSON")
    add(
        "--sentences",
        metavar="N",
        type=_not_negative,
        default=5,
        help="the number of sentences of each task that are printed, of which the model was surest "
        "(default = 5)",
    )
    add_tagger_options(parser)
    parser.set_defaults(func=run_errors)


def _not_negative(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, found '{text}'")
    return int(text)


@one_line_errors()
def run_errors(args: argparse.Namespace) -> None:
    """Prints the tables and writes what is asked for; ends the process with status 1 where a model
    or a file cannot be read, or a file cannot be written."""
    from bilstm_tagger.tagging import Tagger
    from bilstm_tagger.tagging.files.output_file import check_outputs
    from bilstm_tagger.tagging.loading import find_model

    for package in ("nervaluate", "jinja2"):
        if find_spec(package) is None:
            raise missing(package, "report", "The command errors")
    if args.report and not args.report.lower().endswith(".html"):
        raise UserError(f"--report is {args.report}; its name must end in .html")
    settings = tagger_settings(args)
    taggers = {args.model: Tagger.load(args.model, **settings)}
    first = taggers[args.model]
    files = gold_files(args.gold, args.dataset, first.specification)
    tasks = gold_tasks(first, files, settings.pop("tasks"))
    training = [file for text in args.train for file in _training_files(text, files, first)]
    if args.other is not None:
        if args.other == args.model:
            raise UserError(f"MODEL2 is {args.other}, as MODEL is; name another model")
        taggers[args.other] = Tagger.load(args.other, **settings)
        _check_second(
            first, taggers[args.other], {task for names in tasks.values() for task in names}
        )
    outputs = [path for path in (args.output_file, args.report) if path]
    read = [*(os.fspath(find_model(model)) for model in taggers), *files.values()]
    for path in filter(os.path.exists, read + [path for _, path in training]):
        check_outputs(path, os.stat(path), *outputs)
    check_writable(*outputs)

    from bilstm_tagger.experiments.errors.tagged import report_errors
    from bilstm_tagger.experiments.errors.terminal import print_errors

    report = report_errors(taggers, files, tasks, training)
    print_errors(report, args.sentences)
    if args.output_file:
        write_file(args.output_file, msgspec.json.encode(report).decode() + "\n")
    if args.report:
        from bilstm_tagger.experiments.errors.page import make_error_page

        write_file(args.report, make_error_page(report))


def _training_files(
    text: str, files: Mapping[str, str], tagger: "Tagger"
) -> Iterator[tuple[str, str]]:
    """The data sets and files of a --train."""
    if text.startswith("{"):
        yield from gold_files(text, None, tagger.specification, "--train").items()
    elif len(files) > 1:
        example = json.dumps({next(iter(files)): text})
        raise UserError(
            f"GOLD has several data sets: say of which --train {text} is: --train '{example}'"
        )
    else:
        yield next(iter(files)), text


def _check_second(first: "Tagger", second: "Tagger", tasks: Iterable[str]) -> None:
    """
    # Errors

    `UserError` where the second model cannot tag what the first one is compared on.
    """
    ours, theirs = first.specification, second.specification
    for task in sorted(tasks):
        if task not in theirs.tasks:
            raise UserError(
                f"MODEL2 has no task '{task}'; it has {', '.join(sorted(theirs.tasks))}. Name "
                "tasks that both models have, --task"
            )
        encodings = [model.file_encoding(task) for model in (ours, theirs)]
        if encodings.count(None) == 1:
            of_spans, of_tokens = ("MODEL", "MODEL2") if encodings[0] else ("MODEL2", "MODEL")
            raise UserError(
                f"the task '{task}' is one of spans for {of_spans}, and one of plain labels for "
                f"{of_tokens}; name other tasks, --task"
            )
    if unread := sorted({*theirs.feature_columns}.difference(ours.feature_columns)):
        raise UserError(
            f"MODEL2 was trained with the columns {', '.join(unread)} as features, which the files "
            "of MODEL do not have; exchange the two models, or leave MODEL2 out"
        )
