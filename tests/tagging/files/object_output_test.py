"""Objects come back as they came, with tags or spans under their keys."""

import json

import pytest

from bilstm_tagger.tagging.files.object_output import put_at
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.object_files import read_items
from bilstm_tagger.text.objects import ObjectReader
from bilstm_tagger.text.task_column import TaskColumn

WORDS = ["The", "cat", "sat", "."]
TEXT = "The cat 😀 sat."
TOKENS = {"columns": {"tokens": "words", "pos": "pos", "chunk": "tags"}, "form": "json"}
SPANS = {"columns": {"tokens": "text", "pos": "pos", "chunk": "label"}, "form": "json"}
POS = ["DET", "NOUN", "VERB", "PUNCT"]
CHUNKS = ["B-NP", "I-NP", "B-VP", "O"]


@pytest.fixture
def tag(model_of, run, write):
    def tag(layout, *objects):
        path = write("\n".join(map(json.dumps, objects)), "input.jsonl")
        output, _ = run(model_of(**layout), path, "--output-format", "objects")
        return list(map(json.loads, output.splitlines()))

    return tag


class TestTags:
    def test_under_the_keys_of_the_training(self, tag):
        value = {"id": 1, "words": WORDS, "note": {"a": [1.5, None]}}
        (tagged,) = tag(TOKENS, value)
        assert tagged == {**value, "pos": POS, "tags": CHUNKS}
        assert list(tagged)[:3] == list(value)

    def test_nothing_is_overwritten(self, tag):
        value = {"words": WORDS, "tags": ["O"] * 4, "pos": []}
        (tagged,) = tag(TOKENS, value)
        assert tagged == {**value, "pos": POS, "tags_predicted": CHUNKS}

    def test_integers(self, tag):
        labels = ["O", "B-NP", "I-NP", "B-VP"]
        tasks = {
            "pos": {"labels": ["X", *POS]},
            "chunk": {"encoding": "BIO", "model_encoding": "IOBES", "labels": labels},
        }
        (tagged,) = tag({**TOKENS, "tasks": tasks}, {"words": WORDS})
        assert (tagged["tags"], tagged["pos"]) == ([1, 2, 3, 0], [1, 2, 3, 4])

    def test_label_without_a_number(self, tag):
        tasks = {"chunk": {"encoding": "BIO", "model_encoding": "IOBES", "labels": ["O", "B-NP"]}}
        (tagged,) = tag({**TOKENS, "tasks": tasks}, {"words": WORDS})
        assert tagged["tags"] == [1, "I-NP", "B-VP", 0]

    def test_as_they_are_spelled(self, tag):
        spelling = {"separator": "_", "prefix": "last", "lower_case": True, "outside": "0"}
        task = {"encoding": "BIO", "model_encoding": "IOBES", "spelling": spelling}
        (tagged,) = tag({**TOKENS, "tasks": {"chunk": task}}, {"words": WORDS})
        assert tagged["tags"] == ["NP_b", "NP_i", "VP_b", "0"]

    def test_no_tokens(self, tag):
        assert tag(TOKENS, {"words": []}) == [{"words": [], "pos": [], "tags": []}]


class TestSpans:
    def test_offsets_are_those_of_the_text(self, tag):
        value = {"text": TEXT, "label": []}
        (tagged,) = tag(SPANS, value)
        places = [(TEXT[start:end], label) for start, end, label in tagged["label"]]
        assert ("The cat", "NP") in places and ("sat", "VP") in places
        pos = [(TEXT[span["start"] : span["end"]], span["label"]) for span in tagged["pos"]]
        assert [token for token, _ in pos] == ["The", "cat", "😀", "sat", "."]
        assert pos[0] == ("The", "DET")

    def test_nothing_is_overwritten(self, tag):
        value = {"text": TEXT, "label": [[0, 3, "X"]]}
        (tagged,) = tag(SPANS, value)
        assert tagged["label"] == value["label"]
        assert tagged["label_predicted"][0] == {"start": 0, "end": 7, "label": "NP"} or (
            tagged["label_predicted"][0] == [0, 7, "NP"]
        )

    def test_tokens_of_the_tool(self, tag):
        tokens = [
            {"text": word, "start": start, "end": start + len(word), "id": number}
            for number, (word, start) in enumerate([("The", 0), ("cat", 4), ("sat.", 10)])
        ]
        layout = {**SPANS, "columns": {"tokens": "tokens", "chunk": "spans"}}
        layout["tasks"] = {"chunk": {"encoding": "BIO", "model_encoding": "IOBES"}}
        value = {"text": TEXT, "tokens": tokens}
        (tagged,) = tag(layout, value)
        assert tagged["spans"][0] == {"start": 0, "end": 7, "label": "NP"}
        assert {span["end"] for span in tagged["spans"]} <= {3, 7, 14}
        assert {key: tagged[key] for key in value} == value

    def test_through_objects_and_lists(self, tag):
        layout = {**SPANS, "columns": {"tokens": "data.text", "chunk": "annotations.0.result"}}
        layout["tasks"] = {"chunk": {"encoding": "BIO", "model_encoding": "IOBES"}}
        first, second = tag(
            layout,
            {"data": {"text": "The cat"}, "annotations": [{"result": []}]},
            {"data": {"text": "The cat"}},
        )
        span = {"start": 0, "end": 7, "label": "NP"}
        assert first["annotations"] == [{"result": [span]}]
        assert second["annotations.0.result"] == [span]


def test_what_is_written_can_be_learnt(tag, tmp_path):
    """Read again in the layout of the training: the same tags, all tokens and spans there."""
    chunk = TaskColumn(encoding="BIO")
    values = [
        {"words": WORDS, "text": "The cat sat. It left."},
        {"words": [], "text": " "},
        {"words": ["It", "New York", "a\tb"], "text": "\u3000It 😀\r\nleft"},
    ]
    for settings in (TOKENS, SPANS):
        tagged = tag(settings, *values)
        path = tmp_path / "again.jsonl"
        path.write_text("\n".join(map(json.dumps, tagged)))
        key = settings["columns"]["chunk"]
        layout = DatasetLayout(
            {"tokens": settings["columns"]["tokens"], "chunk": key},
            tasks={"chunk": chunk},
            form="json",
        )
        reader = ObjectReader(layout, ["chunk"])
        for value, item in zip(tagged, read_items(path, "json"), strict=True):
            sentences = list(reader.sentences(item))
            tags = [tag for sentence in sentences for tag in sentence.columns["chunk"]]
            if settings is TOKENS:
                assert tags == value["tags"]
            else:
                assert len([tag for tag in tags if tag[0] == "B"]) == len(value["label"])


@pytest.mark.parametrize(
    ("value", "key", "after"),
    [
        ({}, "a", {"a": 1}),
        ({"a": None}, "a", {"a": 1}),
        ({"a": 5}, "a", {"a": 5, "a_predicted": 1}),
        ({"a": {"b": []}}, "a.b", {"a": {"b": 1}}),
        ({"a": {"b": 5}}, "a.b", {"a": {"b": 5}, "a.b_predicted": 1}),
        ({"a.b": 0}, "a.b", {"a.b": 1}),
        ({"a": 5}, "a.b", {"a": 5, "a.b": 1}),
        ({"a": [[]]}, "a.0", {"a": [1]}),
        ({"a": []}, "a.0", {"a": [], "a.0": 1}),
        ({"a": [{}]}, "a.0.b", {"a": [{"b": 1}]}),
    ],
)
def test_put_at(value, key, after):
    put_at(value, key, 1)
    assert value == after


class TestLines:
    LAYOUT = {"columns": {"tokens": 0, "pos": 1, "chunk": 2}, "form": "lines", "delimiter": "|"}

    def test_parts_are_added(self, model_of, run, write):
        path = write("The|DT cat|NN\n\n||X It|Y\r\n", "x.txt")
        output, _ = run(model_of(**self.LAYOUT), path, "--input-format", "lines")
        first, second = output.decode().splitlines()
        assert first == "The|DT|B-NP|DET cat|NN|I-NP|NOUN"
        assert [token.split("|")[-3] for token in second.split()] == ["X", "Y"]

    def test_untagged(self, model_of, run, write):
        path = write("The cat\n", "x.txt")
        output, _ = run(model_of(**self.LAYOUT), path, "--input-format", "lines")
        assert output == b"The|B-NP|DET cat|I-NP|NOUN\n"

    def test_what_a_part_cannot_hold(self, model_of, run, write):
        spelling = {"separator": "|"}
        task = {"encoding": "BIO", "model_encoding": "IOBES", "spelling": spelling}
        model = model_of(**{**self.LAYOUT, "tasks": {"chunk": task}})
        path = write("The cat\n", "x.txt")
        _, (error,) = run(model, path, "--input-format", "lines", status=1)
        assert "x.txt:1: the tag 'B|NP' holds a blank or '|'" in error
        path = write('{"words": ["New York"]}', "x.jsonl")
        layout = {**TOKENS, "tasks": {"chunk": {"encoding": "BIO", "model_encoding": "IOBES"}}}
        _, (error,) = run(model_of(**layout), path, "--output-format", "lines", status=1)
        assert "the token 'New York' holds a blank" in error
