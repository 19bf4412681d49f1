import bz2
import gzip
import io
import logging
import lzma
import pickle
import zipfile

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.word_vectors import read_word_vectors, vector_dimension

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


def test_the_header_decides_the_dimension(write):
    assert read_word_vectors(write("3 3\na 1 2\nb 1 2 3\nc 4 5 6\n")).words == ["b", "c"]
    assert read_word_vectors(write("2 1\nb 1\nc 2\n")).dimension == 1


def test_words_with_blanks_come_first(write):
    # The dimension is that of the first line that is a word and numbers.
    vectors = read_word_vectors(write("New York 1 2 3\nat 4 5 6\n"))
    assert (vectors.words, vectors.dimension) == (["at"], 3)


def test_fewer_words_than_the_header_says_are_reported(write, caplog):
    read_word_vectors(write("3 3\n" + TEXT))
    assert not caplog.records
    read_word_vectors(write("5 3\n" + TEXT))
    assert "the header says 5 words, but the file has 3; it may be cut short" in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("the\t1\t2\nNew York\t3\t4\n\ufeff\t5\t6\n", id="tabs"),
        pytest.param("the\t1 2\nNew York\t3 4 \n\ufeff\t5  6\n", id="a tab after the word"),
        pytest.param("3\t2\nthe\t1\t2\nNew York\t3\t4\t\r\n\ufeff\t5\t6", id="header"),
    ],
)
def test_tabs(write, content):
    for wanted in (None, {"the", "New York", "\ufeff"}):
        vectors = read_word_vectors(write(content), wanted)
        assert vectors.words == ["the", "New York", "\ufeff"]
        numpy.testing.assert_array_equal(vectors.matrix, [[1, 2], [3, 4], [5, 6]])
    assert read_word_vectors(write(content), {"York", "New York"}).words == ["New York"]


@pytest.mark.parametrize(
    "content", ["the   1  2\ncat   3 4\n", " the 1 2\n cat 3 4\n", "the 1\t2\ncat  3\t4\n"]
)
def test_several_blanks(write, content):
    for wanted in (None, {"the", "cat"}):
        vectors = read_word_vectors(write(content), wanted)
        assert vectors.words == ["the", "cat"]
        numpy.testing.assert_array_equal(vectors.matrix, [[1, 2], [3, 4]])


def test_dimension_by_the_first_lines(write):
    assert vector_dimension(write(TEXT)) == 3
    assert vector_dimension(write("2 7\nNew York 1 2 3\nat 1 2 3 4 5 6 7\n")) == 7
    with pytest.raises(DataFormatError, match="found none"):
        vector_dimension(write(""))


def test_no_such_file(tmp_path):
    with pytest.raises(DataFormatError, match="no such file of word vectors.*'pretrained_file'"):
        read_word_vectors(tmp_path / "nothing.txt")


@pytest.mark.parametrize("content", ["", "\n", "3 3\n", "\ufeff"])
def test_no_vectors(write, content):
    with pytest.raises(DataFormatError, match=r"vectors\.txt: expected a word and its numbers"):
        read_word_vectors(write(content))


OTHER_FILES = {
    "fastText": (b"\xba\x16\x4f\x2f\x0c", "a fastText model.*the .vec file.*print-word-vectors"),
    "pickle": (pickle.dumps({"the": [1.0]}), "a pickle of Python; .*gensim.*save_word2vec_format"),
    "numpy": (b"\x93NUMPY\x01\x00v\x00{'descr'", r"an array of numpy \(.npy\); write"),
    "HDF5": (b"\x89HDF\r\n\x1a\n", "an HDF5 file; write"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
    "web page": (b"\n<!DOCTYPE html>\n<html>\n", "a web page, so the download failed; fetch"),
    "error page": (b"<?xml version='1.0'?>\n<Error>", "a web page, so the download failed; fetch"),
    "JSON": (b'{"the": [0.1, 0.2]}\n', "JSON; write a word and its numbers"),
    "commas": (b"the,0.1,0.2\ncat,0.3,0.4\n", "'the,0.1,0.2' in .*: commas.*tr ',' ' ' < FILE"),
    "decimal commas": (b"the 0,1 0,2\ncat 0,3 -0,4\n", "'the 0,1 0,2' in .*: numbers with decimal"),
    "words": (b"the\ncat\n", "'the' in the first line: a list of words without numbers; name"),
    "counts": (b"the 900\ncat 12\n", "'the 900' in .*: a list of words with one number, such"),
    "columns": (b"The DET B-NP\ncat NOUN I-NP\n\n", "'The DET B-NP' in .*: a column file"),
    "two columns": (b"Mina B-PER\nwaved O\n\n", "'Mina B-PER' in the first line: a column file"),
    "CoNLL-U": (b"1\tMina\tMina\tPROPN\n2\twaved\twave\tVERB\n", "'1 Mina .*: a column file"),
    "raw text": (b"Mina waved.\nThen she left.\n", "'Mina waved.' in the .*; name the file of"),
    "UTF-16": ("the 1 2\ncat 3 4\n".encode("utf-16"), "UTF-8, but this looks like UTF-16; convert"),
    "carriage returns": (b"the 1 2\rcat 3 4\r", "carriage return alone; convert"),
}


@pytest.mark.parametrize(("content", "message"), OTHER_FILES.values(), ids=OTHER_FILES)
def test_other_files_are_named(write, content, message):
    for data in (content, gzip.compress(content)):
        for wanted in (None, set()):
            with pytest.raises(DataFormatError, match=rf"(?s)vectors\.txt: expected .*{message}"):
                read_word_vectors(write(data), wanted)


@pytest.mark.parametrize("number", ["nan", "-inf", "1e999"])
def test_numbers_that_are_not_finite(write, number):
    path = write(f"the 1 2\ncat 3 {number}\n")
    with pytest.raises(DataFormatError, match=r":2: expected finite numbers.* found 'cat 3 "):
        read_word_vectors(path)
    assert read_word_vectors(path, {"the"}).words == ["the"]


def test_something_else_than_numbers():
    path = "fixtures/broken/vectors_not_numbers.txt"
    message = rf"{path}:2: expected 3 numbers after the word, found 'cat 0\.4 much 0\.6'; fix"
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


def as_text(words, matrix, header):
    lines = [f"{len(words)} {matrix.shape[1]}"] * header
    for word, vector in zip(words, matrix, strict=True):
        lines.append(" ".join([word, *map(str, vector.tolist())]))
    return "\n".join(lines).encode() + b"\n"


def as_binary(words, matrix, line_feed):
    vectors = [
        word.encode() + b" " + vector.astype("<f4").tobytes() + b"\n" * line_feed
        for word, vector in zip(words, matrix, strict=True)
    ]
    return f"{len(words)} {matrix.shape[1]}\n".encode() + b"".join(vectors)


def zipped(data):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("vectors.txt", data)
    return target.getvalue()


# Anything but what separates words and lines.
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \t\r\n"), min_size=1)


@given(
    st.lists(WORDS, min_size=1, max_size=30, unique=True),
    st.integers(2, 8),
    st.data(),
    st.sampled_from([as_text, as_binary]),
    st.booleans(),
    st.sampled_from([bytes, gzip.compress, bz2.compress, lzma.compress, zipped]),
)
@settings(deadline=None, derandomize=True)
def test_what_is_written_is_read(tmp_path_factory, words, dimension, data, write, flag, pack):
    """Any words and numbers, in each form and packing; and a part of them."""
    numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
    matrix = data.draw(arrays(numpy.float32, (len(words), dimension), elements=numbers))
    path = tmp_path_factory.getbasetemp() / "any.vectors"
    path.write_bytes(pack(write(words, matrix, flag)))
    vectors = read_word_vectors(path)
    assert vectors.words == words
    assert vectors.matrix.dtype == numpy.float32
    numpy.testing.assert_array_equal(vectors.matrix, matrix)
    some = read_word_vectors(path, set(words[::2]))
    assert some.words == words[::2]
    numpy.testing.assert_array_equal(some.matrix, matrix[::2])
    assert vector_dimension(path) == dimension
