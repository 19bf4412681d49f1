"""Word ids to word vectors."""

import logging
from typing import Optional

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.modules import TokenEmbedder

from bilstm_tagger.plugin.data.paths import local_word_vectors
from bilstm_tagger.plugin.data.vocabulary import KnownWords, WordVectorVocabulary

logger = logging.getLogger(__name__)

# Uniform in +-0.25 for words without a vector (Reimers and Gurevych 2017).
_RANDOM_RANGE = 0.25


@TokenEmbedder.register("word_vectors")
class WordVectorEmbedder(TokenEmbedder):
    """Word vectors from a file; words of the vocabulary that are not in it, the unknown word among
    them, are uniform in +-0.25; padding is zero.

    Registered as a `TokenEmbedder` with name "word_vectors".

    # Parameters

    embedding_dim : `int`
        The dimension of the vectors.
    pretrained_file : `str`, optional (default=`None`)
        The file, the same as that of the vocabulary. Not needed once the model is stored.
    trainable : `bool`, optional (default=`False`)
        Whether the vectors are trained.
    trainable_unknown : `bool`, optional (default=`False`)
        Whether the vector of the unknown word is trained where the others are not.
    word_dropout : `float`, optional (default=`0.0`)
        The probability that a word has the vector of the unknown word in training, so that the
        network learns to do without the word, and the vector, where it is trained, stands for all
        kinds of words (Lample et al. 2016 do so for words that occur once).
    namespace : `str`, optional (default=`"words"`)
        Where the vocabulary keeps words.
    """

    def __init__(
        self,
        vocab: Vocabulary,
        embedding_dim: int,
        pretrained_file: Optional[str] = None,
        trainable: bool = False,
        trainable_unknown: bool = False,
        word_dropout: float = 0.0,
        namespace: str = "words",
    ) -> None:
        super().__init__()
        if not 0.0 <= word_dropout < 1.0:
            raise ConfigurationError(
                f"word_dropout must be 0 or more and below 1, found {word_dropout}"
            )
        self.output_dim = embedding_dim
        self.namespace = namespace
        self.word_dropout = word_dropout
        self._unknown_id = vocab.get_token_index(vocab._oov_token, namespace)
        # Id of a word to whether it has a vector in the file; `None` where there is no file.
        self.has_vector: Optional[torch.Tensor] = None
        rows = vocab.get_vocab_size(namespace)
        weight = torch.empty(rows, embedding_dim).uniform_(-_RANDOM_RANGE, _RANDOM_RANGE)
        if rows:
            weight[0] = 0.0
        # Of a vocabulary that is made for this training.
        known = KnownWords()
        if isinstance(vocab, WordVectorVocabulary):
            known = vocab.known_words(namespace)
        if known.expects_vectors:
            if known.warning is not None:
                logger.warning(known.warning)
            elif pretrained_file is None:
                self._warn_of_random_vectors(known, trainable)
        if pretrained_file is not None:
            self._fill(weight, vocab, pretrained_file, known)
        self.weight = torch.nn.Parameter(weight, requires_grad=trainable)
        self.unknown: Optional[torch.nn.Parameter] = None
        if trainable_unknown:
            if trainable:
                raise ConfigurationError(
                    "trainable_unknown is for vectors that are frozen, but 'trainable' is set: "
                    "leave one of the two out"
                )
            self.unknown = torch.nn.Parameter(weight[self._unknown_id].clone())

    def _fill(self, weight: torch.Tensor, vocab: Vocabulary, path: str, words: KnownWords) -> None:
        ids = vocab.get_token_to_index_vocabulary(self.namespace)
        vectors = words.vectors
        if vectors is None or vectors.path != path:
            setting = "'pretrained_file' of the token embedder"
            vectors = local_word_vectors(path, ids.keys(), setting)
        if vectors.dimension != self.output_dim:
            raise ConfigurationError(
                f"embedding_dim is {self.output_dim}, but the vectors of {path} have "
                f"{vectors.dimension} dimensions; set embedding_dim to that"
            )
        matrix = torch.from_numpy(vectors.matrix)
        targets = [ids.get(word, -1) for word in vectors.words]
        if -1 in targets:
            kept = [row for row, target in enumerate(targets) if target >= 0]
            matrix, targets = matrix[kept], [targets[row] for row in kept]
        rows = torch.tensor(targets, dtype=torch.long)
        weight.index_copy_(0, rows, matrix)
        self.has_vector = torch.zeros(weight.size(0), dtype=torch.bool)
        self.has_vector[rows] = True
        words.vectors = None  # used; a second copy in memory serves nobody
        logger.info("%d of %d words have a vector in %s", len(targets), weight.size(0), path)

    @staticmethod
    def _warn_of_random_vectors(words: KnownWords, trainable: bool) -> None:
        """Warns of a file that only the vocabulary has, and of vectors that hold nothing."""
        if words.vectors is not None:
            logger.warning(
                "The vocabulary has the words of %s, but the token embedder gives them random "
                "vectors; set its 'pretrained_file' to that file, too.",
                words.vectors.path,
            )
        elif not trainable:
            logger.warning(
                "Words have random vectors that are not trained, because the token embedder has "
                "neither 'pretrained_file' nor 'trainable'. Name a file of word vectors there and "
                "in the vocabulary (inputs.words of the configs), or set 'trainable: true' "
                "(inputs.trained_words)."
            )

    def get_output_dim(self) -> int:
        return self.output_dim

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Ids (batch, length) to vectors (batch, length, embedding_dim)."""
        if self.training and self.word_dropout:
            dropped = torch.rand(tokens.shape, device=tokens.device) < self.word_dropout
            tokens = tokens.masked_fill(dropped & (tokens != 0), self._unknown_id)
        vectors = torch.nn.functional.embedding(tokens, self.weight, padding_idx=0)
        if self.unknown is None:
            return vectors
        return torch.where((tokens == self._unknown_id).unsqueeze(-1), self.unknown, vectors)
