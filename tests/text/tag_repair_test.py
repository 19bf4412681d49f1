import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.spans import Span
from bilstm_tagger.text.tag_repair import repaired_spans

# Tags, and the spans after a repair to O and to B, by hand.
CASES = [
    ("O I-NP I-NP O", [], [Span("NP", 1, 3)]),
    ("B-NP I-VP I-VP", [Span("NP", 0, 1)], [Span("NP", 0, 1), Span("VP", 1, 3)]),
    ("B-NP O I-NP", [Span("NP", 0, 1)], [Span("NP", 0, 1), Span("NP", 2, 3)]),
    ("B-NP I-VP I-NP", [Span("NP", 0, 1)], [Span("NP", 0, 1), Span("VP", 1, 2), Span("NP", 2, 3)]),
    # IOBES and BILOU are read as BIO: E and L continue, S and U start.
    ("S-NP E-NP", [Span("NP", 0, 2)], [Span("NP", 0, 2)]),
    ("E-NP U-VP L-VP", [Span("VP", 1, 3)], [Span("NP", 0, 1), Span("VP", 1, 3)]),
]


@pytest.mark.parametrize(("tags", "to_o", "to_b"), CASES)
def test_by_hand(tags, to_o, to_b):
    assert repaired_spans(tags.split(), "O") == to_o
    assert repaired_spans(tags.split(), "B") == to_b


@pytest.mark.parametrize("encoding", ["BIO", "IOBES", "BILOU"])
@pytest.mark.parametrize("repair", ["O", "B"])
@given(lengths=st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.integers(0, 2))))
def test_valid_tags_keep_their_spans(encoding, repair, lengths):
    spans, end = [], 0
    for label, length, gap in lengths:
        spans.append(Span(label, end + gap, end + gap + length))
        end = spans[-1].end
    tags = get_encoding(encoding).spans_to_tags(spans, end)
    assert repaired_spans(tags, repair) == spans


@given(st.lists(st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"])))
def test_to_b_is_what_conlleval_reads_in_bio(tags):
    assert repaired_spans(tags, "B") == get_encoding("BIO").spans(tags)


@pytest.mark.parametrize(("tags", "repair"), [(["B-a"], "X"), (["a"], "O"), (["Q-a"], "B")])
def test_wrong_arguments(tags, repair):
    with pytest.raises(ValueError, match="found 'X'|neither 'O' nor"):
        repaired_spans(tags, repair)
