"""The command `tag`: tags files of any size."""

import argparse
import contextlib
import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Optional, Union

from bilstm_tagger.tagging.commands.errors import (
    interruptible,
    leave_closed_pipe,
    one_line_errors,
    quiet_logging,
)
from bilstm_tagger.tagging.commands.tag_options import add_options
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
    add_options(parser)
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
        **input_settings(args, opened),
        output_form=args.output_format or output_form_for(opened.form),
        columns=_columns(args.columns),
        probabilities="all" if args.probabilities == "all" else bool(args.probabilities),
        top_k=args.top_k,
    )


def input_settings(args: argparse.Namespace, opened: "OpenInput") -> dict[str, Any]:
    """Those that the model, the input and the options of `add_input_options` make."""
    return dict(
        archive=args.archive,
        source="<stdin>" if args.input == "-" else args.input,
        input_form=opened.form,
        skip=args.on_error == "skip",
        layout=args.layout,
        recognised=opened.recognised,
        packages=list(getattr(args, "include_package", ())),
        **model_settings(args),
    )


def model_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Those of `Tagger.load` that the options of `add_input_options` make."""
    return dict(
        language=args.language,
        tokenizer=args.tokenizer,
        tasks=None if args.tasks is None else [task.strip() for task in args.tasks.split(",")],
        constrained=False if args.no_constraints else None,
        calibrated=not args.uncalibrated,
        dataset=args.dataset,
        vectors=args.vectors,
        trust=args.trust,
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
        for block in tag(source.blocks(settings.of_columns, settings.starts_sentence())):
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
