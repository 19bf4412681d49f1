"""Commands that `bilstm-tagger` has, too, for AllenNLP."""

import argparse
from abc import abstractmethod
from typing import ClassVar

from allennlp.commands.subcommand import Subcommand


class SharedCommand(Subcommand):
    """A command that a parser of any program can have.

    Its subclasses have what the help says of it, at length and in a line.
    """

    description: ClassVar[str]
    about: ClassVar[str]

    @staticmethod
    @abstractmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        """Adds the options of the command, and what it does, to a parser."""

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(self.name, description=self.description, help=self.about)
        self.add_options(subparser)
        return subparser
