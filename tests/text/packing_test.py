import bz2
import gzip
import io
import lzma
import os
import threading
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.packing import UnreadableContent, unpacked, unpacked_name

TEXT = b"The DET\ncat NOUN\n\nIt PRON\n"
_BUFFER = 2**17


def zipped(data: bytes, *others: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file with the data, and empty files of these names."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("data.txt", data)
        for name in others:
            archive.writestr(name, b"")
    return target.getvalue()


WAYS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zip": zipped}
PIPED = [kind for kind in WAYS if kind != "zip"]


def stream_of(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data))


def read(data: bytes) -> bytes:
    return unpacked(stream_of(data), _BUFFER).read()


def encrypted(packed: bytes) -> bytes:
    """A zip file that says that its member is encrypted."""
    changed = bytearray(packed)
    changed[6] |= 1
    changed[changed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


class TestKinds:
    @given(st.binary(), st.sampled_from(sorted(WAYS)))
    @settings(deadline=None, derandomize=True)
    def test_what_was_packed_comes_out(self, data, kind):
        assert read(WAYS[kind](data)) == data

    def test_plain(self):
        for data in (TEXT, b"", b"B", b"BZh", b"BZh9", b"BZh9 NOUN\n", b"PK\n", b"P"):
            assert read(data) == data

    def test_members_and_streams_one_after_the_other(self):
        for pack in (gzip.compress, bz2.compress, lzma.compress):
            assert read(pack(TEXT) + pack(TEXT)) == TEXT * 2

    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_methods_of_zip(self, method):
        assert read(zipped(TEXT, method=method)) == TEXT

    def test_what_a_mac_adds_is_no_member(self):
        assert read(zipped(TEXT, "__MACOSX/._data.txt", "folder/")) == TEXT


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2", ".xz", ".zip", ".BZ2"])
def test_name_of_what_is_packed(ending):
    assert unpacked_name(f"a.gz/b.conll{ending}") == "a.gz/b.conll"


class TestPipe:
    @pytest.fixture
    def piped(self):
        """Reads data from a pipe that hands out a byte first."""

        def piped(data: bytes) -> bytes:
            source, target = os.pipe()

            def write() -> None:
                with open(target, "wb", 0) as stream:
                    stream.write(data[:1])
                    stream.write(data[1:])

            writer = threading.Thread(target=write)
            writer.start()
            try:
                with open(source, "rb") as stream:
                    return unpacked(stream, _BUFFER).read()
            finally:
                writer.join()

        return piped

    def test_plain(self, piped):
        for data in (b"", b"a", TEXT, TEXT * 10_000):
            assert piped(data) == data

    @pytest.mark.parametrize("kind", PIPED)
    def test_packed(self, piped, kind):
        assert piped(WAYS[kind](TEXT * 1000)) == TEXT * 1000

    def test_zip(self, piped):
        with pytest.raises(UnreadableContent, match=r"zip file cannot be read from a pipe.*unzip"):
            piped(zipped(TEXT))

    def test_the_end_of_a_terminal_is_asked_for_once(self):
        class Terminal(io.RawIOBase):
            """Says that it is at its end, and would go on after that."""

            parts = [b"It PRON\n", b"", b"more\n"]

            def readable(self) -> bool:
                return True

            def readinto(self, buffer):
                part = self.parts.pop(0)
                buffer[: len(part)] = part
                return len(part)

        assert unpacked(io.BufferedReader(Terminal()), _BUFFER).read() == b"It PRON\n"


class TestDamage:
    @pytest.mark.parametrize("kind", sorted(WAYS))
    def test_cut_short(self, kind):
        packed = WAYS[kind](os.urandom(3000).hex().encode())
        least = 5 if kind in ("bzip2", "zip") else 1
        for size in [*range(least, 40), len(packed) // 2, len(packed) - 1]:
            with pytest.raises(UnreadableContent, match=f"expected a whole {kind} file") as raised:
                read(packed[:size])
            assert raised.value.in_line

    @given(st.data())
    @settings(deadline=None, derandomize=True)
    def test_any_change_is_this_error_or_none(self, data):
        """Whatever is changed in a packed file, nothing else is raised."""
        packed = bytearray(WAYS[data.draw(st.sampled_from(sorted(WAYS)))](TEXT))
        place = data.draw(st.integers(0, len(packed) - 1))
        packed[place] = data.draw(st.integers(0, 255))
        try:
            read(bytes(packed))
        except UnreadableContent as error:
            assert "; " in error.problem

    def test_an_error_of_the_disk_is_not_taken_for_damage(self):
        class Broken(io.BytesIO):
            def readinto(self, buffer):
                raise OSError(5, "Input/output error")

        stream = io.BufferedReader(Broken())
        with pytest.raises(OSError, match="Input/output"):
            unpacked(stream, _BUFFER)


class TestZip:
    def test_several_members(self):
        with pytest.raises(UnreadableContent) as raised:
            read(zipped(TEXT, "b.txt"))
        assert raised.value.problem == (
            "expected a zip file with one file in it, found 2: 'data.txt', 'b.txt'; unpack the one "
            "that is meant: unzip -p FILE MEMBER > NEW"
        )
        assert not raised.value.in_line

    def test_many_members(self):
        with pytest.raises(UnreadableContent, match=r"found 8: .*'c', 'd' and 3 more; unpack"):
            read(zipped(TEXT, *"abcdefg"))

    def test_no_member(self):
        empty = io.BytesIO()
        zipfile.ZipFile(empty, "w").close()
        with pytest.raises(UnreadableContent, match="one file in it, found 0; unpack"):
            read(empty.getvalue())

    def test_encrypted(self):
        with pytest.raises(UnreadableContent, match=r"'data\.txt' in the zip file is encrypted;"):
            read(encrypted(zipped(TEXT)))

    def test_unknown_method(self):
        packed = bytearray(zipped(TEXT))
        packed[8] = packed[packed.index(b"PK\x01\x02") + 10] = 97
        with pytest.raises(UnreadableContent, match="packed in a way that Python does not"):
            read(bytes(packed))
