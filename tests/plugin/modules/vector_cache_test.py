"""Vectors on disk, read and written by several processes."""

import copy
import multiprocessing
import pickle

import numpy
import pytest

from bilstm_tagger.plugin.modules import vector_cache
from bilstm_tagger.plugin.modules.vector_cache import VectorCache

SIZE = 6


@pytest.fixture(autouse=True)
def _look_always(monkeypatch):
    monkeypatch.setattr(vector_cache, "_LOOK_AGAIN", 0.0)


def key(number):
    return number.to_bytes(16, "big")


def vectors(number, length):
    return numpy.random.default_rng(number).normal(size=(length, SIZE)).astype(numpy.float16)


def fill(folder, first, last):
    cache = VectorCache(folder, SIZE)
    for number in range(first, last):
        cache.add(key(number), vectors(number, number % 7 + 1))


def holds(folder, numbers):
    cache = VectorCache(folder, SIZE)
    assert all(
        numpy.array_equal(cache.get(key(number)), vectors(number, number % 7 + 1))
        for number in numbers
    )
    assert cache.tokens == sum(number % 7 + 1 for number in numbers)


def test_what_is_added_is_there(tmp_path):
    folder = tmp_path / "new" / "cache"
    cache = VectorCache(folder, SIZE)
    assert cache.get(key(1)) is None and not folder.exists() and cache.tokens == 0
    for number in (1, 2, 3):
        cache.add(key(number), vectors(number, number))
        assert numpy.array_equal(cache.get(key(number)), vectors(number, number))
    assert numpy.array_equal(cache.get(key(1)), vectors(1, 1))
    assert cache.tokens == 6 and cache.bytes_per_token == 2 * SIZE
    assert cache.get(key(4)) is None


def test_processes_share_a_folder(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=fill, args=(tmp_path, 100 * part, 100 * part + 100))
        for part in range(2)
    ]
    reader = VectorCache(tmp_path, SIZE)
    assert reader.tokens == 0
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    holds(tmp_path, range(200))
    # What was made after the reader was opened.
    assert numpy.array_equal(reader.get(key(150)), vectors(150, 4))


def test_a_killed_process_leaves_whole_sentences(tmp_path):
    fill(tmp_path, 0, 5)
    (keys,) = tmp_path.glob("*.index")
    (rows,) = tmp_path.glob("*.vectors")
    # Vectors without a key, and half a record.
    with rows.open("ab") as stream:
        stream.write(b"\0" * 7)
    with keys.open("ab") as stream:
        stream.write(b"\1" * 13)
    holds(tmp_path, range(5))
    fill(tmp_path, 5, 8)
    holds(tmp_path, range(8))


@pytest.mark.parametrize(
    "ending, place, left",
    [
        (".vectors", 2 * SIZE + 1, {0, 2, 3, 4}),  # in the vectors of the second sentence
        (".vectors", slice(0, 2 * SIZE), {1, 2, 3, 4}),
        (".index", 16, set()),  # the number of tokens of the first: all others are behind it
        (".index", 20, {1, 2, 3, 4}),  # its checksum
    ],
)
def test_damaged_vectors_are_not_there(tmp_path, ending, place, left):
    fill(tmp_path, 0, 5)
    (path,) = tmp_path.glob(f"*{ending}")
    content = bytearray(path.read_bytes())
    if isinstance(place, slice):
        content[place] = bytes(len(content[place]))
    else:
        content[place] ^= 1
    path.write_bytes(content)
    cache = VectorCache(tmp_path, SIZE)
    assert {number for number in range(5) if cache.get(key(number)) is not None} == left
    # They can be added anew.
    for number in set(range(5)) - left:
        cache.add(key(number), vectors(number, number + 1))
    # Whichever of the files comes first by its name.
    for prefix in ("", "0", "z"):
        for part in list(tmp_path.glob(f"*{path.stem}.*")):
            part.rename(part.with_name(prefix + part.name))
        again = VectorCache(tmp_path, SIZE)
        for number in range(5):
            assert numpy.array_equal(again.get(key(number)), vectors(number, number + 1))


def test_keys_whose_vectors_were_lost(tmp_path):
    fill(tmp_path, 0, 5)
    (rows,) = tmp_path.glob("*.vectors")
    whole = rows.read_bytes()
    for size, left in ((len(whole) - 1, 4), (2 * SIZE, 1), (2 * SIZE - 1, 0), (0, 0)):
        rows.write_bytes(whole[:size])
        holds(tmp_path, range(left))
        assert VectorCache(tmp_path, SIZE).get(key(4)) is None
    rows.unlink()
    holds(tmp_path, range(0))


def test_after_a_failed_write_all_else_is_right(tmp_path, monkeypatch):
    cache = VectorCache(tmp_path, SIZE)
    cache.add(key(0), vectors(0, 1))
    _, stream, _ = cache._own

    class Full:
        def write(self, content):
            stream.write(content[:5])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "_own", (cache._own[0], Full(), cache._own[2]))
    with pytest.raises(OSError, match="No space"):
        cache.add(key(1), vectors(1, 2))
    for number in (2, 3):
        cache.add(key(number), vectors(number, number + 1))
    for reader in (cache, VectorCache(tmp_path, SIZE)):
        assert reader.get(key(1)) is None
        for number in (0, 2, 3):
            assert numpy.array_equal(reader.get(key(number)), vectors(number, number + 1))


def test_a_copy_adds_to_files_of_its_own(tmp_path):
    cache = VectorCache(tmp_path, SIZE)
    cache.add(key(0), vectors(0, 1))
    copies = [copy.deepcopy(cache), pickle.loads(pickle.dumps(cache))]
    for number, other in enumerate(copies, start=1):
        other.add(key(number), vectors(number, number + 1))
    holds(tmp_path, range(3))
    assert len(list(tmp_path.glob("*.index"))) == 3
