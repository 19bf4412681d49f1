import bz2
import gzip
import lzma
import os
import pickle
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed(write, pack):
    path = write(pack(TEXT.encode()))
    assert read(path) == [(1, "The DET"), (2, "cat NOUN"), (3, ""), (4, "It PRON")]


def test_zip(tmp_path):
    path = tmp_path / "file.conll"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("in it", TEXT)
    assert read(path)[1] == (2, "cat NOUN")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("beside it", TEXT)
    with pytest.raises(
        DataFormatError, match=r"file\.conll: .* found 2: 'in it', 'beside it'; .*unzip -p"
    ):
        read(path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_line_that_cannot_be_unpacked_is_counted(write, pack):
    packed = pack(os.urandom(2**20).hex().encode().replace(b"0", b"\n"))
    with pytest.raises(DataFormatError, match=r"file\.conll:(\d+): expected a whole .*cut short"):
        read(write(packed[: len(packed) // 2]))


def test_lines_that_end_in_a_carriage_return(write):
    for content in ("Mina B-PER\rOrlo I-PER\r\rShe O\r", "Mina B-PER\rOrlo I-PER"):
        for data in (content.encode(), gzip.compress(content.encode())):
            with pytest.raises(DataFormatError, match="carriage return alone") as raised:
                read(write(data))
            assert str(raised.value).endswith(r"tr '\r' '\n' < FILE > NEW")
            assert raised.value.line is None


def test_a_carriage_return_in_a_line_is_part_of_it(write):
    assert read(write("a\rb X\nc Y\n")) == [(1, "a\rb X"), (2, "c Y")]
    assert read(write("a X\r")) == [(1, "a X")]


@pytest.mark.parametrize("text", [TEXT, "Мина B-PER\nпришла O\n\n", "日本 NOUN\n\nは ADP\n" * 3])
@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("pack", [bytes, bz2.compress])
def test_wide_characters(write, text, encoding, mark, pack):
    name = encoding[:6] if mark else encoding
    with pytest.raises(
        DataFormatError, match=rf"file\.conll: .*looks like {name};.*iconv -f {name} -t UTF-8 FILE"
    ):
        read(write(pack((mark + text).encode(encoding))))


@given(st.text(alphabet="\0\0 \n\rXé日"))
@settings(deadline=None, derandomize=True)
def test_tokens_may_hold_nul(tmp_path_factory, text):
    """A NUL does not make UTF-16 of a file, whatever is beside it, where lines hold other text."""
    path = tmp_path_factory.getbasetemp() / "nul"
    lines = ["The DET", text.replace("\n", ""), "cat NOUN"]
    path.write_bytes("\n".join(lines).encode())
    assert [line for _, line in read_lines(path)] == [line.removesuffix("\r") for line in lines]


@pytest.mark.parametrize(
    ("encoding", "text", "looks"),
    [
        ("cp1252", "café NOUN", "looks like WINDOWS-1252"),
        ("cp1252", "Straße – groß", "looks like WINDOWS-1252"),
        ("cp1251", "Мина NOUN", "such as WINDOWS-1251"),
        ("gb18030", "中文 NOUN", "such as WINDOWS-1251, GB18030"),
    ],
)
def test_code_pages(write, encoding, text, looks):
    with pytest.raises(DataFormatError, match=rf":2: expected UTF-8.*iconv -f .*{looks}"):
        read(write(b"The DET\n" + text.encode(encoding) + b"\n"))


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"\x80\x04\x95rest", "found a pickle of Python; write"),
        (b"%PDF-1.7\n", "found a PDF file; save it as UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n\x00", "found a picture .PNG.; name a file of text"),
        (b"7z\xbc\xaf\x27\x1c", "found a 7z archive; unpack it: 7z x FILE"),
        (b"a.txt" + bytes(252) + b"ustar\x0000", "found a tar archive; unpack it"),
        (
            gzip.compress(TEXT.encode(), mtime=0),
            "found a gzip file inside a packed file; unpack it once",
        ),
        (b"version https://git-lfs.github.com/spec/v1\n", "found a pointer of Git LFS.*git lfs pu"),
    ],
)
def test_other_files_are_named(write, start, message):
    with pytest.raises(DataFormatError, match=rf"file\.conll: expected lines of text, {message}"):
        read(write(lzma.compress(start)))


def test_path_that_is_not_there(tmp_path):
    with pytest.raises(DataFormatError, match=r"nothing\.conll: there is no such file; check"):
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
