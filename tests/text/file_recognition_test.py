import time
from pathlib import Path

import pytest

from bilstm_tagger.text.file_recognition import recognise_lines, recognise_path, token_name


def recognised(content):
    return recognise_lines(content.removesuffix("\n").split("\n"))


COLUMNS = {
    "CoNLL-2000": ("Mina NNP B-NP\nwaved VBD B-VP\n. . O\n\nShe PRP B-NP\nleft VBD B-VP\n", {}),
    "CoNLL-2003": (
        "-DOCSTART- -X- -X- O\n\nMina NNP B-NP B-PER\n. . O O\n",
        {"document_dividers": True},
    ),
    "tabs": ("Mina\tB-PER\nwaved\tO\n\nShe\tO\n", {}),
    "one sentence": ("Mina NNP B-PER\n", {}),
    "underscore": ("Mina B_PER\nOrlo I_PER\nwaved O\n. O\n", {}),
    "types": ("Mina\tPERSON\nOrlo\tPERSON\nwaved\tO\nin\tO\nTallin\tLOCATION\n", {}),
    "lower case": ("Mina b-per\nOrlo i-per\nwaved o\n. o\n", {}),
    "no types": ("Fever\tB\nand\tO\nsore\tB\nthroat\tI\n.\tO\n", {}),
    "zero": ("Mina B-PER\nOrlo I-PER\nwaved 0\n. 0\n", {}),
    "BMES": ("The O\nUnion B-ORG\nof M-ORG\nBakers E-ORG\nmet O\nMina S-PER\n. O\n", {}),
    "all outside": ("The O\nUnion O\nmet O\n. O\n", {}),
    "behind": ("Mina PER-B\nOrlo PER-I\nwaved O\n", {}),
    "trailing tabs": ("Mina\tB-PER\t\t\nwaved\tO\n.\tO\n", {}),
    "an annotator": (
        "1\tMina\tB-PER\t-\tann1\n2\twaved\tO\n3\t.\tO\n",
        {"delimiter": "\t", "ragged": True},
    ),
    "comments": ("# id = 1\nMina B-PER\nwaved O\n", {"comment_prefix": "#"}),
    "a token #": ("# O\nMina B-PER\n", {}),
    "CoNLL-U": (
        "# sent_id = 1\n1\tMina\tMina\tPROPN\t_\t_\t0\troot\t_\tname=B-PER\n",
        {"conllu": True},
    ),
    "CoNLL-U with a range": (
        "1-2\tzum\t_\t_\t_\t_\t_\t_\t_\t_\n1\tzu\tzu\tADP\t_\t_\t0\troot\t_\t_\n",
        {"conllu": True},
    ),
    "parts of speech": ("the DT\ncat NN\nsat VBD\non IN\na DT\nmat NN\n. .\n" * 2, {}),
    "TSV": ("token\ttag\nMina\tB-PER\nwaved\tO\n", {"delimiter": "\t"}),
    "CSV": (
        "Sentence #,Word,POS,Tag\nSentence: 1,Mina,NNP,B-per\n,waved,VBD,O\n",
        {"delimiter": ",", "quoted": True, "sentence_column": "Sentence #"},
    ),
    "CSV in quotes": ('"Word","Tag"\n",","O"\n', {"delimiter": ",", "quoted": True}),
    "semicolons": ("Word;Tag\nMina;B-PER\n", {"delimiter": ";", "quoted": True}),
}


@pytest.mark.parametrize(("content", "settings"), COLUMNS.values(), ids=COLUMNS.keys())
def test_columns(content, settings):
    file = recognised(content)
    assert (file.form, file.sure, file.settings) == ("columns", True, settings)


def test_names_and_widths():
    assert recognised(COLUMNS["CSV"][0]).names == ["Sentence #", "Word", "POS", "Tag"]
    assert recognised(COLUMNS["CSV in quotes"][0]).names == ["Word", "Tag"]
    assert recognised(COLUMNS["CoNLL-2003"][0]).width == 4
    assert recognised(COLUMNS["an annotator"][0]).width == 3
    assert recognised(COLUMNS["trailing tabs"][0]).width == 2


TEXTS = {
    "sentences": "The cat sat. It was late.\nNobody came.\n",
    "one word": "Hello\n",
    "one pair": "Hello World\n",
    "headings": "# Title\n\nSome text here, in words.\n\n- an item\n",
    "references": "[1] A reference.\n[2] Another one.\n",
    "braces": "{curly} braces in text\n",
    "a comma": "Word, tag and token, he said.\nNothing more.\n",
    "as a header": "Text and tags\n",
    "a line with a comma": "Hello, John.\n",
    "a line with semicolons": "He came; he saw; he left.\n",
    "a line with I": "Yesterday I met Ann.\n",
    "a line with a name": "UN\n",
    "addresses": "http://a.b/c http://d.e/f\n",
    "dates": "12/12/2020 11/11/2020 1/1/2020\n",
    "pipes": "a|b|c d|e|f g|h|i\n",
    "names of variables": "snake_case names_here are_fun\n",
    "an address": "O Romeo\nO Juliet\n",
    "CSV of something": "name,age\nBob,5\nEve,6\n",
    "upper case": "THE CAT SAT. IT WAS LATE.\nNOBODY CAME.\n",
    "nothing": "\n \n",
}


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS.keys())
def test_text(content):
    file = recognised(content)
    assert (file.form, file.sure) == ("text", True)


# What can be both is never taken for one of them.
UNSURE = {
    "names": "Mina Orlo\nJohn Smith\nAda Lovelace\nAlan Turing\n",
    "upper case at the end": "he said NO\nshe said YES\nthey said NO\nwe said OK\n",
    "a word o": "uma casa\nde o\ncom o\numa flor\n",
    "Chinese": "我 爱 你\n你 爱 我\n他 爱 她\n她 爱 他\n",
    "numbers": "1 2\n3 4\n5 6\n7 8\n",
    "log": "10:00:00 INFO started\n10:00:01 INFO stopped\n" * 4,
    "words": "Hello\nWorld\n\nfoo\nbar\n",
    "tabs": "1\tHello there.\n2\tBye.\n",
    "few parts of speech": "The DT\ncat NN\nsat VBD\n. .\n",
    "labels in lower case": "der art\nhund nn\nbellt vv\n. $.\n",
}


@pytest.mark.parametrize("content", UNSURE.values(), ids=UNSURE.keys())
def test_columns_or_text(content):
    file = recognised(content)
    assert (file.form, file.sure) == ("columns", False)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ('{"id": "1", "tokens": ["Mina"], "ner_tags": ["B-PER"]}\n', ["id", "tokens", "ner_tags"]),
        ('\n  {"text": "Nobody came.", "label": []}\n', ["text", "label"]),
        ('{"text": "Mina", "spans": [], "tokens": []}', ["text", "spans", "tokens"]),
        ('[{"text": "Mina"}]', ["text"]),
        ('[\n  {"text": "Mina"}\n]', []),
        ('[{"text": "a"},\n{"text": "b"}]', []),
        ('[{\n"text": "a"\n}]', []),
    ],
)
def test_json(content, names):
    file = recognised(content)
    assert (file.form, file.sure, list(file.names)) == ("json", True, names)


@pytest.mark.parametrize(
    ("content", "delimiter", "width"),
    [
        ("Mina|NNP|I-PER waved|VBD|O .|.|O\nShe|PRP|O left|VBD|O .|.|O\n", "|", 3),
        ("||PUNCT|O Mina|NNP|I-PER waved|VBD|O\n", "|", 3),
        ("The/DT cat/NN sat/VBD ./.\n", "/", 2),
        ("1/2/CD costs/VBZ ./.\n", "/", 2),
        ("Mina_B-PER waved_O ._O\n", "_", 2),
    ],
)
def test_tokens_with_parts(content, delimiter, width):
    file = recognised(content)
    assert (file.form, file.settings, file.width) == ("lines", {"delimiter": delimiter}, width)


class TestPath:
    def test_folders(self, write, tmp_path):
        assert recognise_path(tmp_path) is None
        write("Mina", "deep/er/doc.txt")
        assert recognise_path(tmp_path).form == "brat"
        write("{}", "state.json")
        assert recognise_path(tmp_path).form == "parquet"

    def test_splits(self, write, tmp_path):
        write("{}", "dataset_dict.json")
        assert recognise_path(tmp_path).form == "parquet"

    def test_files(self, write, tmp_path):
        assert recognise_path(write(b"PAR1...", "data.bin")).form == "parquet"
        assert recognise_path(write(b"x", "docs.spacy")).form == "spacy"
        assert recognise_path(write(b"", "empty.conll")) is None
        assert recognise_path(tmp_path / "none") is None

    def test_text_beside_annotations(self, write):
        text = write("Mina", "doc.txt")
        assert recognise_path(text) is None
        annotations = write("", "doc.ann")
        assert recognise_path(text).form == recognise_path(annotations).form == "brat"


def test_name_of_the_tokens():
    assert token_name(["id", "Word", "Tag"]) == "Word"
    assert token_name(["text", "tokens"]) == "tokens"
    assert token_name(["a", "b"]) is None


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        ([" ".join(["x"] * 9_999 + ["O"])] * 100, "columns"),
        (["\t".join(["x"] * (3_000 + i)) for i in range(20)], "text"),
        (["x " * 1_000_000], "text"),
        (["x" * 1_000_000], "text"),
        (["a/b " * 200_000], "text"),
        (["|" * 50_000], "text"),
    ],
    ids=["many columns", "of many widths", "a long line", "a long token", "parts", "separators"],
)
def test_long_lines_take_no_time(lines, form):
    started = time.process_time()
    assert recognise_lines(lines).form == form
    assert time.process_time() - started < 2


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_spreadsheet_without_a_header(delimiter):
    lines = [delimiter.join(row) for row in (("Mina", "B-PER"), ("left", "O"), ('"."', "O"))]
    recognised = recognise_lines(lines)
    assert (recognised.form, recognised.sure) == ("columns", True)
    assert recognised.settings == {"delimiter": delimiter, "quoted": True}
    text = [f"Well{delimiter} she left", f"No{delimiter} she said", f"So{delimiter} OK"]
    assert recognise_lines(text).form == "text"


def test_a_header_in_another_language():
    lines = ["Satz;Wort;Etikett", "1;Die;O", "1;Mina;B-PER", "2;Er;O"]
    recognised = recognise_lines(lines)
    assert (recognised.form, recognised.sure) == ("columns", True)
    assert recognised.names == ["Satz", "Wort", "Etikett"]
    assert recognise_lines([line.replace(";", "\t") for line in lines]).names == recognised.names
    assert recognise_lines(["Mina\tB-PER", "left\tO", "Tallin\tB-LOC"]).names == ()


def test_docbin_of_another_name(tmp_path):
    path = tmp_path / "docs.bin"
    path.write_bytes(Path("fixtures/forms/names.spacy").read_bytes())
    recognised = recognise_path(path)
    assert recognised is not None and recognised.form == "spacy"
