"""Everything that is registered with AllenNLP: to import this package registers it.

Nothing else of the process changes, but in a process of a command of AllenNLP: `compat.apply`.
"""

import sys
from importlib.util import find_spec

from bilstm_tagger.text.requirements import missing

if find_spec("allennlp") is None:
    reason = missing("allennlp", "train", "bilstm_tagger.plugin")
    raise ModuleNotFoundError(str(reason), name="allennlp")

import bilstm_tagger.plugin.data.samplers
import bilstm_tagger.plugin.data.token_indexers
import bilstm_tagger.plugin.data.vocabulary
import bilstm_tagger.plugin.dataset_readers
import bilstm_tagger.plugin.metrics
import bilstm_tagger.plugin.models
import bilstm_tagger.plugin.modules.token_embedders
import bilstm_tagger.plugin.predictors
import bilstm_tagger.plugin.training
from bilstm_tagger.plugin import commands, compat
from bilstm_tagger.plugin.training.console import quieten

if compat.in_command():
    compat.apply()
    # Not the commands that show their results in the log: evaluate, for one.
    if sys.argv[1:2] and sys.argv[1] in ("train", *commands.NAMES):
        quieten()
