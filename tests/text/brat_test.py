import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.brat import brat_texts, read_text_file, write_annotations
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.object_files import read_items

BRAT = {
    "form": "brat",
    "columns": {"tokens": "text", "ner": "entities"},
    "tasks": {"ner": {"encoding": "BIO"}},
}


@pytest.fixture
def document(write):
    """Writes a text and its annotations."""

    def document(text, annotations=None, name="doc"):
        if annotations is not None:
            write(annotations, f"{name}.ann")
        return write(text, f"{name}.txt")

    return document


def pairs(sentences):
    return [
        list(zip(sentence.tokens, sentence.columns["ner"], strict=True)) for sentence in sentences
    ]


class TestTexts:
    def test_folder(self, document, tmp_path):
        for name in ("b", "a", "c/d"):
            document("Mina", "", name)
        names = [str(path.relative_to(tmp_path)) for path in brat_texts(tmp_path)]
        assert names == ["a.txt", "b.txt", "c/d.txt"]

    def test_file(self, document):
        path = document("Mina", "")
        assert brat_texts(path) == brat_texts(path.with_suffix(".ann")) == [path]

    @pytest.mark.parametrize("name", ["", "none", "alone.ann"])
    def test_none(self, write, tmp_path, name):
        write("T1\tPER 0 4\tMina\n", "alone.ann")
        with pytest.raises(DataFormatError, match="there is no such|found no .txt file"):
            brat_texts(tmp_path / name)


class TestEntities:
    def test_sentences(self, document, read):
        path = document(
            "Mina Orlo waved. She left Tallin.\n",
            "T1\tPER 0 9\tMina Orlo\nT2\tLOC 26 32\tTallin\n"
            "R1\tin Arg1:T1 Arg2:T2\n#1\tAnnotatorNotes T1\ta note\nA1\tOld T1\n*\tEquiv T1 T2\n",
        )
        first, second = pairs(read(path, **BRAT))
        assert first[:3] == [("Mina", "B-PER"), ("Orlo", "I-PER"), ("waved", "O")]
        assert second[2] == ("Tallin", "B-LOC")

    @pytest.mark.parametrize(
        ("text", "annotations"),
        [
            ("Mina\r\nOrlo x", "T1\tPER 6 10\tOrlo\r\n"),
            ("Mina\rOrlo x", "T1\tPER 5 9\tOrlo\n"),
            ("a\u2028b Orlo", "T1\tPER 4 8\tOrlo\n"),
            ("\ufeffMina Orlo", "\ufeffT1\tPER 6 10\tOrlo\n"),
            ("😀 Orlo", "T1\tPER 2 6\tOrlo\n"),
        ],
    )
    def test_offsets_count_every_character(self, document, read, text, annotations):
        tokens = [pair for sentence in pairs(read(document(text, annotations), **BRAT))
                  for pair in sentence]  # fmt: skip
        assert ("Orlo", "B-PER") in tokens
        assert all(tag == "O" for token, tag in tokens if token != "Orlo")
        assert "\ufeff" not in "".join(token for token, _ in tokens)

    def test_line_separator_in_an_entity(self, document, read):
        path = document("Mi\u2028na", "T1\tPER 0 5\tMi\u2028na\n")
        assert pairs(read(path, **BRAT)) == [[("Mi", "B-PER"), ("na", "I-PER")]]

    @pytest.mark.parametrize("pieces", ["0 4;6 10", "6 10;0 4"])
    def test_pieces(self, document, read, pieces):
        covered = "Mina Orlo" if pieces.startswith("0") else "Orlo Mina"
        path = document("Mina, Orlo", f"T1\tPER {pieces}\t{covered}\n")
        with pytest.raises(DataFormatError, match=f"{path}: .*0 to 4 and 6 to 10, has a gap"):
            read(path, **BRAT)
        (sentence,) = read(path, invalid_spans="widen", **BRAT)
        assert sentence.columns["ner"] == ["B-PER", "I-PER", "I-PER"]

    def test_of_another_text(self, document, read):
        path = document("Tallin is far away.\n", "\nT1\tPER 0 9\tMina Orlo\n")
        where = f"{path.with_suffix('.ann')}:2: "
        with pytest.raises(DataFormatError, match=f"{where}.*do not belong together.*fix"):
            read(path, **BRAT)

    @pytest.mark.parametrize(
        "line",
        [
            *("T1 PER 0 4 Mina", "T1\tPER 0 4", "T1\tPER 0\tMina", "T1\tPER 0 4;\tMina"),
            *("T1\tPER -1 4\tMina", "T1\tPER a b\tMina", "T1\t 0 4\tMina", "T1"),
        ],
    )
    def test_broken_line(self, document, read, line):
        path = document("Mina left.", f"{line}\n")
        where = f"{path.with_suffix('.ann')}:1: "
        with pytest.raises(DataFormatError, match=f"{where}expected an entity.*; fix the line"):
            read(path, **BRAT)

    @pytest.mark.parametrize("place", ["4 4", "4 0"])
    def test_empty(self, document, read, place):
        with pytest.raises(DataFormatError, match="is not in the text"):
            read(document("Mina left.", f"T1\tPER {place}\t\n"), **BRAT)

    def test_no_annotations(self, document, read):
        path = document("Mina left.")
        with pytest.raises(DataFormatError, match="'entities', which is not there"):
            read(path, **BRAT)
        assert pairs(read(document("Mina left.", ""), **BRAT)) == [
            [("Mina", "O"), ("left", "O"), (".", "O")]
        ]

    @pytest.mark.parametrize("which", ["txt", "ann"])
    @pytest.mark.parametrize("content", [b"\xff", "Mina".encode("utf-16")])
    def test_other_bytes(self, document, read, write, which, content):
        path = document("Mina", "")
        write(content, f"doc.{which}")
        with pytest.raises(DataFormatError, match=f"doc.{which}: expected UTF-8.*convert"):
            read(path, **BRAT)

    def test_empty_text(self, document, read):
        with pytest.raises(DataFormatError, match="expected at least one sentence, found none"):
            read(document("", ""), **BRAT)


WORDS = st.text("aé😀\u0301\u2028", min_size=1, max_size=4)
BLANKS = st.sampled_from([" ", "\n", "\r\n", "\n\n", "\r", "\t", " \n "])


@given(st.lists(st.tuples(WORDS, BLANKS), min_size=2, max_size=8), st.booleans(), st.data())
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_written_and_read_again(write, words, mark, data):
    """As many spans as went in, over the same text, with any line ends in and around them."""
    path = write("\ufeff" * mark + "".join(word + blank for word, blank in words), "doc.txt")
    text = read_text_file(path)
    places = [match.span() for match in re.finditer(r"[^ \n\r\t]+", text)]
    bounds = sorted(data.draw(st.sets(st.integers(0, len(places)), max_size=6)))
    spans = [
        (places[first][0], places[behind - 1][1], "X")
        for first, behind in zip(bounds[::2], bounds[1::2], strict=False)
    ]
    write_annotations(path.with_suffix(".ann"), text, spans)
    (item,) = read_items(path, "brat")
    entities = item.value["entities"]
    assert [(e.pieces[0][0], e.pieces[-1][1], e.label) for e in entities] == spans
    for entity, (start, end, _) in zip(entities, spans, strict=True):
        inside = "".join(text[first:behind] for first, behind in entity.pieces)
        assert "".join(inside.split()) == "".join(text[start:end].split())
