"""Whatever comes in, the same tokens come out, in the same order."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.settings import TagSettings

any_input = settings(max_examples=40, deadline=None, derandomize=True)
ENDS = st.sampled_from(["\n", "\r\n"])
# Words of text beside characters of all kinds.
TEXTS = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=8),
        st.sampled_from(
            [" ", "  ", ". ", "The cat", "didn't", '"', "Mr. ", "$9.5", "😀", "\u2028"]
        ),
    ),
    max_size=8,
).map("".join)
WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\t\v\f "),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def tag(quickstart_archive):
    tagger = Tagger.load(quickstart_archive)

    def run(data: str, form: str, wanted: str) -> str:
        block = Block(0, 1, io.BytesIO(data.encode()).readlines())
        return TagSettings("m", "IN", form, wanted).with_tagger(tagger)(block).output.decode()

    return run


def without_space(text: str) -> str:
    return "".join(text.split())


@given(st.lists(TEXTS, max_size=4), ENDS, st.sampled_from(["text", "sentences"]))
@any_input
def test_text(tag, lines, end, form):
    data = end.join(lines).removeprefix("\ufeff")
    # As lines are read: each with its own end.
    lines = [line.removesuffix("\r") for line in data.split("\n")]
    lines = [line for line in lines if without_space(line)]
    output = tag(data, form, "json")
    found = [json.loads(line) for line in output.split("\n") if line]
    assert len(found) == len(lines)
    for line, each in zip(lines, found, strict=True):
        if form == "sentences":
            assert len(each["sentences"]) == 1
        tokens = []
        for sentence in each["sentences"]:
            for token, (start, stop) in zip(sentence["tokens"], sentence["offsets"], strict=True):
                assert line[start:stop] == token
                tokens.append(token)
            assert all(len(each) == len(sentence["tokens"]) for each in sentence["tags"].values())
        assert without_space("".join(tokens)) == without_space(line)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=6), max_size=4), ENDS)
@any_input
def test_tokens(tag, sentences, end):
    data = "".join(" ".join(each) + end for each in sentences)
    if data.startswith("\ufeff"):
        data = "\ufeff" + data
    found = [json.loads(line)["sentences"] for line in tag(data, "tokens", "json").split("\n")[:-1]]
    assert [[each["tokens"] for each in sentence] for sentence in found] == [
        [each] for each in sentences
    ]
    rows = "".join(
        "".join(row.split("\t")[0] + "\n" for row in rows.split("\n")) + "\n"
        for rows in tag(data, "tokens", "conll").split("\n\n")[:-1]
    )
    assert rows == "".join("".join(token + "\n" for token in each) + "\n" for each in sentences)


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=()), min_size=1, max_size=5), max_size=4),
        max_size=4,
    )
)
@any_input
def test_json(tag, sentences):
    """Any characters, also the halves of surrogate pairs, alone."""
    lines = [json.dumps({"tokens": each, "number": i}) for i, each in enumerate(sentences)]
    found = [json.loads(line) for line in tag("\n".join(lines), "json", "json").split("\n")[:-1]]
    for i, (line, each) in enumerate(zip(lines, found, strict=True)):
        tokens = json.loads(line)["tokens"]
        assert each["number"] == i
        assert [sentence["tokens"] for sentence in each["sentences"]] == (
            [tokens] if tokens else []
        )


@st.composite
def column_files(draw):
    separator = draw(st.sampled_from([" ", "\t", "  \t"]))
    row = st.tuples(WORDS, WORDS)
    sentences = draw(st.lists(st.lists(row, min_size=1, max_size=4), max_size=4))
    end = draw(ENDS)
    blank = draw(st.sampled_from(["", " ", end, "\t" + end]))
    text = "".join(
        "".join(separator.join(row) + end for row in rows) + blank + end for rows in sentences
    )
    if text.startswith("\ufeff") or draw(st.booleans()):
        text = "\ufeff" + text
    if draw(st.booleans()):
        text = text.removesuffix(end)
    return [[token for token, _ in rows] for rows in sentences], text


@given(column_files())
@any_input
def test_columns(tag, file):
    sentences, data = file
    output = tag(data, "conll", "conll")
    lines, found = data.split("\n"), output.split("\n")
    assert len(lines) == len(found)
    for line, tagged in zip(lines, found, strict=True):
        body = line.removesuffix("\r")
        assert tagged.startswith(body)
        assert tagged.endswith(line[len(body) :])
        added = tagged.removesuffix("\r")[len(body) :]
        assert len(added.split()) == (2 if body.removeprefix("\ufeff").strip(" \t\v\f\r") else 0)
    objects = [json.loads(line) for line in tag(data, "conll", "json").split("\n")[:-1]]
    assert [each["sentences"][0]["tokens"] for each in objects] == sentences
    rows = [line.split("\t") for line in tag(data, "conll", "conllu").split("\n") if "\t" in line]
    assert [row[1] for row in rows] == [token for each in sentences for token in each]
