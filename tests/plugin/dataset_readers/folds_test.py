"""Data paths of which a fold is left out, or read alone."""

import json
from pathlib import Path

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader

from bilstm_tagger.text.errors import UserError

WORDS = {"words": {"type": "single_id"}}
NER = {"ner": {"encoding": "BIO"}}
COLUMNS = {"columns": {"tokens": 0, "ner": 1}, "tasks": NER, "document_dividers": True}
CONLLU = {"columns": {"tokens": 1, "pos": 3}, "tasks": {"pos": {}}, "conllu": True}
JSON = {"columns": {"tokens": "text", "ner": "spans"}, "tasks": NER, "form": "json"}
BRAT = {"columns": {"tokens": "text", "ner": "entities"}, "tasks": NER, "form": "brat"}
# The sentences of each document.
DOCUMENTS = [["One .", "Two ."], ["Three ."], ["Four .", "Five .", "Six ."], ["Seven ."]]


def reader_of(**layout) -> DatasetReader:
    settings = {"type": "conll_columns", "token_indexers": WORDS, **layout}
    return DatasetReader.from_params(Params(settings))


def sentences_of(reader: DatasetReader, path) -> list[str]:
    return [
        " ".join(instance["metadata"]["tokens"])
        for instance in reader.read(Params({"path": path})["path"])
    ]


def write_columns(path: Path) -> Path:
    lines = []
    for document in DOCUMENTS:
        lines += ["-DOCSTART- O", ""]
        for sentence in document:
            lines += [*(f"{token} O" for token in sentence.split()), ""]
    path.write_text("\n".join(lines))
    return path


def write_conllu(path: Path) -> Path:
    lines = []
    for number, document in enumerate(DOCUMENTS):
        lines.append(f"# newdoc id = {number}\n# newpar")
        for sentence in document:
            lines += [
                f"{place}\t{token}\t_\tX" + 6 * "\t_"
                for place, token in enumerate(sentence.split(), start=1)
            ]
            lines.append("")
    path.write_text("\n".join(lines))
    return path


def write_json(path: Path) -> Path:
    texts = (json.dumps({"text": " ".join(document), "spans": []}) for document in DOCUMENTS)
    path.write_text("\n".join(texts))
    return path


def write_brat(path: Path) -> Path:
    path.mkdir()
    for number, document in enumerate(DOCUMENTS):
        (path / f"{number}.txt").write_text(" ".join(document))
        (path / f"{number}.ann").write_text("")
    return path


FORMS = {
    "columns": (COLUMNS, write_columns),
    "conllu": (CONLLU, write_conllu),
    "json": (JSON, write_json),
    "brat": (BRAT, write_brat),
}


def folded(path, folds: int, by: str, **which):
    return {"path": path, "folds": folds, "by": by, **which}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("by", ["document", "sentence"])
def test_each_sentence_is_in_one_fold_and_in_all_others_of_the_rest(form, by, tmp_path):
    layout, write = FORMS[form]
    reader, path = reader_of(**layout), str(write(tmp_path / "data"))
    units = DOCUMENTS if by == "document" else [[s] for document in DOCUMENTS for s in document]
    whole = sentences_of(reader, path)
    assert whole == [sentence for document in DOCUMENTS for sentence in document]
    for fold in (1, 2, 3):
        expected = [sentence for unit in units[fold - 1 :: 3] for sentence in unit]
        left_out = sentences_of(reader, folded(path, 3, by, only=fold))
        assert left_out == expected
        rest = sentences_of(reader, folded(path, 3, by, without=fold))
        assert rest == [sentence for sentence in whole if sentence not in left_out]


def test_sentences_before_the_first_mark_are_a_document(tmp_path):
    path = write_columns(tmp_path / "data")
    path.write_text(path.read_text().removeprefix("-DOCSTART- O\n\n"))
    reader = reader_of(**COLUMNS)
    only = folded(str(path), 4, "document", only=1)
    assert sentences_of(reader, only) == DOCUMENTS[0]


def test_every_data_set_is_divided(tmp_path):
    paths = {name: str(FORMS[name][1](tmp_path / name)) for name in ("columns", "conllu")}
    reader = reader_of(datasets={name: FORMS[name][0] for name in paths})
    left_out = sentences_of(reader, folded(paths, 4, "document", only=3))
    assert left_out == DOCUMENTS[2] * 2
    # The vocabulary knows training data by it.
    sources = {
        instance["metadata"]["source"]
        for which in ({"only": 3}, {"without": 3})
        for instance in reader.read(folded(paths, 4, "document", **which))
    }
    assert len(sources) == 2


def test_a_file_without_documents(tmp_path):
    path = tmp_path / "data"
    path.write_text("One O\n\nTwo O\n")
    with pytest.raises(UserError, match="nothing says where documents begin.*by sentence"):
        sentences_of(reader_of(**COLUMNS), folded(str(path), 2, "document", only=1))


@pytest.mark.parametrize(
    ("number", "by", "which", "problem"),
    [
        (4, "sentence", {"only": 3}, "fold 3 of 4 has no sentences; there are 2 sentences: give"),
        (4, "document", {"only": 2}, "fold 2 of 4 has no sentences; there is 1 document: give"),
        (
            4,
            "document",
            {"without": 1},
            "all but fold 1 of 4 has no sentences; there is 1 d",
        ),
    ],
)
def test_a_part_without_sentences(number, by, which, problem, tmp_path):
    path = tmp_path / "data"
    path.write_text("-DOCSTART- O\n\nOne O\n\nTwo O\n")
    with pytest.raises(UserError, match=problem):
        sentences_of(reader_of(**COLUMNS), folded(str(path), number, by, **which))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"only": 3}, "'without' or 'only', the number of a fold from 1 to 2"),
        ({"only": 0}, "from 1 to 2"),
        ({}, "either 'without' or 'only'"),
        ({"only": 1, "without": 2}, "either 'without' or 'only'"),
        ({"only": 1, "by": "page"}, "'page'"),
        ({"only": 1, "folds": 1}, ">= 2"),
        ({"only": 1, "folds": "5"}, r"Expected `int`, got `str`.*\.folds"),
        ({"only": 1, "seed": 1}, "seed"),
        ({"only": 1, "path": ""}, "'path' is empty"),
        ({"only": 1, "path": {"a": ""}}, "'path' is empty"),
        ({"only": 1, "path": {}}, "'path' is empty"),
    ],
)
def test_settings_that_do_not_go_together(settings, problem):
    with pytest.raises(UserError, match=problem):
        sentences_of(reader_of(**COLUMNS), {**folded("data", 2, "sentence"), **settings})
