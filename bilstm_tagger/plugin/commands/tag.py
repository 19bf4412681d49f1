"""`allennlp tag`: the command `tag`, as AllenNLP knows it."""

import argparse

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.tagging.commands.tag import DESCRIPTION, HELP, add_tag_options


@Subcommand.register("tag")
class Tag(Subcommand):
    """Tags text or column files with a trained model, for all of its tasks in one pass.

    Registered as a `Subcommand` with name "tag".
    """

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(self.name, description=DESCRIPTION, help=HELP)
        add_tag_options(subparser)
        return subparser
