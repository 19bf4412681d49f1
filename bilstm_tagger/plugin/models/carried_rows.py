"""Vectors of words, characters and values of features that a trained model hands on."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy
import torch
from allennlp.data import Vocabulary
from allennlp.modules.token_embedders import Embedding

from bilstm_tagger.plugin.modules.token_embedders import WordVectorEmbedder
from bilstm_tagger.plugin.modules.token_embedders.characters import CharacterEmbedder

logger = logging.getLogger(__name__)

# Vectors of one file, one of them in half precision, differ by less.
_SAME = 0.01


class RowCounts(NamedTuple):
    """How many words, characters or values the new model has from where."""

    carried: int
    with_vector: int  # new, with a vector of the file of word vectors
    new: int

    def __str__(self) -> str:
        text = f"{self.carried:,} carried over"
        if self.with_vector:
            text += f", {self.with_vector:,} new with a vector"
        return text + (f", {self.new:,} new" if self.new else "")


def carry_rows(
    embedder: WordVectorEmbedder | CharacterEmbedder | Embedding,
    vocabulary: Vocabulary,
    values: Sequence[str],
    unknown: int,
    vectors: numpy.ndarray,
) -> RowCounts:
    """Gives an embedder the vectors, (values, dimension), of these words, characters or values,
    and adds those that are missing to the vocabulary. `unknown` is the row that stands for all
    others.
    """
    namespace = embedder._vocab_namespace if isinstance(embedder, Embedding) else embedder.namespace
    for row, value in enumerate(values):
        if value and row != unknown:
            vocabulary.add_token_to_namespace(value, namespace)
    ids = vocabulary.get_token_to_index_vocabulary(namespace)
    unknown_id = ids[vocabulary._oov_token]
    targets = [ids.get(value, 0) for value in values]
    targets[unknown] = unknown_id
    rows = [row for row, target in enumerate(targets) if target]  # no padding
    places = torch.tensor([targets[row] for row in rows])
    carried = torch.from_numpy(numpy.asarray(vectors[rows], dtype=numpy.float32))

    table = embedder.encoder.embedding if isinstance(embedder, CharacterEmbedder) else embedder
    before = len(table.weight)
    # A value that neither model has seen, of an input that shares its values with another.
    more = table.weight[unknown_id].expand(len(ids) - before, -1)
    weight = torch.cat([table.weight, more]).detach()
    has_vector = torch.zeros(len(ids), dtype=torch.bool)
    if isinstance(embedder, WordVectorEmbedder) and embedder.has_vector is not None:
        has_vector[:before] = embedder.has_vector
        _warn_of_other_vectors(weight[places], carried, has_vector[places])
    weight[places] = carried
    table.weight = torch.nn.Parameter(weight, requires_grad=table.weight.requires_grad)
    is_carried = torch.zeros(len(ids), dtype=torch.bool)
    is_carried[places] = True
    with_vector = int((has_vector & ~is_carried).sum())
    if isinstance(embedder, WordVectorEmbedder):
        is_carried[unknown_id] = False
        embedder.has_vector = has_vector | is_carried
        if embedder.unknown is not None:
            embedder.unknown.copy_(weight[unknown_id])
    else:
        table.num_embeddings = len(ids)
    count = len(rows) - 1  # without that of all others
    return RowCounts(count, with_vector, len(ids) - 2 - count - with_vector)


def _warn_of_other_vectors(
    of_file: torch.Tensor, carried: torch.Tensor, has_vector: torch.Tensor
) -> None:
    differences = (of_file - carried)[has_vector].abs()
    if len(differences) and differences.median() > _SAME:
        logger.warning(
            "'pretrained_file' has other vectors than the model that the training starts from: "
            "words that are new get vectors that do not go with the others. Name the file that "
            "the model was trained with, or none."
        )
