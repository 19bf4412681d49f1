"""`allennlp curves`: the command of `bilstm-tagger`, for AllenNLP."""

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.experiments import curves_command
from bilstm_tagger.plugin.commands.shared_command import SharedCommand


@Subcommand.register("curves")
class Curves(SharedCommand):
    """Shows losses, scores and learning rates of one training over its epochs.

    Registered as a `Subcommand` with name "curves".
    """

    # It reads files of numbers alone: there is no package to include.
    requires_plugins = False
    description, about = curves_command.DESCRIPTION, curves_command.HELP
    add_options = staticmethod(curves_command.add_curves_options)
