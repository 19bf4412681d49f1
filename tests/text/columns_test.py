import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.columns import read_sentences
from bilstm_tagger.text.errors import DataFormatError

THREE = {"tokens": 0, "pos": 1, "chunk": 2}
CAT = "The DET B-NP\ncat NOUN I-NP\n\nIt PRON B-NP\nslept VERB B-VP\n. PUNCT O\n"
CAT_TOKENS = [["The", "cat"], ["It", "slept", "."]]
CAT_POS = [["DET", "NOUN"], ["PRON", "VERB", "PUNCT"]]


@pytest.fixture
def write(tmp_path):
    def write(content, name="file.conll"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path, columns=None, keep_lines=False, **settings):
    layout = ColumnFormat(columns or {"tokens": 0, "pos": 1}, **settings)
    return list(read_sentences(path, layout, keep_lines))


def tokens(sentences):
    return [each.tokens for each in sentences]


def column(sentences, name):
    return [each.columns[name] for each in sentences]


# Good files


def test_tokens_columns_and_lines(write):
    path = write(CAT)
    sentences = read(path, THREE)
    assert tokens(sentences) == CAT_TOKENS
    assert column(sentences, "pos") == CAT_POS
    assert column(sentences, "chunk") == [["B-NP", "I-NP"], ["B-NP", "B-VP", "O"]]
    assert [each.line_numbers for each in sentences] == [[1, 2], [4, 5, 6]]
    assert {each.path for each in sentences} == {str(path)}
    assert [each.source_lines for each in sentences] == [[], []]


def test_columns_in_any_order_and_number(write):
    path = write("x B-NP The DET\ny I-NP cat NOUN\n")
    (sentence,) = read(path, {"chunk": 1, "pos": 3, "tokens": 2})
    assert sentence.tokens == ["The", "cat"]
    assert sentence.columns == {"chunk": ["B-NP", "I-NP"], "pos": ["DET", "NOUN"]}
    (sentence,) = read(path, {"tokens": 2})
    assert (sentence.tokens, sentence.columns) == (["The", "cat"], {})
    (sentence,) = read(path, {"tokens": 2, "word": 2})
    assert sentence.columns == {"word": ["The", "cat"]}


@pytest.mark.parametrize(
    "delimiter, line",
    [
        (None, "New \t York   PROPN"),
        (None, "  New York\tPROPN \t "),
        ("\t", "New\tYork\tPROPN"),
        (",", "New,York,PROPN"),
        (" ", "New York PROPN"),
        ("||", "New||York||PROPN"),
    ],
)
def test_delimiter(write, delimiter, line):
    (sentence,) = read(write(line + "\n"), {"tokens": 1, "pos": 2}, delimiter=delimiter)
    assert (sentence.tokens, sentence.columns) == (["York"], {"pos": ["PROPN"]})


def test_tokens_may_hold_blanks_where_tabs_separate(write):
    (sentence,) = read(write("New York\tPROPN\n"), delimiter="\t")
    assert sentence.tokens == ["New York"]


def test_only_ascii_blanks_separate(write):
    odd = ["\u00a0", "1\u00a0000", "\u3000", "a\u2028b", "\u2029", "\x85", "\x1c"]
    (sentence,) = read(write("".join(f"{token} X\n" for token in odd)))
    assert sentence.tokens == odd


def test_cells_that_are_not_read_may_be_empty(write):
    path = write("The\tDET\t\t\ncat\tNOUN\t\tx\n")
    assert tokens(read(path, delimiter="\t")) == [["The", "cat"]]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(CAT.replace("\n", "\r\n"), id="CRLF"),
        pytest.param("\ufeff" + CAT, id="byte order mark"),
        pytest.param("\ufeff" + CAT.replace("\n", "\r\n"), id="byte order mark and CRLF"),
        pytest.param(CAT.rstrip("\n"), id="no final newline"),
        pytest.param(CAT.replace("\n", "\r\n").rstrip("\r\n"), id="CRLF, no final newline"),
        pytest.param(CAT + "\n\n\n", id="blank lines at the end"),
        pytest.param("\n \n" + CAT, id="blank lines at the start"),
        pytest.param(CAT.replace("\n\n", "\n \t \n"), id="separator of white space"),
        pytest.param(CAT.replace("\n\n", "\n\r\n"), id="CRLF at the separator alone"),
        pytest.param(CAT.replace("\n\n", "\n\n\n\t\n"), id="several separators"),
        pytest.param(CAT.replace(" ", "\t"), id="tabs"),
        pytest.param(gzip.compress(CAT.encode()), id="gzip"),
        pytest.param(
            gzip.compress(("\ufeff" + CAT.replace("\n", "\r\n")).encode()),
            id="gzip, byte order mark and CRLF",
        ),
    ],
)
def test_forms_of_the_same_file(write, content):
    sentences = read(write(content), THREE)
    assert tokens(sentences) == CAT_TOKENS
    assert column(sentences, "pos") == CAT_POS


def test_gzip_is_told_by_its_content_not_its_name(write):
    assert tokens(read(write(gzip.compress(CAT.encode()), "file.txt"))) == CAT_TOKENS
    assert tokens(read(write(CAT, "file.conll.gz"))) == CAT_TOKENS


def test_byte_order_mark_is_taken_off_the_first_line_alone(write):
    (sentence,) = read(write("\ufeffa X\n\ufeffb X\n"))
    assert sentence.tokens == ["a", "\ufeffb"]


def test_hash_is_a_token_by_default(write):
    path = write("# SYM\n1 NUM\n#cup X\n")
    assert tokens(read(path)) == [["#", "1", "#cup"]]
    assert tokens(read(path, comment_prefix="#")) == [["1"]]
    assert tokens(read(path, comment_prefix="# ")) == [["1", "#cup"]]


def test_a_comment_splits_no_sentence(write):
    path = write("% first\nThe DET\n% in between\ncat NOUN\n% last\n\n% only\n\nIt PRON\n")
    sentences = read(path, comment_prefix="%")
    assert tokens(sentences) == [["The", "cat"], ["It"]]
    assert [each.line_numbers for each in sentences] == [[2, 4], [9]]


def test_document_dividers(write):
    path = write("-DOCSTART- -X-\n\nThe DET\n\n-DOCSTART- -X-\n\nIt PRON\n-DOCSTART-X X\n")
    assert tokens(read(path)) == [["-DOCSTART-"], ["The"], ["-DOCSTART-"], ["It", "-DOCSTART-X"]]
    assert tokens(read(path, document_dividers=True)) == [["The"], ["It", "-DOCSTART-X"]]


def test_a_divider_need_not_have_all_columns(write):
    path = write("-DOCSTART-\n\nThe DET\n\n-DOCSTART-\nIt PRON\n")
    assert tokens(read(path, document_dividers=True)) == [["The"], ["It"]]


CONLLU = """# newdoc
# text = Don't go.
1-2\tDon't\t_\t_
1\tDo\tdo\tAUX
2\tn't\tnot\tPART
# a comment
3\tgo\tgo\tVERB
3.1\taway\taway\tADV
4\t.\t.\tPUNCT

# text = #1
1\t#\t#\tSYM
2\t1\t1\tNUM
"""


def test_conllu(write):
    sentences = read(write(CONLLU), {"tokens": 1, "pos": 3}, conllu=True)
    assert tokens(sentences) == [["Do", "n't", "go", "."], ["#", "1"]]
    assert column(sentences, "pos") == [["AUX", "PART", "VERB", "PUNCT"], ["SYM", "NUM"]]


def test_ranges_are_tokens_outside_conllu(write):
    path = write("1-2\tX\n3.1\tX\n")
    assert tokens(read(path, delimiter="\t")) == [["1-2", "3.1"]]


def test_keep_lines_of_conllu(write):
    lines = CONLLU.split("\n")
    first, second = read(write(CONLLU), {"tokens": 1}, keep_lines=True, conllu=True)
    kinds = ["note", "note", "row", "token", "token", "note", "token", "row", "token"]
    assert first.source_lines == list(zip(lines[:9], kinds, strict=True))
    assert second.source_lines == list(zip(lines[10:13], ["note", "token", "token"], strict=True))


def test_keep_lines_with_dividers_and_their_blanks(write):
    path = write("\ufeff-DOCSTART- -X-\r\n\r\nThe  DET \r\n\r\n\r\nIt PRON")
    first, second = read(path, keep_lines=True, document_dividers=True)
    assert first.source_lines == [
        ("-DOCSTART- -X-", "note"),
        ("", "note"),
        ("The  DET ", "token"),
    ]
    assert second.source_lines == [("It PRON", "token")]


def test_keep_lines_changes_nothing_else(write):
    path = write(CONLLU)
    kept = read(path, {"tokens": 1, "pos": 3}, keep_lines=True, conllu=True)
    plain = read(path, {"tokens": 1, "pos": 3}, conllu=True)
    for each in kept:
        each.source_lines = []
    assert kept == plain


def test_sentences_come_one_at_a_time(write):
    sentences = read_sentences(write("The DET\n\ncat\n"), ColumnFormat({"tokens": 0, "pos": 1}))
    assert next(sentences).tokens == ["The"]
    with pytest.raises(DataFormatError):
        next(sentences)


# Any text


@st.composite
def column_files(draw):
    delimiter = draw(st.sampled_from([None, " ", "\t", ",", "¦"]))
    cell = st.text(
        st.characters(
            exclude_categories=["Cs"],
            exclude_characters="\n\r" + (delimiter or " \t\v\f"),
        ),
        min_size=1,
        max_size=8,
    )
    # White space alone would be a separator, were it not for the column beside it.
    row = st.tuples(cell, st.sampled_from(["X", "#", "-DOCSTART-", "1-2", "é\u2028"]))
    sentences = draw(st.lists(st.lists(row, min_size=1, max_size=4), min_size=1, max_size=4))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    written = delimiter or draw(st.sampled_from([" ", "\t", "  \t"]))
    blocks = ["".join(written.join(row) + end for row in rows) for rows in sentences]
    text = end.join(blocks)
    if draw(st.booleans()):
        text = text.removesuffix(end)
    if text.startswith("\ufeff") or draw(st.booleans()):
        text = "\ufeff" + text
    return sentences, text.encode(), delimiter


@given(column_files(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_text_comes_back_and_nothing_is_lost(tmp_path_factory, file, packed):
    sentences, content, delimiter = file
    path = tmp_path_factory.getbasetemp() / "any.conll"
    path.write_bytes(gzip.compress(content) if packed else content)
    found = read(path, {"tokens": 0, "label": 1}, delimiter=delimiter)
    assert tokens(found) == [[token for token, _ in rows] for rows in sentences]
    assert column(found, "label") == [[label for _, label in rows] for rows in sentences]


# Broken files: those of a wrong form are in fixtures/broken, and read in conll_columns_test.py.


def test_only_blank_lines(write):
    with pytest.raises(DataFormatError, match="at least one sentence, found none"):
        read(write("\n \n\n"))


def test_line_number_counts_every_line(write):
    path = write("# note\r\n\r\nThe DET\r\n# note\r\ncat\r\n")
    with pytest.raises(DataFormatError, match=r"file\.conll:5: expected at least 2 columns"):
        read(path, comment_prefix="#")


# Formats


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"columns": {"pos": 1}}, r"must name the column 'tokens', found \['pos'\]"),
        ({"columns": {"tokens": 0, "pos": -1}}, "columns.pos is -1"),
        ({"columns": {"tokens": 0}, "delimiter": ""}, "'delimiter' is empty"),
        (
            {"columns": {"tokens": 0}, "delimiter": " ", "conllu": True},
            "'delimiter' is ' ', but CoNLL-U is separated by tabs",
        ),
    ],
)
def test_wrong_format(settings, message):
    with pytest.raises(ValueError, match=message):
        ColumnFormat(**settings)


def test_conllu_means_tabs_and_comments():
    layout = ColumnFormat({"tokens": 1}, conllu=True)
    assert (layout.delimiter, layout.comment_prefix) == ("\t", "#")
    assert ColumnFormat({"tokens": 1}, "\t", "%", conllu=True).comment_prefix == "%"
