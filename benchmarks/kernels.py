"""Single parts: CRF and BiLSTM, ours beside AllenNLP's and torch's. Runs in a worker."""

from collections.abc import Callable
from typing import Any

import torch
from allennlp.modules.conditional_random_field import ConditionalRandomField as TheirCRF
from torch import Tensor

from benchmarks.samples import Sample, timed
from benchmarks.settings import OURS
from bilstm_tagger.network.crf import ConditionalRandomField
from bilstm_tagger.network.stacked_bilstm import StackedBiLSTM

BATCH = 32
INPUTS, HIDDEN, LENGTH = 130, 100, 24
DROPOUT = (0.25, 0.25)

Kernel = Callable[[], Any]


class _CRF:
    """A CRF of one side and a batch for it."""

    def __init__(self, side: str, length: int, tags: int) -> None:
        torch.manual_seed(0)
        self.ours = side == OURS
        self.emissions = torch.randn(BATCH, length, tags, requires_grad=True)
        self.tags = torch.randint(tags, (BATCH, length))
        self.mask = torch.ones(BATCH, length, dtype=torch.bool)
        self.crf: Any = ConditionalRandomField(tags) if self.ours else TheirCRF(tags)

    def gradient(self) -> None:
        """The loss and its gradient, of scores and parameters."""
        self.emissions.grad = None
        self.crf.zero_grad()
        if self.ours:
            loss = -self.crf.log_likelihood(self.emissions, self.tags).mean()
        else:
            loss = -self.crf(self.emissions, self.tags, self.mask)
        loss.backward()

    def viterbi(self) -> list[list[int]]:
        """The best tags, as lists."""
        with torch.no_grad():
            if self.ours:
                tags: list[list[int]] = self.crf.viterbi(self.emissions)[0].tolist()
                return tags
            return [tags for tags, _ in self.crf.viterbi_tags(self.emissions, self.mask)]

    def marginals(self) -> Tensor:
        """Posterior probabilities. AllenNLP has none: they are the gradient of its partition."""
        if self.ours:
            with torch.no_grad():
                found: Tensor = self.crf.marginals(self.emissions)
            return found
        partition = self.crf._input_likelihood(self.emissions, self.crf.transitions, self.mask)
        return torch.autograd.grad(partition.sum(), self.emissions)[0]


def _lstm(side: str) -> Kernel:
    """Forward and backward: ours with both variational masks, torch's with none."""
    torch.manual_seed(0)
    inputs = torch.randn(BATCH, LENGTH, INPUTS, requires_grad=True)
    gradient = torch.randn(BATCH, LENGTH, 2 * HIDDEN)
    module: torch.nn.Module
    if side == OURS:
        module = StackedBiLSTM(INPUTS, [HIDDEN], DROPOUT)
    else:
        module = torch.nn.LSTM(INPUTS, HIDDEN, batch_first=True, bidirectional=True)
    module.train()

    def run() -> None:
        inputs.grad = None
        module.zero_grad()
        outputs = module(inputs)
        # Ours: of each layer. Torch's: and the last state.
        outputs[0].backward(gradient)

    return run


def make_kernel(name: str, side: str, length: int = LENGTH, tags: int = 23) -> Kernel:
    """A function that does it once.

    # Parameters

    name : `str`
        "gradient", "viterbi" or "marginals" of the CRF, or "lstm".
    side : `str`
        "ours" or "theirs".
    length, tags : `int`
        Of the batch for the CRF.
    """
    if name == "lstm":
        return _lstm(side)
    crf = _CRF(side, length, tags)
    return {"gradient": crf.gradient, "viterbi": crf.viterbi, "marginals": crf.marginals}[name]


class Kernels:
    """Kernels by name, each made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Kernel] = {}

    def measure(self, name: str, side: str, calls: int, length: int, tags: int) -> Sample:
        """What one call takes, as the mean of several."""
        key = (name, side, length, tags)
        if key not in self._made:
            self._made[key] = make_kernel(name, side, length, tags)
            self._made[key]()
        kernel = self._made[key]

        def run() -> None:
            for _ in range(calls):
                kernel()

        sample = timed(run)
        return Sample(sample.wall / calls, sample.cpu / calls, sample.memory)
