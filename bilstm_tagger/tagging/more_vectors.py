"""Vectors for words that training has not seen, from the file of word vectors it was done with."""

import logging
import os

import numpy
import torch
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder

from bilstm_tagger.plugin.dataset_readers import ConllColumnsReader
from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.modules.token_embedders import WordVectorEmbedder
from bilstm_tagger.tagging.archives.members import AnyPath
from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.word_vectors import WordVectors, read_word_vectors

logger = logging.getLogger(__name__)

# Below what the rounding of a file to four digits changes.
_TOLERANCE = 1e-3


def add_word_vectors(model: BiLSTMTagger, reader: ConllColumnsReader, path: AnyPath) -> int:
    """Adds all words of a file of word vectors that a model does not know to its vocabulary, and
    their vectors to its embedder, in memory. It then tags as if its vocabulary had been made with
    `keep: 'all'`. Words that it knows keep their vectors, trained or not.

    The file must be the one of training. Of a model whose vectors were frozen this is checked; of
    one whose vectors were trained it cannot be: how far they went from the file is logged.

    # Parameters

    model : `BiLSTMTagger`, reader : `ConllColumnsReader`
        Those of an archive.
    path : `PathLike`
        The file: UTF-8 text, plain or gzip.

    # Returns

    `int`
        How many words were added.

    # Errors

    `UserError` for a model without word vectors, or vectors of another dimension or of
    another space; `DataFormatError` for a file that is not there or cannot be read.
    """
    path = os.fspath(path)
    embedder, namespace = _word_embedder(model, reader)
    if not os.path.isfile(path):
        raise DataFormatError(
            path, None, "there is no such file of word vectors; check the option 'vectors'"
        )
    vectors = read_word_vectors(path)
    if vectors.dimension != embedder.output_dim:
        raise UserError(
            f"the vectors of {path} have {vectors.dimension} dimensions, those of the model "
            f"{embedder.output_dim}; give the file that the model was trained with"
        )
    ids = model.vocab.get_token_to_index_vocabulary(namespace)
    _check_space(embedder, vectors, ids)
    # Word to row of the file. A word is there twice only where both were no UTF-8.
    new: dict[str, int] = {}
    for row, word in enumerate(vectors.words):
        if word not in ids:
            new.setdefault(word, row)
    _grow(embedder, vectors.matrix, numpy.fromiter(new.values(), dtype=numpy.int64, count=len(new)))
    added = dict(zip(new, range(len(ids), len(ids) + len(new)), strict=True))
    # Another dictionary, not the same one with more in it: what indexers remember of it is void.
    model.vocab._token_to_index[namespace] = {**ids, **added}
    model.vocab._index_to_token[namespace].update((index, word) for word, index in added.items())
    logger.info("%d words of %s were added to the %d of the model", len(new), path, len(ids))
    return len(new)


def _word_embedder(
    model: BiLSTMTagger, reader: ConllColumnsReader
) -> tuple[WordVectorEmbedder, str]:
    """The embedder of words, and the namespace of the ids that it is given."""
    every = model.text_field_embedder
    found = {}
    if isinstance(every, BasicTextFieldEmbedder):
        found = {
            name: each
            for name, each in every._token_embedders.items()
            if isinstance(each, WordVectorEmbedder)
        }
    if len(found) != 1:
        raise UserError(
            "'vectors' is for a model with one token embedder 'word_vectors', this one has "
            f"{sorted(found) or 'none'}; leave 'vectors' out"
        )
    ((name, embedder),) = found.items()
    namespace = reader.token_indexers[name].namespace
    # Ids that another embedder has no rows for must not get there.
    others = [
        other
        for other, indexer in reader.token_indexers.items()
        if other != name and getattr(indexer, "namespace", None) == namespace
    ]
    if others:
        raise UserError(
            f"'vectors' adds words for the input '{name}' alone, but {others} of the model take "
            f"the same words (namespace '{namespace}'); leave 'vectors' out"
        )
    return embedder, namespace


def _check_space(embedder: WordVectorEmbedder, vectors: WordVectors, ids: dict[str, int]) -> None:
    """Compares the vectors of words that the model and the file have."""
    common = [(row, ids[word]) for row, word in enumerate(vectors.words) if word in ids]
    if not common:
        raise UserError(
            f"{vectors.path} has not one word of the model's; give the file that the model was "
            "trained with"
        )
    rows, targets = torch.tensor(common).unbind(1)
    known = embedder.weight.detach()[targets.to(embedder.weight.device)].cpu()
    in_file = torch.from_numpy(vectors.matrix)[rows]
    differs = ((known - in_file).abs() > _TOLERANCE).any(1)
    count = int(differs.sum())
    if not count:
        return
    word = vectors.words[int(rows[differs][0])]
    if not embedder.weight.requires_grad:
        raise UserError(
            f"{vectors.path} has other vectors than the model: of {len(common)} words that both "
            f"have, {count} differ, the first is {word!r}; give the file that the model was "
            "trained with"
        )
    logger.warning(
        "The word vectors of the model were trained: of %d words that it has in common with %s, %d "
        "have moved. Words that are added have the vectors of the file; make sure that it is the "
        "one of training.",
        len(common),
        vectors.path,
        count,
    )


def _grow(embedder: WordVectorEmbedder, matrix: numpy.ndarray, rows: numpy.ndarray) -> None:
    """Puts rows of a matrix behind those of the embedder, each copied once."""
    old = embedder.weight
    weight = torch.empty(len(old) + len(rows), embedder.output_dim, dtype=old.dtype)
    weight[: len(old)] = old.detach()
    torch.index_select(torch.from_numpy(matrix), 0, torch.from_numpy(rows), out=weight[len(old) :])
    embedder.weight = torch.nn.Parameter(weight.to(old.device), requires_grad=old.requires_grad)
