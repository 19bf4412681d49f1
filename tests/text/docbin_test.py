import zlib

import pytest
import spacy
import srsly
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span

from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.object_files import read_items

VOCAB = spacy.blank("en").vocab
ENTS = {
    "form": "spacy",
    "columns": {"tokens": "tokens", "ner": "ents"},
    "tasks": {"ner": {"encoding": "BIO"}},
}


@pytest.fixture
def save(tmp_path):
    def save(*docs):
        DocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "docs.spacy")
        return tmp_path / "docs.spacy"

    return save


def test_entities_sentences_and_tags(save, read):
    words = ["Mina", "Orlo", "waved", ".", "She", "left", "."]
    starts = [True, False, False, False, True, False, False]
    pos = ["PROPN", "PROPN", "VERB", "PUNCT", "PRON", "VERB", "PUNCT"]
    doc = Doc(VOCAB, words, sent_starts=starts, pos=pos, ents=["B-PER", "I-PER"] + ["O"] * 5)
    columns = {**ENTS["columns"], "pos": "pos"}
    first, second = read(save(doc), **{**ENTS, "columns": columns})
    assert (first.tokens, second.tokens) == (words[:4], words[4:])
    assert first.columns == {"ner": ["B-PER", "I-PER", "O", "O"], "pos": pos[:4]}
    assert second.columns["pos"] == pos[4:]
    assert second.text[slice(*second.offsets[0])] == "She"


def test_groups_of_spans(save, read):
    doc = Doc(VOCAB, ["Mina", "left"])
    doc.spans["sc"] = [Span(doc, 0, 2, "X")]
    columns = {"tokens": "tokens", "ner": "spans.sc"}
    (sentence,) = read(save(doc), **{**ENTS, "columns": columns})
    assert sentence.columns["ner"] == ["B-X", "I-X"]


def test_sentences_of_rules_where_there_are_none(save, read):
    sentences = read(save(spacy.blank("en")("Mina left. She waved.")), **ENTS)
    assert [sentence.tokens for sentence in sentences] == [
        ["Mina", "left", "."],
        ["She", "waved", "."],
    ]


def test_white_space_is_no_token(save, read):
    doc = Doc(VOCAB, ["\n", "Mina", " ", "Orlo", "\n"], ents=["O", "B-P", "I-P", "I-P", "O"])
    (sentence,) = read(save(doc), **ENTS)
    assert (sentence.tokens, sentence.columns["ner"]) == (["Mina", "Orlo"], ["B-P", "I-P"])


def test_blank_docs(save, read):
    nlp = spacy.blank("en")
    with pytest.raises(DataFormatError, match="expected at least one sentence, found none"):
        read(save(nlp(""), nlp("  ")), **ENTS)
    with pytest.raises(DataFormatError, match="expected annotated text, found none"):
        read(save(), **ENTS)


def damaged(content, **changes):
    values = srsly.msgpack_loads(zlib.decompress(content))
    return zlib.compress(srsly.msgpack_dumps({**values, **changes}))


DAMAGE = {
    "empty": lambda content: b"",
    "text": lambda content: b"Mina left.\n",
    "cut": lambda content: content[:-10],
    "something else in it": lambda content: zlib.compress(srsly.msgpack_dumps([1])),
    "no strings": lambda content: damaged(content, strings=[]),
    "no tokens": lambda content: damaged(content, tokens=b""),
    "no lengths": lambda content: damaged(content, lengths=b""),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_no_docbin(save, read, damage):
    path = save(spacy.blank("en")("Mina left."))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataFormatError, match=f"^{path}: expected (a DocBin|annotated text)"):
        read(path, **ENTS)


def test_no_file(tmp_path, read):
    with pytest.raises(DataFormatError, match="there is no such file"):
        read(tmp_path / "none.spacy", **ENTS)
    with pytest.raises(DataFormatError, match="expected a DocBin"):
        read(tmp_path, **ENTS)


WORDS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=5),
    st.sampled_from([" ", "\n", "\u3000", "."]),
)


@st.composite
def docs(draw):
    """Docs of any words, white space among them, and entities of words."""
    words = draw(st.lists(WORDS, min_size=1, max_size=8))
    doc = Doc(VOCAB, words, [draw(st.booleans()) for _ in words])
    bounds = sorted(draw(st.sets(st.integers(0, len(words)), max_size=6)))
    doc.ents = [
        Span(doc, first, behind, "X")
        for first, behind in zip(bounds[::2], bounds[1::2], strict=False)
        if not doc[first].is_space and not doc[behind - 1].is_space
    ]
    return doc


@given(st.lists(docs(), min_size=1, max_size=3))
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_written_and_read_again(save, read, made):
    path = save(*made)
    words = [[word.text for word in doc if not word.is_space] for doc in made]
    spans = [(span.text, span.label_) for doc in made for span in doc.ents]
    items = [item.value["tokens"] for item in read_items(path, "spacy")]
    assert [[token["text"] for token in tokens] for tokens in items] == words
    if not any(words):
        return
    sentences = read(path, **ENTS)
    assert [token for s in sentences for token in s.tokens] == [
        word for doc in words for word in doc
    ]
    assert [
        (s.text[s.offsets[span.start][0] : s.offsets[span.end - 1][1]], span.label)
        for s in sentences
        for span in get_encoding("BIO").spans(s.columns["ner"])
    ] == spans
