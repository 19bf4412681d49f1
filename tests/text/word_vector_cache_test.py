import os
from unittest import mock

import numpy
import pytest

from bilstm_tagger.text import word_vector_cache
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.word_vector_cache import cached_word_vectors
from bilstm_tagger.text.word_vectors import read_word_vectors

TEXT = "the 0.5 -1 2e-3\nof 1 2 3\nnaïve 7 8 9\n"


@pytest.fixture(autouse=True)
def small_files_are_kept(monkeypatch):
    monkeypatch.setattr(word_vector_cache, "MIN_SIZE", 0)


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def read():
    """Counts the readings of the text."""
    with mock.patch.object(
        word_vector_cache, "read_word_vectors", side_effect=read_word_vectors
    ) as reading:
        yield reading


def same(left, right):
    return (
        left.words == right.words
        and left.path == right.path
        and left.matrix.dtype == right.matrix.dtype
        and numpy.array_equal(left.matrix, right.matrix)
    )


@pytest.mark.parametrize("wanted", [None, {"the", "naïve", "unseen"}, set()])
def test_the_second_time_nothing_is_read_and_all_is_the_same(vectors, folder, read, wanted):
    first = cached_word_vectors(vectors, wanted, folder)
    second = cached_word_vectors(vectors, wanted, folder)
    assert read.call_count == 1
    assert same(first, second)
    assert same(first, read_word_vectors(vectors, wanted))


def test_other_words_are_read(vectors, folder, read):
    assert cached_word_vectors(vectors, {"the"}, folder).words == ["the"]
    assert cached_word_vectors(vectors, {"of"}, folder).words == ["of"]
    assert cached_word_vectors(vectors, None, folder).words == ["the", "of", "naïve"]
    assert read.call_count == 3


def test_a_changed_file_is_read_anew(vectors, folder, read):
    cached_word_vectors(vectors, {"the"}, folder)
    vectors.write_text(TEXT.replace("0.5", "0.7"), encoding="utf-8")  # of the same size
    os.utime(vectors, ns=(1, 1))
    changed = cached_word_vectors(vectors, {"the"}, folder)
    assert read.call_count == 2
    assert changed.matrix[0, 0] == numpy.float32(0.7)


def test_a_damaged_file_is_made_anew(vectors, folder, read):
    whole = cached_word_vectors(vectors, None, folder)
    (file,) = folder.iterdir()
    for content in (b"", file.read_bytes()[:100], b"no archive"):
        file.write_bytes(content)
        assert same(cached_word_vectors(vectors, None, folder), whole)
    assert read.call_count == 4


def test_a_folder_that_cannot_be_written_to_is_no_error(vectors, folder, read):
    folder.write_text("a file where the folder should be")
    assert same(cached_word_vectors(vectors, None, folder), read_word_vectors(vectors))
    cached_word_vectors(vectors, None, folder)
    assert read.call_count == 2


def test_nothing_is_left_when_writing_fails(vectors, folder):
    with mock.patch.object(numpy, "savez", side_effect=OSError("disk full")):
        cached_word_vectors(vectors, None, folder)
    assert list(folder.iterdir()) == []


def test_what_was_not_used_for_longest_goes_first(vectors, folder, monkeypatch):
    monkeypatch.setattr(word_vector_cache, "MAX_FILES", 2)
    for time, word in enumerate(("the", "of", "naïve")):
        cached_word_vectors(vectors, {word}, folder)
        for file in folder.iterdir():
            if file.stat().st_mtime > 1_000:
                os.utime(file, (time, time))
    with mock.patch.object(word_vector_cache, "read_word_vectors") as read:
        cached_word_vectors(vectors, {"of"}, folder)
        cached_word_vectors(vectors, {"naïve"}, folder)
        assert not read.called
    assert len(list(folder.iterdir())) == 2


def test_small_files_are_not_kept(vectors, folder, monkeypatch):
    monkeypatch.setattr(word_vector_cache, "MIN_SIZE", 2**20)
    cached_word_vectors(vectors, None, folder)
    assert not folder.exists()


def test_errors_are_those_of_reading(tmp_path, folder):
    with pytest.raises(DataFormatError, match="no such file"):
        cached_word_vectors(tmp_path / "missing.txt", None, folder)
    assert not folder.exists()
