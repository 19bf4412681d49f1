"""Lists of names, and where they are in sentences."""

import gzip

import pytest

from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.lexicon import Lexicon, read_lexicon

ENTRIES = ["New York", "New York Times", "York", "Ada", "rio de la plata"]


def matches(text, ignore_case=True, entries=ENTRIES):
    return "".join(Lexicon(entries, ignore_case)(text.split(" ")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the New York Times said", "OBIEO"),  # the longest
        ("new YORK is", "BEO"),
        ("New York New York Times", "BEBIE"),
        ("New", "O"),  # no whole entry
        ("in York", "OS"),
        ("New Jersey York", "OOS"),
        ("el Rio de la Plata", "OBIIE"),
        ("Rio de la", "OOO"),
        ("Ada Ada", "SS"),
    ],
)
def test_longest_entries_from_left_to_right(text, expected):
    assert matches(text) == expected


def test_case():
    assert matches("new York", ignore_case=False) == "OS"
    assert matches("ADA Ada", ignore_case=False) == "OS"
    assert matches("the THE", entries=["THE"]) == "SS"


def test_no_token_is_lost():
    assert Lexicon(ENTRIES, True)([]) == []
    # A token with a blank is one token.
    assert Lexicon(["New York"], True)(["New York"]) == ["O"]


def test_only_blanks_and_tabs_part_tokens(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("New\u00a0York\tTimes \n")
    assert read_lexicon(path) == ["New\u00a0York Times"]


def test_words_that_a_vocabulary_reserves(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("Ada\nAda @@UNKNOWN@@\n")
    with pytest.raises(DataFormatError, match=r"names\.txt:2: .* has '@@UNKNOWN@@', which the voc"):
        read_lexicon(path)


def test_reads_a_file(tmp_path):
    path = tmp_path / "places.txt.gz"
    path.write_bytes(gzip.compress("Paris\r\n\n  New   York \nParis\nS\u00e3o Paulo".encode()))
    assert read_lexicon(path) == ["Paris", "New York", "S\u00e3o Paulo"]


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_a_file_without_entries_is_an_error(tmp_path, content):
    path = tmp_path / "empty.txt"
    path.write_bytes(content)
    with pytest.raises(DataFormatError, match=r"empty\.txt: there is no entry"):
        read_lexicon(path)
