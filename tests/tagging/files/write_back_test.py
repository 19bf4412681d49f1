"""Copies of BRAT, DocBin and Parquet with tags: read again, all tokens and spans are there."""

import json

import pyarrow
import pyarrow.ipc
import pytest
import spacy
from pyarrow import parquet
from spacy.tokens import Doc, DocBin

from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.files.write_back import write_back
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.task_column import TaskColumn

CHUNK = {"chunk": {"encoding": "BIO", "model_encoding": "IOBES"}}
BRAT = {"columns": {"tokens": "text", "chunk": "entities"}, "form": "brat", "tasks": CHUNK}
SPACY = {"columns": {"tokens": "tokens", "chunk": "ents", "pos": "pos"}, "form": "spacy"}
PARQUET = {"columns": {"tokens": "tokens", "chunk": "ner", "pos": "pos"}, "form": "parquet"}
TEXTS = {
    "a": "The cat sat. It left 😀 early.\n",
    "b/c": "\ufeffThe big\r\ncat  sat.\r\nIt left.",
    "d": "",
    "e": "Tallin\u2028is far\u00a0away.\rWe saw it.",
}


@pytest.fixture
def expected(model_of):
    """The tags of sentences of tokens, by the model alone."""
    tagger = Tagger.load(model_of(**SPACY))

    def expected(sentences, task="chunk"):
        tokens = [TokenizedSentence(sentence.tokens) for sentence in sentences]
        return [tagged.tags[task] for tagged in tagger.tag(tokens)]

    return expected


def read_again(path, settings):
    columns = {key: settings["columns"][key] for key in ("tokens", "chunk")}
    task = TaskColumn(encoding="BIO")
    layout = DatasetLayout(columns, tasks={"chunk": task}, form=settings["form"])
    return list(read_dataset(path, layout))


def tags(sentences):
    return [sentence.columns["chunk"] for sentence in sentences]


class TestBrat:
    def test_folder(self, model_of, run, write, tmp_path, expected):
        for name, text in TEXTS.items():
            write(text, f"in/{name}.txt")
        write("T1\tOLD 0 3\tThe\n", "in/a.ann")
        _, (summary,) = run(
            model_of(**BRAT), tmp_path / "in", "-o", tmp_path / "out", "--tasks", "chunk"
        )
        sentences = read_again(tmp_path / "out", BRAT)
        assert tags(sentences) == expected(sentences)
        count = sum(len(sentence.tokens) for sentence in sentences)
        assert summary.startswith(f"{len(sentences)} sentences, {count} tokens, ")
        for name, text in TEXTS.items():
            assert (tmp_path / f"out/{name}.txt").read_bytes().decode() == text
        assert "OLD" not in (tmp_path / "out/a.ann").read_text()
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == ["in", "out"]

    def test_span_over_lines(self, tmp_path, write):
        text = write("Mina\r\nOrlo left.", "doc.txt")
        lines = write(json.dumps({"annotations": {"ner": [[0, 10, "PER"]]}}), "spans.jsonl")
        write_back("brat", str(text), lines, str(tmp_path / "out"))
        assert (tmp_path / "out/doc.ann").read_text() == "T1\tPER 0 4;6 10\tMina Orlo\n"

    def test_label_with_a_blank(self, tmp_path, write):
        text = write("Mina left.", "doc.txt")
        lines = write(json.dumps({"annotations": {"ner": [[0, 4, "A B"]]}}), "spans.jsonl")
        with pytest.raises(UserError, match="'A B' holds a blank, which BRAT cannot"):
            write_back("brat", str(text), lines, str(tmp_path / "out"))

    def test_of_another_text(self, model_of, run, write, tmp_path):
        write("The cat sat.", "in/a.txt")
        write("T1\tX 0 3\tCat\n", "in/a.ann")
        _, (error,) = run(model_of(**BRAT), tmp_path / "in", "-o", tmp_path / "out", status=1)
        assert f"{tmp_path}/in/a.ann:1: the offsets 0 3 cover 'The', not 'Cat'" in error
        assert not (tmp_path / "out").exists()


class TestDocBin:
    def test_docs(self, model_of, run, tmp_path, expected):
        nlp = spacy.blank("en")
        given = Doc(nlp.vocab, ["The", "\n", "cat", "sat"], [True, False, True, False])
        docs = [nlp(TEXTS["a"]), nlp(""), nlp(" \n"), given]
        DocBin(docs=docs).to_disk(tmp_path / "in.spacy")
        output = tmp_path / "out.spacy"
        run(model_of(**SPACY), tmp_path / "in.spacy", "-o", output)
        sentences = read_again(output, SPACY)
        assert tags(sentences) == expected(sentences)
        again = list(DocBin().from_disk(output).get_docs(nlp.vocab))
        assert [doc.text for doc in again] == [doc.text for doc in docs]
        assert [[word.text for word in doc] for doc in again] == [
            [word.text for word in doc] for doc in docs
        ]
        words = [word.pos_ for doc in again for word in doc if not word.is_space]
        assert words == [tag for own in expected(sentences, "pos") for tag in own]

    def test_tasks_of_other_names(self, model_of, run, tmp_path):
        nlp = spacy.blank("en")
        DocBin(docs=[nlp("The cat sat.")]).to_disk(tmp_path / "in.spacy")
        columns = {"tokens": "tokens", "chunk": "spans.sc"}
        model = model_of(**{**SPACY, "columns": columns, "tasks": CHUNK})
        run(model, tmp_path / "in.spacy", "-o", tmp_path / "out.spacy")
        (doc,) = DocBin().from_disk(tmp_path / "out.spacy").get_docs(nlp.vocab)
        assert [(span.text, span.label_) for span in doc.spans["sc"]][0] == ("The cat", "NP")

    def test_no_docbin(self, model_of, run, write, tmp_path):
        path = write(b"text", "in.spacy")
        _, (error,) = run(model_of(**SPACY), path, "-o", tmp_path / "out.spacy", status=1)
        assert error.startswith(f"error: {path}: expected a DocBin of spaCy")
        assert not (tmp_path / "out.spacy").exists()


class TestParquet:
    ROWS = {"tokens": [[], ["The", "cat"], ["It"], []], "id": [1, 2, 3, 4]}

    @pytest.fixture
    def convert(self, model_of, run, tmp_path):
        """Tags a table, which is read a row at a time; returns the table that is written."""

        def convert(table, layout=PARQUET, *options):
            source, output = tmp_path / "in.parquet", tmp_path / "out.parquet"
            parquet.write_table(pyarrow.table(table), source, row_group_size=1)
            output.unlink(missing_ok=True)
            run(model_of(**layout), source, "-o", output, *options)
            return parquet.read_table(output).to_pydict()

        return convert

    def test_columns(self, convert, tmp_path, expected):
        table = convert(self.ROWS)
        assert {key: table[key] for key in self.ROWS} == self.ROWS
        sentences = read_again(tmp_path / "out.parquet", PARQUET)
        assert tags(sentences) == expected(sentences)
        assert table["pos"] == [[], *expected(sentences, "pos"), []]

    def test_nothing_is_overwritten(self, convert):
        table = convert({"tokens": [["The", "cat"]], "ner": [["O", "O"]]})
        assert (table["ner"], table["ner_predicted"]) == ([["O", "O"]], [["B-NP", "I-NP"]])

    def test_spans_of_text(self, convert, tmp_path, expected):
        layout = {**PARQUET, "columns": {"tokens": "text", "chunk": "ner"}, "tasks": CHUNK}
        table = convert({"text": list(TEXTS.values())}, layout, "--tasks", "chunk")
        assert table["text"] == list(TEXTS.values())
        assert table["ner"][0][0] == {"start": 0, "end": 7, "label": "NP"}
        sentences = read_again(tmp_path / "out.parquet", layout)
        spans = [get_encoding("BIO").spans(own) for own in tags(sentences)]
        assert sum(map(len, spans)) == sum(map(len, table["ner"]))

    def test_batches_without_annotations(self, convert, monkeypatch):
        """Rows come in batches, and those of the first may have no spans."""
        of_file = parquet.ParquetFile.iter_batches
        monkeypatch.setattr(
            parquet.ParquetFile, "iter_batches", lambda self, rows: of_file(self, 1)
        )
        table = convert(self.ROWS)
        assert table["ner"] == [[], ["B-NP", "I-NP"], table["ner"][2], []]
        text = {"text": ["", "The cat", ""]}
        layout = {**PARQUET, "columns": {"tokens": "text", "chunk": "ner"}, "tasks": CHUNK}
        table = convert(text, layout, "--tasks", "chunk")
        assert table["ner"] == [[], [{"start": 0, "end": 7, "label": "NP"}], []]

    def test_integers(self, convert):
        labels = ["O", "B-NP", "I-NP"]
        layout = {**PARQUET, "tasks": {"chunk": {**CHUNK["chunk"], "labels": labels}}}
        table = convert({"tokens": [["The", "cat"]]}, layout, "--tasks", "chunk")
        assert table["ner"] == [[1, 2]]

    def test_rows_that_are_skipped(self, convert):
        table = convert({"tokens": [["It"], None]}, PARQUET, "--on-error", "skip")
        assert table["ner"][1] is None and len(table["ner"][0]) == 1

    def test_no_parquet(self, model_of, run, write, tmp_path):
        path = write(b"PAR1 and no more", "in.parquet")
        _, (error,) = run(model_of(**PARQUET), path, "-o", tmp_path / "out.parquet", status=1)
        assert error.startswith(f"error: {path}: expected a Parquet file")
        assert not (tmp_path / "out.parquet").exists()


def test_an_output_is_needed_and_must_be_new(model_of, run, write, tmp_path):
    path = write(b"PAR1", "in.parquet")
    _, (error,) = run(model_of(**PARQUET), path, status=1)
    assert "needs -o OUTPUT" in error
    _, (error,) = run(model_of(**PARQUET), path, "-o", path, status=1)
    assert "exists already; remove it" in error


@pytest.mark.parametrize("cells", [["A"], [[0, 1, "A"]]])
def test_parquet_whose_first_rows_have_no_tokens(tmp_path, cells):
    source, output, tagged = tmp_path / "in", str(tmp_path / "out"), tmp_path / "tagged"
    table = pyarrow.table({"tokens": [[], [], ["a"]], "ner": [[], [], ["X"]]})
    source.mkdir()
    (source / "state.json").write_text('{"_data_files": [{"filename": "data.arrow"}]}')
    with pyarrow.ipc.new_stream(source / "data.arrow", table.schema) as stream:
        stream.write_table(table, max_chunksize=1)
    rows = [{}, {"ner": []}, {"ner": cells}]
    tagged.write_text("".join(json.dumps({"annotations": row}) + "\n" for row in rows))
    write_back("parquet", str(source), tagged, output)
    written = parquet.read_table(output)
    assert written.column_names == ["tokens", "ner", "ner_predicted"]
    wanted = [{"start": 0, "end": 1, "label": "A"}] if cells != ["A"] else cells
    assert written["ner_predicted"].to_pylist() == [None, [], wanted]
