"""`allennlp curves`: the command of `bilstm-tagger`, for AllenNLP."""

import argparse

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.experiments.curves_command import DESCRIPTION, HELP, add_curves_options


@Subcommand.register("curves")
class Curves(Subcommand):
    """Shows losses, scores and learning rates of one training over its epochs.

    Registered as a `Subcommand` with name "curves".
    """

    # It reads files of numbers alone: there is no package to include.
    requires_plugins = False

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(self.name, description=DESCRIPTION, help=HELP)
        add_curves_options(subparser)
        return subparser
