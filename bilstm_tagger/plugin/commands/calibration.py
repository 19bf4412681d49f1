"""`allennlp calibration`: the command `calibration`, as AllenNLP knows it."""

import argparse

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.tagging.commands.calibration import DESCRIPTION, HELP, add_calibration_options


@Subcommand.register("calibration")
class Calibration(Subcommand):
    """Compares the probabilities of a model to the share of its predictions that is right.

    Registered as a `Subcommand` with name "calibration".
    """

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(self.name, description=DESCRIPTION, help=HELP)
        add_calibration_options(subparser)
        return subparser
