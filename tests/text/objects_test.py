"""Objects with tokens and tags, or with text and spans, to sentences."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.character_spans import CharacterSpan
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.objects import Item, ObjectReader, split_object, value_at
from bilstm_tagger.text.raw_text import SpacySplitter

TAGS = {"tokens": "tokens", "ner": "tags"}
SPANS = {"tokens": "text", "ner": "spans"}
BIO = {"ner": {"encoding": "BIO"}}


def read(value, columns, tasks=None, **settings):
    """The sentences of an object: tokens, and tags of the task `ner`."""
    tasks = BIO if tasks is None else tasks
    settings = {"columns": columns, "tasks": tasks, "form": "json", **settings}
    layout = msgspec.convert(settings, DatasetLayout)
    reader = ObjectReader(layout, [name for name in columns if name != "tokens"])
    return list(reader.sentences(Item(value, "FILE", 7)))


def pairs(sentences):
    return [(each.tokens, each.columns["ner"]) for each in sentences]


class TestKeys:
    VALUE = {"a": {"b": [{"c": 1}]}, "a.b": 2, "x": None}

    @pytest.mark.parametrize(
        ("key", "value"), [("a.b.0.c", 1), ("a.b", 2), ("a.b.0", {"c": 1}), ("x", None)]
    )
    def test_found(self, key, value):
        assert value_at(self.VALUE, key) == value

    @pytest.mark.parametrize("key", ["b", "a.c", "a.b.1", "a.b.-1", "a.b.c", "x.y", ""])
    def test_not_there(self, key):
        with pytest.raises(KeyError):
            value_at(self.VALUE, key)

    def test_through_objects(self):
        value = {"data": {"text": "Mina left."}, "annotations": [{"result": [[0, 4, "PER"]]}]}
        columns = {"tokens": "data.text", "ner": "annotations.0.result"}
        assert pairs(read(value, columns)) == [(["Mina", "left", "."], ["B-PER", "O", "O"])]


class TestTokens:
    def test_tags(self):
        value = {"tokens": ["Mina", "New York", "."], "tags": ["B-P", "I-P", "O"]}
        (sentence,) = read(value, TAGS)
        assert (sentence.tokens, sentence.columns) == (value["tokens"], {"ner": value["tags"]})
        assert (sentence.line_numbers, sentence.path, sentence.offsets) == ([7] * 3, "FILE", None)

    def test_integers(self):
        tasks = {"ner": {"encoding": "BIO", "labels": ["O", "B-P", "I-P"]}}
        value = {"tokens": ["Mina", "Orlo", "."], "tags": [1, 2, 0]}
        assert read(value, TAGS, tasks)[0].columns["ner"] == ["B-P", "I-P", "O"]

    def test_nothing(self):
        assert read({"tokens": [], "tags": []}, TAGS) == []

    PROBLEMS = [
        ({"tags": []}, "expected the tokens or the text under 'tokens', which is not there"),
        ({"tokens": ["a"]}, "expected a list of tags or spans under 'tags', which is not there"),
        ({"tokens": ["a", "b"], "tags": ["O"]}, "'ner' has 1 tags, and there are 2 tokens"),
        ({"tokens": ["a", "b"], "tags": []}, "'ner' has 0 tags, and there are 2 tokens"),
        ({"tokens": ["a"], "tags": "O"}, "expected a list under 'tags', found 'O'"),
        ({"tokens": ["a"], "tags": None}, "expected a list under 'tags', found None"),
        ({"tokens": ["a"], "tags": [0]}, "'ner' has 0 in place of a tag; set tasks.ner.labels"),
        ({"tokens": ["a"], "tags": [True]}, "'ner' has True in place of a tag"),
        ({"tokens": ["a"], "tags": [""]}, "'ner' has '' in place of a tag"),
        ({"tokens": ["a"], "tags": ["B-a\tb"]}, "the tag 'B-a.*' of 'ner' has control characters"),
        ({"tokens": ["a"], "tags": [[0, 1, "P"]]}, "the spans of 'ner' need the text"),
        ({"tokens": ["a", ""], "tags": ["O", "O"]}, "the token 1 of 'tokens' is empty"),
        ({"tokens": ["a", 5], "tags": ["O", "O"]}, "expected text, a list of tokens, or tokens"),
        ({"tokens": 5, "tags": []}, "expected text, a list of tokens, or tokens"),
        ([1, 2], ".*'tokens', which is not there: .1, 2.; check 'columns.tokens'"),
        (5, ".*'tokens', which is not there: 5"),
    ]

    @pytest.mark.parametrize(("value", "message"), PROBLEMS)
    def test_problems(self, value, message):
        with pytest.raises(DataFormatError, match=f"^FILE:7: {message}"):
            read(value, TAGS)

    @pytest.mark.parametrize("number", [-1, 2])
    def test_no_label(self, number):
        tasks = {"ner": {"encoding": "BIO", "labels": ["O", "B-P"]}}
        with pytest.raises(DataFormatError, match=f"'ner' has {number} in place of a tag"):
            read({"tokens": ["a"], "tags": [number]}, TAGS, tasks)


class TestText:
    def test_spans(self):
        text = "Mina Orlo waved. She left Tallin."
        sentences = read({"text": text, "spans": [[26, 32, "LOC"], [0, 9, "PER"]]}, SPANS)
        assert pairs(sentences) == [
            (["Mina", "Orlo", "waved", "."], ["B-PER", "I-PER", "O", "O"]),
            (["She", "left", "Tallin", "."], ["O", "O", "B-LOC", "O"]),
        ]
        for sentence in sentences:
            assert [text[start:end] for start, end in sentence.offsets] == sentence.tokens

    def test_no_spans(self):
        assert pairs(read({"text": "Nobody.", "spans": []}, SPANS)) == [
            (["Nobody", "."], ["O"] * 2)
        ]

    @pytest.mark.parametrize("text", ["", " \n\u3000"])
    def test_blank(self, text):
        assert read({"text": text, "spans": []}, SPANS) == []

    def test_no_sentence_ends_in_a_span(self):
        (sentence,) = read({"text": "Yahoo! Inc. left", "spans": [[0, 11, "ORG"]]}, SPANS)
        assert sentence.columns["ner"][0] == "B-ORG"
        assert set(sentence.columns["ner"][1:-1]) == {"I-ORG"}

    def test_offsets_count_characters(self):
        (sentence,) = read({"text": "😀😀 Mina", "spans": [[3, 7, "PER"]]}, SPANS)
        assert dict(zip(sentence.tokens, sentence.columns["ner"], strict=True))["Mina"] == "B-PER"

    PROBLEMS = [
        ([[0, 99, "P"]], "'ner': the span 'P', characters 0 to 99, is not in the text"),
        ([[-4, 2, "P"]], "'ner': the span 'P', characters -4 to 2, is not in the text"),
        ([["0", "4", "P"]], "'ner': expected a span"),
        ([[0, 4, "P"], None], "'ner': expected a span.*found None"),
        ([[0, 2, "P"]], "'ner': the span 'P', characters 0 to 2 .'Mi'., cuts a token of 'Mina'"),
        ({"start": 0}, "expected a list under 'spans'"),
        (["O"], "'ner' has 1 tags, and there are 2 tokens"),
    ]

    @pytest.mark.parametrize(("spans", "message"), PROBLEMS)
    def test_problems(self, spans, message):
        with pytest.raises(DataFormatError, match=f"^FILE:7: {message}"):
            read({"text": "Mina left", "spans": spans}, SPANS)

    def test_half_a_surrogate_pair(self):
        with pytest.raises(DataFormatError, match="an unpaired surrogate, .* at position 2: .*fix"):
            read({"text": "a\ud83d", "spans": []}, SPANS)

    def test_without_encoding(self):
        with pytest.raises(DataFormatError, match="'ner' holds spans: set the 'encoding'"):
            read({"text": "Mina", "spans": [[0, 4, "P"]]}, SPANS, {"ner": {}})

    def test_gaps_by_policy(self):
        spans = [CharacterSpan("P", ((0, 4), (10, 15)))]
        with pytest.raises(DataFormatError, match="has a gap"):
            read({"text": "Mina Orlo waved.", "spans": spans}, SPANS)
        (sentence,) = read(
            {"text": "Mina Orlo waved.", "spans": spans}, SPANS, invalid_spans="widen"
        )
        assert sentence.columns["ner"] == ["B-P", "I-P", "I-P", "O"]


class TestTokensBesideText:
    TEXT = "Mina  Orlo."
    TOKENS = [
        {"text": "Mina", "start": 0, "end": 4, "id": 0},
        {"text": "Orlo.", "start": 6, "end": 11, "id": 1, "sentence_start": True},
    ]

    def test_of_the_tool(self):
        value = {"text": self.TEXT, "tokens": self.TOKENS, "tags": [[6, 11, "P"]]}
        assert pairs(read(value, TAGS)) == [(["Mina"], ["O"]), (["Orlo."], ["B-P"])]

    def test_span_over_sentences(self):
        value = {"text": self.TEXT, "tokens": self.TOKENS, "tags": [[0, 11, "P"]]}
        assert pairs(read(value, TAGS)) == [(["Mina", "Orlo."], ["B-P", "I-P"])]

    @pytest.mark.parametrize(
        "change",
        [
            *({"start": 1}, {"end": 3}, {"text": "Nina"}, {"start": -11}, {"start": 4, "end": 4}),
            {"start": 11, "end": 15},
        ],
    )
    def test_that_are_elsewhere(self, change):
        value = {"text": self.TEXT, "tokens": [{**self.TOKENS[0], **change}], "tags": []}
        with pytest.raises(DataFormatError, match="is not at -?[0-9]+ to [0-9]+ of the text"):
            read(value, TAGS)

    def test_in_another_order(self):
        value = {"text": self.TEXT, "tokens": self.TOKENS[::-1], "tags": []}
        with pytest.raises(DataFormatError, match="not behind the one before it"):
            read(value, TAGS)

    @pytest.mark.parametrize("token", [{"text": "Mina"}, None, {"text": 5, "start": "0", "end": 4}])
    def test_without_places(self, token):
        value = {"text": self.TEXT, "tokens": [token], "tags": []}
        with pytest.raises(DataFormatError, match="tokens with 'text', 'start' and 'end'"):
            read(value, TAGS)


WORDS = st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=6)
BLANKS = st.text(" \n\r\t\u00a0\u2028\u3000", min_size=1, max_size=2)


@given(st.lists(st.tuples(WORDS, BLANKS), min_size=1, max_size=12), st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_span_and_all_text_come_back(words, data):
    """Text of all planes and white space of all kinds: with the tokens of the splitter, all spans
    of whole tokens are there, and nothing but white space is missing."""
    text = "".join(word + blank for word, blank in words)
    _, pieces = split_object(Item({"text": text}, ""), "text", SpacySplitter("en"))
    offsets = [pair for piece in pieces for pair in piece.offsets]
    bounds = sorted(data.draw(st.sets(st.integers(0, len(offsets)), max_size=6)))
    spans = [
        [offsets[first][0], offsets[behind - 1][1], "X"]
        for first, behind in zip(bounds[::2], bounds[1::2], strict=False)
    ]
    value = json.loads(json.dumps({"text": text, "spans": spans}))
    sentences = read(value, SPANS)
    assert "".join("".join(s.tokens) for s in sentences) == "".join(
        text[start:end] for start, end in offsets
    )
    assert "".join("".join(s.tokens) for s in sentences).split() == "".join(text.split()).split()
    again = [
        [sentence.offsets[span.start][0], sentence.offsets[span.end - 1][1], span.label]
        for sentence in sentences
        for span in get_encoding("BIO").spans(sentence.columns["ner"])
    ]
    assert again == spans


@pytest.mark.parametrize("answer, count", [("accept", 1), ("reject", 0), ("ignore", 0)])
def test_what_the_annotator_did_not_accept(answer, count):
    layout = msgspec.convert(
        {
            "form": "json",
            "columns": {"tokens": "text", "ner": "spans"},
            "tasks": {"ner": {"encoding": "BIO"}},
        },
        DatasetLayout,
    )
    reader = ObjectReader(layout, ["ner"])
    item = Item({"text": "Mina left.", "spans": [], "answer": answer}, "FILE", 1)
    assert len(list(reader.sentences(item))) == count
    assert sum(reader.changes.values()) == 1 - count
