import gzip
import io
import os
import random
import tarfile

import pytest

from bilstm_tagger.tagging.archives.limits import Limits, UnsafeModel
from bilstm_tagger.tagging.archives.members import BLOCK, Reader, read_members

FILES = {"config.json": b"{}", "weights.th": b"weights", "vocabulary/words.txt": b"a\nb\n"}
LIMITS = Limits()


def member(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, **other) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    for key, value in other.items():
        setattr(info, key, value)
    return info


def raw(path, *blocks: bytes):
    """A tar.gz of blocks that no program would write."""
    end = bytes(2 * BLOCK)
    path.write_bytes(gzip.compress(b"".join(blocks) + end))
    return path


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("prefix", ["", "./"])
def test_reads_what_tarfile_writes(format_, prefix, tmp_path):
    path = tmp_path / "a.tar.gz"
    long = "vocabulary/" + 30 * "größer" + ".txt"
    files = dict(FILES)
    if format_ != tarfile.USTAR_FORMAT:
        files[long] = b"long"
    with tarfile.open(path, "w:gz", format=format_) as archive:
        archive.addfile(member(prefix or "vocabulary", kind=tarfile.DIRTYPE))
        for name, data in files.items():
            info = member(prefix + name, len(data), mtime=1.5)  # which PAX gives a header
            archive.addfile(info, io.BytesIO(data))
    assert read_members(path, LIMITS) == files


def test_an_empty_archive_and_a_file_of_whole_blocks(packed, tmp_path):
    files = {**FILES, "weights.th": bytes(range(256)) * 4}
    assert read_members(packed(tmp_path / "a.tar.gz", files), LIMITS) == files


@pytest.mark.parametrize("name", ["config.json", "weights.th"])
def test_a_file_is_missing(name, packed, tmp_path):
    files = {key: value for key, value in FILES.items() if key != name}
    with pytest.raises(UnsafeModel, match=f"^{name}: the archive has no such file"):
        read_members(packed(tmp_path / "a.tar.gz", files), LIMITS)


def test_extras_are_left_unless_wanted(packed, tmp_path):
    path = packed(tmp_path / "a.tar.gz", {"fta/model.bin": 900 * b"x", **FILES, "results.tsv": b""})
    assert read_members(path, LIMITS) == FILES
    everything = read_members(path, LIMITS, extras=True)
    assert everything["fta/model.bin"] == 900 * b"x" and "results.tsv" in everything


@pytest.mark.parametrize(
    "name",
    ["../x", "/x", "vocabulary/../../x", "a/..", "C:x", "a\\b", "..\\x", "a\x1b[2Jb", "a\nb", ".",
     "x" * 2000, "a/" * 40 + "b"],
)  # fmt: skip
@pytest.mark.parametrize("extras", [False, True])
def test_names_that_are_refused(name, extras, packed, tmp_path):
    path = packed(tmp_path / "a.tar.gz", FILES, (member(name, 4), b"evil"))
    with pytest.raises(UnsafeModel, match="leads out of|no name of a file"):
        read_members(path, LIMITS, extras)


@pytest.mark.parametrize(
    "kind, what",
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (tarfile.CONTTYPE, "of an unknown kind"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
        (tarfile.XGLTYPE, "a header for several files"),
        (b"Z", "of an unknown kind"),
    ],
)
@pytest.mark.parametrize("extras", [False, True])
def test_no_links_and_devices(kind, what, extras, packed, tmp_path):
    odd = member("vocabulary/x.txt", kind=kind, linkname="/etc/passwd")
    through = member("vocabulary/x.txt/y", 4)
    path = packed(tmp_path / "a.tar.gz", FILES, (odd, b""), (through, b"evil"))
    with pytest.raises(UnsafeModel, match=rf"^'vocabulary/x\.txt': it is {what}"):
        read_members(path, LIMITS, extras)


def test_no_sparse_file_by_an_extended_header(packed, tmp_path):
    for size in ("1000000000000", "8"):
        odd = member("vocabulary/x.txt", 8, pax_headers={"GNU.sparse.realsize": size})
        path = packed(tmp_path / "a.tar.gz", FILES, (odd, b"evilevil"))
        with pytest.raises(UnsafeModel, match="a sparse file"):
            read_members(path, LIMITS)


@pytest.mark.parametrize(
    "second", ["config.json", "./config.json", "vocabulary//words.txt", "config.json/x",
               "vocabulary"],
)  # fmt: skip
def test_a_name_twice(second, packed, tmp_path):
    path = packed(tmp_path / "a.tar.gz", FILES, (member(second, 4), b"evil"))
    with pytest.raises(UnsafeModel, match="two files of that name"):
        read_members(path, LIMITS)


@pytest.mark.parametrize(
    "data",
    [b"no length", b"0 a=b\n", b"-1 a=b\n", b"99 a=b\n", b"6 a=b\n6 a=bx", b"6 abc\n",
     b"99999999999999999999999 a=b\n", b"9 path=\xff\n"],
)  # fmt: skip
def test_a_damaged_extended_header(data, tmp_path):
    header = member("x", len(data), tarfile.XHDTYPE).tobuf(tarfile.USTAR_FORMAT)
    with pytest.raises(UnsafeModel, match="its long header is damaged"):
        read_members(raw(tmp_path / "a.tar.gz", header, padded(data)), LIMITS)


def test_an_extended_header_of_any_size_is_not_read(tmp_path):
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        header = member("x", 2**30, kind).tobuf(tarfile.GNU_FORMAT)
        with pytest.raises(UnsafeModel, match="a header of 1073741824 bytes"):
            read_members(raw(tmp_path / "a.tar.gz", header), LIMITS)


@pytest.mark.parametrize("size", [-1, -(2**40), 2**60])
def test_a_size_that_is_none(size, tmp_path):
    header = member("weights.th", size).tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(UnsafeModel, match="this is no tar file|unpacks to"):
        read_members(raw(tmp_path / "a.tar.gz", header), LIMITS)
    text = b"%d size=%d\n" % (len(str(size)) + 9, size)
    extended = member("x", len(text), tarfile.XHDTYPE).tobuf(tarfile.USTAR_FORMAT)
    path = raw(tmp_path / "a.tar.gz", extended, padded(text), member("a", 1).tobuf())
    with pytest.raises(UnsafeModel, match="this is no tar file|unpacks to|is damaged"):
        read_members(path, LIMITS)


# Size


def test_a_bomb(packed, tmp_path):
    path = packed(tmp_path / "a.tar.gz", {**FILES, "zeros": bytes(3 * 2**20)})
    for extras in (False, True):
        with pytest.raises(UnsafeModel, match=r"^zeros: .* above the limit of 100 times"):
            read_members(path, Limits(ratio_from=2**20), extras)
    assert read_members(path, Limits(ratio_from=2**20, ratio=2000)) == FILES
    with pytest.raises(UnsafeModel, match="above the limit of 2097152; .* 'unpacked'"):
        read_members(path, Limits(unpacked=2**21))


def test_a_bomb_behind_the_end(packed, tmp_path):
    path = packed(tmp_path / "a.tar.gz", FILES)
    path.write_bytes(path.read_bytes() + gzip.compress(bytes(3 * 2**20)))
    with pytest.raises(UnsafeModel, match="above the limit of 100 times"):
        read_members(path, Limits(ratio_from=2**20))


def test_what_is_claimed_is_not_read():
    file = io.BytesIO(bytes(5000))
    reader = Reader(file, 5000, Limits(unpacked=4000))
    assert len(reader.take(3000, "a")) == 3000
    with pytest.raises(UnsafeModel, match="^b: the archive unpacks to 4001 bytes"):
        reader.take(1001, "b")
    assert file.tell() == 3000
    assert len(reader.take(1000, "c")) == 1000


def test_limits_of_each_file(packed, tmp_path):
    path = packed(tmp_path / "a.tar.gz", {**FILES, "meta.json": b"12345678"})
    assert read_members(path, Limits(config=8, vocabulary=4, members=4))
    with pytest.raises(UnsafeModel, match=r"^meta\.json: 8 bytes, the limit is 7"):
        read_members(path, Limits(config=7))
    with pytest.raises(UnsafeModel, match=r"^vocabulary/words\.txt: .* 4 bytes or more"):
        read_members(path, Limits(vocabulary=3))
    with pytest.raises(UnsafeModel, match=r"^meta\.json: more than 3 files"):
        read_members(path, Limits(members=3))


# Damage


def test_every_truncation_is_one_error(packed, tmp_path):
    path = packed(tmp_path / "a.tar.gz", {**FILES, "weights.th": random.Random(1).randbytes(3000)})
    whole = path.read_bytes()
    for length in range(0, len(whole), 41):
        path.write_bytes(whole[:length])
        with pytest.raises(UnsafeModel, match="fetch it anew"):
            read_members(path, LIMITS)


def test_any_damage_is_noticed(packed, tmp_path):
    path = packed(tmp_path / "a.tar.gz", {**FILES, "weights.th": random.Random(1).randbytes(3000)})
    whole = path.read_bytes()
    for place in range(20, len(whole) - 4, 37):  # gzip's own header has no check sum
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(UnsafeModel):
            read_members(path, LIMITS)


def test_an_end_without_an_end_mark(tmp_path):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(member("config.json").tobuf()))
    with pytest.raises(UnsafeModel, match="a header: the archive ends in the middle"):
        read_members(path, LIMITS)


def test_what_is_no_archive(tmp_path):
    path = tmp_path / "a.tar.gz"
    for data in (b"", b"text", b"PK\x03\x04"):
        path.write_bytes(data)
        with pytest.raises(UnsafeModel, match="no gzip file|ends in the middle"):
            read_members(path, LIMITS)
    for data in (b"text", b"x" * 5000):
        path.write_bytes(gzip.compress(data))
        with pytest.raises(UnsafeModel, match="no tar file|ends in the middle"):
            read_members(path, LIMITS)
    with pytest.raises(UnsafeModel, match="this is a folder; name the file model.tar.gz"):
        read_members(tmp_path, LIMITS)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnsafeModel, match="this is no file"):
        read_members(tmp_path / "pipe", LIMITS)
    with pytest.raises(FileNotFoundError):
        read_members(tmp_path / "nothing", LIMITS)
