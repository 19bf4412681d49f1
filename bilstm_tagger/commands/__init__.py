"""The subcommands of `allennlp`."""

from bilstm_tagger.commands.calibration import CalibrationReport  # noqa: F401
from bilstm_tagger.commands.compare import Compare  # noqa: F401
from bilstm_tagger.commands.distribution import Distribution  # noqa: F401
from bilstm_tagger.commands.search import Search  # noqa: F401
from bilstm_tagger.commands.seeds import Seeds  # noqa: F401
from bilstm_tagger.commands.tag import Tag  # noqa: F401
