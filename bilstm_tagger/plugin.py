"""Everything that is registered with AllenNLP."""

# First: it mends AllenNLP itself for the versions of torch and numpy in use.
from bilstm_tagger import compat  # noqa: F401  # isort: skip
import bilstm_tagger.data.samplers  # noqa: F401
import bilstm_tagger.data.token_indexers  # noqa: F401
import bilstm_tagger.data.vocabulary  # noqa: F401
import bilstm_tagger.dataset_readers  # noqa: F401
import bilstm_tagger.metrics  # noqa: F401
import bilstm_tagger.models  # noqa: F401
import bilstm_tagger.modules.token_embedders  # noqa: F401
import bilstm_tagger.predictors  # noqa: F401
import bilstm_tagger.training  # noqa: F401
