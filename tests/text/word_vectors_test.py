import gzip
import logging

import numpy
import pytest

from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.word_vectors import read_word_vectors

TEXT = "the 0.5 -1 2e-1\ncat 1 2 3\n. 4 5 6\n"


@pytest.fixture
def write(tmp_path):
    def write(content, name="vectors.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TEXT, id="plain"),
        pytest.param("3 3\n" + TEXT, id="header of word2vec"),
        pytest.param(TEXT.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(TEXT.replace("\n", " \n"), id="blank at the end of lines"),
        pytest.param(TEXT.rstrip("\n"), id="no final newline"),
        pytest.param(gzip.compress(TEXT.encode()), id="gzip"),
    ],
)
def test_forms_of_the_same_file(write, content):
    path = write(content)
    vectors = read_word_vectors(path)
    assert vectors.words == ["the", "cat", "."]
    assert vectors.dimension == 3
    assert vectors.matrix.dtype == numpy.float32
    numpy.testing.assert_allclose(vectors.matrix, [[0.5, -1, 0.2], [1, 2, 3], [4, 5, 6]])
    assert vectors.path == str(path)


def test_only_wanted_words(write):
    vectors = read_word_vectors(write(TEXT), {"cat", ".", "dog"})
    assert vectors.words == ["cat", "."]
    numpy.testing.assert_array_equal(vectors.matrix, [[1, 2, 3], [4, 5, 6]])
    nothing = read_word_vectors(write(TEXT), {"dog"})
    assert (nothing.words, nothing.matrix.shape) == ([], (0, 3))


def test_numbers_of_words_that_are_not_wanted_are_not_looked_at(write):
    vectors = read_word_vectors(write("the no numbers here\ncat 1 2 3\n"), {"cat"})
    numpy.testing.assert_array_equal(vectors.matrix, [[1, 2, 3]])


def test_any_word(write):
    words = ["é", "日本", "🎉", "\u00a0", "a\u2028b", "#", '"', "3", "@@UNKNOWN@@"]
    path = write("".join(f"{word} {index} 0\n" for index, word in enumerate(words)))
    for vectors in (read_word_vectors(path), read_word_vectors(path, set(words))):
        assert vectors.words == words
        assert vectors.matrix[:, 0].tolist() == list(range(len(words)))


def test_the_first_vector_of_a_word_counts(write):
    vectors = read_word_vectors(write("cat 1 2\ncat 3 4\nthe 5 6\n"))
    assert vectors.words == ["cat", "the"]
    numpy.testing.assert_array_equal(vectors.matrix, [[1, 2], [5, 6]])


def test_a_line_of_another_dimension_is_reported_and_skipped(caplog):
    path = "fixtures/broken/vectors_other_dimension.txt"
    with caplog.at_level(logging.WARNING):
        vectors = read_word_vectors(path)
    assert vectors.words == ["the", "sat"]
    (record,) = caplog.records
    assert f"{path}: skipped 1 lines" in record.getMessage()
    assert "3 numbers; the first is line 2" in record.getMessage()
    # Words have blanks in some files: the rest of such a word is no number, and not taken for one.
    assert read_word_vectors(path, {"the", "cat"}).words == ["the"]


def test_the_dimension_asked_for_decides(write):
    assert read_word_vectors(write("a 1 2\nb 1 2 3\nc 4 5 6\n"), dimension=3).words == ["b", "c"]


def test_no_such_file(tmp_path):
    with pytest.raises(DataFormatError, match="no such file of word vectors.*'pretrained_file'"):
        read_word_vectors(tmp_path / "nothing.txt")


@pytest.mark.parametrize("content, dimension", [("", None), ("3 3\n", None), (TEXT, 50)])
def test_no_vectors(write, content, dimension):
    with pytest.raises(DataFormatError, match="found none; check 'pretrained_file'"):
        read_word_vectors(write(content), dimension=dimension)


def test_something_else_than_numbers():
    path = "fixtures/broken/vectors_not_numbers.txt"
    message = rf"{path}:2: expected 3 numbers after the word, found 'cat 0\.4 much 0\.6'; .*'pre"
    with pytest.raises(DataFormatError, match=message):
        read_word_vectors(path)
    assert read_word_vectors(path, {"the", "sat"}).words == ["the", "sat"]


@pytest.mark.parametrize("last", ["0.6x", "0.6,", "x", "1.2.3"])
def test_something_else_at_the_very_end(write, last):
    with pytest.raises(DataFormatError, match=":2: expected 2 numbers"):
        read_word_vectors(write(f"the 0.1 0.2\ncat 0.5 {last}\n"))


def test_gzip_cut_short():
    path = "fixtures/broken/vectors_cut_short.txt.gz"
    with pytest.raises(
        DataFormatError, match=rf"{path}:\d+: expected a whole gzip file.*cut short"
    ):
        read_word_vectors(path)
