"""Character ids to a vector for each token, by a CNN or an LSTM."""

import torch
from allennlp.data import Vocabulary
from allennlp.modules import TokenEmbedder

from bilstm_tagger.network.character_encoders import (
    CharacterCNN,
    CharacterEncoder,
    CharacterLSTM,
    encode_distinct_words,
)


class CharacterEmbedder(TokenEmbedder):
    """Reads each distinct word of a batch once, by its characters. The encoder takes ids (words,
    characters) to (words, output_dim), and has an attribute `output_dim`.
    """

    def __init__(self, encoder: CharacterEncoder, namespace: str) -> None:
        super().__init__()
        self.encoder = encoder
        self.namespace = namespace

    def get_output_dim(self) -> int:
        return self.encoder.output_dim

    def forward(self, token_characters: torch.Tensor) -> torch.Tensor:
        """Ids (batch, length, characters) to vectors (batch, length, output_dim)."""
        return encode_distinct_words(token_characters.long(), self.encoder)


@TokenEmbedder.register("character_cnn")
class CharacterCNNEmbedder(CharacterEmbedder):
    """A convolution over characters and the maximum over positions (Ma and Hovy 2016).

    Registered as a `TokenEmbedder` with name "character_cnn".

    # Parameters

    embedding_dim : `int`, optional (default=`30`)
        Dimension of a character.
    num_filters : `int`, optional (default=`30`)
        Filters, which is the dimension of the output.
    width : `int`, optional (default=`3`)
        Characters under a filter; odd.
    namespace : `str`, optional (default=`"token_characters"`)
        Where the vocabulary keeps characters.
    """

    def __init__(
        self,
        vocab: Vocabulary,
        embedding_dim: int = 30,
        num_filters: int = 30,
        width: int = 3,
        namespace: str = "token_characters",
    ) -> None:
        size = vocab.get_vocab_size(namespace)
        super().__init__(CharacterCNN(size, embedding_dim, num_filters, width), namespace)


@TokenEmbedder.register("character_lstm")
class CharacterLSTMEmbedder(CharacterEmbedder):
    """A BiLSTM over characters and its final states (Lample et al. 2016).

    Registered as a `TokenEmbedder` with name "character_lstm".

    # Parameters

    embedding_dim : `int`, optional (default=`30`)
        Dimension of a character.
    hidden_size : `int`, optional (default=`25`)
        Units per direction; the output has twice as many dimensions.
    namespace : `str`, optional (default=`"token_characters"`)
        Where the vocabulary keeps characters.
    """

    def __init__(
        self,
        vocab: Vocabulary,
        embedding_dim: int = 30,
        hidden_size: int = 25,
        namespace: str = "token_characters",
    ) -> None:
        size = vocab.get_vocab_size(namespace)
        super().__init__(CharacterLSTM(size, embedding_dim, hidden_size), namespace)
