"""Vectors for words that training has not seen, from the file of word vectors it was done with."""

import logging
import os

import numpy

from bilstm_tagger.tagging.inputs import WordTable
from bilstm_tagger.tagging.network import EmissionSource
from bilstm_tagger.text.errors import DataFormatError, PathLike, UserError
from bilstm_tagger.text.word_vectors import WordVectors, read_word_vectors

logger = logging.getLogger(__name__)

# Below what the rounding of a file to four digits changes.
_TOLERANCE = 1e-3
# The mean cosine of vectors and what training made of them is far above; that of others is about 0.
_LEAST_COSINE = 0.1


def add_word_vectors(source: EmissionSource, path: PathLike) -> int:
    """Adds all words of a file of word vectors that a model does not know, and their vectors, in
    memory. It then tags as if its vocabulary had been made with `keep: 'all'`. Words that it knows
    keep their vectors, trained or not.

    The file must be the one of training. Of a model whose vectors were frozen this is checked; of
    one whose vectors were trained it cannot be: how far they went from the file is logged. Returns
    how many words were added.

    # Errors

    `UserError` for a model without word vectors, or vectors of another dimension or of another
    space; `DataFormatError` for a file that is not there or cannot be read.
    """
    path = os.fspath(path)
    tables = {} if source.inputs is None else source.inputs.words
    if len(tables) != 1:
        raise UserError(
            "'vectors' is for a model with one token embedder 'word_vectors', this one has "
            f"{sorted(tables) or 'none'}; leave 'vectors' out; a model of several files "
            "knows the words of any text if it is trained with keep: 'all'"
        )
    (table,) = tables.values()
    if not os.path.isfile(path):
        raise DataFormatError(
            path, None, "there is no such file of word vectors; check the option 'vectors'"
        )
    vectors = read_word_vectors(path)
    if vectors.dimension != table.part.dimension:
        raise UserError(
            f"the vectors of {path} have {vectors.dimension} dimensions, those of the model "
            f"{table.part.dimension}; give the file that the model was trained with"
        )
    _check_space(table, vectors)
    # Word to row of the file. A word is there twice only where both were no UTF-8.
    new: dict[str, int] = {}
    for row, word in enumerate(vectors.words):
        if word not in table.ids:
            new.setdefault(word, row)
    logger.info("%d words of %s were added to the %d of the model", len(new), path, len(table.ids))
    table.add(list(new), vectors.matrix[list(new.values())])
    source.clear()
    return len(new)


def _check_space(table: WordTable, vectors: WordVectors) -> None:
    """Compares the vectors of words that the model and the file have."""
    common = [(row, table.ids[word]) for row, word in enumerate(vectors.words) if word in table.ids]
    if not common:
        raise UserError(
            f"{vectors.path} has not one word of the model's; give the file that the model was "
            "trained with"
        )
    rows, targets = numpy.array(common).T
    known = table.vectors[targets]
    # A model file may have half the precision.
    in_file = vectors.matrix[rows].astype(known.dtype)
    differs = (abs(known - in_file) > _TOLERANCE).any(axis=1)
    count = int(differs.sum())
    if not count:
        return
    word = vectors.words[int(rows[differs][0])]
    if not table.part.trained:
        raise UserError(
            f"{vectors.path} has other vectors than the model: of {len(common)} words that both "
            f"have, {count} differ, the first is {word!r}; give the file that the model was "
            "trained with"
        )
    if (cosine := _mean_cosine(known, in_file)) < _LEAST_COSINE:
        raise UserError(
            f"the vectors of {vectors.path} have nothing in common with those of the model: the "
            f"mean cosine of {len(common)} words is {cosine:.2f}. The model learnt its words from "
            "the training data, or from another file; leave 'vectors' out, or give that file"
        )
    logger.warning(
        "The word vectors of the model were trained: of %d words that it has in common with %s, %d "
        "have moved. Words that are added have the vectors of the file; make sure that it is the "
        "one of training.",
        len(common),
        vectors.path,
        count,
    )


def _mean_cosine(left: numpy.ndarray, right: numpy.ndarray) -> float:
    """That of vectors (words, dimension) of the same words; zeros have none."""
    left, right = left.astype(numpy.float64), right.astype(numpy.float64)
    lengths = numpy.linalg.norm(left, axis=1) * numpy.linalg.norm(right, axis=1)
    cosines = (left * right).sum(axis=1)[lengths > 0] / lengths[lengths > 0]
    return float(cosines.mean()) if len(cosines) else 0.0
