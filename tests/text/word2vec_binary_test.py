import gzip
import random
import struct

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.word2vec_binary import binary_header
from bilstm_tagger.text.word_vectors import read_word_vectors

VECTORS = {"mina": [0.1, 0.2, 0.3], "waved": [0.4, 0.5, 0.6], ".": [0.7, 0.8, 0.9]}


def binary(vectors=VECTORS, words=None, dimension=3, end=b"\n"):
    """The file; its header says what it is told."""
    body = b"".join(
        word.encode() + b" " + struct.pack(f"<{len(vector)}f", *vector) + end
        for word, vector in vectors.items()
    )
    return f"{len(vectors) if words is None else words} {dimension}\n".encode() + body


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "vectors.bin"
        path.write_bytes(content)
        return str(path)

    return write


@pytest.mark.parametrize("end", [b"\n", b""])
def test_words_and_vectors(write, end):
    vectors = read_word_vectors(write(binary(end=end)))
    assert vectors.words == list(VECTORS)
    assert vectors.matrix.dtype == numpy.float32
    numpy.testing.assert_array_equal(vectors.matrix, numpy.float32(list(VECTORS.values())))
    wanted = read_word_vectors(write(binary(end=end)), {"waved", "unseen"})
    assert wanted.words == ["waved"]
    nothing = read_word_vectors(write(binary(end=end)), set())
    assert (nothing.words, nothing.matrix.shape) == ([], (0, 3))


def test_the_first_vector_of_a_word_counts(write):
    content = binary({"a": [1, 2, 3], "b": [4, 5, 6]}).replace(b"\nb ", b"\na ")
    numpy.testing.assert_array_equal(read_word_vectors(write(content)).matrix, [[1, 2, 3]])


def test_more_than_is_read_together(write):
    numbers = numpy.random.default_rng(0).normal(size=(3_000, 200)).astype(numpy.float32)
    content = binary({f"word{i}": vector for i, vector in enumerate(numbers)}, dimension=200)
    vectors = read_word_vectors(write(gzip.compress(content, 1)))
    assert vectors.words[-1] == "word2999"
    numpy.testing.assert_array_equal(vectors.matrix, numbers)


def test_text_is_told_from_bytes():
    assert binary_header(binary()) is not None
    for text in (
        b"1 3\nthe 0.5 -1 2e-1\n",
        b"1 3\nthe\t1\t2\t3\n",
        b"1 3\nthe 1 nan -inf\n",
        b"1 3\n\x01\x02 1 2 3\n",  # a word of control characters
        b"1 3\r\nthe \x00\x01\n",
        b"1 3\nNew York 1 2 3\n",
        b"the 1 2 3\n",
        b"",
    ):
        assert binary_header(text) is None, text


@pytest.mark.parametrize(
    ("words", "dimension", "message"),
    [
        (4, 3, "header says 4 words of 3 numbers, but the file ends in word 4; .*cut short"),
        (3, 300, "header says 3 words of 300 numbers, but the file ends in word 1; "),
        (3, 4, "header says 3 words of 4 numbers, but the file ends in word 3; "),
        (2, 3, "header says 2 words of 3 numbers, but the file goes on after them; "),
        (3, 2, "header says 3 words of 2 numbers, but the file goes on after them; "),
        (10**12, 3, "header says 1000000000000 words of 3 numbers, but the file ends in word 4; "),
        (3, 10**9, "its header says 3 words of 1000000000 numbers; this is no file of word"),
        (3, 0, "its header says 3 words of 0 numbers; this is no file of word"),
    ],
)
def test_headers_that_are_wrong(write, words, dimension, message):
    for wanted in (None, {"mina"}):
        with pytest.raises(DataFormatError, match=rf"vectors\.bin:.*{message}"):
            read_word_vectors(write(binary(words=words, dimension=dimension)), wanted)


def test_a_word_without_end(write):
    content = b"2 2\na " + bytes(8) + b"\x01" * 2_000_000
    with pytest.raises(DataFormatError, match="but word 2 is too long; the file is cut short, or"):
        read_word_vectors(write(content))


@given(st.integers(20, len(binary()) - 2))
@settings(deadline=None, derandomize=True)
def test_cut_anywhere(tmp_path_factory, size):
    path = tmp_path_factory.getbasetemp() / "cut.bin"
    path.write_bytes(binary()[:size])
    with pytest.raises(DataFormatError, match=r"the file ends in word [123]; the file is cut"):
        read_word_vectors(path, {"mina"})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite(write, number):
    path = write(binary({**VECTORS, "waved": [0.4, number, 0.6]}))
    with pytest.raises(
        DataFormatError, match=r"expected finite numbers.* of word 2 of 3 \('waved'\); "
    ):
        read_word_vectors(path)
    assert read_word_vectors(path, {"mina", "."}).words == ["mina", "."]


def test_packed_and_damaged(write):
    numbers = random.Random(0)
    content = binary(
        {f"word{i}": [numbers.random() for _ in range(100)] for i in range(9_000)}, dimension=100
    )
    packed = gzip.compress(content, 1)
    with pytest.raises(DataFormatError, match=r"in word \d+ of 9000: expected a whole gzip file"):
        read_word_vectors(write(packed[: len(packed) - 1_000]))
