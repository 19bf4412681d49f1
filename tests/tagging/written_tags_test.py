"""Probabilities of tags as they are written, against the sum over all sequences, one by one."""

from collections import defaultdict
from functools import partial

import numpy as np
import pytest

from bilstm_tagger.tagging.distribution import TagDistribution
from bilstm_tagger.tagging.span_rules import SpanRules
from bilstm_tagger.tagging.written_tags import WrittenTags
from bilstm_tagger.text.encodings import ENCODINGS, get_encoding
from bilstm_tagger.text.tag_repair import repaired_spans

LENGTHS = [4, 3, 1]
TAGS = {
    "BIO": ["O", "B-X", "I-X", "B-Y", "I-Y"],
    "IOB1": ["I-X", "O", "B-X", "I-Y", "B-Y"],
    "IOBES": ["E-X", "S-X", "O", "B-X", "I-X", "S-Y"],
    "BILOU": ["B-X", "L-X", "I-X", "U-X", "U-Y", "O"],
    "BMES": ["O", "S-X", "B-X", "M-X", "E-X", "I-X"],  # two spellings of one prefix
}


@pytest.fixture
def check(all_paths):
    """Compares with enumeration, where `read` finds the spans of a sequence."""

    def compare(potentials, tags, read, target, atol=1e-9):
        writer = get_encoding(target)
        written = WrittenTags(tags, writer, SpanRules.of(read, tags))
        distribution = TagDistribution(potentials)
        found = distribution.order.padded(written.probabilities(distribution))
        for sentence, length in enumerate(LENGTHS):
            expected = np.zeros((LENGTHS[0], len(written.names)))
            for path, value in all_paths(potentials, sentence).items():
                spans = read([tags[tag] for tag in path])
                for token, name in enumerate(writer.spans_to_tags(spans, length)):
                    expected[token, written.names.index(name)] += np.exp(value)
            np.testing.assert_allclose(found[sentence], expected, atol=atol)
            np.testing.assert_allclose(found[sentence, :length].sum(1), 1.0)

    return compare


@pytest.mark.parametrize("constrained", [True, False])
@pytest.mark.parametrize("target", ENCODINGS)
@pytest.mark.parametrize("source", TAGS)
def test_every_tag_of_every_token(make_chain, check, source, target, constrained):
    """All four encodings, written in each of the four."""
    tags, encoding = TAGS[source], get_encoding(source)
    rules = encoding.allowed(tags) if constrained else None
    potentials = make_chain(LENGTHS, len(tags), 1.5, rules, seed=5)
    check(potentials, tags, encoding.spans, target)


@pytest.mark.parametrize("target", ENCODINGS)
@pytest.mark.parametrize("source", ["BIO", "IOBES", "BILOU"])
def test_after_a_repair(make_chain, check, source, target):
    tags = TAGS[source]
    potentials = make_chain(LENGTHS, len(tags), 1.5, seed=6)
    check(potentials, tags, partial(repaired_spans, repair="B"), target)


@pytest.mark.parametrize("constrained", [True, False])
@pytest.mark.parametrize("scale", [30.0, 300.0, 3000.0])
@pytest.mark.parametrize("target", ["IOBES", "IOB1"])
def test_extreme_scores(make_chain, check, scale, target, constrained):
    tags, encoding = TAGS["BIO"], get_encoding("BIO")
    rules = encoding.allowed(tags) if constrained else None
    for seed in range(3):
        potentials = make_chain(LENGTHS, 5, scale, rules, seed=seed)
        check(potentials, tags, encoding.spans, target)


@pytest.mark.parametrize("source", TAGS)
def test_the_same_encoding_gives_the_marginals(make_chain, source):
    tags, encoding = TAGS[source], get_encoding(source)
    distribution = TagDistribution(make_chain(LENGTHS, len(tags), 1.0, encoding.allowed(tags)))
    written = WrittenTags(tags, encoding, SpanRules.of(encoding.spans, tags))
    found = written.probabilities(distribution)
    expected: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(found)))
    own = {"I-X": "M-X"} if source == "BMES" else {}  # the letter of the encoding
    for tag, values in zip(tags, distribution.marginals.T, strict=True):
        expected[own.get(tag, tag)] += values
    for name, values in expected.items():
        np.testing.assert_allclose(found[:, written.names.index(name)], values, atol=1e-12)


def test_what_is_never_written(make_chain):
    """A tag of the target that no sequence is written with has no probability."""
    tags, encoding = ["O", "S-X"], get_encoding("IOBES")
    written = WrittenTags(tags, get_encoding("BIO"), SpanRules.of(encoding.spans, tags))
    found = written.probabilities(TagDistribution(make_chain(LENGTHS, 2)))
    names = written.names
    assert set(names) == {"O", "B-X", "I-X"}
    np.testing.assert_allclose(found[:, names.index("I-X")], 0.0, atol=1e-12)


def test_only_outside(make_chain):
    encoding = get_encoding("BIO")
    written = WrittenTags(["O"], encoding, SpanRules.of(encoding.spans, ["O"]))
    found = written.probabilities(TagDistribution(make_chain([2, 1], 1)))
    assert written.names == ["O"] and found.tolist() == [[1.0]] * 3


def test_plain_labels_are_written_as_they_are(make_chain):
    potentials = make_chain(LENGTHS, 5)
    distribution = TagDistribution(potentials)
    written = WrittenTags(["a", "b", "c", "d", "e"])
    assert written.names == ["a", "b", "c", "d", "e"]
    np.testing.assert_array_equal(written.probabilities(distribution), distribution.marginals)
