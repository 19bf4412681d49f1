from bilstm_tagger.plugin.data.token_indexers.characters import WordCharactersIndexer
from bilstm_tagger.plugin.data.token_indexers.features import (
    CasingIndexer,
    ColumnIndexer,
    FeatureIndexer,
)
from bilstm_tagger.plugin.data.token_indexers.lexicon import LexiconIndexer
from bilstm_tagger.plugin.data.token_indexers.namespaces import check_namespaces
from bilstm_tagger.plugin.data.token_indexers.words import WordFormsIndexer
