"""A model is trained on files of every form, and tags an untagged file of the same form."""

import csv
import io
import json

import msgspec
import pyarrow
import pytest
import spacy
from allennlp.common import Params
from pyarrow import parquet
from spacy.tokens import Doc, DocBin

from bilstm_tagger import command_line
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.spans import Span
from bilstm_tagger.text.tag_spelling import TagSpelling

# Of one, two, three and four tokens, so that every letter of every encoding is there.
SENTENCES = [
    (["The", "Union", "of", "Bakers", "met", "Mina", "."], [Span("ORG", 1, 4), Span("PER", 5, 6)]),
    (["Mina", "Orlo", "left", "."], [Span("PER", 0, 2)]),
    (["The", "Union", "of", "Bakers", "met", "Orlo", "."], [Span("ORG", 1, 4), Span("PER", 5, 6)]),
]
NER = {"encoding": "BIO"}
TAGGED, UNTAGGED = "tagged", "untagged"


def tags_of(spans, tokens, task):
    tags = get_encoding(task["encoding"]).spans_to_tags(spans, len(tokens))
    return list(map(TagSpelling(**task.get("spelling", {})).write, tags))


class Columns:
    """Files of columns; other forms do the same with their own way of writing."""

    ending = "conll"

    def __init__(self, task=None, declared=None, **layout):
        self.task = task or NER
        self.declared = declared or self.task  # what the config says of it
        self.layout = {"columns": {"tokens": 0, "ner": 1}, **layout}

    def write(self, folder, tagged):
        path = folder / f"{TAGGED if tagged else UNTAGGED}.{self.ending}"
        rows = [(tokens, tags_of(spans, tokens, self.task)) for tokens, spans in SENTENCES]
        self.fill(path, [(tokens, tags if tagged else None) for tokens, tags in rows])
        return path

    def fill(self, path, rows):
        blocks = []
        for tokens, tags in rows:
            pairs = zip(tokens, tags, strict=True) if tags else ((token,) for token in tokens)
            blocks.append("".join("\t".join(pair) + "\n" for pair in pairs))
        path.write_text("\n".join(blocks))


class Conllu(Columns):
    ending = "conllu"

    def fill(self, path, rows):
        lines = []
        for tokens, tags in rows:
            for number, token in enumerate(tokens):
                misc = f"SpaceAfter=No|name={tags[number]}" if tags else "SpaceAfter=No"
                cells = [str(number + 1), token, *"_" * 7, misc]
                lines.append("\t".join(cells) + "\n")
            lines.append("\n")
        path.write_text("".join(lines))


class Csv(Columns):
    ending = "csv"

    def fill(self, path, rows):
        file = io.StringIO()
        writer = csv.writer(file)
        tagged = rows[0][1] is not None
        writer.writerow(["Satz", "Wort", *["Tag"] * tagged])
        for number, (tokens, tags) in enumerate(rows):
            for row in zip(tokens, tags, strict=True) if tags else ((token,) for token in tokens):
                writer.writerow([number, *row])
        path.write_text(file.getvalue())


class Lines(Columns):
    ending = "txt"

    def fill(self, path, rows):
        lines = []
        for tokens, tags in rows:
            parts = zip(tokens, "X" * len(tokens), *([tags] if tags else []), strict=True)
            lines.append(" ".join("|".join(part) for part in parts) + "\n")
        path.write_text("".join(lines))


class Json(Columns):
    ending = "jsonl"

    def fill(self, path, rows):
        labels = self.task["labels"]
        lines = []
        for tokens, tags in rows:
            numbers = {"ner_tags": [labels.index(tag) for tag in tags]} if tags else {}
            lines.append(json.dumps({"tokens": tokens, **numbers}) + "\n")
        path.write_text("".join(lines))


def text_and_spans(tokens, tags):
    text = " ".join(tokens)
    starts = [len(" ".join([*tokens[:index], ""])) for index in range(len(tokens))]
    spans = get_encoding("BIO").spans(tags or [])
    return text, [
        (starts[s.start], starts[s.end - 1] + len(tokens[s.end - 1]), s.label) for s in spans
    ]


class JsonSpans(Columns):
    ending = "jsonl"

    def fill(self, path, rows):
        lines = []
        for tokens, tags in rows:
            text, spans = text_and_spans(tokens, tags)
            lines.append(json.dumps({"text": text, "label": spans}) + "\n")
        path.write_text("".join(lines))


class Brat(Columns):
    ending = "brat"

    def fill(self, path, rows):
        path.mkdir()
        for number, (tokens, tags) in enumerate(rows):
            text, spans = text_and_spans(tokens, tags)
            (path / f"{number}.txt").write_text(text)
            if tags:
                entities = (
                    f"T{index}\t{label} {start} {end}\t{text[start:end]}\n"
                    for index, (start, end, label) in enumerate(spans, 1)
                )
                (path / f"{number}.ann").write_text("".join(entities))


class Spacy(Columns):
    ending = "spacy"

    def fill(self, path, rows):
        vocab = spacy.blank("en").vocab
        DocBin(docs=[Doc(vocab, tokens, ents=tags) for tokens, tags in rows]).to_disk(path)


class Parquet(Columns):
    ending = "parquet"

    def fill(self, path, rows):
        columns = {"tokens": [tokens for tokens, _ in rows]}
        if rows[0][1]:
            columns["ner_tags"] = [tags for _, tags in rows]
        parquet.write_table(pyarrow.table(columns), path)


def spelled(encoding="BIO", **spelling):
    return Columns({"encoding": encoding, "spelling": spelling})


FORMS = {
    "BMES": Columns({"encoding": "BMES"}),
    "IOB1": Columns({"encoding": "IOB1", "model_encoding": "IOBES"}),
    "B_PER": spelled(separator="_"),
    "b-per, o": spelled(lower_case=True, outside="o"),
    "PER-B, 0": spelled(prefix="last", outside="0"),
    "types alone": spelled("IO", prefix="none"),
    "auto": Columns(
        {"encoding": "BMES", "spelling": {"separator": "_"}},
        {"encoding": "auto", "model_encoding": "IOBES"},
    ),
    "CSV": Csv(
        columns={"tokens": "Wort", "ner": "Tag"},
        delimiter=",",
        quoted=True,
        sentence_column="Satz",
    ),
    "lines": Lines(form="lines", delimiter="|", columns={"tokens": 0, "ner": 2}),
    "JSON, integers": Json(
        {**NER, "labels": ["O", "B-ORG", "I-ORG", "B-PER", "I-PER"]},
        form="json",
        columns={"tokens": "tokens", "ner": "ner_tags"},
    ),
    "JSON, spans": JsonSpans(form="json", columns={"tokens": "text", "ner": "label"}),
    "BRAT": Brat(form="brat", columns={"tokens": "text", "ner": "entities"}),
    "CoNLL-U": Conllu(conllu=True, columns={"tokens": 1, "ner": "MISC:name"}),
    "DocBin": Spacy(form="spacy", columns={"tokens": "tokens", "ner": "ents"}),
    "Parquet": Parquet(form="parquet", columns={"tokens": "tokens", "ner": "ner_tags"}),
}


def config_of(form, data):
    config = Params.from_file("training_config/quickstart.jsonnet").as_dict(quiet=True)
    reader, model = config["dataset_reader"], config["model"]
    config["dataset_reader"] = {
        "type": "conll_columns",
        "token_indexers": {"words": reader["token_indexers"]["words"]},
        "tasks": {"ner": form.declared},
        **form.layout,
    }
    embedders = model["text_field_embedder"]["token_embedders"]
    model["text_field_embedder"]["token_embedders"] = {"words": {**embedders["words"]}}
    model["encoder"] = {"hidden_sizes": [16], "dropout": [0.0, 0.0]}
    encoding = form.declared.get("model_encoding", form.declared["encoding"])
    model["tasks"] = {"ner": {"type": "crf", "encoding": encoding}}
    for part in ("train", "validation"):
        config[f"{part}_data_path"] = str(data)
    config.pop("test_data_path")
    config["trainer"].update(validation_metric=["+ner_f1"], num_epochs=20)
    config["trainer"]["optimizer"] = {"type": "adam", "lr": 0.05}
    return config


@pytest.mark.parametrize("name", FORMS)
def test_trained_and_tagged(name, tmp_path, allennlp):
    form = FORMS[name]
    data, untagged = form.write(tmp_path, True), form.write(tmp_path, False)
    (tmp_path / "config.json").write_text(json.dumps(config_of(form, data)))
    allennlp("train", tmp_path / "config.json", "-s", tmp_path / "model")
    output = tmp_path / f"output.{form.ending}"
    options = ["--input-format", "lines"] if form.ending == "txt" else []
    options += ["--output-format", "objects"] if form.ending == "jsonl" else []
    command_line.main(
        ["tag", str(tmp_path / "model/model.tar.gz"), str(untagged), "-o", str(output), *options]
    )
    if form.ending in ("conll", "conllu", "jsonl", "txt"):
        assert output.read_text() == data.read_text()
    layout = msgspec.convert({**form.layout, "tasks": {"ner": form.task}}, DatasetLayout)
    read = {path: list(read_dataset(path, layout)) for path in (data, output)}
    for sentence, tagged in zip(*read.values(), strict=True):
        assert (tagged.tokens, tagged.columns) == (sentence.tokens, sentence.columns)
