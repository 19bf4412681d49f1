"""Probabilities against the sum over all paths, one by one."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Optional

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bilstm_tagger.network import crf_functional
from bilstm_tagger.network.crf import AllowedTransitions, ConditionalRandomField, PermittedPaths
from bilstm_tagger.network.crf_probabilities import TagDistribution
from bilstm_tagger.network.span_rules import SentenceSpan, SpanRules
from bilstm_tagger.text.encodings import ENCODINGS, Span, get_encoding
from bilstm_tagger.text.tag_repair import repaired_spans

TAGS = {
    "BIO": ["O", "B-X", "I-X", "B-Y", "I-Y"],
    "IOB1": ["I-X", "O", "B-X", "I-Y", "B-Y"],
    "IOBES": ["E-X", "S-X", "O", "B-X", "I-X", "S-Y"],
    "BMES": ["O", "S-X", "B-X", "M-X", "E-X", "W-X"],  # two spellings of one prefix
    "BIOES": ["O", "B-X", "I-X", "S-Y"],  # nothing ends what B-X starts
    "BILOU": ["B-X", "L-X", "I-X", "U-X", "U-Y", "O"],
}
near = partial(torch.testing.assert_close, rtol=1e-9, atol=1e-10)


def rules_of(encoding: str, tags: Sequence[str]) -> SpanRules:
    return SpanRules.of(get_encoding(encoding).spans, tags)


def allowed_in(encoding: str, tags: Sequence[str]) -> AllowedTransitions:
    rules = get_encoding(encoding).allowed(tags)
    return AllowedTransitions(*(torch.tensor(rule) for rule in rules))


def make_distribution(
    lengths: Sequence[int],
    num_tags: int,
    scale: float = 1.0,
    moves: Optional[float] = None,
    allowed: Optional[AllowedTransitions] = None,
    seed: int = 0,
) -> TagDistribution:
    """Of a random CRF, or of independent tags if `moves`, the scale of transitions, is 0."""
    torch.manual_seed(seed)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    emissions = torch.randn(*mask.shape, num_tags, dtype=torch.float64) * scale
    emissions[~mask] *= 1e4
    crf = ConditionalRandomField(num_tags, allowed).double()
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, std=scale if moves is None else moves)
    return crf.distribution(emissions, mask)


def lengths_of(distribution: TagDistribution) -> list[int]:
    emissions, *_, padding = distribution.potentials
    if padding is None:
        return [emissions.shape[1]] * len(emissions)
    return (padding.last + 1).tolist()


def all_paths(distribution: TagDistribution) -> Iterator[tuple[Tensor, Tensor]]:
    """Of each sentence, all paths, (paths, length), and their log-probabilities."""
    emissions, transitions, start, end, _ = distribution.potentials
    for row, length in zip(emissions, lengths_of(distribution), strict=True):
        paths = torch.cartesian_prod(*[torch.arange(emissions.shape[2])] * length)
        paths = paths.view(-1, length)
        scores = start[paths[:, 0]] + end[paths[:, -1]]
        for position in range(length):
            scores = scores + row[position, paths[:, position]]
        for position in range(length - 1):
            scores = scores + transitions[paths[:, position], paths[:, position + 1]]
        yield paths, scores - scores.logsumexp(0)


def all_spans(lengths: Sequence[int], labels: Sequence[str]) -> list[SentenceSpan]:
    return [
        SentenceSpan(sentence, first, last, label)
        for sentence, length in enumerate(lengths)
        for first in range(length)
        for last in range(first, length)
        for label in labels
    ]


def expected_spans(distribution: TagDistribution, tags, read) -> dict[SentenceSpan, float]:
    found: dict[SentenceSpan, float] = defaultdict(float)
    for sentence, (paths, values) in enumerate(all_paths(distribution)):
        for path, probability in zip(paths.tolist(), values.exp().tolist(), strict=True):
            for label, start, end in read([tags[tag] for tag in path]):
                found[SentenceSpan(sentence, start, end - 1, label)] += probability
    return found


def check_spans(distribution: TagDistribution, tags: Sequence[str], read) -> None:
    expected = expected_spans(distribution, tags, read)
    spans = all_spans(lengths_of(distribution), ["Y", "X", "unknown"])
    assert set(expected) <= set(spans)
    found = distribution.span_probabilities(spans, SpanRules.of(read, tags))
    near(found, torch.tensor([expected[span] for span in spans], dtype=torch.float64))
    # The first tag of a span is one of its label.
    marginals = distribution.marginals()
    for (sentence, first, _, label), probability in zip(spans, found.tolist(), strict=True):
        own = [index for index, tag in enumerate(tags) if tag.endswith(f"-{label}")]
        assert probability <= float(marginals[sentence, first, own].sum()) + 1e-12


def check_tags(distribution: TagDistribution) -> None:
    emissions = distribution.potentials.emissions
    marginals = distribution.marginals()
    assert marginals.dtype == torch.float64 and marginals.shape == emissions.shape
    for sentence, (paths, values) in enumerate(all_paths(distribution)):
        length = paths.shape[1]
        expected = torch.zeros_like(marginals[sentence])
        for position in range(length):
            expected[position].index_add_(0, paths[:, position], values.exp())
        near(marginals[sentence], expected)
        assert not marginals[sentence, length:].any()
        # All paths of this sentence, beside any tags in the others.
        rows = torch.randint(emissions.shape[2], (len(paths), *emissions.shape[:2]))
        rows[:, sentence] = -100
        rows[:, sentence, :length] = paths
        some = torch.randperm(len(paths))[:20].tolist()
        for index in [*some, int(values.argmin()), int(values.argmax())]:
            found = distribution.log_probabilities(rows[index])
            near(found[sentence], values[index])


@pytest.mark.parametrize("moves", [None, 0.0])
@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("encoding", TAGS)
@pytest.mark.parametrize("intervals", [(4, 1), ()])
def test_equals_enumeration(
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    constrained: bool,
    moves: Optional[float],
    intervals: tuple[int, ...],
) -> None:
    monkeypatch.setattr(crf_functional, "_INTERVALS", intervals)  # (): in log space
    tags = TAGS[encoding]
    allowed = allowed_in(encoding, tags) if constrained else None
    distribution = make_distribution([4, 1, 3, 2], len(tags), 1.5, moves, allowed)
    check_tags(distribution)
    check_spans(distribution, tags, get_encoding(encoding).spans)


@pytest.mark.parametrize("repair", ["O", "B"])
@pytest.mark.parametrize("encoding", ["BIO", "IOBES", "BILOU"])
def test_spans_after_a_repair_equal_enumeration(encoding: str, repair: str) -> None:
    tags = TAGS[encoding]
    distribution = make_distribution([4, 4, 2], len(tags))
    check_spans(distribution, tags, partial(repaired_spans, repair=repair))


@st.composite
def cases(draw: st.DrawFn) -> tuple[TagDistribution, str, list[str]]:
    encoding = draw(st.sampled_from(list(ENCODINGS)))
    prefixes = {"BIO": "BI", "IOB1": "BI", "IOBES": "BIESMW", "BILOU": "BILU"}[encoding]
    known = ["O", *(f"{prefix}-{label}" for label in "XY" for prefix in prefixes)]
    tags = draw(st.lists(st.sampled_from(known), min_size=1, max_size=5, unique=True))
    allowed = None
    if "O" in tags and draw(st.booleans()):  # or else there may be no permitted path
        allowed = allowed_in(encoding, tags)
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    scale = draw(st.sampled_from([0.0, 0.5, 5.0, 300.0, 1e4]))
    moves = draw(st.sampled_from([0.0, 1.0, 1e3]))
    seed = draw(st.integers(0, 99))
    return make_distribution(lengths, len(tags), scale, moves, allowed, seed), encoding, tags


@given(cases())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_any_case_equals_enumeration(case: tuple[TagDistribution, str, list[str]]) -> None:
    distribution, encoding, tags = case
    check_tags(distribution)
    check_spans(distribution, tags, get_encoding(encoding).spans)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_rules_read_as_the_encoding(encoding: str) -> None:
    """Spans by the rules alone, tag by tag, in long random tags."""
    tags = sorted({tag for name in TAGS for tag in TAGS[name]})
    rules = rules_of(encoding, tags)
    torch.manual_seed(0)
    path = torch.randint(len(tags), (2000,)).tolist()
    found, start = [], None
    for position, tag in enumerate(path):
        before = path[position - 1] if position else len(tags)
        if start is not None and not rules.continues[before, tag]:
            found.append(Span(tags[before][2:], start, position))
            start = None
        if rules.starts[before, tag]:
            assert start is None
            start = position
    names = [tags[tag] for tag in path]
    assert found == [span for span in get_encoding(encoding).spans(names) if span.end < 2000]
    assert len(found) > 1000


@pytest.mark.parametrize(("scale", "constrained"), [(1.0, False), (1e4, True)])
def test_long_sentences(scale: float, constrained: bool) -> None:
    lengths, tags = [5000, 300, 1], TAGS["BIO"]
    allowed = allowed_in("BIO", tags) if constrained else None
    distribution = make_distribution(lengths, 5, scale, allowed=allowed)
    marginals = distribution.marginals()
    assert marginals.isfinite().all() and marginals.min() >= 0
    near(marginals.sum(2)[0], torch.ones(5000, dtype=torch.float64))
    best = distribution.n_best(1).tags[:, 0]
    assert distribution.log_probabilities(best).isfinite().all()
    spans = [
        *(SentenceSpan(0, first, first, "X") for first in range(0, 5000, 10)),
        SentenceSpan(0, 0, 4999, "Y"),
        SentenceSpan(1, 299, 299, "Y"),
    ]
    found = distribution.span_probabilities(spans, rules_of("BIO", tags))
    assert found.isfinite().all() and found.max() > 0.3 and found.max() <= 1
    # The spans of the best path are those of the distribution if scores are that extreme.
    if scale > 1:
        read = get_encoding("BIO").spans([tags[tag] for tag in best[0].tolist()])
        spans = [SentenceSpan(0, start, end - 1, label) for label, start, end in read]
        assert distribution.span_probabilities(spans, rules_of("BIO", tags)).mean() > 0.99


def test_a_span_of_thousands_of_tokens() -> None:
    emissions = torch.zeros(1, 5000, 3)
    emissions[:, 0, 1] = emissions[:, 1:, 2] = 30.0
    distribution = ConditionalRandomField(3).distribution(emissions)
    rules = rules_of("BIO", ["O", "B-X", "I-X"])
    spans = [SentenceSpan(0, 0, last, "X") for last in (4999, 4998)]
    found = distribution.span_probabilities(spans, rules).tolist()
    assert found[0] == pytest.approx(1.0, abs=1e-6) and found[1] < 1e-9


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_results_do_not_depend_on_the_batch(scale: float) -> None:
    lengths, tags = [7, 3, 1, 6], TAGS["IOBES"]
    whole = make_distribution(lengths, 6, scale, allowed=allowed_in("IOBES", tags))
    emissions, *others, _ = whole.potentials
    rules = rules_of("IOBES", tags)
    spans = all_spans(lengths, ["X", "Y"])
    together = whole.span_probabilities(spans, rules)
    sequences = whole.n_best(3)
    for row, length in enumerate(lengths):
        potentials = crf_functional.Potentials(emissions[[row], :length], *others, None)
        alone = TagDistribution(potentials)
        near(alone.marginals()[0], whole.marginals()[row, :length])
        own = torch.tensor([span.sentence == row for span in spans])
        moved = [span._replace(sentence=0) for span in spans if span.sentence == row]
        near(alone.span_probabilities(moved, rules), together[own])
        found = alone.n_best(3)
        assert found.tags[0].equal(sequences.tags[row, :, :length])
        near(found.log_probabilities[0], sequences.log_probabilities[row])
        tags_of_all = torch.zeros(4, 7, dtype=torch.long)
        tags_of_all[row, :length] = found.tags[0, 0]
        near(
            alone.log_probabilities(found.tags[:, 0])[0], whole.log_probabilities(tags_of_all)[row]
        )


def test_independent_tags_are_the_softmax() -> None:
    every = torch.ones(4, dtype=torch.bool)
    paths = PermittedPaths(AllowedTransitions(every, every.expand(4, 4), every))
    for scale in (1.0, 100.0, 1e4):
        emissions = torch.randn(3, 6, 4) * scale
        found = paths.distribution(emissions).marginals()
        near(found, emissions.double().softmax(2))


def test_large_scores_of_long_sentences_cost_no_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crf_functional, "_INTERVALS", ())  # in log space
    every = torch.ones(3, dtype=torch.bool)
    paths = PermittedPaths(AllowedTransitions(every, every.expand(3, 3), every))
    emissions = torch.randn(1, 1000, 3).double() + 1e5
    found = paths.distribution(emissions).marginals()
    torch.testing.assert_close(found, emissions.softmax(2), rtol=1e-10, atol=1e-12)


def test_no_probability_is_above_1() -> None:
    distribution = make_distribution([300] * 16, 1, 30.0)  # one path, which is certain
    values = distribution.log_probabilities(torch.zeros(16, 300, dtype=torch.long))
    assert values.max() <= 0
    near(values, torch.zeros(16, dtype=torch.float64))
    near(distribution.marginals(), torch.ones(16, 300, 1, dtype=torch.float64))


def test_forbidden_tags_have_no_probability() -> None:
    allowed = allowed_in("BIO", TAGS["BIO"])
    distribution = make_distribution([3, 2], 5, allowed=allowed)
    tags = torch.tensor([[1, 2, 2], [1, 4, 0]])
    found = distribution.log_probabilities(tags)
    assert found[0].isfinite() and found[1] == -torch.inf
    assert not distribution.marginals()[:, 0, [2, 4]].any()


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_dtypes_and_gradients(scale: float) -> None:
    crf = ConditionalRandomField(3)
    emissions = (torch.randn(2, 4, 3) * scale).requires_grad_()
    span = [SentenceSpan(0, 1, 2, "X")]
    rules = rules_of("BIO", ["O", "B-X", "I-X"])

    def results() -> list[Tensor]:
        distribution = crf.distribution(emissions)
        tags = torch.zeros(2, 4, dtype=torch.long)
        return [
            distribution.marginals(),
            distribution.log_probabilities(tags),
            distribution.span_probabilities(span, rules),
        ]

    expected = results()
    assert all(each.dtype == torch.float64 and not each.requires_grad for each in expected)
    with torch.inference_mode():
        assert all(a.equal(b) for a, b in zip(results(), expected, strict=True))


def test_no_spans_and_no_labels() -> None:
    distribution = make_distribution([2], 2)
    assert distribution.span_probabilities([], rules_of("BIO", ["O", "B-X"])).shape == (0,)
    rules = rules_of("BIO", ["O"])
    found = make_distribution([2], 1).span_probabilities([SentenceSpan(0, 0, 1, "X")], rules)
    assert found.tolist() == [0.0]


def test_no_permitted_path_is_an_error() -> None:
    # 0 starts and 1 ends, so that one token has no path.
    start = torch.tensor([True, False])
    allowed = AllowedTransitions(start, torch.ones(2, 2).bool(), ~start)
    distribution = make_distribution([2, 1], 2, allowed=allowed)
    rules = rules_of("BIO", ["O", "B-X"])
    calls = [
        distribution.marginals,
        lambda: distribution.log_probabilities(torch.zeros(2, 2, dtype=torch.long)),
        lambda: distribution.span_probabilities([SentenceSpan(0, 0, 0, "X")], rules),
        lambda: distribution.n_best(2),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="permitted"):
            call()


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_scores_that_are_not_finite_are_an_error(wrong: float) -> None:
    emissions = torch.zeros(1, 3, 2)
    emissions[0, 1, 1] = wrong
    distribution = ConditionalRandomField(2).distribution(emissions)
    tags = torch.zeros(1, 3, dtype=torch.long)
    calls = [distribution.marginals, lambda: distribution.log_probabilities(tags)]
    for call in [*calls, lambda: distribution.n_best(1)]:
        with pytest.raises(ValueError, match="not finite"):
            call()


def test_wrong_arguments() -> None:
    distribution = make_distribution([3, 2], 2)
    rules = rules_of("BIO", ["O", "B-X"])
    tags = torch.zeros(2, 3, dtype=torch.long)

    def spans(*span: object) -> None:
        distribution.span_probabilities([SentenceSpan(*span)], rules)  # type: ignore[arg-type]

    calls = [
        (lambda: distribution.log_probabilities(tags[:, :2]), "tags must be"),
        (lambda: distribution.log_probabilities(tags.int()), "tags must be"),
        (lambda: spans(2, 0, 0, "X"), "no sentence: there are 2"),
        (lambda: spans(-1, 0, 0, "X"), "no sentence"),
        (lambda: spans(1, 1, 2, "X"), "within its sentence of 2 tokens"),
        (lambda: spans(0, 1, 0, "X"), "within"),
        (lambda: spans(0, -1, 0, "X"), "within"),
        (lambda: make_distribution([1], 3).span_probabilities([], rules), "rules are of 2 tags"),
        (lambda: rules_of("BIO", ["O", "Q-X"]), "unknown prefix"),
    ]
    for call, message in calls:
        with pytest.raises(ValueError, match=message):
            call()
