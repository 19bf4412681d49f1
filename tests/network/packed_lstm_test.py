import pytest
import torch
from torch import Tensor

from bilstm_tagger.network.packed_lstm import Packing
from bilstm_tagger.network.stacked_bilstm import StackedBiLSTM

SIZE = 6
LENGTHS = [[5], [1], [4, 4, 4], [7, 5, 5, 2, 1, 1], [1, 1, 1]]


def make(hidden=(4, 3), scale=1.0) -> StackedBiLSTM:
    torch.manual_seed(5)
    encoder = StackedBiLSTM(SIZE, list(hidden)).eval()
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(scale * torch.randn_like(parameter))
    return encoder


def flat(padded: Tensor, lengths: list[int]) -> Tensor:
    return torch.cat([row[:length] for row, length in zip(padded, lengths, strict=True)])


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("scale", [0.3, 3.0])  # gates in the middle, and at their ends
def test_every_layer_is_that_of_the_fused_kernel(lengths, scale):
    encoder = make(scale=scale)
    inputs = torch.randn(len(lengths), lengths[0], SIZE)
    expected = encoder(inputs, torch.tensor(lengths))
    packing = Packing(torch.tensor(lengths))
    found = encoder.read(encoder.project(flat(inputs, lengths)), packing)
    assert [each.shape for each in found] == [(sum(lengths), 8), (sum(lengths), 6)]
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, flat(theirs, lengths), atol=1e-5, rtol=1e-5)
        assert not ours.requires_grad


def test_exact_in_double_precision():
    encoder = make().double()
    inputs = torch.randn(3, 9, SIZE, dtype=torch.double)
    packing = Packing(torch.tensor([9, 9, 2]))
    found = encoder.read(encoder.project(flat(inputs, [9, 9, 2])), packing)[-1]
    expected = flat(encoder(inputs, torch.tensor([9, 9, 2]))[-1], [9, 9, 2])
    torch.testing.assert_close(found, expected, atol=1e-13, rtol=1e-12)


def test_tokens_may_share_a_row():
    encoder = make()
    table = torch.randn(3, SIZE)
    rows = torch.tensor([0, 2, 2, 1, 0, 2])
    packing = Packing(torch.tensor([4, 2]))
    shared = encoder.read(encoder.project(table), packing, rows)
    each_its_own = encoder.read(encoder.project(table[rows]), packing)
    for ours, expected in zip(shared, each_its_own, strict=True):
        torch.testing.assert_close(ours, expected)


def test_weights_stay_as_they_are():
    encoder = make()
    before = [parameter.clone() for parameter in encoder.parameters()]
    encoder.read(encoder.project(torch.randn(4, SIZE)), Packing(torch.tensor([4])))
    assert all(torch.equal(a, b) for a, b in zip(before, encoder.parameters(), strict=True))


def test_padding():
    packing = Packing(torch.tensor([3, 1]))
    padded = packing.pad(torch.tensor([[1.0], [2.0], [3.0], [4.0]]))
    assert padded.shape == (2, 3, 1)
    assert packing.mask is not None
    assert packing.mask.tolist() == [[True, True, True], [True, False, False]]
    assert padded[packing.mask].flatten().tolist() == [1.0, 2.0, 3.0, 4.0]


def test_no_mask_without_padding():
    assert Packing(torch.tensor([3, 3])).mask is None


@pytest.mark.parametrize("lengths", [[1, 2], [2, 0], []], ids=str)
def test_wrong_lengths(lengths):
    with pytest.raises(ValueError, match="positive and the longest first"):
        Packing(torch.tensor(lengths, dtype=torch.long))
