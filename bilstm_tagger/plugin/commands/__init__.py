"""The subcommands of `allennlp`."""

from bilstm_tagger.plugin.commands.compare import Compare  # noqa: F401
from bilstm_tagger.plugin.commands.distribution import Distribution  # noqa: F401
from bilstm_tagger.plugin.commands.export import Export  # noqa: F401
from bilstm_tagger.plugin.commands.search import Search  # noqa: F401
from bilstm_tagger.plugin.commands.seeds import Seeds  # noqa: F401
from bilstm_tagger.plugin.commands.tagging import Calibration, Tag  # noqa: F401
