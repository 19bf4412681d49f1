"""Probabilities of tags as they are written, against the sum over all sequences, one by one."""

import itertools
from collections import defaultdict

import pytest
import torch

from bilstm_tagger.network.crf import AllowedTransitions, ConditionalRandomField
from bilstm_tagger.network.span_rules import SpanRules
from bilstm_tagger.network.written_tags import WrittenTags
from bilstm_tagger.text.encodings import ENCODINGS, get_encoding

LENGTHS = [4, 1, 3]
TAGS = {
    "BIO": ["O", "B-X", "I-X", "B-Y", "I-Y"],
    "IOB1": ["I-X", "O", "B-X", "I-Y", "B-Y"],
    "IOBES": ["E-X", "S-X", "O", "B-X", "I-X", "S-Y"],
    "BILOU": ["B-X", "L-X", "I-X", "U-X", "U-Y", "O"],
}
BMES = ["O", "S-X", "B-X", "M-X", "E-X", "W-X"]


def model_of(encoding, tags, scale):
    torch.manual_seed(5)
    allowed = AllowedTransitions(*map(torch.tensor, get_encoding(encoding).allowed(tags)))
    crf = ConditionalRandomField(len(tags), allowed).double()
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, std=scale)
    emissions = scale * torch.randn(len(LENGTHS), max(LENGTHS), len(tags)).double()
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)
    return crf, emissions, mask


def expected_of(crf, emissions, constrained, tags, source, target):
    """For each sentence and token, written tag to probability."""
    found = [[defaultdict(float) for _ in range(length)] for length in LENGTHS]
    for row, length in enumerate(LENGTHS):
        for path in itertools.product(range(len(tags)), repeat=length):
            likelihood = crf.log_likelihood(
                emissions[row : row + 1, :length], torch.tensor([path]), constrained=constrained
            )
            spans = get_encoding(source).spans([tags[tag] for tag in path])
            written = get_encoding(target).spans_to_tags(spans, length)
            for token, tag in enumerate(written):
                found[row][token][tag] += float(likelihood.detach().exp())
    return found


@pytest.mark.parametrize("constrained", [True, False])
@pytest.mark.parametrize("target", ENCODINGS)
@pytest.mark.parametrize("source", [*TAGS, "BMES"])
def test_every_tag_of_every_token(source, target, constrained):
    tags = TAGS.get(source, BMES)
    crf, emissions, mask = model_of(source, tags, 1.5)
    rules = SpanRules.of(get_encoding(source).spans, tags)
    written = WrittenTags(tags, get_encoding(target), rules)
    found = written.probabilities(crf.distribution(emissions, mask, constrained))
    assert found.shape == (len(LENGTHS), max(LENGTHS), len(written.names))
    assert bool((found[~mask] == 0).all())
    torch.testing.assert_close(found.sum(2)[mask], torch.ones(sum(LENGTHS)).double())
    expected = expected_of(crf, emissions, constrained, tags, source, target)
    for row, sentence in enumerate(expected):
        for token, chances in enumerate(sentence):
            assert set(chances) <= set(written.names)
            for name, value in zip(written.names, found[row, token].tolist(), strict=True):
                assert value == pytest.approx(chances[name], abs=1e-9), (row, token, name)


def test_the_same_encoding_gives_the_marginals():
    tags = TAGS["IOBES"]
    crf, emissions, mask = model_of("IOBES", tags, 1.0)
    distribution = crf.distribution(emissions, mask, True)
    rules = SpanRules.of(get_encoding("IOBES").spans, tags)
    written = WrittenTags(tags, get_encoding("IOBES"), rules)
    found, marginals = written.probabilities(distribution), distribution.marginals()
    for index, tag in enumerate(tags):
        torch.testing.assert_close(found[..., written.names.index(tag)], marginals[..., index])


@pytest.mark.parametrize("scale", [30.0, 300.0])
def test_extreme_scores(scale):
    tags = TAGS["BIO"]
    crf, emissions, mask = model_of("BIO", tags, scale)
    rules = SpanRules.of(get_encoding("BIO").spans, tags)
    written = WrittenTags(tags, get_encoding("IOBES"), rules)
    found = written.probabilities(crf.distribution(emissions, mask, True))
    expected = expected_of(crf, emissions, True, tags, "BIO", "IOBES")
    for row, sentence in enumerate(expected):
        for token, chances in enumerate(sentence):
            for name, value in zip(written.names, found[row, token].tolist(), strict=True):
                assert value == pytest.approx(chances[name], abs=1e-7)


def test_plain_labels_are_written_as_they_are():
    tags = ["NOUN", "VERB"]
    crf = ConditionalRandomField(2)
    distribution = crf.distribution(torch.randn(1, 3, 2))
    written = WrittenTags(tags)
    assert written.names == tags
    torch.testing.assert_close(written.probabilities(distribution), distribution.marginals())
