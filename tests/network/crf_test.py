from collections.abc import Callable
from functools import partial
from itertools import pairwise, product
from typing import Optional

import pytest
import torch
from allennlp.modules.conditional_random_field import ConditionalRandomField as AllenNLPCRF
from torch import Tensor

from bilstm_tagger.network import crf_functional
from bilstm_tagger.network.crf import ConditionalRandomField
from bilstm_tagger.network.permitted_paths import AllowedTransitions

SHAPES = [
    # lengths, tags
    ([1], 1),
    ([1], 4),
    ([3], 1),
    ([1, 2, 3], 2),
    ([4, 4], 3),
    ([5, 3, 1, 5], 3),
    ([2, 5], 5),
    ([4, 1, 2], 4),
]


def make_allowed(num_tags: int) -> AllowedTransitions:
    """Forbids much, but not the path of tag 0 alone."""
    start = torch.rand(num_tags) < 0.6
    transitions = torch.rand(num_tags, num_tags) < 0.6
    end = torch.rand(num_tags) < 0.6
    start[0] = transitions[0, 0] = end[0] = True
    return AllowedTransitions(start, transitions, end)


def make_crf(
    num_tags: int,
    scale: float = 1.0,
    dtype: torch.dtype = torch.float64,
    allowed: Optional[AllowedTransitions] = None,
) -> ConditionalRandomField:
    crf = ConditionalRandomField(num_tags, allowed).to(dtype)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, std=scale)
    return crf


def make_emissions(
    lengths: list[int], num_tags: int, scale: float = 1.0, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """Emissions, which are large on padding, and their mask."""
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    emissions = torch.randn(*mask.shape, num_tags, dtype=dtype) * scale
    return torch.where(mask.unsqueeze(2), emissions, 1e4 * torch.randn_like(emissions)), mask


def enumerate_paths(
    crf: ConditionalRandomField, emissions: Tensor, constrained: bool
) -> dict[tuple[int, ...], float]:
    """The scores of all (permitted) paths of one sentence, (length, num_tags), in double."""
    start, transitions, end = (
        scores.detach().double() for scores in (crf.start_scores, crf.transitions, crf.end_scores)
    )
    if constrained:
        start = start.masked_fill(~crf.allowed_start, -torch.inf)
        transitions = transitions.masked_fill(~crf.allowed_transitions, -torch.inf)
        end = end.masked_fill(~crf.allowed_end, -torch.inf)
    rows, moves = emissions.detach().double().tolist(), transitions.tolist()
    first, last = start.tolist(), end.tolist()
    paths = {}
    for path in product(range(crf.num_tags), repeat=len(rows)):
        score = first[path[0]] + sum(row[tag] for row, tag in zip(rows, path, strict=True))
        score += sum(moves[a][b] for a, b in pairwise(path)) + last[path[-1]]
        if score > -torch.inf:
            paths[path] = score
    return paths


def gradients_are_right(
    crf: ConditionalRandomField, emissions: Tensor, method: Callable[[Tensor], Tensor]
) -> bool:
    """Whether the gradients of a method of the CRF, of emissions and of all parameters, are the
    numeric ones."""

    class Method(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.crf = crf

        def forward(self, emissions):
            return method(emissions)

    names = [name for name, _ in Method().named_parameters()]

    def of_tensors(emissions, *parameters):
        values = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(Method(), values, (emissions,))

    return torch.autograd.gradcheck(of_tensors, (emissions.requires_grad_(), *crf.parameters()))


def slow_log_partition(crf: ConditionalRandomField, emissions: Tensor, mask: Tensor) -> Tensor:
    """One sentence at a time, in log space."""
    totals = []
    for row, length in zip(emissions, mask.sum(1).tolist(), strict=True):
        alpha = crf.start_scores + row[0]
        for emission in row[1:length]:
            alpha = torch.logsumexp(alpha.unsqueeze(1) + crf.transitions, 0) + emission
        totals.append(torch.logsumexp(alpha + crf.end_scores, 0))
    return torch.stack(totals)


def slow_score(
    crf: ConditionalRandomField, emissions: Tensor, tags: Tensor, mask: Tensor
) -> Tensor:
    totals = []
    for row, path, length in zip(emissions, tags.tolist(), mask.sum(1).tolist(), strict=True):
        score = crf.start_scores[path[0]] + crf.end_scores[path[length - 1]]
        score = score + sum(row[position, path[position]] for position in range(length))
        for position in range(1, length):
            score = score + crf.transitions[path[position - 1], path[position]]
        totals.append(score)
    return torch.stack(totals)


def inputs_of(crf: ConditionalRandomField, emissions: Tensor) -> list[Tensor]:
    return [emissions, crf.transitions, crf.start_scores, crf.end_scores]


def check_against_enumeration(
    crf: ConditionalRandomField,
    emissions: Tensor,
    mask: Tensor,
    constrained: bool,
    tolerance: float = 1e-10,
) -> None:
    tags = torch.randint(crf.num_tags, mask.shape)
    log_partition = crf.log_partition(emissions, mask, constrained)
    log_likelihood = crf.log_likelihood(emissions, tags, mask, constrained)
    marginals = crf.marginals(emissions, mask, constrained)
    best, scores = crf.viterbi(emissions, mask, constrained)
    for row, length in enumerate(mask.sum(1).tolist()):
        paths = enumerate_paths(crf, emissions[row, :length], constrained)
        values = torch.tensor(list(paths.values()), dtype=torch.float64)
        total = values.logsumexp(0)
        expected = torch.zeros(mask.shape[1], crf.num_tags, dtype=torch.float64)
        for path, probability in zip(paths, (values - total).exp(), strict=True):
            expected[torch.arange(length), list(path)] += probability
        near = partial(torch.testing.assert_close, atol=tolerance, rtol=tolerance)
        near(log_partition[row].double(), total)
        near(marginals[row].double(), expected)
        gold = paths.get(tuple(tags[row, :length].tolist()), -torch.inf)
        near(log_likelihood[row].double(), gold - total)
        found = tuple(best[row, :length].tolist())
        assert found in paths and not best[row, length:].any()
        near(scores[row].double(), values.max())
        assert paths[found] == pytest.approx(float(values.max()), rel=tolerance, abs=tolerance)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(("lengths", "num_tags"), SHAPES)
@pytest.mark.parametrize("constrained", [False, True])
def test_equals_enumeration(lengths: list[int], num_tags: int, constrained: bool) -> None:
    for scale in (0.5, 3.0):
        crf = make_crf(num_tags, scale, allowed=make_allowed(num_tags))
        emissions, mask = make_emissions(lengths, num_tags, scale)
        check_against_enumeration(crf, emissions, mask, constrained)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize(("scale", "moves"), [(20, 5), (200, 1), (1, 100), (200, 100), (3e4, 1e4)])
def test_extreme_scores_equal_enumeration(
    dtype: torch.dtype, constrained: bool, scale: float, moves: float
) -> None:
    tolerance = 1e-10 if dtype == torch.float64 else 2e-5
    # In single precision, a probability is as exact as the scores are: to 1e5 * 1e-7.
    tolerance *= max(1.0, scale / 100)
    for _ in range(4):
        crf = make_crf(3, moves, dtype, make_allowed(3))
        emissions, mask = make_emissions([5, 4, 1], 3, scale, dtype)
        check_against_enumeration(crf, emissions, mask, constrained, tolerance)


@pytest.mark.parametrize("lengths", [[4, 4, 4], [9, 4, 1], [1, 1]])
@pytest.mark.parametrize(("scale", "moves"), [(1, 1), (10, 10), (200, 100)])
def test_gradient_equals_log_space(lengths: list[int], scale: float, moves: float) -> None:
    crf = make_crf(6, moves)
    emissions, mask = make_emissions(lengths, 6, scale)
    emissions.requires_grad_()
    tags = torch.randint(6, mask.shape)
    weights = torch.rand(len(lengths), dtype=torch.float64)
    inputs = inputs_of(crf, emissions)
    found = crf.log_likelihood(emissions, tags, mask)
    expected = slow_score(crf, emissions, tags, mask) - slow_log_partition(crf, emissions, mask)
    torch.testing.assert_close(found, expected)

    def gradients(values: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(values @ weights, inputs, materialize_grads=True)

    torch.testing.assert_close(gradients(found), gradients(expected))
    torch.testing.assert_close(
        gradients(crf.log_partition(emissions, mask)),
        gradients(slow_log_partition(crf, emissions, mask)),
    )


@pytest.mark.parametrize("lengths", [[3, 3], [6, 2, 1]])
@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_gradcheck(lengths: list[int], constrained: bool, scale: float) -> None:
    crf = make_crf(3, allowed=make_allowed(3))
    emissions, mask = make_emissions(lengths, 3, scale)
    emissions = (emissions * mask.unsqueeze(2)).requires_grad_()
    tags = torch.zeros_like(mask, dtype=torch.long)

    def likelihood(*inputs: Tensor) -> Tensor:
        names = ("transitions", "start_scores", "end_scores")
        for name, value in zip(names, inputs[1:], strict=True):
            del crf._parameters[name]
            setattr(crf, name, value)
        try:
            return crf.log_likelihood(inputs[0], tags, mask, constrained)
        finally:
            for name, value in parameters.items():
                delattr(crf, name)
                crf.register_parameter(name, value)

    parameters = dict(crf.named_parameters())
    assert torch.autograd.gradcheck(likelihood, inputs_of(crf, emissions))


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize(("size", "num_tags"), [((8, 12), 7), ((32, 24), 23), ((1, 5), 3)])
def test_agrees_with_allennlp(ragged: bool, size: tuple[int, int], num_tags: int) -> None:
    lengths = [size[1], *torch.randint(1, size[1] + 1, (size[0] - 1,)).tolist()]
    emissions, mask = make_emissions(
        lengths if ragged else [size[1]] * size[0], num_tags, dtype=torch.float32
    )
    emissions = (emissions * mask.unsqueeze(2)).requires_grad_()
    tags = torch.randint(num_tags, mask.shape)
    theirs = AllenNLPCRF(num_tags)
    crf = make_crf(num_tags, dtype=torch.float32)
    crf.load_state_dict(
        {
            "transitions": theirs.transitions,
            "start_scores": theirs.start_transitions,
            "end_scores": theirs.end_transitions,
        }
    )
    found, expected = crf.log_likelihood(emissions, tags, mask).sum(), theirs(emissions, tags, mask)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    their_inputs = [
        emissions, theirs.transitions, theirs.start_transitions, theirs.end_transitions
    ]  # fmt: skip
    torch.testing.assert_close(
        torch.autograd.grad(found, inputs_of(crf, emissions)),
        torch.autograd.grad(expected, their_inputs),
        rtol=1e-5,
        atol=1e-5,
    )
    best, scores = crf.viterbi(emissions, mask)
    for row, (path, score) in enumerate(theirs.viterbi_tags(emissions, mask)):
        assert best[row, : len(path)].tolist() == path
        assert float(scores[row]) == pytest.approx(score, rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_long_sentences(dtype: torch.dtype, scale: float) -> None:
    crf = make_crf(4, dtype=dtype)
    emissions, mask = make_emissions([2000, 1500], 4, scale, dtype)
    emissions.requires_grad_()
    tags = crf.viterbi(emissions, mask)[0]
    likelihood = crf.log_likelihood(emissions, tags, mask)
    likelihood.sum().backward()
    assert emissions.grad is not None and emissions.grad.isfinite().all()
    assert crf.transitions.grad is not None and crf.transitions.grad.isfinite().all()
    marginals = crf.marginals(emissions, mask)
    torch.testing.assert_close(marginals.sum(2), mask.to(dtype))
    found = crf.log_partition(emissions, mask).double()
    expected = slow_log_partition(crf.double(), emissions.double(), mask)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-10
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("intervals", [(1,), (2,), (7,), ()])
@pytest.mark.parametrize("lengths", [[9, 9], [9, 8, 2, 1]])
def test_ways_to_compute_agree(
    monkeypatch: pytest.MonkeyPatch, intervals: tuple[int, ...], lengths: list[int]
) -> None:
    crf = make_crf(5, allowed=make_allowed(5))
    emissions, mask = make_emissions(lengths, 5)
    emissions.requires_grad_()
    tags = torch.zeros_like(mask, dtype=torch.long)

    def results() -> list[Tensor]:
        found: list[Tensor] = []
        for constrained in (False, True):
            likelihood = crf.log_likelihood(emissions, tags, mask, constrained)
            found += torch.autograd.grad(likelihood.sum(), inputs_of(crf, emissions))
            found += [likelihood, crf.marginals(emissions, mask, constrained)]
        return found

    expected = results()
    monkeypatch.setattr(crf_functional, "_INTERVALS", intervals)
    torch.testing.assert_close(results(), expected)


def test_common_scores_need_no_log_space(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Tensor:
        raise AssertionError

    monkeypatch.setattr(crf_functional, "_log_space_partition", refuse)
    crf = make_crf(23, 3.0, torch.float32)
    emissions, mask = make_emissions([60, 24, 3], 23, 10.0, torch.float32)
    assert crf.log_partition(emissions, mask).isfinite().all()


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_no_mask_is_the_full_mask(scale: float) -> None:
    crf = make_crf(5, dtype=torch.float32)
    emissions, mask = make_emissions([7, 7], 5, scale, torch.float32)
    tags = torch.randint(5, mask.shape)
    assert crf.log_likelihood(emissions, tags).equal(crf.log_likelihood(emissions, tags, mask))
    assert crf.log_partition(emissions).equal(crf.log_partition(emissions, mask))
    assert crf.marginals(emissions).equal(crf.marginals(emissions, mask))
    for found, expected in zip(crf.viterbi(emissions), crf.viterbi(emissions, mask), strict=True):
        assert found.equal(expected)


@pytest.mark.parametrize("scale", [1.0, 300.0])
@pytest.mark.parametrize("garbage", [0.0, -7.0, 1e30, -1e38])
def test_padding_has_no_influence(scale: float, garbage: float) -> None:
    crf = make_crf(5, dtype=torch.float32)
    emissions, mask = make_emissions([7, 3, 1], 5, scale, torch.float32)
    tags = torch.randint(5, mask.shape)

    def results(emissions: Tensor, tags: Tensor) -> tuple[Tensor, ...]:
        emissions = emissions.detach().requires_grad_()
        likelihood = crf.log_likelihood(emissions, tags, mask)
        gradients = torch.autograd.grad(likelihood.sum(), inputs_of(crf, emissions))
        marginals = crf.marginals(emissions, mask)
        assert not marginals[~mask].any() and not gradients[0][~mask].any()
        return likelihood, *gradients, marginals, *crf.viterbi(emissions, mask)

    expected = results(emissions, tags)
    emissions[~mask] = garbage * torch.rand(int((~mask).sum()), 5).round()
    found = results(emissions, tags.masked_fill(~mask, -100))
    assert all(a.equal(b) for a, b in zip(found, expected, strict=True))


def test_a_sentence_alone_equals_the_sentence_in_a_batch() -> None:
    crf = make_crf(5)
    lengths = [7, 3, 1, 6]
    emissions, mask = make_emissions(lengths, 5)
    before = emissions.clone()
    tags = torch.randint(5, mask.shape)
    likelihood, marginals = (
        crf.log_likelihood(emissions, tags, mask),
        crf.marginals(emissions, mask),
    )
    best, scores = crf.viterbi(emissions, mask)
    for row, length in enumerate(lengths):
        alone, path = emissions[row : row + 1, :length], tags[row : row + 1, :length]
        torch.testing.assert_close(crf.log_likelihood(alone, path)[0], likelihood[row])
        torch.testing.assert_close(crf.marginals(alone)[0], marginals[row, :length])
        found, score = crf.viterbi(alone)
        assert found[0].equal(best[row, :length])
        torch.testing.assert_close(score[0], scores[row])
    assert emissions.equal(before)


def test_forbidden_is_never_predicted() -> None:
    for trial in range(30):
        num_tags = 2 + trial % 5
        allowed = make_allowed(num_tags)
        crf = make_crf(num_tags, 10.0, torch.float32, allowed)
        # What is forbidden is also what the scores are most in favour of.
        with torch.no_grad():
            crf.transitions[~allowed.transitions] += 1e6
            crf.start_scores[~allowed.start] += 1e6
            crf.end_scores[~allowed.end] += 1e6
        lengths = [12, 12, *torch.randint(1, 13, (14,)).tolist()]
        emissions, mask = make_emissions(lengths, num_tags, 10.0 ** (trial % 7), torch.float32)
        best, _ = crf.viterbi(emissions, mask)
        marginals = crf.marginals(emissions, mask, constrained=True)
        assert not marginals[:, 0, ~allowed.start].any()
        for path, length in zip(best.tolist(), lengths, strict=True):
            assert allowed.start[path[0]] and allowed.end[path[length - 1]]
            assert all(allowed.transitions[a, b] for a, b in pairwise(path[:length]))


def test_constraints_apply_where_asked_for() -> None:
    allowed = AllowedTransitions(
        torch.tensor([True, False]), torch.ones(2, 2, dtype=torch.bool), torch.tensor([True, True])
    )
    crf = make_crf(2, 0.0, allowed=allowed)
    emissions = torch.tensor([[[0.0, 1.0]]], dtype=torch.float64)
    tags = torch.tensor([[1]])
    assert crf.viterbi(emissions)[0].tolist() == [[0]]
    assert crf.viterbi(emissions, constrained=False)[0].tolist() == [[1]]
    assert crf.log_likelihood(emissions, tags).isfinite().all()
    assert crf.log_likelihood(emissions, tags, constrained=True).tolist() == [-torch.inf]
    assert crf.marginals(emissions).min() > 0.2
    assert crf.marginals(emissions, constrained=True).tolist() == [[[1.0, 0.0]]]
    assert set(crf.state_dict()) == {"transitions", "start_scores", "end_scores"}
    assert make_crf(2).viterbi(emissions)[0].shape == (1, 1)


@pytest.mark.parametrize("padded", [False, True])
def test_no_permitted_path_is_an_error(padded: bool) -> None:
    # 0 starts and 1 ends, so that one token has no path.
    start = torch.tensor([True, False])
    crf = make_crf(2, allowed=AllowedTransitions(start, torch.ones(2, 2).bool(), ~start))
    emissions, mask = make_emissions([2, 1] if padded else [1, 1], 2)
    calls = [
        lambda: crf.viterbi(emissions, mask),
        lambda: crf.marginals(emissions, mask, constrained=True),
        lambda: crf.log_partition(emissions, mask, constrained=True),
        lambda: crf.log_likelihood(emissions, mask.long(), mask, constrained=True),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="permitted"):
            call()
    assert crf.viterbi(emissions[:1].expand(1, 2, 2) if padded else emissions.transpose(0, 1))
    with pytest.raises(ValueError, match="not finite"):
        crf.viterbi(torch.full_like(emissions, torch.nan), constrained=False)


def test_a_dead_end_beyond_the_last_token_does_no_harm() -> None:
    # Nothing follows tag 1, so that the recursion runs dry on padding.
    moves = torch.tensor([[False, True], [False, False]])
    everywhere = torch.ones(2, dtype=torch.bool)
    crf = make_crf(2, allowed=AllowedTransitions(everywhere, moves, everywhere))
    emissions, _ = make_emissions([9, 9], 2)
    mask = torch.arange(9) < torch.tensor([[2], [1]])
    check_against_enumeration(crf, emissions, mask, constrained=True)
    emissions.requires_grad_()
    likelihood = crf.log_likelihood(emissions, torch.ones(2, 9).long(), mask, constrained=True)
    gradients = torch.autograd.grad(likelihood[1], inputs_of(crf, emissions))
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("lengths", [[4, 4], [4, 2, 1]])
def test_ties_are_deterministic(lengths: list[int]) -> None:
    crf = make_crf(3, 0.0)
    emissions, mask = make_emissions(lengths, 3, 0.0)
    best, scores = crf.viterbi(emissions, mask)
    assert not best.any() and not scores.any()
    emissions[:, :, 0] = -1.0  # a tie of the other two
    assert crf.viterbi(emissions, mask)[0].equal(mask.long())


def test_gradient_only_where_required() -> None:
    emissions, mask = make_emissions([4, 2], 3)
    tags = torch.zeros_like(mask, dtype=torch.long)
    for position in range(4):
        crf = make_crf(3).requires_grad_(False)
        inputs = inputs_of(crf, emissions.clone())
        inputs[position].requires_grad_()
        crf.log_likelihood(inputs[0], tags, mask).mean().backward()
        assert [value.grad is not None for value in inputs] == [i == position for i in range(4)]
    with torch.no_grad():
        assert not make_crf(3).log_likelihood(emissions, tags, mask).requires_grad


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_dtypes_and_inference_mode(scale: float) -> None:
    crf = make_crf(3, dtype=torch.float32)
    emissions, mask = make_emissions([4, 2], 3, scale)
    assert crf.log_partition(emissions, mask).dtype == torch.float64
    emissions = emissions.float()
    expected = crf.marginals(emissions, mask)
    assert expected.dtype == torch.float32
    with torch.inference_mode():
        assert crf.marginals(emissions.clone(), mask.clone()).equal(expected)
        assert crf.viterbi(emissions, mask)[1].dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert crf.marginals(emissions, mask).equal(expected)


def test_initial_parameters() -> None:
    crf = ConditionalRandomField(9)
    assert 0 < crf.transitions.abs().max() <= (6 / 18) ** 0.5
    assert not crf.start_scores.any() and not crf.end_scores.any()


def test_wrong_arguments() -> None:
    crf = make_crf(3)
    emissions, mask = make_emissions([4, 2], 3)
    tags = torch.zeros(2, 4, dtype=torch.long)
    ones = torch.ones(3, dtype=torch.bool)
    late = torch.tensor([[True] * 4, [True, False, True, False]])
    none = torch.tensor([[True] * 4, [False] * 4])
    calls = [
        (lambda: crf.viterbi(emissions[0]), "emissions"),
        (lambda: crf.viterbi(emissions[..., :2]), "emissions"),
        (lambda: crf.log_partition(emissions[:, :0]), "emissions"),
        (lambda: crf.marginals(emissions, mask[:, :3]), "mask"),
        (lambda: crf.marginals(emissions, mask.long()), "mask"),
        (lambda: crf.marginals(emissions, late), "after padding"),
        (lambda: crf.marginals(emissions, none), "does not start"),
        (lambda: crf.log_likelihood(emissions, tags[:, :3], mask), "tags"),
        (lambda: crf.log_likelihood(emissions, tags.float(), mask), "tags"),
        (lambda: crf.viterbi(emissions, constrained=True), "without constraints"),
        (lambda: ConditionalRandomField(0), "num_tags"),
        (lambda: make_crf(3, allowed=AllowedTransitions(ones, ones, ones)), "transitions"),
        (lambda: make_crf(1, allowed=AllowedTransitions(ones, ones, ones)), "start"),
    ]
    for call, message in calls:
        with pytest.raises(ValueError, match=message):
            call()
