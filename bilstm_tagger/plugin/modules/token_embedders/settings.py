"""From a token embedder to its settings in a config."""

from typing import Any, Optional

import torch
from allennlp.modules import TokenEmbedder
from allennlp.modules.token_embedders import Embedding, EmptyEmbedder

from bilstm_tagger.plugin.modules import token_embedders as embedders


def settings_of(embedder: TokenEmbedder) -> Optional[dict[str, Any]]:
    """Type and sizes of an embedder whose vectors are those of a single token; `None` for another.

    The classes themselves are known, not those that are made of them: these may do anything else.
    """
    kind = type(embedder)
    if kind is embedders.WordVectorEmbedder:
        return {
            "type": "word_vectors",
            "embedding_dim": embedder.output_dim,
            "trainable": embedder.weight.requires_grad,
            "trainable_unknown": embedder.unknown is not None,
        }
    if kind is embedders.CharacterCNNEmbedder:
        filters, dimension, width = embedder.encoder.weight.shape
        sizes = {"embedding_dim": dimension, "num_filters": filters, "width": width}
        return {"type": "character_cnn", **sizes}
    if kind is embedders.CharacterLSTMEmbedder:
        return {
            "type": "character_lstm",
            "embedding_dim": embedder.encoder.embedding.embedding_dim,
            "hidden_size": embedder.encoder.hidden_size,
        }
    if kind is Embedding:
        projection: Optional[torch.nn.Linear] = embedder._projection
        return {
            "type": "embedding",
            "num_embeddings": embedder.weight.shape[0],
            "embedding_dim": embedder.weight.shape[1],
            "max_norm": embedder.max_norm,
            "norm_type": embedder.norm_type,
            "projection_dim": projection and projection.out_features,
            "vocab_namespace": embedder._vocab_namespace,
        }
    if kind is EmptyEmbedder:
        return {"type": "empty"}
    return None
