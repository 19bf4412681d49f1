"""Makes one file of word vectors for a network over several languages.

    python scripts/align_vectors.py french.txt.gz english.txt.gz -o both.txt.gz

The vectors of each file get length 1 and the mean 0. Those of the second file, and of any further
one, are then rotated to those of the first. The rotation is the best one for the words that are in
both files, such as numbers, names and international words, or for the pairs of words in a file
(`--pairs`, with two files of vectors). This is orthogonal Procrustes, as in Artetxe et al. 2016
("Learning principled bilingual mappings of word embeddings while preserving monolingual
invariance") and Smith et al. 2017 (arXiv 1702.03859). Then it is done again, with the words that
have become the nearest of each other as pairs (Artetxe et al. 2017, "Learning bilingual word
embeddings with (almost) no bilingual data"). A rotation changes no similarity of two words of a
language.

The first file needs the most dimensions: vectors of fewer dimensions fill a part of its space, and
lose nothing. A word that is in several files has the mean of its vectors.
"""

import argparse
import gzip
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy

from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.lines import read_lines
from bilstm_tagger.text.word_vectors import WordVectors, read_word_vectors

# The standard deviation of a number in the file; that of GloVe 6B. Vectors of length 1 have numbers
# that are too small for a network to learn from quickly.
_DEVIATION = 0.5
# Fewer pairs determine a rotation badly.
_LEAST_PAIRS = 100
# How often the pairs are chosen anew, and among how many words at the start of each file.
_ROUNDS = 3
_FREQUENT = 20_000
# Rows of a matrix of similarities that are in memory at a time.
_ROWS = 1000


def normalise(matrix: numpy.ndarray) -> numpy.ndarray:
    """Vectors of length 1 around the mean 0, (number of words, dimension); zeros stay zeros."""
    for _ in range(2):  # each of the two steps undoes a little of the other
        lengths = numpy.linalg.norm(matrix, axis=1, keepdims=True)
        matrix = matrix / numpy.maximum(lengths, 1e-12)
        matrix = matrix - matrix.mean(axis=0)
    return matrix / numpy.maximum(numpy.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)


def best_rotation(source: numpy.ndarray, target: numpy.ndarray) -> numpy.ndarray:
    """The matrix W with orthonormal rows that makes `source @ W` closest to `target`.

    # Parameters

    source : `numpy.ndarray`
        A vector for each pair, (number of pairs, dimension).
    target : `numpy.ndarray`
        The vector that it should become, (number of pairs, the same dimension or more).
    """
    left, _, right = numpy.linalg.svd(source.T @ target, full_matrices=False)
    rotation: numpy.ndarray = left @ right
    return rotation


def mutual_neighbours(
    source: numpy.ndarray, target: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The rows of vectors of length 1 that are the nearest of each other, of `source` and of
    `target`."""
    forth = numpy.zeros(len(source), dtype=int)
    back = numpy.zeros(len(target), dtype=int)
    highest = numpy.full(len(target), -numpy.inf)
    for start in range(0, len(source), _ROWS):
        similarities = source[start : start + _ROWS] @ target.T
        forth[start : start + _ROWS] = similarities.argmax(axis=1)
        nearest = similarities.argmax(axis=0)
        values = similarities[nearest, numpy.arange(len(target))]
        back[values > highest] = nearest[values > highest] + start
        highest = numpy.maximum(highest, values)
    rows = numpy.flatnonzero(back[forth] == numpy.arange(len(source)))
    return rows, forth[rows]


def read_pairs(path: str) -> list[tuple[str, str]]:
    """The pairs of a file: on each line a word of the second language and its translation into the
    first, separated by white space.

    # Errors

    `DataFormatError` where a line does not have two words.
    """
    pairs = []
    for number, line in read_lines(path):
        words = line.split()
        if len(words) != 2:
            raise DataFormatError(
                path, number, f"expected two words, separated by a blank, found {len(words)}"
            )
        pairs.append((words[0], words[1]))
    return pairs


def align(
    source: WordVectors, target: WordVectors, pairs: Iterable[tuple[str, str]] | None = None
) -> tuple[numpy.ndarray, int]:
    """The normalised vectors of `source`, rotated to those of `target`.

    # Parameters

    source : `WordVectors`
    target : `WordVectors`
        Vectors of the same dimension or more.
    pairs : `Iterable[Tuple[str, str]]`, optional (default=`None`)
        Words of `source` and `target` that mean the same. `None` takes the words that are in both.

    # Returns

    A matrix, (words of `source`, dimension of `target`), and the number of pairs that both have.

    # Errors

    `UserError` where `target` has fewer dimensions, or fewer than 100 of the pairs are there.
    """
    if source.dimension > target.dimension:
        raise UserError(
            f"its vectors have {source.dimension} dimensions, those of {target.path} only "
            f"{target.dimension}; name the file with the most dimensions first",
            source.path,
        )
    source_rows = {word: row for row, word in enumerate(source.words)}
    target_rows = {word: row for row, word in enumerate(target.words)}
    if pairs is None:
        pairs = ((word, word) for word in source.words)
    rows = [
        (source_rows[word], target_rows[translation])
        for word, translation in pairs
        if word in source_rows and translation in target_rows
    ]
    if len(rows) < _LEAST_PAIRS:
        raise UserError(
            f"{len(rows)} words, or pairs of words, are in this file and in {target.path}, but at "
            f"least {_LEAST_PAIRS} are needed; name a file of more pairs with --pairs",
            source.path,
        )
    ours, theirs = map(numpy.array, zip(*rows, strict=True))
    matrix, goal = normalise(source.matrix), normalise(target.matrix)
    rotation = best_rotation(matrix[ours], goal[theirs])
    for _ in range(_ROUNDS):
        ours, theirs = mutual_neighbours(matrix[:_FREQUENT] @ rotation, goal[:_FREQUENT])
        rotation = best_rotation(matrix[ours], goal[theirs])
    return matrix @ rotation, len(rows)


def merge(
    words: Iterable[Sequence[str]], matrices: Iterable[numpy.ndarray]
) -> tuple[list[str], numpy.ndarray]:
    """All words once, in the order of the files, and their vectors: the mean, where several files
    have a word."""
    rows: dict[str, int] = {}
    # The row of each vector, of all files.
    places = [rows.setdefault(word, len(rows)) for file in words for word in file]
    vectors = numpy.concatenate(list(matrices))
    sums = numpy.zeros((len(rows), vectors.shape[1]))
    numpy.add.at(sums, places, vectors)
    return list(rows), sums / numpy.bincount(places)[:, None]


def write_vectors(path: Path, words: Iterable[str], matrix: numpy.ndarray) -> None:
    """Writes a text file of word vectors, packed where its name ends in `.gz`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    opening = partial(gzip.open, compresslevel=3) if path.suffix == ".gz" else open
    with opening(path, "wb") as file:
        for word, vector in zip(words, matrix.tolist(), strict=True):
            file.write(f"{word} {' '.join(map('{:.4f}'.format, vector))}\n".encode())


def align_files(paths: Sequence[str], output: Path, pairs: str | None = None) -> None:
    """Reads the files, aligns all to the first, and writes one file; prints what it does."""
    target, *sources = map(read_word_vectors, paths)
    matrices = [normalise(target.matrix)]
    for source in sources:
        matrix, count = align(source, target, read_pairs(pairs) if pairs else None)
        matrices.append(matrix)
        print(f"{source.path}: rotated by {count:,} pairs of words")
    words, matrix = merge([target.words, *(source.words for source in sources)], matrices)
    matrix *= _DEVIATION / matrix.std()
    write_vectors(output, words, matrix)
    print(f"{output}: {len(words):,} words, {matrix.shape[1]} dimensions")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make one file of the word vectors of languages.")
    parser.add_argument("files", nargs="+", metavar="VECTORS", help="the files, two or more")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--pairs", metavar="FILE", help="pairs of words of the second and the first language"
    )
    args = parser.parse_args()
    if len(args.files) < 2 or (args.pairs and len(args.files) > 2):
        parser.error("name two files of word vectors, or more without --pairs")
    try:
        align_files(args.files, args.output, args.pairs)
    except UserError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
