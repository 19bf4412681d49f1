import copy
import itertools
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from bilstm_tagger.text.encodings import ENCODINGS, get_encoding
from bilstm_tagger.text.spans import Span, common_spans, read_spans, read_steps

PREFIXES = {
    "IOB1": "BI",
    "BIO": "BI",
    "IOBES": "BIES",
    "BMES": "BMES",
    "BMEWO": "BMEW",
    "BILOU": "BILU",
}
NAMES = list(PREFIXES)
LABELS = st.sampled_from(["NP", "VP", "a-b", "-"])

every_encoding = pytest.mark.parametrize("name", NAMES)


def all_tags(name, labels=("X", "Y")):
    return ["O"] + [f"{prefix}-{label}" for prefix in PREFIXES[name] for label in labels]


def sequences(tags, longest=4):
    for length in range(longest + 1):
        yield from map(list, itertools.product(tags, repeat=length))


def seqeval_spans(tags):
    return [Span(label, start, end + 1) for label, start, end in get_entities(tags)]


@st.composite
def sentences(draw):
    """Disjoint spans, many of them adjacent, and the length of their sentence."""
    spans, position = [], draw(st.integers(0, 2))
    for label in draw(st.lists(LABELS, max_size=8)):
        end = position + draw(st.integers(1, 4))
        spans.append(Span(label, position, end))
        position = end + draw(st.integers(0, 2))
    return spans, position


def tag_lists(prefixes):
    tag = st.builds("{}-{}".format, st.sampled_from(prefixes), LABELS)
    return st.lists(st.one_of(st.just("O"), tag, tag), max_size=15)


def test_names():
    assert list(ENCODINGS) == [*NAMES, "IO"]
    assert get_encoding("iobes") is get_encoding("BIOES")
    assert get_encoding("bmes") is ENCODINGS["BMES"]
    assert get_encoding("IOB2") is get_encoding("bio") is ENCODINGS["BIO"]
    assert get_encoding("BIOUL") is ENCODINGS["BILOU"]
    with pytest.raises(ValueError, match="'IOB'.*IOB1, BIO, IOBES, BMES, BMEWO, BILOU, IO, IOB2"):
        get_encoding("IOB")


@every_encoding
def test_copies_are_the_same_object(name):
    encoding = get_encoding(name)
    encoding.first_violation(["O"])
    assert pickle.loads(pickle.dumps(encoding)) is encoding
    assert copy.deepcopy(encoding) is encoding
    assert name in repr(encoding)


@pytest.mark.parametrize(
    "name, tags",
    [
        ("IOB1", "I-A I-A B-A O I-A I-B I-B B-B I-B B-B"),
        ("BIO", "B-A I-A B-A O B-A B-B I-B B-B I-B B-B"),
        ("IOBES", "B-A E-A S-A O S-A B-B E-B B-B E-B S-B"),
        ("BMES", "B-A E-A S-A O S-A B-B E-B B-B E-B S-B"),
        ("BMEWO", "B-A E-A W-A O W-A B-B E-B B-B E-B W-B"),
        ("BILOU", "B-A L-A U-A O U-A B-B L-B B-B L-B U-B"),
    ],
)
def test_golden_sentence(name, tags):
    spans = [Span("A", 0, 2), Span("A", 2, 3), Span("A", 4, 5)]
    spans += [Span("B", 5, 7), Span("B", 7, 9), Span("B", 9, 10)]
    encoding = get_encoding(name)
    assert encoding.spans_to_tags(spans, 10) == tags.split()
    assert encoding.spans_to_tags(spans[::-1], 10) == tags.split()
    assert encoding.spans(tags.split()) == spans


@every_encoding
@given(sentence=sentences())
@settings(deadline=None)
def test_spans_survive_tags(name, sentence):
    spans, length = sentence
    encoding = get_encoding(name)
    tags = encoding.spans_to_tags(spans, length)
    assert len(tags) == length
    assert encoding.spans(tags) == spans
    assert encoding.first_violation(tags) is None
    assert encoding.repair(tags) == tags


@pytest.mark.parametrize("source, target", list(itertools.product(NAMES, NAMES)))
@given(sentence=sentences())
@settings(deadline=None, max_examples=40)
def test_conversions(source, target, sentence):
    tags = get_encoding(source).spans_to_tags(*sentence)
    converted = get_encoding(target).repair(tags)
    assert converted == get_encoding(target).spans_to_tags(*sentence)
    assert get_encoding(source).repair(converted) == tags


@every_encoding
def test_valid_are_the_tags_that_spans_yield(name):
    encoding = get_encoding(name)
    for tags in sequences(all_tags(name)):
        valid = encoding.spans_to_tags(encoding.spans(tags), len(tags)) == tags
        violation = encoding.first_violation(tags)
        assert (violation is None) == valid, tags
        repaired = encoding.repair(tags)
        assert encoding.first_violation(repaired) is None
        assert encoding.spans(repaired) == encoding.spans(tags)
        if violation is not None:
            # What comes before the fault can be completed to a valid sentence: the fault is the
            # first one. An open chunk at the end is the fault of the last tag.
            index, _ = violation
            at_end = encoding.first_violation([*tags, *closing(name, tags[-1])]) is None
            assert index == len(tags) - 1 if at_end else index < len(tags)
            before = tags[:index]
            if before:
                before += closing(name, before[-1])
            assert encoding.first_violation(before) is None, tags


def closing(name, tag):
    """A tag that ends the chunk open after `tag`, if the encoding marks ends."""
    last = {"IOB1": "", "BIO": "", "BILOU": "L"}.get(name, "E")
    return [f"{last}-{tag[2:]}"] if last and tag[0] in "BIM" else []


@every_encoding
def test_allowed_agrees_with_first_violation(name):
    encoding = get_encoding(name)
    labels = all_tags(name)[::-1]
    start, transitions, end = encoding.allowed(labels)
    for indices in sequences(range(len(labels))):
        if not indices:
            continue
        permitted = (
            start[indices[0]]
            and all(transitions[a][b] for a, b in itertools.pairwise(indices))
            and end[indices[-1]]
        )
        assert permitted == (encoding.first_violation([labels[i] for i in indices]) is None)


def test_allowed_golden():
    allowed = get_encoding("BIO").allowed(["I-A", "O", "B-A", "B-B"])
    assert allowed.start == [False, True, True, True]
    assert allowed.transitions == [
        [True, True, True, True],
        [False, True, True, True],
        [True, True, True, True],
        [False, True, True, True],
    ]
    assert allowed.end == [True, True, True, True]
    assert get_encoding("IOBES").allowed(["B-A", "E-A"]).end == [False, True]
    with pytest.raises(ValueError, match="unknown prefix in 'E-A'; permitted in BIO: O, B, I"):
        get_encoding("BIO").allowed(["O", "E-A"])


@pytest.mark.parametrize(
    "name, tags, index, message",
    [
        ("BIO", "O I-NP", 1, "'I-NP' cannot follow 'O' in BIO; 'B-NP' expected"),
        ("BIO", "I-NP", 0, "'I-NP' cannot start a sentence in BIO; 'B-NP' expected"),
        ("BIO", "B-A I-B", 1, "'I-B' cannot follow 'B-A' in BIO; 'B-B' expected"),
        ("BIO", "O E-A", 1, "unknown prefix in 'E-A'; permitted in BIO: O, B, I"),
        ("BIO", "O B", 1, "'B' is neither 'O' nor '<prefix>-<type>'"),
        ("BIO", "B-", 0, "'B-' is neither 'O' nor '<prefix>-<type>'"),
        ("BIO", "-A", 0, "unknown prefix in '-A'; permitted in BIO: O, B, I"),
        ("BIO", "O-A", 0, "unknown prefix in 'O-A'; permitted in BIO: O, B, I"),
        ("IOB1", "O B-A", 1, "'B-A' cannot follow 'O' in IOB1; 'I-A' expected"),
        ("IOB1", "I-B B-A", 1, "'B-A' cannot follow 'I-B' in IOB1; 'I-A' expected"),
        ("IOBES", "B-A O", 1, "'O' cannot follow 'B-A' in IOBES; 'I-A' or 'E-A' expected"),
        ("IOBES", "B-A S-B", 1, "'S-B' cannot follow 'B-A' in IOBES; 'I-A' or 'E-A' expected"),
        ("IOBES", "O I-A", 1, "'I-A' cannot follow 'O' in IOBES; 'B-A' or 'S-A' expected"),
        ("IOBES", "S-A E-A", 1, "'E-A' cannot follow 'S-A' in IOBES; 'B-A' or 'S-A' expected"),
        (
            "IOBES",
            "O B-A I-A",
            2,
            "'I-A' cannot end a sentence in IOBES; 'I-A' or 'E-A' expected after it",
        ),
        ("BILOU", "E-A", 0, "unknown prefix in 'E-A'; permitted in BILOU: O, B, I, L, U"),
        ("BILOU", "B-A B-A", 1, "'B-A' cannot follow 'B-A' in BILOU; 'I-A' or 'L-A' expected"),
    ],
)
def test_violations(name, tags, index, message):
    violation = get_encoding(name).first_violation(tags.split())
    assert violation == (index, message)
    assert (violation.index, violation.message) == (index, message)


def test_letters_are_those_of_the_encoding():
    tags = "B-A M-A E-A W-A O".split()
    encoding = get_encoding("BMEWO")
    assert encoding.first_violation(tags) is None
    assert encoding.spans(tags) == [Span("A", 0, 3), Span("A", 3, 4)]
    assert encoding.repair(tags) == tags
    assert get_encoding("IOBES").repair(tags) == "B-A I-A E-A S-A O".split()
    assert get_encoding("IOBES").first_violation(tags).index == 1
    assert encoding.first_violation(["M-A"]).index == 0


def test_letters_of_older_models():
    """Their labels are I and S where the files had M and W."""
    for name in ("BMES", "BMEWO"):
        encoding = get_encoding(name)
        old = get_encoding("IOBES").allowed(all_tags("IOBES"))
        assert encoding.allowed(all_tags("IOBES")) == old
        assert encoding.repair("B-A I-A E-A S-A".split())[1] == "M-A"


@given(sentence=sentences())
@settings(deadline=None)
def test_io_joins_spans_of_a_type_that_touch(sentence):
    spans, length = sentence
    joined = []
    for span in spans:
        if joined and joined[-1].end == span.start and joined[-1].label == span.label:
            span = Span(span.label, joined.pop().start, span.end)
        joined.append(span)
    encoding = get_encoding("IO")
    tags = encoding.spans_to_tags(spans, length)
    assert encoding.spans(tags) == joined
    assert encoding.first_violation(tags) is None
    assert encoding.first_violation(["B-A"]).index == 0


def test_seqeval_on_all_short_sequences():
    for tags in sequences(all_tags("IOBES")):
        assert get_encoding("IOBES").spans(tags) == seqeval_spans(tags)


def test_spans_in_common():
    sentences = itertools.product(["O", "B-A", "I-A", "I-B", "S-B"], repeat=3)
    for tags, others in itertools.product(sentences, repeat=2):
        common = {*read_spans(tags)}.intersection(read_spans(others))
        types = common_spans(read_steps(tags), read_steps(others))
        assert list(types) == [span.label for span in sorted(common, key=lambda span: span.start)]


def test_steps_of_no_tag():
    with pytest.raises(ValueError, match="tag 1: unknown prefix in 'Q-A'"):
        read_steps(["O", "Q-A"])


@given(tags=tag_lists("BIES"))
@settings(deadline=None, max_examples=500)
def test_seqeval_on_broken_sequences(tags):
    assert get_encoding("BIO").spans(tags) == seqeval_spans(tags)  # all are read alike


def test_seqeval_on_long_random_sequences():
    source = random.Random(7)
    for name in ("BIO", "IOBES"):
        tags = all_tags(name, ("X", "Y", "a-b"))
        for _ in range(3000):
            sequence = source.choices(tags, k=source.randrange(40))
            assert get_encoding(name).spans(sequence) == seqeval_spans(sequence)


@given(tags=tag_lists("BILU"))
@settings(deadline=None)
def test_bilou_is_read_as_iobes(tags):
    letters = {"L": "E", "U": "S"}
    iobes = [letters.get(tag[0], tag[0]) + tag[1:] for tag in tags]
    assert get_encoding("BILOU").spans(tags) == seqeval_spans(iobes)


@pytest.mark.parametrize(
    "tags, spans",
    [
        ("", []),
        ("O O", []),
        ("O I-A I-A", [("A", 1, 3)]),
        ("B-A I-B", [("A", 0, 1), ("B", 1, 2)]),
        ("B-A I-A B-A", [("A", 0, 2), ("A", 2, 3)]),
        ("O E-A O", [("A", 1, 2)]),
        ("E-A E-A", [("A", 0, 1), ("A", 1, 2)]),
        ("B-A E-A I-A", [("A", 0, 2), ("A", 2, 3)]),
        ("B-A O E-A", [("A", 0, 1), ("A", 2, 3)]),
        ("S-A I-A E-A", [("A", 0, 1), ("A", 1, 3)]),
        ("I-A S-A", [("A", 0, 1), ("A", 1, 2)]),
        ("B-A-B I-A-B I-A", [("A-B", 0, 2), ("A", 2, 3)]),
        ("U-A L-A", [("A", 0, 1), ("A", 1, 2)]),
    ],
)
def test_conlleval_reading(tags, spans):
    for encoding in ENCODINGS.values():
        assert encoding.spans(tags.split()) == spans


def test_repair():
    assert get_encoding("BIO").repair("O I-A I-A I-B".split()) == "O B-A I-A B-B".split()
    assert get_encoding("IOBES").repair("B-A O E-A I-A".split()) == "S-A O S-A S-A".split()
    assert get_encoding("IOB1").repair("B-A B-A B-B".split()) == "I-A B-A I-B".split()


@pytest.mark.parametrize(
    "tags, message",
    [
        ("O B", "tag 1: 'B' is neither 'O' nor '<prefix>-<type>'"),
        ("B-A X-A", "tag 1: unknown prefix in 'X-A'; permitted: B, I, E, S, L, U, M, W"),
    ],
)
def test_malformed_tags_have_no_spans(tags, message):
    for read in (get_encoding("BIO").spans, get_encoding("BIO").repair):
        with pytest.raises(ValueError, match=message):
            read(tags.split())


@pytest.mark.parametrize(
    "spans, message",
    [
        ([Span("A", 1, 1)], "is empty or outside a sentence of 3 tokens"),
        ([Span("A", 2, 4)], "is empty or outside"),
        ([Span("A", -1, 1)], "is empty or outside"),
        ([Span("", 0, 1)], "has no type"),
        ([Span("A", 1, 3), Span("B", 0, 2)], "overlaps the span before it, which ends at 2"),
    ],
)
def test_spans_without_tags(spans, message):
    with pytest.raises(ValueError, match=message):
        get_encoding("BIO").spans_to_tags(spans, 3)
