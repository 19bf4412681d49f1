import json
from pathlib import Path

import msgspec
import pytest

from bilstm_tagger.tagging.proposed_config import reader_settings
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.inspection import inspect_file
from bilstm_tagger.text.layout_proposal import propose_layout
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.task_column import TaskColumn

SPANS = {"encoding": "BIO", "model_encoding": "IOBES"}

CONLLU = "1\tAda\tAda\tPROPN\t_\t_\t2\tnsubj\t_\t_\n"
# Name of a file, its content, and the settings of the reader that are proposed.
FORMS = {
    "columns": (
        "x.iob2",
        "Ada NNP B-NP B-PER\nsang VBD B-VP O\n. . O O\n\nShe PRP B-NP O\nleft VBD B-VP O\n",
        {
            "columns": {"tokens": 0, "pos": 1, "chunk": 2, "ner": 3},
            "tasks": {"pos": {}, "chunk": SPANS, "ner": SPANS},
        },
    ),
    "tabs, numbers, comments, annotator": (
        "x.txt",
        "# one\n1\tAda\tB-PER\t-\tkim\n2\tsang\tO\t-\t-\n3\t.\tO\t-\t-\n",
        {
            "columns": {"tokens": 1, "ner": 2},
            "tasks": {"ner": SPANS},
            "delimiter": "\t",
            "comment_prefix": "#",
        },
    ),
    "dividers, IOB1": (
        "x",
        "-DOCSTART- O\n\nAda I-PER\nBerg I-PER\nKim B-PER\nsang O\n",
        {
            "columns": {"tokens": 0, "ner": 1},
            "tasks": {"ner": {"encoding": "IOB1", "model_encoding": "IOBES"}},
            "document_dividers": True,
        },
    ),
    "tags first": (
        "x",
        "B-PER Ada\nO sang\nO .\n\nO He\nO left\n",
        {"columns": {"tokens": 1, "ner": 0}, "tasks": {"ner": SPANS}},
    ),
    "two plain columns": (
        "x",
        "Ada NNP nsubj\nsang VBD root\n. . punct\n\nHe PRP nsubj\nleft VBD root\n",
        {"columns": {"tokens": 0, "pos": 1, "column2": 2}, "tasks": {"pos": {}, "column2": {}}},
    ),
    "lemmas": (
        "x",
        "Ada Ada NNP\nsang sing VBD\nloudly loudly RB\n. . .\n\nHe he PRP\nleft leave VBD\n",
        {"columns": {"tokens": 0, "pos": 2}, "tasks": {"pos": {}}},
    ),
    "spelling": (
        "x",
        "Ada b_per\nsang o\n\nKim b_per\nBo i_per\n",
        {
            "columns": {"tokens": 0, "ner": 1},
            "tasks": {
                "ner": {**SPANS, "spelling": {"separator": "_", "lower_case": True, "outside": "o"}}
            },
        },
    ),
    "CoNLL-U": (
        "x.conllu",
        "# text = Ada sang\n1\tAda\tAda\tPROPN\tNNP\t_\t2\tnsubj\t_\tname=B-PER\n"
        "2\tsang\tsing\tVERB\tVBD\t_\t0\troot\t_\tSpaceAfter=No|name=O\n",
        {
            "columns": {"tokens": 1, "upos": 3, "xpos": 4, "name": "MISC:name"},
            "tasks": {"upos": {}, "xpos": {}, "name": SPANS},
            "conllu": True,
        },
    ),
    "CoNLL-U without XPOS": (
        "x.conllu",
        "1\tAda\tAda\tPROPN\t_\t_\t2\tnsubj\t_\t_\n2\tsang\tsing\tVERB\t_\t_\t0\troot\t_\t_\n",
        {"columns": {"tokens": 1, "upos": 3}, "tasks": {"upos": {}}, "conllu": True},
    ),
    "CSV": (
        "x.csv",
        "Sentence #,Word,Part of speech,Tag,Note\nS1,Ada,NNP,B-per,\n,sang,VBD,O,?\n"
        'S2,"""",\'\',O,\n,left,VBD,O,\n',
        {
            "columns": {"tokens": "Word", "Part_of_speech": "Part of speech", "Tag": "Tag"},
            "tasks": {"Part_of_speech": {}, "Tag": SPANS},
            "delimiter": ",",
            "quoted": True,
            "sentence_column": "Sentence #",
        },
    ),
    "parts": (
        "x.txt",
        "Ada|NNP|I-PER sang|VBD|O .|.|O\nShe|PRP|O left|VBD|O .|.|O\n",
        {
            "columns": {"tokens": 0, "pos": 1, "ner": 2},
            "tasks": {"pos": {}, "ner": {"encoding": "IOB1", "model_encoding": "IOBES"}},
            "form": "lines",
            "delimiter": "|",
        },
    ),
    "tokens and tags": (
        "x.jsonl",
        '{"id": 1, "tokens": ["Ada", "sang"], "ner_tags": ["B-PER", "O"]}\n'
        '{"id": 2, "tokens": ["Ho"], "ner_tags": ["O"]}\n',
        {
            "columns": {"tokens": "tokens", "ner_tags": "ner_tags"},
            "tasks": {"ner_tags": SPANS},
            "form": "json",
        },
    ),
    "text and spans": (
        "x.jsonl",
        '{"text": "He left.", "label": []}\n{"text": "Ada sang.", "label": [[0, 3, "PER"]]}\n',
        {"columns": {"tokens": "text", "ner": "label"}, "tasks": {"ner": SPANS}, "form": "json"},
    ),
    "Prodigy": (
        "x.jsonl",
        '{"text": "Ada sang", "spans": [{"start": 0, "end": 3, "label": "PER"}], "tokens": '
        '[{"text": "Ada", "start": 0, "end": 3}, {"text": "sang", "start": 4, "end": 8}]}\n',
        {"columns": {"tokens": "tokens", "ner": "spans"}, "tasks": {"ner": SPANS}, "form": "json"},
    ),
    "Label Studio": (
        "x.json",
        '[\n{"data": {"text": "Ada sang."}, "annotations": [{"result": '
        '[{"value": {"start": 0, "end": 3, "labels": ["PER"]}}]}]}\n]\n',
        {
            "columns": {"tokens": "data.text", "ner": "annotations.0.result"},
            "tasks": {"ner": SPANS},
            "form": "json",
        },
    ),
}


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_text(content)
        return path

    return write


@pytest.mark.parametrize("form", FORMS)
def test_layout_is_proposed_by_content(file, form):
    name, content, settings = FORMS[form]
    path = file(name, content)
    proposed = propose_layout(path)
    assert reader_settings(proposed.layout) == {"type": "conll_columns", **settings}
    # What is proposed reads the file, with labels that are valid.
    for sentence in read_dataset(path, proposed.layout):
        _, repaired = proposed.layout.labels(sentence)
        assert not repaired


@pytest.mark.parametrize("form", FORMS)
def test_settings_are_those_of_the_layout(file, form):
    name, content, _ = FORMS[form]
    layout = propose_layout(file(name, content)).layout
    settings = json.loads(json.dumps(reader_settings(layout)))
    settings.pop("type")
    assert msgspec.convert(settings, DatasetLayout) == layout


def test_brat(file):
    text = file("a.txt", "Ada sang.")
    file("a.ann", "T1\tPER 0 3\tAda\n")
    for path in (text, text.parent):
        proposed = propose_layout(path)
        assert proposed.layout.columns == {"tokens": "text", "ner": "entities"}
        assert proposed.layout.form == "brat"
        assert proposed.offset_spans == {"ner"}


def test_docbin(tmp_path):
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import Doc, DocBin, Span

    words, tags = ["Ada", "sang"], ["NNP", "VBD"]
    doc = Doc(spacy.blank("en").vocab, words=words, tags=tags, lemmas=["Ada", "sang"])
    doc.ents = [Span(doc, 0, 1, "PER")]
    path = tmp_path / "x.spacy"
    DocBin(attrs=["TAG", "LEMMA", "ENT_TYPE", "ENT_IOB"], docs=[doc]).to_disk(path)
    proposed = propose_layout(path)
    assert proposed.layout.columns == {"tokens": "tokens", "tag": "tag", "ner": "ents"}
    assert proposed.left_out == ["column 'lemma' has 2 different values, words rather than labels"]


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    feature = {"feature": {"names": ["O", "B-PER"], "_type": "ClassLabel"}, "_type": "Sequence"}
    about = json.dumps({"info": {"features": {"ner_tags": feature}}})
    table = pyarrow.table({"tokens": [["Ada", "sang"]], "ner_tags": [[1, 0]]})
    path = tmp_path / "x.parquet"
    parquet.write_table(table.replace_schema_metadata({"huggingface": about}), path)
    layout = propose_layout(path).layout
    assert (layout.form, layout.tasks["ner_tags"].encoding) == ("parquet", "BIO")


def test_columns_that_are_no_labels_are_named(file):
    content = "1 Ada NNP - d1 7 ada\n2 sang VBD - d1 8 sing\n3 . . - d1 9 .\n"
    proposed = propose_layout(file("x", content + "\n" + content.replace("d1", "d2")))
    assert proposed.layout.columns == {"tokens": 1, "pos": 2}
    assert proposed.left_out == [
        "column 0 counts tokens",
        "column 3 has one value only, '-'",
        "column 4 is the same for all tokens of a sentence",
        "column 5 holds numbers",
        "column 6 has 3 different values, words rather than labels",
    ]


def test_many_values_are_words_unless_tokens_are_many_more(file):
    def left_out(values):
        lines = "".join(f"w{i} N{i % 2} x{i % values}\n" for i in range(3000))
        return propose_layout(file("x", lines)).left_out

    assert left_out(500) == left_out(900) == []
    assert left_out(902) == ["column 2 has 902 different values, words rather than labels"]


def test_integers_need_names(file):
    content = '{"tokens": ["Ada", "sang"], "pos": ["NNP", "VBD"], "ner": [1, 0], "ids": [1]}\n'
    proposed = propose_layout(file("x.jsonl", content))
    assert list(proposed.layout.tasks) == ["pos"]
    integers, ids = proposed.left_out
    assert "tasks.ner.labels" in integers
    assert '{"ner": {"encoding": "BIO", "labels": ["O", "B-PER", ...]}}' in integers
    assert ids == "'ids' is no list of a label for each token: line 1 has 1 for 2 tokens"


@pytest.mark.parametrize(
    "label, problem", [({"O": 15, "S-PER": 0.5}, "15.5 together"), ({}, "they are 0 together")]
)
def test_probabilities_that_are_none(file, label, problem):
    """They are an error that says where, as in training."""
    sentences = [["O", {"O": 0.5, "S-PER": 0.5}], ["O", label]]
    lines = [json.dumps({"tokens": ["a", "b"], "ner": labels}) + "\n" for labels in sentences]
    path = file("x.jsonl", "".join(lines))
    with pytest.raises(DataFormatError, match=f"x.jsonl:2: column 'ner': .*{problem}"):
        propose_layout(path)


@pytest.mark.parametrize("odd", ["PER", "b_per", "B:PER"])
def test_a_few_odd_tags_do_not_hide_the_encoding(file, odd):
    proposed = propose_layout(file("x", f"Ada B-PER\nsang O\n\nKim B-PER\nleft O\n\nBo {odd}\n"))
    task = proposed.layout.tasks["ner"]
    assert (task.encoding, task.spelling.separator) == ("BIO", "-")


SATZ = "Satz;Wort\n1;Ada\n1;sang\n1;.\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", "Ada sang a song, and left.\nHe did not.\n", "found lines of text"),
        ("x.txt", "", "found no text"),
        ("x.conll", "Ada\nsang\n.\n\nHe\nleft\n", "expected labels, found none in 1 column"),
        ("x.jsonl", '{"sentence": "Ada sang."}\n', r"x.jsonl:1: .* found the keys \['sentence'\]"),
        ("x.jsonl", '{"text": "Ada", "spans": []}\n', r"found the keys \['spans', 'text'\]"),
        ("x", "Ada NNP O\nsang VBD O\nhi UH O\n. O\n. . O\n", "x:4: expected 3 .*, found 2: '. O'"),
        ("x", "Ada\tNNP\tO\nHe\tPRP\nleft\tVBD\tO\n.\t.\tO\n!\t!\tO", "x:2: expected 3 col.* 2"),
        ("x", f"# a\n{CONLLU}{CONLLU[:-3]}\n{3 * CONLLU}", "x:3: expected 10 columns .*, found 9"),
        ("x", "ada 0.1 0 0.25\nsang 0.5 -.3 1.5e-5\n. 1 0.5 2.5\n! 0 0.1 0.2\n", "word vectors"),
        ("x.csv", SATZ, "found lines of text, .* separated by ';'.*'Satz;Wort'.*sentence_column"),
        ("x.csv", "Wort;Tag\nA;O\n\nB;O\nC;O\n", '"tokens": NAME.*"quoted": true, "tasks"'),
        ("x.jsonl", '{"tokens": ["Ada"]}\n3\n', "x.jsonl:2: expected an object, found 3"),
        ("x.csv", 'word,pos\nAda,"NNP\nsang,VBD\n', "x.csv:2: the double quotes do not match"),
    ],
)
def test_files_without_labels_are_errors(file, name, content, message):
    with pytest.raises(DataFormatError, match=message):
        propose_layout(file(name, content))


def test_a_missing_file_is_an_error(tmp_path: Path):
    with pytest.raises(DataFormatError, match="there is no such file"):
        propose_layout(tmp_path / "x")


def test_labels_known_in_part(tmp_path):
    path = tmp_path / "gaps.conll"
    tags = "B-PER I-PER O _ O B-ORG|B-PER I-ORG|I-PER O".split()
    path.write_text(
        "".join(f"w{i} {tag}\n" for i, tag in enumerate(tags)) + "\nAnn B-PER\nsang O\n"
    )
    (task,) = propose_layout(path).layout.tasks.values()
    assert task.partial is True
    assert task.encoding == "BIO"
    # As the tag of tokens outside of spans, it is no gap.
    path.write_text("Ann B-PER\nsang _\n\nBo B-PER\nleft _\n")
    (task,) = propose_layout(path).layout.tasks.values()
    assert task.partial is False


def test_labels_that_are_missing_in_objects(tmp_path):
    path = tmp_path / "gaps.jsonl"
    path.write_text(
        '{"tokens": ["Ann", "Lee", "came"], "ner": [null, "I-PER", "O"], "pos": ["N", "", "V"]}\n'
        '{"tokens": ["Bo", "left"], "ner": ["B-PER", "O"], "pos": ["N", "V"]}\n'
    )
    tasks = propose_layout(path).layout.tasks
    assert {name: (task.encoding, task.partial) for name, task in tasks.items()} == {
        "ner": ("BIO", True),
        "pos": (None, True),
    }


def test_probabilities_of_labels(tmp_path):
    path = tmp_path / "soft.jsonl"
    path.write_text(
        '{"tokens": ["Ann", "ran"], "ner": [{"S-PER": 0.8, "O": 0.2}, "O"], "pos": ["N", "V"]}\n'
        '{"tokens": ["Bo", "Lu", "sat"], "ner": ["B-PER", "E-PER", {"O": 0.9, "S-PER": 0.1}], '
        '"pos": [{"N": 0.9, "V": 0.1}, "N", "V"]}\n'
    )
    layout = propose_layout(str(path)).layout
    assert layout.tasks == {
        "ner": TaskColumn(encoding="IOBES", probabilities=True),
        "pos": TaskColumn(probabilities=True),
    }
    inspection = inspect_file(str(path), layout)
    assert inspection.tasks["ner"].counts == {"PER": 2}
    assert inspection.tasks["pos"].counts == {"N": 3, "V": 2}
    # What is wrong with probabilities cannot be repaired.
    path.write_text('{"tokens": ["Ann"], "ner": [{"S-PER": 0.8}], "pos": ["N"]}\n')
    task = inspect_file(str(path), layout).tasks["ner"]
    assert task.invalid_sentences == task.unreadable_sentences == 1
