import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.character_spans import AlignedSpans, CharacterSpan, parse_span
from bilstm_tagger.text.spans import Span

#       0123456789
TEXT = "Mina Orlo waved."
OFFSETS = [(0, 4), (5, 9), (10, 15), (15, 16)]


def span(label, *pieces):
    return CharacterSpan(label, pieces)


def align(*spans, policy="error", text=TEXT, offsets=OFFSETS):
    aligned = AlignedSpans(text, offsets, spans, policy)
    return aligned.spans, dict(aligned.changes)


class TestParse:
    @pytest.mark.parametrize(
        "value",
        [
            [0, 9, "PER"],
            {"start": 0, "end": 9, "label": "PER"},
            {"start_offset": 0, "end_offset": 9, "label": "PER", "id": 4},
            {"start": 0, "end": 9, "labels": ["PER"]},
            {"value": {"start": 0, "end": 9, "labels": ["PER"], "text": "Mina Orlo"}},
        ],
    )
    def test_of_tools(self, value):
        assert parse_span(value) == span("PER", (0, 9))

    @pytest.mark.parametrize(
        "value",
        [
            *(None, 5, "PER", [], {}, [0, 9], [0, 9, "PER", 1]),
            *(["0", "9", "PER"], [0.0, 9.0, "PER"], [True, 9, "PER"], [0, 9, 5], [0, 9, " "]),
            *([None, 9, "PER"], {"start": 0, "label": "PER"}, {"start": 0, "end": 9}),
            {"start": 0, "end": 9, "labels": ["PER", "LOC"]},
        ],
    )
    def test_of_none(self, value):
        with pytest.raises(ValueError, match="expected a span, .start, end, label. or an object"):
            parse_span(value)


class TestAlign:
    def test_tokens(self):
        found = align(span("B", (10, 16)), span("A", (0, 9)))
        assert found == ([Span("A", 0, 2), Span("B", 2, 4)], {})

    def test_white_space_at_the_ends(self):
        assert align(span("A", (4, 10))) == ([Span("A", 1, 2)], {})

    def test_twice(self):
        assert align(span("A", (0, 4)), span("A", (0, 4))) == ([Span("A", 0, 1)], {})

    @pytest.mark.parametrize("place", [(0, 17), (-1, 4), (4, 4), (4, 0), (16, 17), (0, 10**20)])
    @pytest.mark.parametrize("policy", ["error", "leave_out", "widen"])
    def test_outside_the_text(self, place, policy):
        with pytest.raises(ValueError, match="not in the text, which has 16 characters; fix"):
            align(span("A", place), policy=policy)

    PROBLEMS = [
        ([("A", (0, 2))], "'Mi'., cuts a token of 'Mina'", "that cut a token"),
        ([("A", (2, 7))], "'na Or'., cuts a token of 'Mina Orlo'", "that cut a token"),
        ([("A", (4, 5))], "covers no token", "empty"),
        ([("A", (0, 4), (10, 15))], "characters 0 to 4 and 10 to 15, has a gap", "with gaps"),
        ([("A", (0, 9)), ("B", (5, 9))], "'B', characters 5 to 9, overlaps the .* 'A'", "overlap"),
    ]

    @pytest.mark.parametrize(("spans", "message", "kind"), PROBLEMS)
    def test_error_and_left_out(self, spans, message, kind):
        spans = [span(*each) for each in spans]
        with pytest.raises(ValueError, match=f"{message}.*invalid_spans.*leave_out.*widen"):
            align(*spans)
        found, changes = align(*spans, policy="leave_out")
        assert found == [Span("A", 0, 2)] * (len(spans) - 1)
        ((change, count),) = changes.items()
        assert (kind in change, "left out" in change, count) == (True, True, 1)

    @pytest.mark.parametrize(
        ("spans", "found", "change"),
        [
            ([("A", (1, 2))], [Span("A", 0, 1)], "spans that cut a token were widened"),
            ([("A", (2, 7))], [Span("A", 0, 2)], "spans that cut a token were widened"),
            ([("A", (0, 4), (10, 15))], [Span("A", 0, 3)], "spans with gaps were filled"),
            ([("A", (4, 5))], [], "empty spans were left out"),
            ([("B", (5, 9)), ("A", (0, 9))], [Span("A", 0, 2)], "overlapping spans were left out"),
        ],
    )
    def test_widened(self, spans, found, change):
        assert align(*(span(*each) for each in spans), policy="widen") == (found, {change: 1})

    def test_the_longest_of_overlapping_ones_then_the_first(self):
        spans = [span("A", (0, 9)), span("B", (5, 15)), span("C", (15, 16)), span("D", (10, 15))]
        found, changes = align(*spans, policy="leave_out")
        # A and B have two tokens each.
        assert found == [Span("A", 0, 2), Span("D", 2, 3), Span("C", 3, 4)]
        assert changes == {"overlapping spans were left out": 1}


@st.composite
def texts_with_spans(draw):
    """Words of all planes with white space of all kinds between them, and spans of some."""
    words = draw(st.lists(st.text("aé你😀\u0301", min_size=1, max_size=4), min_size=1, max_size=8))
    blank = st.text(" \n\r\t\u00a0\u2028\u3000", min_size=1, max_size=2)
    text, offsets = draw(st.sampled_from(["", " ", "\n"])), []
    for word in words:
        offsets.append((len(text), len(text) + len(word)))
        text += word + draw(blank)
    bounds = sorted(draw(st.sets(st.integers(0, len(words)), min_size=2, max_size=6)) | {0})
    spans = [Span(draw(st.sampled_from("AB")), *pair) for pair in itertools.pairwise(bounds)]
    return text, offsets, draw(st.permutations(spans))


@given(texts_with_spans(), st.sampled_from(["error", "leave_out", "widen"]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_as_many_spans_as_there_were(made, policy):
    text, offsets, spans = made
    given = [span(s.label, (offsets[s.start][0], offsets[s.end - 1][1])) for s in spans]
    aligned = AlignedSpans(text, offsets, given, policy)
    assert aligned.spans == sorted(spans, key=lambda s: s.start)
    assert not aligned.changes


def test_lines_of_a_span_are_no_gap():
    text, offsets = "Mina\r\nOrlo waved", [(0, 4), (6, 10), (11, 16)]
    given = span("PER", (0, 4), (6, 10))
    assert align(given, text=text, offsets=offsets) == ([Span("PER", 0, 2)], {})


def test_labels_have_no_control_characters():
    with pytest.raises(ValueError, match="without control characters"):
        parse_span([0, 9, "A\tb"])
