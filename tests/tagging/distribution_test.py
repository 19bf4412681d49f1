"""Viterbi, probabilities, the best sequences and written tags, against enumeration of all paths."""

import itertools
from collections import defaultdict
from functools import partial

import numpy as np
import pytest
import torch

from bilstm_tagger.network.crf import AllowedTransitions, ConditionalRandomField
from bilstm_tagger.tagging.chain import Potentials, viterbi
from bilstm_tagger.tagging.distribution import TagDistribution
from bilstm_tagger.tagging.n_best import n_best
from bilstm_tagger.tagging.span_rules import SentenceSpan, SpanRules
from bilstm_tagger.tagging.written_tags import WrittenTags
from bilstm_tagger.text.encodings import ENCODINGS, get_encoding
from bilstm_tagger.text.tag_repair import repaired_spans

# What is forbidden or too small is no warning.
pytestmark = pytest.mark.filterwarnings("error")

LENGTHS = np.array([4, 3, 3, 1])
LABELS = {
    "IOB1": ["O", "I-A", "B-A", "I-B", "B-B"],
    "BIO": ["O", "B-A", "I-A", "B-B", "I-B"],
    "IOBES": ["O", "B-A", "I-A", "E-A", "S-A"],
    "BILOU": ["O", "B-A", "I-A", "L-A", "U-A"],
}


def make(tags=5, lengths=LENGTHS, scale=2.0, seed=0, allowed=None) -> Potentials:
    random = np.random.default_rng(seed)
    scores = [
        random.normal(scale=scale, size=shape)
        for shape in ((len(lengths), lengths[0], tags), (tags, tags), (tags,), (tags,))
    ]
    if allowed is not None:
        for index, rule in ((1, allowed.transitions), (2, allowed.start), (3, allowed.end)):
            scores[index] = np.where(rule, scores[index], -np.inf)
    return Potentials(*scores, lengths)


def all_paths(potentials: Potentials, sentence: int) -> dict[tuple[int, ...], float]:
    """Each permitted path of a sentence and its probability."""
    emissions, length = potentials.emissions[sentence], potentials.lengths[sentence]
    scores = {}
    for path in itertools.product(range(emissions.shape[1]), repeat=length):
        score = potentials.start[path[0]] + potentials.end[path[-1]]
        score += sum(emissions[position, tag] for position, tag in enumerate(path))
        score += sum(potentials.transitions[a, b] for a, b in itertools.pairwise(path))
        if score > -np.inf:
            scores[path] = score
    values = np.array(list(scores.values()))
    chances = np.exp(values - values.max())
    return dict(zip(scores, (chances / chances.sum()).tolist(), strict=True))


def rows(potentials: Potentials, values: np.ndarray) -> np.ndarray:
    return potentials.order.padded(values)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_against_all_paths(seed, constrained):
    allowed = get_encoding("BIO").allowed(LABELS["BIO"]) if constrained else None
    potentials = make(seed=seed, allowed=allowed)
    distribution = TagDistribution(potentials)
    best = n_best(distribution, 7)
    marginals = rows(potentials, distribution.marginals)
    for sentence, length in enumerate(LENGTHS):
        paths = all_paths(potentials, sentence)
        ranked = sorted(paths, key=lambda path: -paths[path])
        assert viterbi(potentials)[sentence, :length].tolist() == list(ranked[0])
        assert not viterbi(potentials)[sentence, length:].any()
        count = min(7, len(ranked))
        assert best.counts[sentence] == count
        found = best.tags[sentence, :count, :length].tolist()
        assert found == [list(path) for path in ranked[:count]]
        np.testing.assert_allclose(
            np.exp(best.log_probabilities[sentence, :count]), [paths[p] for p in ranked[:count]]
        )
        expected = np.zeros(marginals.shape[1:])
        for path, chance in paths.items():
            expected[range(length), path] += chance
        np.testing.assert_allclose(marginals[sentence], expected, atol=1e-12)
    chances = distribution.log_probabilities(best.tags[:, 0])
    np.testing.assert_allclose(chances, best.log_probabilities[:, 0], atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_viterbi_is_that_of_training(seed):
    """By the CRF in torch, with and without constraints, of sentences of many lengths."""
    encoding = get_encoding("IOBES")
    rules = encoding.allowed(LABELS["IOBES"])
    crf = ConditionalRandomField(5, AllowedTransitions(*map(torch.tensor, rules)))
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    lengths = np.sort(np.random.default_rng(seed).integers(1, 30, 40))[::-1].copy()
    emissions = torch.randn(40, int(lengths[0]), 5)
    mask = torch.arange(int(lengths[0])) < torch.from_numpy(lengths)[:, None]
    free = [
        scores.detach().numpy() for scores in (crf.transitions, crf.start_scores, crf.end_scores)
    ]
    held = [
        np.where(rule, scores, np.float32(-np.inf))
        for rule, scores in zip((rules.transitions, rules.start, rules.end), free, strict=True)
    ]
    for constrained, scores in ((False, free), (True, held)):
        potentials = Potentials(emissions.numpy(), *scores, lengths)
        expected = crf.viterbi(emissions, mask, constrained)[0].numpy()
        assert np.array_equal(viterbi(potentials), expected)
        if not constrained:
            marginals = rows(potentials, TagDistribution(potentials).marginals)
            np.testing.assert_allclose(
                marginals, crf.marginals(emissions.double(), mask).numpy(), atol=1e-6
            )


def test_the_lowest_of_equal_tags():
    potentials = make(tags=3)
    equal = Potentials(*(0 * part for part in vars(potentials).values() if part is not LENGTHS),
                       LENGTHS)  # fmt: skip
    assert not viterbi(equal).any()
    best = n_best(TagDistribution(equal), 4)
    # The lowest last tag first, then the lowest one before it.
    assert best.tags[0].tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [2, 0, 0, 0], [0, 1, 0, 0]]


@pytest.mark.parametrize("scale", [30.0, 300.0, 3000.0])
def test_extreme_scores_are_exact(scale):
    for seed in range(4):
        potentials = make(scale=scale, seed=seed)
        distribution = TagDistribution(potentials)
        marginals = rows(potentials, distribution.marginals)
        for sentence, length in enumerate(LENGTHS):
            expected = np.zeros(marginals.shape[1:])
            for path, chance in all_paths(potentials, sentence).items():
                expected[range(length), path] += chance
            np.testing.assert_allclose(marginals[sentence], expected, atol=1e-9)


def test_what_is_lost_by_products_is_summed_exactly():
    """A path that falls behind by 2,000 in the middle, and is the best in the end."""
    emissions = np.zeros((1, 3, 2))
    emissions[0, :, 1] = 1000.0, -2000.0, 1000.5
    transitions = np.array([[0.0, -np.inf], [-np.inf, 0.0]])
    potentials = Potentials(emissions, transitions, np.zeros(2), np.zeros(2), np.array([3]))
    distribution = TagDistribution(potentials)
    assert distribution._exact
    chance = np.exp(0.5) / (1 + np.exp(0.5))
    np.testing.assert_allclose(rows(potentials, distribution.marginals)[0, :, 1], chance)
    assert not TagDistribution(make())._exact


def test_what_has_no_path():
    forbidden = make()
    forbidden = Potentials(
        forbidden.emissions, np.full((5, 5), -np.inf), forbidden.start, forbidden.end, LENGTHS
    )
    unknown = make()
    unknown.emissions[1, 1, 1] = np.nan
    for potentials in (forbidden, unknown):
        with pytest.raises(ValueError, match="no best path"):
            viterbi(potentials)
        with pytest.raises(ValueError, match="no path is permitted|not finite"):
            TagDistribution(potentials)
    with pytest.raises(ValueError, match="longest first"):
        Potentials(forbidden.emissions, *[np.zeros(5)] * 3, LENGTHS[::-1])
    with pytest.raises(ValueError, match="k must be at least 1"):
        n_best(TagDistribution(make()), 0)


@pytest.mark.parametrize("scale", [1.0, 400.0])
@pytest.mark.parametrize("repair", [None, "O", "B"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_probabilities_of_spans(encoding, repair, scale):
    """Of every span that some sequence has; and of one that none has."""
    labels = LABELS[encoding]
    read = get_encoding(encoding).spans
    if repair is not None:
        read = partial(repaired_spans, repair=repair)
    rules = SpanRules.of(read, labels)
    potentials = make(scale=scale)
    expected: dict[SentenceSpan, float] = defaultdict(float)
    for sentence in range(len(LENGTHS)):
        for path, chance in all_paths(potentials, sentence).items():
            for label, start, end in read([labels[tag] for tag in path]):
                expected[SentenceSpan(sentence, start, end - 1, label)] += chance
    spans = [*expected, SentenceSpan(0, 0, 0, "nothing")]
    found = TagDistribution(potentials).span_probabilities(spans, rules)
    np.testing.assert_allclose(found, [*expected.values(), 0.0], atol=1e-9)
    assert TagDistribution(potentials).span_probabilities([], rules).shape == (0,)


@pytest.mark.parametrize("target", ENCODINGS)
@pytest.mark.parametrize("source", ENCODINGS)
def test_probabilities_of_written_tags(source, target):
    labels, writer, reader = LABELS[source], get_encoding(target), get_encoding(source)
    written = WrittenTags(labels, writer, SpanRules.of(reader.spans, labels))
    potentials = make(scale=1.0, seed=3)
    found = rows(potentials, written.probabilities(TagDistribution(potentials)))
    for sentence, length in enumerate(LENGTHS):
        expected = np.zeros((length, len(written.names)))
        for path, chance in all_paths(potentials, sentence).items():
            spans = reader.spans([labels[tag] for tag in path])
            for position, tag in enumerate(writer.spans_to_tags(spans, length)):
                expected[position, written.names.index(tag)] += chance
        np.testing.assert_allclose(found[sentence, :length], expected, atol=1e-9)


def test_plain_labels_are_written_as_they_are():
    potentials = make()
    distribution = TagDistribution(potentials)
    written = WrittenTags(["a", "b", "c", "d", "e"])
    assert written.names == ["a", "b", "c", "d", "e"]
    assert written.probabilities(distribution) is distribution.marginals


def test_rules_of_spans():
    rules = SpanRules.of(get_encoding("BIO").spans, ["O", "B-NP", "I-NP", "B-VP"])
    assert rules.labels == {"NP": 0, "VP": 1}
    assert rules.label_of.tolist() == [-1, 0, 0, 1]
    assert rules.starts[-1].tolist() == [False, True, True, True]
    assert rules.starts[1].tolist() == [False, True, False, True]
    assert np.argwhere(rules.continues).tolist() == [[1, 2], [2, 2]]
