"""Everything that is registered with AllenNLP."""

import gc

# First: it mends AllenNLP itself for the versions of torch and numpy in use.
from bilstm_tagger.plugin import compat  # noqa: F401  # isort: skip
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

# What was imported by now, a million objects of torch and AllenNLP among it, stays as long as the
# process: the garbage collector need not look through it again and again, a fifth of a second each
# time.
gc.freeze()
