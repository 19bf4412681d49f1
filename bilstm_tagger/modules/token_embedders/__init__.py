from bilstm_tagger.modules.token_embedders.characters import (
    CharacterCNNEmbedder,
    CharacterLSTMEmbedder,
)
from bilstm_tagger.modules.token_embedders.word_vectors import WordVectorEmbedder

__all__ = ["CharacterCNNEmbedder", "CharacterLSTMEmbedder", "WordVectorEmbedder"]
