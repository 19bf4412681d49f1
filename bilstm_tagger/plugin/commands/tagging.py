"""Commands of `bilstm-tagger` for AllenNLP: those that tag, or look at what a model predicts."""

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.experiments.doubts import command as doubts
from bilstm_tagger.experiments.errors import command as errors
from bilstm_tagger.experiments.selection import command as selection
from bilstm_tagger.plugin.commands.shared_command import SharedCommand
from bilstm_tagger.tagging.commands import calibration, distill, tag


@Subcommand.register("tag")
class Tag(SharedCommand):
    """Tags text or column files with a trained model, for all of its tasks in one pass.

    Registered as a `Subcommand` with name "tag".
    """

    description, about = tag.DESCRIPTION, tag.HELP
    add_options = staticmethod(tag.add_tag_options)


@Subcommand.register("calibration")
class Calibration(SharedCommand):
    """Compares the probabilities of a model to the share of its predictions that is right.

    Registered as a `Subcommand` with name "calibration".
    """

    description, about = calibration.DESCRIPTION, calibration.HELP
    add_options = staticmethod(calibration.add_calibration_options)


@Subcommand.register("errors")
class Errors(SharedCommand):
    """Reports what a model gets wrong, or two models, in a file with gold tags.

    Registered as a `Subcommand` with name "errors".
    """

    description, about = errors.DESCRIPTION, errors.HELP
    add_options = staticmethod(errors.add_errors_options)


@Subcommand.register("doubts")
class Doubts(SharedCommand):
    """Ranks the labels of a corpus that are likely wrong.

    Registered as a `Subcommand` with name "doubts".
    """

    # It reads predictions alone: there is no package to include.
    requires_plugins = False
    description, about = doubts.DESCRIPTION, doubts.HELP
    add_options = staticmethod(doubts.add_doubts_options)


@Subcommand.register("select")
class Select(SharedCommand):
    """Selects the sentences that are most worth labelling next.

    Registered as a `Subcommand` with name "select".
    """

    description, about = selection.DESCRIPTION, selection.HELP
    add_options = staticmethod(selection.add_select_options)


@Subcommand.register("distill")
class Distill(SharedCommand):
    """Writes the probabilities of tags, from which another model learns.

    Registered as a `Subcommand` with name "distill".
    """

    description, about = distill.DESCRIPTION, distill.HELP
    add_options = staticmethod(distill.add_distill_options)
