import pytest

from bilstm_tagger.text.encodings import ENCODINGS, get_encoding
from bilstm_tagger.text.spans import Span
from bilstm_tagger.text.tag_recognition import recognise_tags
from bilstm_tagger.text.tag_spelling import USUAL, TagSpelling

# Every letter of every encoding, and two spans of a type that touch.
SPANS = [Span("PER", 0, 1), Span("PER", 1, 4), Span("LOC", 5, 7)]


@pytest.mark.parametrize("name", sorted(ENCODINGS.keys() - {"IO"}))
def test_encodings(name):
    tags = get_encoding(name).spans_to_tags(SPANS, 8)
    assert recognise_tags([tags]) == (name, USUAL)


@pytest.mark.parametrize(
    ("tags", "encoding", "spelling"),
    [
        ("B_PER I_PER O O", "BIO", TagSpelling("_")),
        ("B O B I O", "BIO", TagSpelling(untyped="SPAN")),
        ("PERSON PERSON O O LOCATION", "IO", TagSpelling(prefix="none")),
        ("b-per i-per o o", "BIO", TagSpelling(lower_case=True, outside="o")),
        ("B-PER I-PER 0 0", "BIO", TagSpelling(outside="0")),
        ("O B-ORG M-ORG E-ORG O S-PER O", "BMES", USUAL),
        ("I-PER I-PER O", "IOB1", USUAL),
        ("O O", "BIO", USUAL),
    ],
)
def test_spellings(tags, encoding, spelling):
    assert recognise_tags([tags.split()]) == (encoding, spelling)


@pytest.mark.parametrize("tags", ["DT NN VBD .", "NOUN VERB PUNCT", "1 2 3"])
def test_plain_labels(tags):
    assert recognise_tags([tags.split()]) is None


def test_fewest_invalid_sentences():
    """Of two encodings with the same letters, the one that permits more sentences."""
    good = ["B-X", "I-X", "O"]
    assert recognise_tags([good, good, ["O", "I-X", "O"]]) == ("BIO", USUAL)
    assert recognise_tags([["I-X", "B-X"], ["O", "I-X"], good]) == ("IOB1", USUAL)
