"""Everything that is registered with AllenNLP: to import this package registers it.

Nothing else of the process changes, but in a process of a command of AllenNLP: `compat.apply`.
"""

from importlib.util import find_spec

from bilstm_tagger.text.requirements import missing

if find_spec("allennlp") is None:
    reason = missing("allennlp", "train", "bilstm_tagger.plugin")
    raise ModuleNotFoundError(str(reason), name="allennlp")

import bilstm_tagger.plugin.commands  # noqa: F401
import bilstm_tagger.plugin.data.samplers  # noqa: F401
import bilstm_tagger.plugin.data.token_indexers  # noqa: F401
import bilstm_tagger.plugin.data.vocabulary  # noqa: F401
import bilstm_tagger.plugin.dataset_readers  # noqa: F401
import bilstm_tagger.plugin.metrics  # noqa: F401
import bilstm_tagger.plugin.models  # noqa: F401
import bilstm_tagger.plugin.modules.token_embedders  # noqa: F401
import bilstm_tagger.plugin.predictors  # noqa: F401
import bilstm_tagger.plugin.training  # noqa: F401
from bilstm_tagger.plugin import compat

if compat.in_command():
    compat.apply()
