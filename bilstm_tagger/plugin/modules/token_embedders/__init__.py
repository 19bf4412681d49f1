from bilstm_tagger.plugin.modules.token_embedders.characters import (
    CharacterCNNEmbedder,
    CharacterLSTMEmbedder,
)
from bilstm_tagger.plugin.modules.token_embedders.contextual import ContextualEmbedder
from bilstm_tagger.plugin.modules.token_embedders.word_vectors import WordVectorEmbedder
