"""Tests of scripts/align_vectors.py on made-up vectors."""

import importlib
import sys
from pathlib import Path

import numpy
import pytest

from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.word_vectors import WordVectors, read_word_vectors

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
align_vectors = importlib.import_module("align_vectors")

WORDS = 400


@pytest.fixture
def random() -> numpy.random.Generator:
    return numpy.random.default_rng(7)


def vectors(words: list[str], matrix: numpy.ndarray, path: str = "vectors.txt") -> WordVectors:
    return WordVectors(path, words, matrix.astype(numpy.float32))


def names(prefix: str, count: int = WORDS) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def orthogonal(random: numpy.random.Generator, rows: int, columns: int) -> numpy.ndarray:
    """A matrix with orthonormal rows."""
    matrix: numpy.ndarray = numpy.linalg.qr(random.normal(size=(columns, rows)))[0].T
    return matrix


def write(path: Path, words: list[str], matrix: numpy.ndarray) -> str:
    align_vectors.write_vectors(path, words, matrix)
    return str(path)


@pytest.mark.parametrize("dimension", [20, 12])
def test_a_rotated_copy_comes_back(random, dimension):
    """Words of other strings get the vectors that they had before the rotation."""
    source = random.normal(size=(WORDS, dimension)) + 0.3  # not around 0
    target = 5 * source @ orthogonal(random, dimension, 20)
    shared = names("both", WORDS // 2)
    english = shared + names("en", WORDS // 2)
    french = shared + names("fr", WORDS // 2)
    aligned, count = align_vectors.align(vectors(english, source), vectors(french, target))
    assert count == WORDS // 2
    assert aligned == pytest.approx(align_vectors.normalise(target), abs=1e-5)
    assert not numpy.allclose(align_vectors.normalise(source) @ numpy.eye(dimension, 20), aligned)


def test_pairs_of_words(random, tmp_path):
    source = random.normal(size=(WORDS, 20))
    target = source @ orthogonal(random, 20, 20)
    order = random.permutation(WORDS)
    english = write(tmp_path / "en.txt", names("en"), source)
    # The same strings as in English, which mean something else.
    french = write(tmp_path / "fr.txt", names("en"), target[order])
    pairs = tmp_path / "pairs.txt"
    pairs.write_text(
        "".join(f"en{word} en{place}\n" for place, word in enumerate(order)) + "unknown en1\n"
    )
    read = align_vectors.read_pairs(str(pairs))
    aligned, count = align_vectors.align(
        read_word_vectors(english), read_word_vectors(french), read
    )
    assert count == WORDS
    assert aligned == pytest.approx(align_vectors.normalise(target), abs=1e-3)


def test_pairs_are_improved(random):
    """A quarter of the shared words are false friends."""
    source = random.normal(size=(WORDS, 20))
    target = source @ orthogonal(random, 20, 20)
    target[:50] = random.normal(size=(50, 20))
    words = names("both", WORDS // 2)
    aligned, _ = align_vectors.align(
        vectors(words + names("en", WORDS // 2), source),
        vectors(words + names("fr", WORDS // 2), target),
    )
    cosines = (aligned * align_vectors.normalise(target))[50:].sum(axis=1)
    assert cosines.min() > 0.98


def test_mutual_neighbours(random, monkeypatch):
    monkeypatch.setattr(align_vectors, "_ROWS", 7)
    source, target = (align_vectors.normalise(random.normal(size=(30, 4))) for _ in range(2))
    similarities = source @ target.T
    expected = [
        (row, column)
        for row, column in numpy.ndindex(similarities.shape)
        if similarities[row, column] == similarities[row].max()
        and similarities[row, column] == similarities[:, column].max()
    ]
    rows, columns = align_vectors.mutual_neighbours(source, target)
    assert expected and list(zip(rows, columns, strict=True)) == expected


def test_similarities_within_a_language_stay(random):
    source = random.normal(size=(WORDS, 12))
    aligned, _ = align_vectors.align(
        vectors(names("a"), source), vectors(names("a"), random.normal(size=(WORDS, 20)))
    )
    normalised = align_vectors.normalise(source)
    assert aligned @ aligned.T == pytest.approx(normalised @ normalised.T, abs=1e-6)


@pytest.mark.parametrize("name", ["both.txt", "new/both.txt.gz"])
def test_one_file_of_all_words(random, tmp_path, monkeypatch, capsys, name):
    matrix = random.normal(size=(WORDS, 8))
    french = write(tmp_path / "fr.txt", names("w"), matrix)
    turned = matrix[50:] @ orthogonal(random, 8, 8)
    english = write(
        tmp_path / "en.txt", names("w")[50:] + ["only"], numpy.vstack([turned, turned[:1]])
    )
    output = tmp_path / name
    monkeypatch.setattr(sys, "argv", ["align_vectors.py", french, english, "-o", str(output)])
    align_vectors.main()
    assert "rotated by 350 pairs of words" in capsys.readouterr().out
    merged = read_word_vectors(output)
    assert merged.words == [*names("w"), "only"]
    assert merged.matrix.std() == pytest.approx(0.5, abs=0.01)
    # What means the same has the same vector, but for the means of the two files.
    cosine = merged.matrix[-1] @ merged.matrix[50]
    cosine /= numpy.linalg.norm(merged.matrix[-1]) * numpy.linalg.norm(merged.matrix[50])
    assert cosine > 0.98


def test_a_word_of_two_files_has_the_mean():
    words, matrix = align_vectors.merge(
        [["a", "b"], ["b", "c"]], [numpy.array([[1.0], [2.0]]), numpy.array([[4.0], [8.0]])]
    )
    assert words == ["a", "b", "c"]
    assert matrix.tolist() == [[1.0], [3.0], [8.0]]


def test_mistakes_are_named(random, tmp_path):
    small, large = random.normal(size=(WORDS, 8)), random.normal(size=(WORDS, 9))
    with pytest.raises(UserError, match="^large.txt: .* 9 dimensions, those of small.txt only 8;"):
        align_vectors.align(
            vectors(names("a"), large, "large.txt"), vectors(names("a"), small, "small.txt")
        )
    with pytest.raises(UserError, match="^fr.txt: 0 words, .* --pairs"):
        align_vectors.align(
            vectors(names("a"), small, "fr.txt"), vectors(names("b"), small, "en.txt")
        )
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("chien dog\nchat\n")
    with pytest.raises(UserError, match="pairs.txt:2: expected two words"):
        align_vectors.read_pairs(str(pairs))


def test_a_mistake_ends_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["align_vectors.py", "no", "nor", "-o", str(tmp_path / "o")])
    with pytest.raises(SystemExit, match="^error: no: there is no such file"):
        align_vectors.main()
