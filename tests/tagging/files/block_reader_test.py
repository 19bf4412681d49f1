import bz2
import gzip
import io
import lzma
import os
import sys
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.tagging.files import block_reader
from bilstm_tagger.tagging.files.block_reader import Input
from bilstm_tagger.text.errors import DataFormatError


@pytest.fixture
def write(tmp_path):
    def write(data: bytes, name: str = "input"):
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return write


def blocks(path, of_columns=False):
    with Input(path) as given:
        return list(given.blocks(of_columns))


def stdin(monkeypatch, data: bytes) -> None:
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(data)))
    monkeypatch.setattr(sys, "stdin", stream)


class TestCutting:
    def test_lines(self, write):
        path = write(b"a\n" * 1_001 + b"no end")
        assert [(each.index, each.first_line, len(each.lines)) for each in blocks(path)] == [
            (0, 1, 500),
            (1, 501, 500),
            (2, 1_001, 2),
        ]
        assert blocks(path)[2].lines == [b"a\n", b"no end"]

    def test_long_lines(self, write):
        line = b"x" * 60_000 + b"\n"
        assert [len(each.lines) for each in blocks(write(line * 5))] == [2, 2, 1]

    @pytest.mark.parametrize("blank", [b"\n", b"\r\n", b" \t\n", b"\v\f\n"])
    def test_columns_are_cut_at_blank_lines(self, write, blank):
        sentence = b"word TAG\n" * 6_000 + blank
        found = blocks(write(sentence * 4), of_columns=True)
        # A block is full within its second sentence.
        assert [len(each.lines) for each in found] == [12_002, 12_002]
        assert [each.first_line for each in found] == [1, 12_003]

    def test_a_sentence_is_never_cut(self, write):
        (block,) = blocks(write(b"word\tTAG\n" * 30_000), of_columns=True)
        assert len(block.lines) == 30_000

    def test_a_million_blank_lines(self, write):
        found = blocks(write(b"\n" * 1_000_000), of_columns=True)
        assert [len(each.lines) for each in found] == [10_000] * 100

    def test_nothing(self, write):
        assert blocks(write(b"")) == []
        assert blocks(write(gzip.compress(b""))) == []

    @given(st.lists(st.sampled_from([b"\n", b"a\n", b"bb X\r\n", b" \n", b"\xff"])), st.booleans())
    @settings(max_examples=50, deadline=None, derandomize=True)
    def test_nothing_is_lost(self, tmp_path_factory, lines, of_columns):
        path = tmp_path_factory.getbasetemp() / "any"
        path.write_bytes(b"".join(lines))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(block_reader, "_BYTES", 3)
            found = blocks(str(path), of_columns)
        assert b"".join(b"".join(each.lines) for each in found) == b"".join(lines)
        number = 1
        for index, each in enumerate(found):
            assert (each.index, each.first_line) == (index, number)
            number += len(each.lines)
            if of_columns and each is not found[-1]:
                assert not each.lines[-1].strip()


class TestSource:
    DATA = b"first\nsecond\n"

    @pytest.mark.parametrize("name", ["input", "input.gz"])
    def test_gzip_is_told_by_its_content(self, write, name):
        for data in (self.DATA, gzip.compress(self.DATA)):
            (block,) = blocks(write(data, name))
            assert block.lines == [b"first\n", b"second\n"]

    def test_standard_input(self, monkeypatch):
        for data in (self.DATA, gzip.compress(self.DATA)):
            stdin(monkeypatch, data)
            (block,) = blocks("-")
            assert block.lines == [b"first\n", b"second\n"]
            assert Input("-").name == "<stdin>"
            assert Input("-").size is None

    @pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
    def test_other_packings(self, write, monkeypatch, pack):
        stdin(monkeypatch, pack(self.DATA))
        for path in ("-", write(pack(self.DATA))):
            (block,) = blocks(path)
            assert block.lines == [b"first\n", b"second\n"]

    def test_zip(self, tmp_path):
        path = tmp_path / "input.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("in it", self.DATA)
        (block,) = blocks(str(path))
        assert block.lines == [b"first\n", b"second\n"]

    @pytest.mark.parametrize("of_columns", [True, False])
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"Mina B-PER\rOrlo I-PER\r\r", r"carriage return alone.*tr '\\r' '\\n'"),
            ("Mina B-PER\nOrlo I-PER\n".encode("utf-16"), "looks like UTF-16;.*iconv -f UTF-16 "),
            ("Mina B-PER\nOrlo I-PER\n".encode("utf-16-le"), "looks like UTF-16LE;"),
        ],
    )
    def test_what_would_be_misread(self, write, monkeypatch, data, message, of_columns):
        stdin(monkeypatch, data)
        for path, name in ((write(data), "input"), ("-", "<stdin>")):
            with pytest.raises(DataFormatError, match=f"{name}: expected .*{message}"):
                blocks(path, of_columns)

    def test_position_and_size(self, write):
        with Input(write(self.DATA)) as given:
            assert (given.position, given.size) == (0, len(self.DATA))
            list(given.blocks(False))
            assert given.position == len(self.DATA)

    def test_truncated_gzip(self, write):
        data = gzip.compress(os.urandom(400_000).hex().encode().replace(b"0", b"\n"))
        path = write(data[: len(data) // 2])
        found = []
        with (
            Input(path) as given,
            pytest.raises(DataFormatError, match=r"input:\d+: expected a whole gzip file"),
        ):
            found += given.blocks(False)
        assert len(found) > 1  # what came before

    def test_no_such_file_and_a_folder(self, tmp_path):
        with pytest.raises(DataFormatError, match="no such file"):
            Input(str(tmp_path / "none"))
        with pytest.raises(DataFormatError, match="expected a file, found a folder"):
            Input(str(tmp_path))


class TestChange:
    def test_a_file_that_grows_while_it_is_read(self, write):
        path = write(b"a\n" * 2_000)
        with Input(path) as given:
            found = given.blocks(False)
            next(found)
            with open(path, "ab") as more:
                more.write(b"more\n")
            list(found)
            with pytest.raises(DataFormatError, match=r"was changed.*size was 4000, and is 4005"):
                given.check_unchanged()

    def test_a_file_that_is_written_anew(self, write):
        path = write(b"a\n")
        os.utime(path, ns=(0, 10**18))
        with Input(path) as given:
            os.utime(path, ns=(0, 2 * 10**18))
            with pytest.raises(DataFormatError, match="its time of change was 1"):
                given.check_unchanged()

    def test_unchanged(self, write, monkeypatch):
        with Input(write(b"a\n")) as given:
            list(given.blocks(False))
            given.check_unchanged()
        stdin(monkeypatch, b"a\n")
        Input("-").check_unchanged()
