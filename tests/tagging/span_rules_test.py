"""Rules of spans against what the encodings read."""

from functools import partial

import numpy as np
import pytest

from bilstm_tagger.tagging.span_rules import SpanRules
from bilstm_tagger.text.encodings import ENCODINGS, get_encoding
from bilstm_tagger.text.spans import Span
from bilstm_tagger.text.tag_repair import repaired_spans

TAGS = [
    "O", "B-X", "I-X", "E-X", "S-X", "M-X", "W-X", "L-X", "U-X", "B-Y", "I-Y", "E-Y", "S-Y",
]  # fmt: skip


def spans_by(rules: SpanRules, tags: list[str], path: list[int]) -> list[Span]:
    """Tag by tag, by nothing but the tables."""
    spans, start, before = [], None, len(tags)
    for position, tag in enumerate(path):
        if start is not None and not rules.continues[before, tag]:
            spans.append(Span(tags[before][2:], start, position))
            start = None
        if rules.starts[before, tag]:
            assert start is None
            start = position
        before = tag
    if start is not None:
        spans.append(Span(tags[before][2:], start, len(path)))
    return spans


@pytest.mark.parametrize("repair", [None, "O", "B"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_read_as_the_encoding(encoding, repair):
    """Long random tags, of all prefixes there are, most of them in no valid order."""
    read = get_encoding(encoding).spans
    if repair is not None:
        read = partial(repaired_spans, repair=repair)
    rules = SpanRules.of(read, TAGS)
    path = np.random.default_rng(0).integers(len(TAGS), size=3000).tolist()
    spans = spans_by(rules, TAGS, path)
    assert spans == read([TAGS[tag] for tag in path])
    assert len(spans) > 500


def test_labels_are_numbered_as_they_come():
    rules = SpanRules.of(get_encoding("BIO").spans, ["I-Y", "O", "B-X", "B-Y"])
    assert rules.labels == {"Y": 0, "X": 1}
    assert rules.label_of.tolist() == [0, -1, 1, 0]


def test_a_repair_decides_what_starts_a_span():
    """What continues a chunk where none is open is outside, or the first of one."""
    tags = ["O", "B-X", "I-X"]
    outside, first = (
        SpanRules.of(partial(repaired_spans, repair=repair), tags) for repair in ("O", "B")
    )
    assert outside.starts.tolist() == [[False, True, False]] * 4
    assert first.starts[[0, 3]].tolist() == [[False, True, True]] * 2
    assert first.starts[[1, 2]].tolist() == [[False, True, False]] * 2
    assert np.argwhere(outside.continues).tolist() == [[1, 2], [2, 2]]
    assert np.array_equal(outside.continues, first.continues)


def test_tags_without_a_label_make_no_spans():
    rules = SpanRules.of(get_encoding("BIO").spans, ["O"])
    assert rules.labels == {} and not rules.starts.any() and not rules.continues.any()


def test_tags_that_cannot_be_read():
    with pytest.raises(ValueError, match="neither 'O' nor"):
        SpanRules.of(partial(repaired_spans, repair="O"), ["O", "Q-X"])


def test_rules_of_spans():
    rules = SpanRules.of(get_encoding("BIO").spans, ["O", "B-NP", "I-NP", "B-VP"])
    assert rules.labels == {"NP": 0, "VP": 1}
    assert rules.label_of.tolist() == [-1, 0, 0, 1]
    assert rules.starts[-1].tolist() == [False, True, True, True]
    assert rules.starts[1].tolist() == [False, True, False, True]
    assert np.argwhere(rules.continues).tolist() == [[1, 2], [2, 2]]
