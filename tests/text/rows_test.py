"""What each line of a column file is."""

import logging

import pytest

from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.rows import separator_of_cells

TWO = {"tokens": 0, "ner": 1}
NAMED = {"tokens": "Word", "ner": "Tag"}
CSV = {"columns": NAMED, "delimiter": ",", "quoted": True}


def pairs(sentences):
    return [
        list(zip(sentence.tokens, sentence.columns["ner"], strict=True)) for sentence in sentences
    ]


@pytest.fixture
def warnings(caplog):
    """The warnings of a file, without its path."""
    caplog.set_level(logging.WARNING)

    def of(path):
        return [message.removeprefix(f"{path}:") for message in caplog.messages]

    return of


class TestHeader:
    def test_columns_by_name(self, write, read):
        path = write("Tag,x,Word\nB-P,1,Mina\nO,2,left\n\nO,1,She\n")
        assert pairs(read(path, **CSV)) == [[("Mina", "B-P"), ("left", "O")], [("She", "O")]]
        assert read(path, **CSV)[1].line_numbers == [5]

    @pytest.mark.parametrize(
        "start", ["\ufeff", "\n \n", "# a note\n"], ids=["mark", "blanks", "comment"]
    )
    def test_what_stands_before_it(self, write, read, start):
        path = write(f"{start}Word,Tag\r\na,O\r\n")
        assert pairs(read(path, comment_prefix="#", **CSV)) == [[("a", "O")]]

    @pytest.mark.parametrize(
        ("header", "problem"),
        [
            ("Word,Label", r"'Tag' \('ner' of the dataset reader\); it is not among"),
            ("Word,Tag,Tag", "it is twice among"),
            ("Word;Tag", r"'Word' .* it is not among \['Word;Tag'\]; .*'delimiter'"),
            ("word,tag", "it is not among"),
        ],
    )
    def test_without_the_column(self, write, read, header, problem):
        path = write(f"{header}\na,O,O\n")
        with pytest.raises(DataFormatError, match=f"{path}:1: .*{problem}"):
            read(path, **CSV)

    def test_again(self, write, read):
        path = write("Word,Tag\na,O\n\nWord,Tag\nb,O\n")
        with pytest.raises(DataFormatError, match=f"{path}:4: the header is here again.*remove"):
            read(path, **CSV)

    def test_alone(self, write, read):
        with pytest.raises(DataFormatError, match="expected at least one sentence, found none"):
            read(write("Word,Tag\n"), **CSV)

    def test_learnt_as_a_token(self, write, read, warnings):
        path = write("token tag\na O\n\ntoken tag\n")
        assert pairs(read(path, columns=TWO))[0][0] == ("token", "tag")
        (warning,) = warnings(path)
        assert warning.startswith(
            "1: this looks like a header, but is read as a token: 'token tag'"
        )
        assert "columns: {tokens: 'token'}" in warning


class TestQuoted:
    def test_cells(self, write, read):
        path = write('Word,Tag\n"a""b",O\n",",B-P\n"""",O\nc"d,O\n"O","O"\n')
        (sentence,) = read(path, **CSV)
        assert sentence.tokens == ['a"b', ",", '"', 'c"d', "O"]

    @pytest.mark.parametrize("line", ['"a', '"a"b"c,O', '",O'])
    def test_open_quote(self, write, read, line):
        path = write(f"Word,Tag\n{line}\nb,O\n")
        with pytest.raises(DataFormatError, match=f"{path}:2: the double quotes do not match.*fix"):
            read(path, **CSV)

    def test_line_end_in_a_cell(self, write, read):
        path = write('Word,Tag\n"a\nb",O\n')
        with pytest.raises(DataFormatError, match=f"{path}:2: .*a cell cannot hold a line end"):
            read(path, **CSV)

    def test_quotes_are_tokens_unless_declared(self, write, read):
        path = write('"\tO\n""\tO\n')
        assert read(path, columns=TWO, delimiter="\t")[0].tokens == ['"', '""']


class TestWidths:
    def test_ragged(self, write, read):
        path = write("1\tMina\tB-P\t-\tann\n2\tleft\tO\n")
        settings = {"columns": {"tokens": 1, "ner": 2}, "delimiter": "\t"}
        with pytest.raises(DataFormatError, match=f"{path}:2: expected 5 columns.*ragged: true"):
            read(path, **settings)
        assert pairs(read(path, ragged=True, **settings)) == [[("Mina", "B-P"), ("left", "O")]]

    def test_ragged_needs_what_is_read(self, write, read):
        path = write("a\tO\tx\nb\n")
        with pytest.raises(DataFormatError, match=f"{path}:2: .*column 'ner' .index 1. is missing"):
            read(path, columns=TWO, delimiter="\t", ragged=True)

    def test_trailing_delimiters(self, write, read):
        path = write("Mina\tB-P\t\t\nleft\tO\n.\tO\t\n")
        assert read(path, columns=TWO, delimiter="\t")[0].tokens == ["Mina", "left", "."]

    def test_many_columns(self, write, read):
        path = write(" ".join(["x"] * 9_999 + ["O"]) + "\n")
        assert pairs(read(path, columns={"tokens": 0, "ner": 9_999})) == [[("x", "O")]]


class TestSentenceColumn:
    CASES = [
        ("a new value, or none", ["1,a", ",b", "2,c", ",d"], [["a", "b"], ["c", "d"]]),
        ("the same value again", ["1,a", "1,b", "2,c", "1,d"], [["a", "b"], ["c"], ["d"]]),
        ("blank lines", ["1,a", "", "1,b", ",c"], [["a"], ["b", "c"]]),
        ("rows of empty cells", ["1,a", ",", "1,b"], [["a"], ["b"]]),
        ("none at all", [",a", ",b"], [["a", "b"]]),
    ]

    @pytest.mark.parametrize(("_", "lines", "sentences"), CASES, ids=[case[0] for case in CASES])
    def test_by_name(self, write, read, _, lines, sentences):
        path = write("\n".join(["S,Word", *lines]) + "\n")
        settings = {"columns": {"tokens": "Word"}, "delimiter": ",", "sentence_column": "S"}
        assert [sentence.tokens for sentence in read(path, **settings)] == sentences

    def test_by_index(self, write, read):
        path = write("1 a\n1 b\n2 c\n")
        sentences = read(path, columns={"tokens": 1}, sentence_column=0)
        assert [sentence.tokens for sentence in sentences] == [["a", "b"], ["c"]]


class TestConllu:
    LINE = "{}\t{}\t_\tX\t_\t_\t0\t_\t_\t{}\n"
    MISC = {"columns": {"tokens": 1, "ner": "MISC:name", "pos": 3}, "conllu": True}

    def test_entries_of_misc(self, write, read):
        lines = [("1", "a", "name=B-P|x=1"), ("2", "b", "SpaceAfter=No|name=O")]
        (sentence,) = read(write("".join(self.LINE.format(*line) for line in lines)), **self.MISC)
        assert sentence.columns == {"ner": ["B-P", "O"], "pos": ["X", "X"]}

    @pytest.mark.parametrize("misc", ["_", "name", "name=", "Name=O"])
    def test_without_the_entry(self, write, read, misc):
        path = write(self.LINE.format(1, "a", misc))
        with pytest.raises(DataFormatError, match=f"{path}:1: expected an entry 'name=...'"):
            read(path, **self.MISC)

    def test_without_the_column(self, write, read):
        path = write("1\ta\t_\tX\n")
        with pytest.raises(DataFormatError, match=f"{path}:1: .*'MISC' .index 9. is missing"):
            read(path, **self.MISC)

    def test_ids(self, write, read):
        path = write("1-2\tab\n1\ta\n2\tb\n2.1\tx\n3\tc\n\n1\td\n")
        sentences = read(path, columns={"tokens": 1}, conllu=True)
        assert [sentence.tokens for sentence in sentences] == [["a", "b", "c"], ["d"]]

    @pytest.mark.parametrize("number", ["1", "3", "x", "02"])
    def test_ids_that_do_not_count_up(self, write, read, number):
        path = write(f"1\ta\n{number}\tb\n")
        with pytest.raises(DataFormatError, match=f"{path}:2: expected the id 2, found '{number}'"):
            read(path, columns={"tokens": 1}, conllu=True)


class TestWarnings:
    def test_dividers(self, write, read, warnings):
        path = write("-DOCSTART- O\n\na O\n\n-DOCSTART- O\n\nb O\n")
        assert len(read(path, columns=TWO)) == 4
        (warning,) = warnings(path)
        assert warning.startswith("1: -DOCSTART- is read as a token")
        assert "document_dividers: true" in warning

    def test_declared_dividers(self, write, read, warnings):
        path = write("-DOCSTART- O\n\na O\n\n-DOCSTART- O\n\nb O\n")
        assert len(read(path, columns=TWO, document_dividers=True)) == 2
        assert warnings(path) == []

    @pytest.mark.parametrize("first", [0, 1])
    @pytest.mark.parametrize("end", ["", "\n1 a O\n"], ids=["one sentence", "several"])
    def test_tokens_that_are_numbers(self, write, read, warnings, first, end):
        path = write("".join(f"{first + i} a O\n" for i in range(3)) + end)
        read(path, columns={"tokens": 0})
        (warning,) = warnings(path)
        assert warning.startswith(f"1: the tokens are the numbers {first} to {first + 2}")
        read(path, columns={"tokens": 1})
        assert len(warnings(path)) == 1

    @pytest.mark.parametrize("line", ["Ada;PER", ';"; "', '"a;b";O'])
    def test_tokens_that_are_lines_of_cells(self, write, read, warnings, line):
        path = write("Wort;Etikett\n" + 3 * f"{line}\n".replace(" ", ""))
        read(path, columns={"tokens": 0})
        (warning,) = warnings(path)
        assert warning.startswith("1: the tokens look like cells separated by ';': 'Wort;Etikett'")

    @pytest.mark.parametrize("tokens", ["1,000 2,000 3,000", "a ; b ; c", "1,5 2,5 3,5 kg"])
    def test_tokens_with_commas(self, write, read, warnings, tokens):
        path = write(tokens.replace(" ", "\n"))
        read(path, columns={"tokens": 0})
        assert warnings(path) == []

    def test_one_long_sentence(self, write, read, warnings):
        path = write("a O\n" * 499)
        read(path, columns=TWO)
        assert warnings(path) == []
        path = write("a O\n" * 500)
        read(path, columns=TWO)
        assert "the whole file is one sentence of 500 tokens" in warnings(path)[0]


def test_separators_of_cells():
    assert separator_of_cells(["a;b"] * 9) == ";"
    assert separator_of_cells(["a", "b;c"] * 5) is None
    assert separator_of_cells(["a\rb;c", *["d;e"] * 9]) is None  # which csv cannot read
