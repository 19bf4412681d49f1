import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.encodings import ENCODINGS, get_encoding
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.spans import CONLLEVAL_LETTERS, Span
from bilstm_tagger.text.tag_spelling import (
    USUAL,
    TagSpelling,
    recognised_spelling,
    spelling_settings,
)

SPELLINGS = [
    (USUAL, "B-PER", "O"),
    (TagSpelling("_"), "B_PER", "O"),
    (TagSpelling("."), "B.PER", "O"),
    (TagSpelling(prefix="last"), "PER-B", "O"),
    (TagSpelling("_", "last", outside="0"), "PER_B", "0"),
    (TagSpelling(lower_case=True, outside="o"), "b-PER", "o"),
    (TagSpelling(outside="0"), "B-PER", "0"),
    (TagSpelling("::"), "B::PER", "O"),
]


@pytest.mark.parametrize(("spelling", "tag", "outside"), SPELLINGS)
def test_read_and_write(spelling, tag, outside):
    assert (spelling.read(tag), spelling.read(outside)) == ("B-PER", "O")
    assert (spelling.write("B-PER"), spelling.write("O")) == (tag, outside)


def test_types_alone_and_prefixes_alone():
    types = TagSpelling(prefix="none")
    assert (types.read("B-cell"), types.write("I-B-cell")) == ("I-B-cell", "B-cell")
    letters = TagSpelling(untyped="SYMPTOM", lower_case=True)
    assert (letters.read("b"), letters.write("B-SYMPTOM")) == ("B-SYMPTOM", "b")


@pytest.mark.parametrize(
    ("spelling", "tag"),
    [
        (USUAL, "PER"),
        (USUAL, "o"),
        (USUAL, "B-"),
        (TagSpelling("_"), "B-PER"),
        (TagSpelling(prefix="last"), "-B"),
        (TagSpelling(lower_case=True), "B-PER"),
        (TagSpelling(untyped="X", lower_case=True), "B"),
    ],
)
def test_other_spelling(spelling, tag):
    with pytest.raises(ValueError, match=f"{tag!r} is neither '[Oo0]' nor a tag such as"):
        spelling.read(tag)


@pytest.mark.parametrize("setting", ["separator", "outside", "untyped"])
def test_empty_settings(setting):
    with pytest.raises(UserError, match="cannot be empty"):
        TagSpelling(**{setting: ""})
    with pytest.raises(UserError, match="neither prefix nor type"):
        TagSpelling(prefix="none", untyped="X")


RECOGNISED = [
    ("B-PER I-PER O", USUAL),
    ("O", USUAL),
    ("B_PER I_PER O", TagSpelling("_")),
    ("PER-B PER-I O", TagSpelling(prefix="last")),
    ("B I O", TagSpelling(untyped="SPAN")),
    ("b i o", TagSpelling(lower_case=True, outside="o", untyped="SPAN")),
    ("b-per i-per o", TagSpelling(lower_case=True, outside="o")),
    ("B-PER I-PER 0", TagSpelling(outside="0")),
    ("PERSON LOCATION O", TagSpelling(prefix="none")),
    ("B-x_y B-a-b O", USUAL),
    ("S-PER B-LOC E-LOC O", USUAL),
    ("NN VB DT", None),
    ("NOUN VERB PUNCT X", None),
    ("NN , . -LRB-", None),
    ("0 1", None),
    ("o", TagSpelling(outside="o")),
    ("_", None),
    ("0", None),
    ("B-PER _", TagSpelling(outside="_")),
]


@pytest.mark.parametrize(("tags", "spelling"), RECOGNISED)
def test_recognition(tags, spelling):
    assert recognised_spelling(tags.split()) == spelling


def test_settings_as_in_a_config():
    assert spelling_settings(USUAL) == "{}"
    spelling = TagSpelling("_", "last", True, "o")
    wanted = "{separator: '_', prefix: 'last', lower_case: true, outside: 'o'}"
    assert spelling_settings(spelling) == wanted


LABELS = st.text("ABCxyz-_.", min_size=1, max_size=5)


@st.composite
def spellings(draw):
    separator = draw(st.sampled_from(["-", "_", ".", "::", "#"]))
    prefix = draw(st.sampled_from(["first", "last"]))
    outside = draw(st.sampled_from(["O", "o", "0", "OUT"]))
    return TagSpelling(separator, prefix, draw(st.booleans()), outside)


@given(spellings(), LABELS, st.sampled_from(sorted(CONLLEVAL_LETTERS)))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_written_and_read_again(spelling, label, letter):
    tag = f"{letter}-{label}"
    assert spelling.read(spelling.write(tag)) == tag
    assert spelling.read(spelling.write("O")) == "O"


@given(spellings(), st.sampled_from(sorted(ENCODINGS)), st.data())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_what_is_recognised_reads_the_same_spans(spelling, name, data):
    """Of types without separators, every spelling is told by its tags."""
    if spelling.separator == "::" or (spelling.outside == "OUT" and name == "IO"):
        return
    encoding = get_encoding(name)
    types = data.draw(st.lists(st.sampled_from(["PER", "LOC"]), min_size=1, max_size=3))
    spans = [Span(label, 4 * i, 4 * i + 1 + i) for i, label in enumerate(types)]
    tags = encoding.spans_to_tags(spans, 4 * len(types))
    written = [spelling.write(tag) for tag in tags]
    recognised = recognised_spelling(written)
    assert recognised is not None
    assert [recognised.read(tag) for tag in written] == tags
