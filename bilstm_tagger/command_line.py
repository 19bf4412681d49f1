"""The command `bilstm-tagger`: what works without AllenNLP."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple, Optional

from bilstm_tagger import __version__
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import ALLENNLP


class _Command(NamedTuple):
    """Where a subcommand is. Its module is imported when the subcommand is called, so that the
    others start without it."""

    module: str
    add_options: str
    help: str


_COMMANDS = {
    "tag": _Command(
        "bilstm_tagger.tagging.commands.tag", "add_tag_options", "Tag text or column files."
    ),
    "calibration": _Command(
        "bilstm_tagger.tagging.commands.calibration",
        "add_calibration_options",
        "Report how well the probabilities of a model are calibrated.",
    ),
    "errors": _Command(
        "bilstm_tagger.experiments.errors.command",
        "add_errors_options",
        "Report what a model gets wrong, or two models, in a file with gold tags.",
    ),
    "doubts": _Command(
        "bilstm_tagger.experiments.doubts.command",
        "add_doubts_options",
        "Rank the labels of a corpus that are likely wrong.",
    ),
    "select": _Command(
        "bilstm_tagger.experiments.selection.command",
        "add_select_options",
        "Select the sentences that are most worth labelling next.",
    ),
    "distill": _Command(
        "bilstm_tagger.tagging.commands.distill",
        "add_distill_options",
        "Write the probabilities of tags, from which another model learns.",
    ),
    "inspect": _Command(
        "bilstm_tagger.tagging.commands.inspect",
        "add_inspect_options",
        "Show what is in annotated files, and propose a config.",
    ),
    "curves": _Command(
        "bilstm_tagger.experiments.curves_command",
        "add_curves_options",
        "Show the losses, scores and learning rates of one training.",
    ),
    "models": _Command(
        "bilstm_tagger.tagging.commands.models",
        "add_models_options",
        "List the models that are loaded by name, or show one.",
    ),
    "package": _Command(
        "bilstm_tagger.tagging.commands.package",
        "add_package_options",
        "Make an installable package of a model.",
    ),
    "serve": _Command(
        "bilstm_tagger.server.command",
        "add_serve_options",
        "Serve models over HTTP: an API, and a page to try them.",
    ),
    "configs": _Command(
        "bilstm_tagger.packaged_configs",
        "add_configs_options",
        "List, print or copy the training configs of the package.",
    ),
}
# AllenNLP's own commands, and those that this package adds to it.
_OF_ALLENNLP = (
    *("train", "evaluate", "predict", "build-vocab"),
    *("export", "seeds", "crossval", "search", "compare", "distribution"),
)


def make_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of a command line, without the name of the program. Its first word decides which
    subcommand gets its options."""
    parser = argparse.ArgumentParser(
        prog="bilstm-tagger",
        description="Sequence tagging with a trained model. Training is `allennlp train`.",
    )
    parser.add_argument("--version", action="version", version=f"bilstm-tagger {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in _COMMANDS.items():
        subparser = subparsers.add_parser(name, help=command.help)
        if name in arguments[:1]:
            module = importlib.import_module(command.module)
            subparser.description = module.DESCRIPTION
            getattr(module, command.add_options)(subparser)
            # Packages that AllenNLP's commands import; they add this option themselves.
            subparser.set_defaults(include_package=())
    return parser


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Runs a command line, without the name of the program; `None` is that of the process."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in _OF_ALLENNLP:
        sys.exit(
            f"error: {arguments[0]!r} is a command of AllenNLP, not of bilstm-tagger: allennlp "
            f"{arguments[0]}. AllenNLP finds this package by a file, ~/.allennlp/plugins, with the "
            f"line bilstm_tagger.plugin. To install AllenNLP: {ALLENNLP}"
        )
    args = make_parser(arguments).parse_args(arguments)
    try:
        args.func(args)
        sys.stdout.flush()
    except BrokenPipeError:
        from bilstm_tagger.tagging.commands.errors import leave_closed_pipe

        leave_closed_pipe()
    except UserError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell does for a program that Ctrl-C ended
