"""The command `select`: the sentences of a pool that are labelled next."""

import argparse
import logging
import os
import sys
from typing import TYPE_CHECKING, Optional

from bilstm_tagger.tagging.commands.errors import (
    check_writable,
    interruptible,
    one_line_errors,
    quiet_logging,
    write_file,
)
from bilstm_tagger.tagging.commands.option_types import positive_integer
from bilstm_tagger.tagging.commands.tag_options import add_input_options
from bilstm_tagger.text.errors import UserError

if TYPE_CHECKING:
    from bilstm_tagger.experiments.selection.pool import Pool
    from bilstm_tagger.experiments.selection.score_file import ScoreFile
    from bilstm_tagger.experiments.selection.select import Selection
    from bilstm_tagger.tagging.files.input_forms import OpenInput
    from bilstm_tagger.tagging.files.settings import TagSettings
    from bilstm_tagger.tagging.tagger import Tagger

DESCRIPTION = (
    "Select the sentences of a pool of text without labels that are most worth labelling next "
    "(active learning): those of which the model is least sure, and that are not alike."
)
HELP = "Select the sentences that are most worth labelling next."
_NUMBER, _DIVERSITY = 100, 0.5
# The measures of `bilstm_tagger.tagging.uncertainty`, which imports numpy, and random choice.
STRATEGIES = {
    "errors": "the expected number of errors in spans, or in tags of a task without spans",
    "error_rate": "the same for each token",
    "probability": "the probability of the best tagging, for each token",
    "margin": "the difference of the probabilities of the two best taggings",
    "entropy": "the mean entropy of the tag of a token",
    "total_entropy": "its sum over the tokens",
    "random": "by chance, for comparison",
}
_DEFAULT = "errors"
# Sentences that are printed, and the characters of each.
_SHOWN, _WIDTH = 20, 60
_STDINS = {"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}


def add_select_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `select`, and what it does, to a parser."""
    add = parser.add_argument
    add("archive", metavar="MODEL", help="the name of a model, a model file, or model.tar.gz")
    add(
        "input",
        metavar="POOL",
        help="the file (of some forms: the folder) with the sentences, of any form that the "
        "command tag reads; labels in it are not looked at; - is standard input",
    )
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument(
        "--number",
        type=positive_integer,
        metavar="N",
        help=f"the number of sentences that are selected (default: {_NUMBER})",
    )
    budget.add_argument(
        "--tokens",
        type=positive_integer,
        metavar="N",
        help="the number of tokens that they may have",
    )
    add(
        "--strategy",
        choices=list(STRATEGIES),
        default=_DEFAULT,
        help="what sentences are scored by. "
        + "; ".join(f"{name}: {text}" for name, text in STRATEGIES.items())
        + f" (default: {_DEFAULT})",
    )
    add(
        "--diversity",
        type=_share,
        default=_DIVERSITY,
        metavar="D",
        help="from 0 to 1: how much a sentence is worth less that is like one that was selected "
        f"before it (default: {_DIVERSITY})",
    )
    add("--seed", type=int, default=0, help="of --strategy random (default: 0)")
    add(
        "--labelled",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="files of any form with sentences that have labels, which are not selected again; can "
        "be repeated",
    )
    add(
        "--scores",
        metavar="FILE",
        help="keep the scores of the pool in this file: after an interruption the same command "
        "goes on, and another --number needs no scoring",
    )
    add(
        "-o",
        "--output",
        metavar="FILE",
        help="write the sentences with the tags of the model as a draft; - is standard output",
    )
    add(
        "--output-format",
        choices=("json", "conll", "conllu", "lines"),
        help="as of the command tag (default: that of the pool, if it is one of these, else json)",
    )
    add("--table", metavar="FILE.tsv", help="write the table of all selected sentences")
    add_input_options(parser, "leave it out")
    parser.set_defaults(func=run_select)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, found '{text}'")
    return value


def run_select(args: argparse.Namespace) -> None:
    """Selects, prints the table and writes what is asked for; ends the process with status 1 for an
    error of the user's, and 130 if interrupted."""
    from bilstm_tagger.tagging.files.input_forms import open_input
    from bilstm_tagger.tagging.files.input_layout import parse_layout

    def say(what: str) -> None:
        more = "; the same command goes on with the scoring" if args.scores else ""
        print(f"{what}{more}", file=sys.stderr)

    with one_line_errors(), interruptible(say), quiet_logging(logging.INFO):
        if sum(path in _STDINS for path in (args.input, *args.labelled)) > 1:
            raise UserError(
                "standard input is named twice, by POOL and --labelled, and can be read once; name "
                "files"
            )
        declared = None if args.layout is None else parse_layout(args.layout)
        with open_input(args.input, args.input_format, declared) as opened:
            if opened.message:
                print(opened.message, file=sys.stderr)
            _select(args, opened)


def _select(args: argparse.Namespace, opened: "OpenInput") -> None:
    from contextlib import nullcontext

    from bilstm_tagger.experiments.selection.pool import Pool, digests_of_files
    from bilstm_tagger.experiments.selection.select import SelectionPlan, select
    from bilstm_tagger.tagging.files.item_input import ItemInput
    from bilstm_tagger.tagging.files.progress import tagging_progress

    settings = _settings(args, opened)
    scores = _score_file(args, settings, opened)
    _check_outputs(args, opened)
    form_tagger = settings.block_tagger()
    labelled = digests_of_files(args.labelled, form_tagger.tagger)
    source = opened.input
    starts = settings.starts_sentence(form_tagger.tagger)
    plan = SelectionPlan(
        args.strategy,
        args.tokens or args.number or _NUMBER,
        args.tokens is not None,
        args.diversity,
        args.seed,
    )
    shown = sys.stderr is not None and sys.stderr.isatty()
    with scores or nullcontext(), tagging_progress(source, shown) as progress:
        of_items = isinstance(source, ItemInput)
        pool = Pool(form_tagger, of_items, progress.say, args.output is not None)
        blocks = source.blocks(settings.of_columns, starts)
        selection = select(pool, blocks, plan, labelled, scores, progress.show)
        source.check_unchanged()
    _write(args, settings.output_form, pool, selection)
    print(_summary(args, pool, selection, form_tagger.tagger), file=sys.stderr)


def _settings(args: argparse.Namespace, opened: "OpenInput") -> "TagSettings":
    from bilstm_tagger.experiments.selection.output import FORMS
    from bilstm_tagger.tagging.commands.tag import input_settings
    from bilstm_tagger.tagging.files.settings import TagSettings

    form = args.output_format or (opened.form if opened.form in FORMS else "json")
    return TagSettings(**input_settings(args, opened), output_form=form)


def _score_file(
    args: argparse.Namespace, settings: "TagSettings", opened: "OpenInput"
) -> "Optional[ScoreFile]":
    from bilstm_tagger.experiments.selection.score_file import ScoreFile, scored_pool
    from bilstm_tagger.tagging.loading import find_model

    if args.scores is None:
        return None
    if args.strategy == "random" or args.input == "-":
        what = "--strategy random" if args.strategy == "random" else "a pool on standard input"
        raise UserError(f"--scores is not for {what}, which needs none; leave --scores out")
    check_writable(args.scores)
    names = (
        *("input_form", "skip", "language", "tokenizer", "tasks", "constrained", "calibrated"),
        *("dataset", "layout"),
    )
    of = {"strategy": args.strategy, **{name: getattr(settings, name) for name in names}}
    # A file that is not there is an error of the model that reads it.
    is_there = args.vectors is not None and os.path.exists(args.vectors)
    vectors = os.stat(args.vectors) if is_there else None
    pool = scored_pool(find_model(args.archive), opened.input.status, vectors, of)
    return ScoreFile(args.scores, pool)


def _check_outputs(args: argparse.Namespace, opened: "OpenInput") -> None:
    from bilstm_tagger.tagging.files.output_file import STDOUT, check_distinct, check_outputs
    from bilstm_tagger.tagging.loading import find_model

    check_distinct({"-o": args.output, "--table": args.table, "--scores": args.scores})
    outputs = [path for path in (args.output, args.table, args.scores) if path not in (None, "-")]
    check_writable(*outputs)
    check_outputs(opened.input.name, opened.input.status, *outputs)
    read = [os.fspath(find_model(args.archive)), *args.labelled]
    for path in filter(os.path.exists, filter(None, (*read, args.vectors))):
        check_outputs(path, os.stat(path), *outputs, *([STDOUT] if args.output == STDOUT else []))


def _write(args: argparse.Namespace, form: str, pool: "Pool", selection: "Selection") -> None:
    from bilstm_tagger.experiments.selection import output
    from bilstm_tagger.tagging.commands.tables import print_table
    from bilstm_tagger.tagging.files.output_file import OutputFile

    sentences = selection.sentences
    if args.output is not None:
        with OutputFile(args.output) as file:
            for piece in output.rendered(sentences, pool, form):
                file.write(piece)
    if args.table is not None:
        write_file(args.table, output.tab_separated(sentences))
    if args.output != "-":
        rows = output.table_rows(sentences[:_SHOWN], _WIDTH)
        title = f"{args.strategy}: the first {len(rows)} of {len(sentences):,} sentences"
        print_table(title, output.COLUMNS, rows, 3)


def _summary(
    args: argparse.Namespace, pool: "Pool", selection: "Selection", tagger: "Tagger"
) -> str:
    tokens = sum(len(sentence.draft.tokens) for sentence in selection.sentences)
    wanted = args.number or (None if args.tokens else _NUMBER)
    few = wanted is not None and len(selection.sentences) < wanted
    left_out = {
        "duplicates": pool.duplicates,
        "with labels": selection.labelled,
        "longer than --tokens": selection.too_long,
        "that cannot be read": pool.skipped,
        "that the output cannot hold": pool.unwritable,
    }
    reasons = [f"{count:,} {reason}" for reason, count in left_out.items() if count]
    return (
        f"Selected {len(selection.sentences):,} of {pool.sentences:,} sentences, {tokens:,} tokens"
        + (f"; fewer than {wanted:,}, as there are no more" if few else "")
        + f"; left out: {', '.join(reasons) or 'none'}; scored by: {', '.join(tagger.tasks)}"
    )
