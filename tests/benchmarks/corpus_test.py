import gzip
from pathlib import Path

import pytest

from benchmarks.corpus import (
    artificial_sentences,
    artificial_word,
    of_length,
    read_rows,
    repeated,
    vector_lines,
    with_tags,
    write_rows,
    write_vectors,
)
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.word_vectors import read_word_vectors

SENTENCES = [
    [["The", "DT", "B-NP"], ["plan", "NN", "I-NP"], ["was", "VBD", "B-VP"]],
    [["It", "PRP", "B-NP"], [".", ".", "O"]],
]


def tags(sentences: list[list[list[str]]]) -> list[list[str]]:
    return [[row[-1] for row in rows] for rows in sentences]


def test_rows_come_back(tmp_path: Path) -> None:
    assert read_rows(write_rows(tmp_path / "file.txt", SENTENCES)) == SENTENCES


def test_the_same_vectors_every_time(tmp_path: Path) -> None:
    first = write_vectors(tmp_path / "first.txt", 50, 7)
    second = write_vectors(tmp_path / "second.txt", 50, 7)
    packed = write_vectors(tmp_path / "packed.txt.gz", 50, 7)
    assert first.read_bytes() == second.read_bytes() == gzip.decompress(packed.read_bytes())
    assert list(vector_lines(50, 7, seed=1)) != list(vector_lines(50, 7))


def test_vectors_can_be_read(tmp_path: Path) -> None:
    vectors = read_word_vectors(write_vectors(tmp_path / "vectors.txt", 300, 100))
    assert vectors.matrix.shape == (300, 100)
    assert vectors.words == [artificial_word(index) for index in range(300)]
    assert 0.2 < vectors.matrix.std() < 0.6


def test_artificial_words_are_different() -> None:
    words = [artificial_word(index) for index in range(100_000)]
    assert len(set(words)) == len(words)
    assert all(word.isalpha() and word.islower() for word in words[:100])


def test_artificial_sentences_have_each_word_once() -> None:
    sentences = artificial_sentences(60, of=600, length=20, tags=["O", "B-NP"])
    words = [row[0] for rows in sentences for row in rows]
    assert [len(rows) for rows in sentences] == [20, 20, 20]
    assert set(words) == {artificial_word(index) for index in range(0, 600, 10)}


@pytest.mark.parametrize("length", [1, 2, 4, 7])
def test_sentences_of_a_length_keep_the_encoding(length: int) -> None:
    found = of_length(SENTENCES, length, 9)
    assert [len(rows) for rows in found] == [length] * 9
    for sequence in tags(found):
        assert get_encoding("BIO").first_violation(sequence) is None
    assert SENTENCES[0][1][-1] == "I-NP"


def test_that_many_tags_are_in_use() -> None:
    found = tags(with_tags(repeated(SENTENCES, 20), 12))
    assert len({tag for sequence in found for tag in sequence}) == 12
    for sequence in found:
        assert get_encoding("BIO").first_violation(sequence) is None


def test_repeated_starts_over() -> None:
    assert repeated(SENTENCES, 3) == [SENTENCES[0], SENTENCES[1], SENTENCES[0]]
