"""Everything that is registered with AllenNLP."""

import gc

# First: it mends AllenNLP itself for the versions of torch and numpy in use.
from bilstm_tagger import compat  # noqa: F401  # isort: skip
import bilstm_tagger.commands  # noqa: F401
import bilstm_tagger.data.samplers  # noqa: F401
import bilstm_tagger.data.token_indexers  # noqa: F401
import bilstm_tagger.data.vocabulary  # noqa: F401
import bilstm_tagger.dataset_readers  # noqa: F401
import bilstm_tagger.metrics  # noqa: F401
import bilstm_tagger.models  # noqa: F401
import bilstm_tagger.modules.token_embedders  # noqa: F401
import bilstm_tagger.predictors  # noqa: F401
import bilstm_tagger.training  # noqa: F401

# What was imported by now, a million objects of torch and AllenNLP among it, stays as long as the
# process: the garbage collector need not look through it again and again, a fifth of a second each
# time.
gc.freeze()
