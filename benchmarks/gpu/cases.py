"""Every kernel of the network on a small batch, to run on two devices and compare."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from bilstm_tagger.network.character_encoders import (
    CharacterCNN,
    CharacterLSTM,
    encode_distinct_words,
)
from bilstm_tagger.network.crf import ConditionalRandomField
from bilstm_tagger.network.permitted_paths import AllowedTransitions, PermittedPaths
from bilstm_tagger.network.stacked_bilstm import StackedBiLSTM

BATCH, LENGTH, TAGS = 8, 19, 12
INPUTS, HIDDEN = 40, 24
WORDS, CHARACTERS, LETTERS = 60, 11, 30
# So small that nothing is dropped, yet the code of dropout runs.
_NEXT_TO_NOTHING = 1e-9

Results = dict[str, Tensor]
# Everything is on its device before a kernel runs.
Kernel = Callable[[], Results]
# For a device and a number format.
Case = Callable[[torch.device, torch.dtype], Kernel]


def _lengths() -> Tensor:
    return torch.tensor([LENGTH, *range(LENGTH - 1, LENGTH - BATCH, -1)])


def _mask() -> Tensor:
    return torch.arange(LENGTH) < _lengths().unsqueeze(1)


def _rules() -> AllowedTransitions:
    transitions = torch.rand(TAGS, TAGS) > 0.3
    start, end = torch.rand(TAGS) > 0.3, torch.rand(TAGS) > 0.3
    # So that every length has a permitted path.
    start[0] = end[0] = transitions[0, 0] = True
    return AllowedTransitions(start, transitions, end)


def _with_gradients(name: str, module: torch.nn.Module, value: Tensor, *inputs: Tensor) -> Results:
    """A value, and the gradients of its sum, with its elements weighted differently."""
    module.zero_grad()
    for tensor in inputs:
        tensor.grad = None
    weights = torch.linspace(0.5, 1.5, value.numel(), device=value.device, dtype=value.dtype)
    with torch.autocast(value.device.type, enabled=False):  # as in any training
        (value.flatten() * weights).sum().backward()
    parameters = {name: p.grad for name, p in module.named_parameters() if p.grad is not None}
    named = {f"input {number}": tensor.grad for number, tensor in enumerate(inputs)}
    grads = {f"gradient of {name}": grad for name, grad in (parameters | named).items()}
    computed = {name: grad for name, grad in grads.items() if grad is not None}
    return {name: value.detach(), **computed}


def _crf_case(what: str, padded: bool, constrained: bool, scale: float) -> Case:
    def make(device: torch.device, dtype: torch.dtype) -> Kernel:
        torch.manual_seed(1)
        crf = ConditionalRandomField(TAGS, _rules() if constrained else None)
        emissions = (scale * torch.randn(BATCH, LENGTH, TAGS)).to(device, dtype).requires_grad_()
        tags = torch.randint(TAGS, (BATCH, LENGTH)).to(device)
        weights = torch.linspace(0.5, 2.0, TAGS).to(device, dtype)
        possible = torch.rand(BATCH, LENGTH, TAGS) < 0.4
        possible[..., 0] = True  # and with it, a permitted path
        possible = possible.to(device)
        mask = _mask().to(device) if padded else None
        crf.to(device, dtype)
        fixed = emissions.detach()
        if what == "viterbi":
            return lambda: dict(zip(("path", "score"), crf.viterbi(fixed, mask), strict=True))
        if what == "marginals":
            return lambda: {"marginals": crf.marginals(fixed, mask, constrained)}
        value = {
            "likelihood": lambda: crf.log_likelihood(emissions, tags, mask),
            "weighted transitions": lambda: crf.log_likelihood(
                emissions, tags, mask, transition_weights=weights
            ),
            "lannoy": lambda: crf.lannoy_log_likelihood(emissions, tags, weights, mask),
            "marginal likelihood": lambda: crf.marginal_log_likelihood(emissions, possible, mask),
            "partition": lambda: crf.log_partition(emissions, mask, constrained),
        }[what]
        return lambda: _with_gradients(what, crf, value(), emissions)

    return make


def _permitted_paths(device: torch.device, dtype: torch.dtype) -> Kernel:
    torch.manual_seed(2)
    paths = PermittedPaths(_rules()).to(device)
    emissions, mask = torch.randn(BATCH, LENGTH, TAGS).to(device, dtype), _mask().to(device)
    return lambda: {"path": paths(emissions, mask)}


def _lstm_case(padded: bool, dropout: float, masks: str) -> Case:
    def make(device: torch.device, dtype: torch.dtype) -> Kernel:
        torch.manual_seed(3)
        module = StackedBiLSTM(INPUTS, [HIDDEN, HIDDEN], (dropout, dropout), masks)
        inputs = torch.randn(BATCH, LENGTH, INPUTS).to(device, dtype).requires_grad_()
        module.to(device, dtype)
        lengths = _lengths().to(device) if padded else None
        return lambda: _with_gradients(
            "output", module, torch.stack(module(inputs, lengths)), inputs
        )

    return make


def _character_case(kind: str, distinct: bool) -> Case:
    def make(device: torch.device, dtype: torch.dtype) -> Kernel:
        torch.manual_seed(4)
        encoder = CharacterCNN(LETTERS) if kind == "cnn" else CharacterLSTM(LETTERS)
        characters = torch.randint(1, LETTERS, (WORDS, CHARACTERS))
        ends = torch.randint(0, CHARACTERS + 1, (WORDS, 1))  # one may have no characters
        characters[torch.arange(CHARACTERS) >= ends] = 0
        characters[1::3] = characters[0]
        encoder.to(device, dtype)
        characters = characters.to(device)
        batch = characters.view(6, -1, CHARACTERS)
        if distinct:
            return lambda: _with_gradients(
                "vectors", encoder, encode_distinct_words(batch, encoder)
            )
        return lambda: _with_gradients("vectors", encoder, encoder(characters))

    return make


def cases() -> Iterator[tuple[str, Case]]:
    """All kernels, with their names."""
    for what in ("likelihood", "weighted transitions", "lannoy", "marginal likelihood"):
        for padded in (False, True):
            for scale in (1.0, 200.0):  # the second needs logarithms
                name = f"crf: {what}, {'padded' if padded else 'full'}, scores of {scale:g}"
                yield name, _crf_case(what, padded, what == "marginal likelihood", scale)
    for what in ("partition", "marginals", "viterbi"):
        for constrained in (False, True):
            name = f"crf: {what}, {'constrained' if constrained else 'free'}"
            yield name, _crf_case(what, True, constrained, 1.0)
    yield "permitted paths", _permitted_paths
    for padded in (False, True):
        for dropout, masks in (
            (0.0, "batch"),
            *((_NEXT_TO_NOTHING, m) for m in ("batch", "sequence")),
        ):
            form = f"{'padded' if padded else 'full'}, {f'masks by {masks}' if dropout else 'none'}"
            yield f"bilstm: {form}", _lstm_case(padded, dropout, masks)
    for kind in ("cnn", "lstm"):
        for distinct in (False, True):
            name = f"characters: {kind}, {'distinct words' if distinct else 'all words'}"
            yield name, _character_case(kind, distinct)
