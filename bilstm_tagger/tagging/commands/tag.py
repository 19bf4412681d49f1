"""The command `tag`: tags files of any size."""

import argparse
import contextlib
import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Optional, Union

from bilstm_tagger.tagging.commands.errors import (
    interruptible,
    leave_closed_pipe,
    one_line_errors,
    quiet_logging,
)
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import missing

if TYPE_CHECKING:
    from bilstm_tagger.tagging.files.block_reader import Input
    from bilstm_tagger.tagging.files.input_forms import OpenInput
    from bilstm_tagger.tagging.files.item_input import ItemInput
    from bilstm_tagger.tagging.files.output_file import OutputFile
    from bilstm_tagger.tagging.files.processes import TagBlocks
    from bilstm_tagger.tagging.files.settings import TagSettings


DESCRIPTION = "Tag a text or column file of any size with a trained model."
HELP = "Tag text or column files."


def add_tag_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `tag`, and what it does, to a parser."""
    from bilstm_tagger.tagging.files.input_forms import INPUT_FORMS, OUTPUT_FORMS

    add = parser.add_argument
    add("archive", metavar="MODEL", help="the name of a model, a model file, or model.tar.gz")
    add(
        "input",
        metavar="INPUT",
        help="the file (of some forms: the folder) to tag, plain or packed; - is standard input",
    )
    add(
        "-o",
        "--output",
        default="-",
        metavar="OUTPUT",
        help="the file to write, packed if it ends in .gz; - is standard output. It is "
        "OUTPUT.incomplete until it is complete",
    )
    add(
        "--input-format",
        choices=INPUT_FORMS,
        help="text: raw text, any number of sentences a line; sentences: raw text, one a line; "
        "tokens: one sentence a line, tokens separated by blanks; lines: the same with parts, as "
        "Word|POS; json: a line an object with 'text' or 'tokens'; conll: columns as in training, "
        "or with a header; conllu: CoNLL-U; brat, spacy (DocBin), parquet: such files or folders "
        "(default: what the content of the input looks like)",
    )
    add(
        "--layout",
        metavar="JSON",
        help="where the tokens and features of the input are, if it has not the layout of the "
        'training: keys of a dataset_reader, as in \'{"columns": {"tokens": 1}}\'',
    )
    add(
        "--output-format",
        choices=OUTPUT_FORMS,
        help="json: an object a line; objects: the objects that came, with tags or spans in them; "
        "conll: a token a line, with a column for each task; conllu: CoNLL-U; lines: a sentence a "
        "line; brat, spacy, parquet: a copy of such input with the tags (default: that of the "
        "input, if it has a place for tags, else json)",
    )
    add(
        "--columns",
        metavar="TASK=COLUMN,...",
        help="the column of a task in CoNLL-U output: UPOS, XPOS or MISC (default: UPOS for a "
        "task pos or upos, XPOS for xpos, MISC for all others)",
    )
    add("--tasks", metavar="TASK,...", help="the tasks that are wanted (default: all)")
    add("--language", help="of raw text (default: that of the rules in the model file, or en)")
    add(
        "--tokenizer",
        choices=("auto", "spacy"),
        default="auto",
        help="what splits raw text: the rules in the model file, else spaCy; or always spaCy",
    )
    add("--dataset", help="whose layout column files have, of a model of several data sets")
    add(
        "--no-constraints",
        action="store_true",
        help="allow sequences of tags that the encoding of the task forbids",
    )
    add(
        "--probabilities",
        choices=("chosen", "all"),
        help="in JSON, those of the chosen tags and spans, or of all tags, too",
    )
    add("--top-k", type=int, default=0, metavar="K", help="in JSON, the best K taggings")
    add(
        "--on-error",
        choices=("stop", "skip"),
        default="stop",
        help="at a line or sentence that cannot be read: stop, or pass it through as it is and "
        "say so",
    )
    add(
        "--jobs",
        type=int,
        metavar="N",
        help="processes that tag (default: 1; on a cluster, as many as it has processors)",
    )
    add(
        "--ray",
        metavar="ADDRESS",
        help="tag on the cluster of Ray there; local: on one that is started on this machine. "
        "The same command goes on after an interruption",
    )
    add("--vectors", metavar="FILE", help="word vectors for words that training has not seen")
    add(
        "--trust",
        action="store_true",
        help="load an archive that names components of other packages: it may run anything",
    )
    add("--cuda-device", type=int, default=-1, help="the GPU; -1 is the CPU")
    add(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="the number of threads of each process; more than one is seldom faster",
    )
    parser.set_defaults(func=run_tag)


def run_tag(args: argparse.Namespace) -> None:
    """Tags; ends the process with status 1 for an error of the user's, 130 if interrupted, and 141,
    as a program does that the closed pipe ends, if nobody reads the output."""
    from bilstm_tagger.tagging.files.input_forms import open_input
    from bilstm_tagger.tagging.files.input_layout import parse_layout
    from bilstm_tagger.tagging.files.output_file import OutputFile

    output: Optional[OutputFile] = None

    def remains() -> str:
        left = output and output.remains
        return f"; what was tagged before is in {left}" if left else ""

    def say(what: str) -> None:
        print(f"{what}{remains()}", file=sys.stderr)

    # Without what AllenNLP says of every setting of an archive.
    with one_line_errors(remains), interruptible(say), quiet_logging(logging.INFO):
        try:
            declared = None if args.layout is None else parse_layout(args.layout)
            with open_input(args.input, args.input_format, declared) as opened:
                settings = settings_of(args, opened)
                path = _path_of(args.output, settings.output_form)
                output = OutputFile(path)
                if opened.message:
                    print(opened.message, file=sys.stderr)
                _tag(args, settings, opened.input, path, output)
            if path != args.output:
                # It imports what reads these forms, which no other input needs.
                from bilstm_tagger.tagging.files.write_back import write_back

                write_back(settings.output_form, args.input, path, args.output)
                os.unlink(path)
        except BrokenPipeError:
            leave_closed_pipe()


def settings_of(args: argparse.Namespace, opened: "OpenInput") -> "TagSettings":
    """The settings that the options and the input make.

    # Errors

    `UserError` for options that do not go together.
    """
    from bilstm_tagger.tagging.files.input_forms import output_form_for
    from bilstm_tagger.tagging.files.settings import TagSettings

    if args.jobs is not None and args.jobs < 1:
        raise UserError("--jobs must be at least 1")
    return TagSettings(
        archive=args.archive,
        source="<stdin>" if args.input == "-" else args.input,
        input_form=opened.form,
        output_form=args.output_format or output_form_for(opened.form),
        skip=args.on_error == "skip",
        columns=_columns(args.columns),
        probabilities="all" if args.probabilities == "all" else bool(args.probabilities),
        top_k=args.top_k,
        language=args.language,
        tokenizer=args.tokenizer,
        tasks=None if args.tasks is None else [task.strip() for task in args.tasks.split(",")],
        constrained=False if args.no_constraints else None,
        dataset=args.dataset,
        layout=args.layout,
        recognised=opened.recognised,
        vectors=args.vectors,
        trust=args.trust,
        packages=list(getattr(args, "include_package", ())),
        cuda_device=args.cuda_device,
        threads=args.threads,
    )


def _columns(text: Optional[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for place in text.split(",") if text else ():
        task, equals, column = place.partition("=")
        if not equals or task.strip() in columns:
            raise UserError(
                f"--columns {text}: expected TASK=COLUMN,..., each task once, as in pos=UPOS"
            )
        columns[task.strip()] = column.strip().upper()
    return columns


def _path_of(output: str, form: str) -> str:
    """The file that is written first: the output, or what a copy of the input is made from."""
    from bilstm_tagger.tagging.files.input_forms import ITEM_FORMS
    from bilstm_tagger.tagging.files.output_file import STDOUT

    if form not in ITEM_FORMS or not output:  # which `OutputFile` refuses
        return output
    if output == STDOUT:
        raise UserError(
            f"--output-format {form} needs -o OUTPUT, the file or folder for a copy of the input "
            "with the tags; or choose --output-format json"
        )
    if os.path.exists(output) and (os.path.isfile(output) or form != "brat" or os.listdir(output)):
        raise UserError(f"-o {output}: exists already; remove it, or choose another name")
    return f"{output.rstrip(os.sep)}.annotations.jsonl"


def _tag(
    args: argparse.Namespace,
    settings: "TagSettings",
    source: "Union[Input, ItemInput]",
    path: str,
    output: "OutputFile",
) -> None:
    from bilstm_tagger.tagging.files.progress import rate, tagging_progress
    from bilstm_tagger.tagging.loading import find_model

    # The bar, and output on the same terminal, would be in each other's way.
    shown = (
        sys.stderr is not None
        and sys.stderr.isatty()
        and not (args.output == "-" and sys.stdout.isatty())
    )
    sentences = tokens = skipped = 0
    seconds = 0.0
    output.check_differs(source.name, source.status)
    model = os.fspath(find_model(settings.archive))
    for read in filter(os.path.exists, filter(None, (model, settings.vectors))):
        output.check_differs(read, os.stat(read))
    # The output is there before a cluster's pieces of it are removed.
    with (
        _tagging(args, settings, path) as tag,
        output,
        tagging_progress(source, shown) as progress,
    ):
        started = time.monotonic()
        # No more than a few blocks are in memory at a time.
        for block in tag(source.blocks(settings.of_columns, settings.starts_sentence)):
            output.write(block.output)
            sentences += block.sentences
            tokens += block.tokens
            skipped += len(block.skipped)
            seconds = time.monotonic() - started
            for record in block.skipped:
                progress.say(f"skipped {settings.source}:{record.line}: {record.problem}")
            progress.show(sentences, seconds)
        source.check_unchanged()
    progress.say(
        f"{sentences:,} sentences, {tokens:,} tokens, {seconds:.1f} s, "
        f"{rate(sentences, seconds)}, {skipped:,} skipped"
    )


def _tagging(
    args: argparse.Namespace, settings: "TagSettings", path: str
) -> contextlib.AbstractContextManager["TagBlocks"]:
    """Where the work is done: here, in processes, or on a cluster."""
    from bilstm_tagger.tagging.files.processes import in_place, in_processes

    if args.ray is not None:
        try:
            from bilstm_tagger.tagging.files.on_ray import on_ray
            from bilstm_tagger.tagging.files.shards import ShardedRun
        except ImportError as error:
            raise missing("ray", "ray", "--ray") from error
        run = ShardedRun.of(settings, args.input, path)
        return on_ray(args.ray, settings.block_tagger, run, args.jobs)
    if args.jobs in (None, 1):
        return in_place(settings)
    return in_processes(settings, args.jobs)
