"""The subcommands of `allennlp`."""

from bilstm_tagger.plugin.commands.compare import Compare
from bilstm_tagger.plugin.commands.crossval import CrossVal
from bilstm_tagger.plugin.commands.curves import Curves
from bilstm_tagger.plugin.commands.distribution import Distribution
from bilstm_tagger.plugin.commands.export import Export
from bilstm_tagger.plugin.commands.search import Search
from bilstm_tagger.plugin.commands.seeds import Seeds
from bilstm_tagger.plugin.commands.tagging import Calibration, Distill, Doubts, Errors, Select, Tag

NAMES = (
    *("export", "seeds", "distribution", "compare", "search", "curves", "crossval"),
    *("tag", "calibration", "errors", "doubts", "select", "distill"),
)
