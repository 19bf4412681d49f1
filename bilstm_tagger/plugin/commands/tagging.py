"""`allennlp tag`, `calibration` and `errors`: commands of `bilstm-tagger`, for AllenNLP."""

import argparse

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.experiments.errors import command as errors
from bilstm_tagger.tagging.commands import calibration, tag


@Subcommand.register("tag")
class Tag(Subcommand):
    """Tags text or column files with a trained model, for all of its tasks in one pass.

    Registered as a `Subcommand` with name "tag".
    """

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(self.name, description=tag.DESCRIPTION, help=tag.HELP)
        tag.add_tag_options(subparser)
        return subparser


@Subcommand.register("calibration")
class Calibration(Subcommand):
    """Compares the probabilities of a model to the share of its predictions that is right.

    Registered as a `Subcommand` with name "calibration".
    """

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        description, about = calibration.DESCRIPTION, calibration.HELP
        subparser = parser.add_parser(self.name, description=description, help=about)
        calibration.add_calibration_options(subparser)
        return subparser


@Subcommand.register("errors")
class Errors(Subcommand):
    """Reports what a model gets wrong, or two models, in a file with gold tags.

    Registered as a `Subcommand` with name "errors".
    """

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(self.name, description=errors.DESCRIPTION, help=errors.HELP)
        errors.add_errors_options(subparser)
        return subparser
