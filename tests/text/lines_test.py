import gzip
import os
import pickle

import pytest

from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.lines import read_lines

TEXT = "The DET\ncat NOUN\n\nIt PRON\n"


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "file.conll"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path):
    return list(read_lines(path))


def test_numbers_and_text(write):
    assert read(write(TEXT)) == [(1, "The DET"), (2, "cat NOUN"), (3, ""), (4, "It PRON")]
    # Only the end of a line is taken off, and Unicode's other line ends are none.
    assert read(write("a \r\r\n\u2028b")) == [(1, "a \r"), (2, "\u2028b")]


def test_path_that_is_not_there(tmp_path):
    with pytest.raises(DataFormatError, match=r"nothing\.conll: there is no such file.*config"):
        read(tmp_path / "nothing.conll")


def test_folder(tmp_path):
    with pytest.raises(DataFormatError, match="expected a file, found a folder"):
        read(tmp_path)


def test_undecodable_byte_is_counted_in_its_line(write):
    with pytest.raises(
        DataFormatError, match=r":2: expected UTF-8.*0xe9 at position 4 of the line"
    ):
        read(write(b"The DET\ncaf\xe9 NOUN\n"))


def test_gzip_with_a_wrong_checksum(write):
    packed = bytearray(gzip.compress(TEXT.encode()))
    packed[-5] ^= 1
    with pytest.raises(DataFormatError, match="expected a whole gzip file.*CRC"):
        read(write(bytes(packed)))


def test_gzip_with_damaged_content(write):
    packed = bytearray(gzip.compress(os.urandom(2000).hex().encode()))
    packed[30:60] = b"\xff" * 30
    with pytest.raises(DataFormatError, match="expected a whole gzip file"):
        read(write(bytes(packed)))


def test_the_error_can_be_pickled():
    error = DataFormatError("file.conll", 3, "expected this, found that")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) == "file.conll:3: expected this, found that"
    assert isinstance(copy, DataFormatError)
