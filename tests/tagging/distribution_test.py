"""Probabilities of tags, sequences and spans, against the sum over all sequences, one by one."""

from collections import defaultdict
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.network.crf import ConditionalRandomField
from bilstm_tagger.network.permitted_paths import AllowedTransitions
from bilstm_tagger.tagging.chain import Potentials
from bilstm_tagger.tagging.distribution import TagDistribution
from bilstm_tagger.tagging.span_rules import SentenceSpan, SpanRules
from bilstm_tagger.text.encodings import ENCODINGS, get_encoding
from bilstm_tagger.text.tag_repair import repaired_spans

LENGTHS = [4, 3, 3, 1]
TAGS = {
    "IOB1": ["O", "I-A", "B-A", "I-B", "B-B"],
    "BIO": ["O", "B-A", "I-A", "B-B", "I-B"],
    "IOBES": ["O", "B-A", "I-A", "E-A", "S-A"],
    "BMES": ["O", "B-A", "M-A", "E-A", "S-A"],
    "BMEWO": ["O", "B-A", "M-A", "E-A", "W-A"],
    "BILOU": ["O", "B-A", "I-A", "L-A", "U-A"],
    "IO": ["O", "I-A", "I-B"],
}


@pytest.fixture(scope="session")
def check(all_paths):
    """Compares all probabilities with enumeration, where `read` finds the spans of a sequence."""

    def compare(potentials: Potentials, tags, read, atol=1e-9) -> TagDistribution:
        distribution, rules = TagDistribution(potentials), SpanRules.of(read, tags)
        marginals = np.zeros(potentials.emissions.shape)
        starting, adjacent, ending = (np.zeros_like(marginals) for _ in range(3))
        chances: dict[SentenceSpan, float] = defaultdict(float)
        for sentence, length in enumerate(potentials.lengths):
            paths = all_paths(potentials, sentence)
            for path, value in paths.items():
                chance = np.exp(value)
                marginals[sentence, range(length), path] += chance
                stop = {}  # of the label that a span ends with, where it ends
                for label, start, end in read([tags[tag] for tag in path]):
                    chances[SentenceSpan(sentence, start, end - 1, label)] += chance
                    starting[sentence, start, path[start]] += chance
                    if start and tags[path[start - 1]].endswith("-" + label):
                        adjacent[sentence, start, path[start]] += chance
                    stop[end - 1] = label
                for position in range(length):
                    goes_on = position + 1 < length and rules.continues[tuple(path[position:][:2])]
                    ending[sentence, position, path[position]] += 0 if goes_on else chance
            ids = np.zeros(marginals.shape[:2], int)
            for path in [*list(paths)[:10], *list(paths)[-2:]]:
                ids[sentence, :length] = path
                value = distribution.log_probabilities(ids)[sentence]
                np.testing.assert_allclose(value, paths[path], rtol=1e-9, atol=atol)
        padded = distribution.order.padded
        np.testing.assert_allclose(padded(distribution.marginals), marginals, atol=atol)
        expected = marginals, starting, adjacent, ending
        for values, sums in zip(distribution.neighbours(rules), expected, strict=True):
            np.testing.assert_allclose(padded(values), sums, atol=atol)
        spans = [
            SentenceSpan(sentence, first, last, label)
            for sentence, length in enumerate(potentials.lengths)
            for first in range(length)
            for last in range(first, length)
            for label in ("A", "B", "of no tag")
        ]
        assert set(chances) <= set(spans)
        found = distribution.span_probabilities(spans, rules)
        np.testing.assert_allclose(found, [chances[span] for span in spans], atol=atol)
        return distribution

    return compare


def rules_of(encoding: str) -> SpanRules:
    return SpanRules.of(get_encoding(encoding).spans, TAGS[encoding])


def exact_only(monkeypatch: pytest.MonkeyPatch, precise: bool) -> None:
    """Whether the product form is taken, in whatever case."""
    monkeypatch.setattr(TagDistribution, "_is_precise", lambda self: precise)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_equals_enumeration(make_chain, check, monkeypatch, encoding, constrained, moves, exact):
    """In either form; with transitions, or of independent tags."""
    if exact:
        exact_only(monkeypatch, False)
    tags, rules = TAGS[encoding], get_encoding(encoding).allowed(TAGS[encoding])
    potentials = make_chain(LENGTHS, len(tags), 1.5, rules if constrained else None)
    if not moves:
        for part in (potentials.transitions, potentials.start, potentials.end):
            part[part > -np.inf] = 0.0
    distribution = check(potentials, tags, get_encoding(encoding).spans)
    assert distribution._exact == exact


@pytest.mark.parametrize("scale", [1.0, 400.0])
@pytest.mark.parametrize("repair", ["O", "B"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_spans_after_a_repair(make_chain, check, encoding, repair, scale):
    potentials = make_chain(LENGTHS, len(TAGS[encoding]), scale)
    check(potentials, TAGS[encoding], partial(repaired_spans, repair=repair))


@given(
    st.sampled_from(list(ENCODINGS)),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.5, 5.0, 300.0, 1e4]),
    st.sampled_from([0.0, 1.0, 1e3]),
    st.sampled_from([1.0, 0.7, 0.3]),
    st.integers(0, 99),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_any_case(make_chain, check, encoding, lengths, scale, moves, permitted, seed):
    lengths = sorted(lengths, reverse=True)
    size = len(TAGS[encoding])
    potentials = make_chain(lengths, size, scale, permitted=permitted, seed=seed)
    for part in (potentials.transitions, potentials.start, potentials.end):
        part[part > -np.inf] *= moves / (scale or 1.0)
    check(potentials, TAGS[encoding], get_encoding(encoding).spans, atol=1e-8)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("scale", [30.0, 300.0, 3000.0])
def test_extreme_scores(make_chain, check, scale, constrained):
    encoding = get_encoding("BIO")
    rules = encoding.allowed(TAGS["BIO"]) if constrained else None
    forms = set()
    for seed in range(4):
        potentials = make_chain(LENGTHS, 5, scale, rules, seed=seed)
        forms.add(check(potentials, TAGS["BIO"], encoding.spans)._exact)
    assert forms == {scale > 100}


def behind_in_the_middle(moves: float = -np.inf) -> Potentials:
    """The second tag falls behind by 1,000 in the middle, and is the better one in the end."""
    emissions = np.array([[[0.0, 500.0], [0.0, -1500.0], [0.0, 1000.5]]])
    transitions = np.where(np.eye(2, dtype=bool), 0.0, moves)
    return Potentials(emissions, transitions, *np.zeros((2, 2)), np.array([3]))


@pytest.mark.parametrize("moves", [-np.inf, -5000.0])
def test_what_products_lose_is_summed_exactly(check, monkeypatch, moves):
    potentials = behind_in_the_middle(moves)
    distribution = check(potentials, ["O", "I-A"], get_encoding("IOB1").spans)
    assert distribution._exact
    chance = np.exp(0.5) / (1 + np.exp(0.5))
    np.testing.assert_allclose(distribution.marginals[:, 1], chance)
    # It is the products that lose it, and all paths with it.
    exact_only(monkeypatch, True)
    with pytest.raises(ValueError, match="no path"):
        TagDistribution(potentials)


def test_both_forms_agree_below_the_limit(make_chain, monkeypatch):
    """As far as products are precise: up to differences of hundreds."""
    rules = rules_of("BIO")
    for seed in range(20):
        potentials = make_chain([9, 9, 4, 1], 5, 30.0, seed=seed)
        product = TagDistribution(potentials)
        with monkeypatch.context() as patch:
            exact_only(patch, False)
            exact = TagDistribution(potentials)
        assert exact._exact and not product._exact
        np.testing.assert_allclose(product.log_partition, exact.log_partition, rtol=1e-13)
        np.testing.assert_allclose(product.marginals, exact.marginals, rtol=1e-9, atol=1e-12)
        parts = zip(product.neighbours(rules), exact.neighbours(rules), strict=True)
        for values, same in parts:
            np.testing.assert_allclose(values, same, rtol=1e-9, atol=1e-12)


def test_marginals_are_those_of_training(make_chain):
    encoding = get_encoding("IOBES").allowed(TAGS["IOBES"])
    crf = ConditionalRandomField(5, AllowedTransitions(*map(torch.tensor, encoding))).double()
    lengths = np.sort(np.random.default_rng(0).integers(1, 30, 40))[::-1].tolist()
    free, held = (make_chain(lengths, 5, rules=rules) for rules in (None, encoding))
    mask = torch.arange(lengths[0]) < torch.tensor(lengths)[:, None]
    with torch.no_grad():
        for name in ("transitions", "start", "end"):
            parameter = getattr(crf, name if name == "transitions" else f"{name}_scores")
            parameter.copy_(torch.from_numpy(getattr(free, name)))
    for potentials, constrained in ((free, False), (held, True)):
        emissions = torch.from_numpy(potentials.emissions)
        distribution = TagDistribution(potentials)
        expected = crf.marginals(emissions, mask, constrained).numpy()
        np.testing.assert_allclose(
            distribution.order.padded(distribution.marginals), expected, atol=1e-10
        )
        partition = crf.log_partition(emissions, mask, constrained).detach().numpy()
        np.testing.assert_allclose(distribution.log_partition, partition)


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_results_do_not_depend_on_the_batch(make_chain, scale):
    lengths, encoding = [7, 6, 3, 1], get_encoding("IOBES")
    potentials = make_chain(lengths, 5, scale, encoding.allowed(TAGS["IOBES"]))
    whole, rules = TagDistribution(potentials), rules_of("IOBES")
    marginals = whole.order.padded(whole.marginals)
    for row, length in enumerate(lengths):
        emissions = potentials.emissions[[row], :length]
        scores = potentials.transitions, potentials.start, potentials.end
        alone = TagDistribution(Potentials(emissions, *scores, np.array([length])))
        np.testing.assert_allclose(alone.marginals, marginals[row, :length], atol=1e-10)
        spans = [
            SentenceSpan(0, first, last, "A")
            for first in range(length)
            for last in range(first, length)
        ]
        moved = [span._replace(sentence=row) for span in reversed(spans)]  # in any order
        np.testing.assert_allclose(
            alone.span_probabilities(spans, rules),
            whole.span_probabilities(moved, rules)[::-1],
            atol=1e-10,
        )


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])
def test_independent_tags_are_the_softmax(make_chain, scale):
    potentials = make_chain([6, 2, 1], 4, scale)
    for part in (potentials.transitions, potentials.start, potentials.end):
        part[:] = 0.0
    distribution = TagDistribution(potentials)
    order = distribution.order
    emissions = torch.from_numpy(potentials.emissions[order.sentence, order.position])
    np.testing.assert_allclose(distribution.marginals, emissions.softmax(1), atol=1e-9)
    ids = np.array([[3, 0, 1, 1, 2, 0], [1, 2, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0]])
    chosen = emissions.log_softmax(1)[range(9), ids[order.sentence, order.position]].numpy()
    expected = np.bincount(order.sentence, chosen)
    np.testing.assert_allclose(distribution.log_probabilities(ids), expected, atol=1e-9)


def test_forbidden_tags_have_no_probability(make_chain):
    potentials = make_chain([3, 2], 5, rules=get_encoding("BIO").allowed(TAGS["BIO"]))
    distribution = TagDistribution(potentials)
    found = distribution.log_probabilities(np.array([[1, 2, 2], [1, 4, 0]]))
    assert np.isfinite(found[0]) and found[1] == -np.inf
    assert not distribution.marginals[:2, [2, 4]].any()  # of the first tokens


@pytest.mark.parametrize("garbage", [0.0, 1.5e308, np.inf, np.nan])
def test_padding_has_no_influence(make_chain, garbage):
    potentials = make_chain([6, 2, 1], 5)
    expected = TagDistribution(potentials)
    potentials.emissions[np.arange(6) >= potentials.lengths[:, None]] = garbage
    found = TagDistribution(potentials)
    assert np.array_equal(found.marginals, expected.marginals)
    assert np.array_equal(found.log_partition, expected.log_partition)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("exact", [False, True])
def test_spans_that_nothing_continues(make_chain, monkeypatch, exact):
    """They have no probability, and numpy warns of nothing."""
    if exact:
        exact_only(monkeypatch, False)
    rules = SpanRules.of(get_encoding("BIO").spans, ["O", "B-A"])
    spans = [SentenceSpan(0, 0, 2, "A"), SentenceSpan(0, 0, 2, "B"), SentenceSpan(1, 0, 0, "B")]
    distribution = TagDistribution(make_chain([3, 1], 2))
    assert distribution.span_probabilities(spans, rules).tolist() == [0.0] * 3
    assert distribution.span_probabilities([], rules).shape == (0,)


@pytest.mark.filterwarnings("error")
def test_no_permitted_path_is_an_error(make_chain):
    potentials = make_chain([2, 1], 2)
    potentials.start[1] = potentials.end[0] = -np.inf  # 0 starts and 1 ends
    with pytest.raises(ValueError, match="no path is permitted for the length"):
        TagDistribution(potentials)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_scores_that_are_not_finite_are_an_error(make_chain, wrong, position):
    potentials = make_chain([3, 3, 1], 2)
    potentials.emissions[1, position, 1] = wrong
    with pytest.raises(ValueError, match="not finite"):
        TagDistribution(potentials)
