import copy
import math

import pytest
import torch
from torch import Tensor

from bilstm_tagger.network import stacked_bilstm
from bilstm_tagger.network.fused_lstm import LSTMDirection, reversal_indices, reverse_sequences
from bilstm_tagger.network.stacked_bilstm import BiLSTMLayer, StackedBiLSTM, dropout_mask

BATCH, LENGTH, SIZE = 5, 7, 6
HIDDEN = [4, 3, 5]


@pytest.fixture(autouse=True)
def seed_and_one_thread():
    """Several threads on tensors this small mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(13)
    yield
    torch.set_num_threads(threads)


def make_inputs(batch=BATCH, length=LENGTH, size=SIZE) -> Tensor:
    return torch.randn(batch, length, size, requires_grad=True)


def directions(layer: BiLSTMLayer) -> list[LSTMDirection]:
    return [layer.forward_direction, layer.backward_direction]


def torch_lstm(layer: BiLSTMLayer) -> torch.nn.LSTM:
    """A `torch.nn.LSTM` of the same weights."""
    units, size = layer.forward_direction.hidden_size, layer.forward_direction.input_weight.size(1)
    lstm = torch.nn.LSTM(size, units, bidirectional=True, batch_first=True)
    weights = [weight for direction in directions(layer) for weight in direction.weights()]
    with torch.no_grad():
        for parameter, weight in zip(lstm.parameters(), weights, strict=True):
            parameter.copy_(weight)
    return lstm


def gradients(outputs: list[Tensor], wrt: list[Tensor]) -> list[Tensor]:
    torch.manual_seed(99)
    loss = torch.stack([(output * torch.randn(output.shape)).sum() for output in outputs]).sum()
    return list(torch.autograd.grad(loss, wrt))


def assert_all_close(ours: list[Tensor], theirs: list[Tensor], atol=1e-5):
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, atol=atol, rtol=1e-5)


def record_masks(monkeypatch) -> list[Tensor]:
    """Every mask that is drawn, in order."""
    masks: list[Tensor] = []

    def draw(*args):
        masks.append(dropout_mask(*args))
        return masks[-1]

    monkeypatch.setattr(stacked_bilstm, "dropout_mask", draw)
    return masks


def reference_direction(inputs: Tensor, direction: LSTMDirection, mask: Tensor) -> Tensor:
    """The plain equations, step by step; `inputs` and result are `(batch, length, features)`."""
    hidden = cell = inputs.new_zeros(inputs.size(0), direction.hidden_size)
    outputs = []
    for step in inputs.unbind(1):
        gates = (
            step @ direction.input_weight.t()
            + (hidden * mask) @ direction.recurrent_weight.t()
            + direction.bias
        )
        i, f, g, o = gates.chunk(4, dim=-1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
        outputs.append(hidden)
    return torch.stack(outputs, dim=1)


class TestInitialisation:
    def test_shapes(self):
        encoder = StackedBiLSTM(SIZE, HIDDEN)
        assert encoder.input_size == SIZE
        assert encoder.output_sizes == [8, 6, 10]
        outputs = encoder(make_inputs())
        assert [tuple(o.shape) for o in outputs] == [(BATCH, LENGTH, s) for s in (8, 6, 10)]
        shapes = [tuple(p.shape) for p in encoder.layers[1].forward_direction.parameters()]
        assert shapes == [(12, 8), (12, 3), (12,)]

    def test_statistics(self):
        size, units = 180, 100
        for direction in directions(BiLSTMLayer(size, units)):
            bound = math.sqrt(6 / (size + 4 * units))
            weight = direction.input_weight
            assert weight.abs().max() <= bound
            assert weight.abs().max() > 0.99 * bound
            assert abs(weight.std().item() - bound / math.sqrt(3)) < 0.02 * bound
            recurrent = direction.recurrent_weight
            torch.testing.assert_close(
                recurrent.t() @ recurrent, torch.eye(units), atol=1e-5, rtol=0
            )
            assert direction.bias.view(4, units).tolist() == [
                [0.0] * units,
                [1.0] * units,
                [0.0] * units,
                [0.0] * units,
            ]

    def test_only_one_bias_is_trained_and_stored(self):
        encoder = StackedBiLSTM(SIZE, [4])
        names = {"input_weight", "recurrent_weight", "bias"}
        expected = {
            f"layers.0.{way}_direction.{name}" for way in ("forward", "backward") for name in names
        }
        assert set(dict(encoder.named_parameters())) == expected
        assert set(encoder.state_dict()) == expected

    def test_state_dict_restores_outputs(self):
        one, other = StackedBiLSTM(SIZE, HIDDEN).eval(), StackedBiLSTM(SIZE, HIDDEN).eval()
        other.load_state_dict(one.state_dict())
        inputs = make_inputs()
        assert_all_close(one(inputs), other(inputs), atol=0)
        assert_all_close(one(inputs), copy.deepcopy(one)(inputs), atol=0)


class TestAgainstTorch:
    @pytest.mark.parametrize("dropout", [None, 0, 0.0, (0, 0), [0.0, 0.0]])
    @pytest.mark.parametrize("recurrent_masks", ["batch", "sequence"])
    def test_values_and_gradients(self, dropout, recurrent_masks):
        encoder = StackedBiLSTM(SIZE, HIDDEN, dropout, recurrent_masks)
        inputs = make_inputs()
        outputs = encoder(inputs)
        expected, hidden = [], inputs
        lstms = [torch_lstm(layer) for layer in encoder.layers]
        for lstm in lstms:
            hidden, _ = lstm(hidden)
            expected.append(hidden)
        assert_all_close(outputs, expected)
        theirs = [
            parameter
            for lstm in lstms
            for name, parameter in lstm.named_parameters()
            if "bias_hh" not in name
        ]
        ours = list(encoder.parameters())
        assert_all_close(
            gradients(outputs, [inputs, *ours]), gradients(expected, [inputs, *theirs])
        )

    def test_with_and_without_gradients(self):
        encoder = StackedBiLSTM(SIZE, HIDDEN).eval()
        inputs = make_inputs()
        outputs = encoder(inputs)
        with torch.no_grad():
            assert_all_close(encoder(inputs), outputs)
        # Gradients are there in evaluation mode, too.
        assert all(g.abs().sum() > 0 for g in gradients(outputs, [inputs, *encoder.parameters()]))

    def test_inputs_need_no_gradient_and_no_order_in_memory(self):
        encoder = StackedBiLSTM(SIZE, HIDDEN)
        encoder.eval()
        inputs = make_inputs().detach()
        strided = inputs.transpose(0, 1).contiguous().transpose(0, 1)
        assert_all_close(encoder(inputs), encoder(strided), atol=0)
        assert gradients(encoder(inputs), list(encoder.parameters()))


class TestLengths:
    LENGTHS = [7, 1, 4, 0, 6]

    def test_reversal(self):
        indices = reversal_indices(torch.tensor([3, 0, 1]), 3)
        assert indices.t().tolist() == [[2, 1, 0], [0, 1, 2], [0, 1, 2]]
        inputs = torch.randn(3, 3, 2)
        once = reverse_sequences(inputs, indices)
        assert torch.equal(once[:, 0], inputs[:, 0].flip(0))
        assert torch.equal(once[:, 1:], inputs[:, 1:])
        assert torch.equal(reverse_sequences(once, indices), inputs)
        assert torch.equal(reverse_sequences(inputs, None), inputs.flip(0))

    @pytest.mark.parametrize("recurrent_masks", ["batch", "sequence"])
    def test_equal_to_sentences_alone(self, recurrent_masks):
        encoder = StackedBiLSTM(SIZE, HIDDEN, recurrent_masks=recurrent_masks).eval()
        inputs = make_inputs()
        outputs = encoder(inputs, torch.tensor(self.LENGTHS))
        for row, length in enumerate(self.LENGTHS):
            for output in outputs:
                assert (output[row, length:] == 0).all()
            if length:
                alone = encoder(inputs[row : row + 1, :length])
                assert_all_close([o[row : row + 1, :length] for o in outputs], alone)

    def test_gradients_equal_to_sentences_alone(self):
        encoder = StackedBiLSTM(SIZE, HIDDEN, None)
        inputs = make_inputs()
        wrt = [inputs, *encoder.parameters()]
        weights = [torch.randn(BATCH, LENGTH, size) for size in encoder.output_sizes]
        outputs = encoder(inputs, torch.tensor(self.LENGTHS))
        loss = sum((o * w).sum() for o, w in zip(outputs, weights, strict=True))
        expected = 0
        for row, length in enumerate(self.LENGTHS):
            if length:
                alone = encoder(inputs[row : row + 1, :length])
                for output, weight in zip(alone, weights, strict=True):
                    expected = expected + (output * weight[row, :length]).sum()
        together = torch.autograd.grad(loss, wrt)
        assert_all_close(list(together), list(torch.autograd.grad(expected, wrt)))
        for row, length in enumerate(self.LENGTHS):
            assert (together[0][row, length:] == 0).all()

    @pytest.mark.parametrize("dropout", [0.4, (0.4, 0.4)])
    def test_full_lengths_are_no_lengths(self, dropout):
        encoder = StackedBiLSTM(SIZE, HIDDEN, dropout)
        inputs = make_inputs()
        torch.manual_seed(1)
        without = encoder(inputs)
        torch.manual_seed(1)
        assert_all_close(encoder(inputs, torch.full((BATCH,), LENGTH)), without)

    @pytest.mark.parametrize("recurrent_masks", ["batch", "sequence"])
    def test_padding_is_zero_in_training(self, recurrent_masks):
        encoder = StackedBiLSTM(SIZE, HIDDEN, (0.4, 0.4), recurrent_masks)
        for output in encoder(make_inputs(), torch.tensor(self.LENGTHS)):
            for row, length in enumerate(self.LENGTHS):
                assert (output[row, length:] == 0).all()


class TestVariationalDropout:
    def test_mask_statistics(self):
        mask = dropout_mask(torch.empty(0), (400, 500), 0.3)
        assert set(mask.unique().tolist()) == {0.0, torch.tensor(1.0).div(0.7).item()}
        assert abs((mask == 0).float().mean().item() - 0.3) < 0.01
        assert abs(mask.mean().item() - 1.0) < 0.01
        assert dropout_mask(torch.empty(0, dtype=torch.float64), (2,), 0.3).dtype == torch.float64

    @pytest.mark.parametrize(
        "dropout, recurrent_masks, expected",
        [
            ((0.5, 0.5), "batch", [(1, 4), (1, 4), (BATCH, SIZE), (BATCH, SIZE)]),
            ((0.5, 0.5), "sequence", [(BATCH, 4), (BATCH, 4), (BATCH, SIZE), (BATCH, SIZE)]),
            ((0.5, 0), "batch", [(BATCH, SIZE), (BATCH, SIZE)]),
            ((0, 0.5), "batch", [(1, 4), (1, 4)]),
            ((0, 0.5), "sequence", [(BATCH, 4), (BATCH, 4)]),
            ((0, 0), "sequence", []),
        ],
    )
    def test_which_masks_are_drawn(self, monkeypatch, dropout, recurrent_masks, expected):
        masks = record_masks(monkeypatch)
        encoder = StackedBiLSTM(SIZE, [4, 4], dropout, recurrent_masks)
        inputs = make_inputs()
        encoder(inputs)
        # The second layer's input has 8 features, and nothing is drawn after the last layer.
        second = [(rows, 8 if size == SIZE else size) for rows, size in expected]
        assert [tuple(mask.shape) for mask in masks] == expected + second
        masks.clear()
        encoder.eval()
        encoder(inputs)
        assert masks == []

    def test_masks_differ(self, monkeypatch):
        masks = record_masks(monkeypatch)
        encoder = StackedBiLSTM(40, [20, 20], (0.5, 0.5), "sequence")
        for _ in range(2):
            encoder(torch.randn(BATCH, 3, 40))
        # Between layers and calls, kinds and directions, and between sequences.
        for number, mask in enumerate(masks):
            assert not any(torch.equal(mask, other) for other in masks[:number])
            assert len(mask.unique(dim=0)) == BATCH

    @pytest.mark.parametrize("dropout", [(0.5, 0.5), (0.5, 0.0), (0.0, 0.5)])
    @pytest.mark.parametrize("recurrent_masks", ["batch", "sequence"])
    def test_reconstruction_by_the_plain_equations(self, monkeypatch, dropout, recurrent_masks):
        masks = record_masks(monkeypatch)
        encoder = StackedBiLSTM(SIZE, HIDDEN, dropout, recurrent_masks)
        inputs = make_inputs()
        outputs = encoder(inputs)
        drawn, one = iter(masks), torch.ones(1, 1)
        expected, hidden = [], inputs
        for layer in encoder.layers:
            recurrent = [next(drawn) if dropout[1] else one for _ in range(2)]
            entry = [next(drawn) if dropout[0] else one for _ in range(2)]
            # The same mask of the input at every step: (batch, 1, features)
            ahead, back = (hidden * mask.unsqueeze(1) for mask in entry)
            first, second = directions(layer)
            ahead = reference_direction(ahead, first, recurrent[0])
            back = reference_direction(back.flip(1), second, recurrent[1]).flip(1)
            hidden = torch.cat([ahead, back], dim=-1)
            expected.append(hidden)
        assert next(drawn, None) is None
        assert_all_close(outputs, expected)
        wrt = [inputs, *encoder.parameters()]
        assert_all_close(gradients(outputs, wrt), gradients(expected, wrt))

    def test_forms_are_equal_for_one_sequence(self):
        batch = StackedBiLSTM(SIZE, HIDDEN, (0.4, 0.4), "batch")
        sequence = StackedBiLSTM(SIZE, HIDDEN, (0.4, 0.4), "sequence")
        sequence.load_state_dict(batch.state_dict())
        inputs = make_inputs(batch=1)
        results = []
        for encoder in (batch, sequence):
            torch.manual_seed(5)  # masks are of the same shapes, hence the same
            outputs = encoder(inputs)
            results.append([*outputs, *gradients(outputs, [inputs, *encoder.parameters()])])
        assert_all_close(*results)

    def test_loop_is_the_kernel_if_nothing_is_masked(self, monkeypatch):
        monkeypatch.setattr(
            stacked_bilstm, "dropout_mask", lambda reference, shape, _: reference.new_ones(shape)
        )
        encoder = StackedBiLSTM(SIZE, HIDDEN, (0.5, 0.5), "sequence")
        inputs = make_inputs()
        wrt = [inputs, *encoder.parameters()]
        results = []
        for training in (True, False):
            outputs = encoder.train(training)(inputs, torch.tensor([7, 3, 2, 6, 1]))
            results.append([*outputs, *gradients(outputs, wrt)])
        assert_all_close(*results)

    @pytest.mark.parametrize("recurrent_masks", ["batch", "sequence"])
    def test_gradcheck(self, recurrent_masks):
        encoder = StackedBiLSTM(3, [2, 2], (0.3, 0.3), recurrent_masks).double()
        inputs = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True)

        def function(inputs, *_):
            torch.manual_seed(3)
            return tuple(encoder(inputs, torch.tensor([4, 2])))

        assert torch.autograd.gradcheck(function, (inputs, *encoder.parameters()))

    def test_mean_of_the_input_is_kept(self):
        """With an inverted mask, the input's product with the kernel is right on average."""
        inputs = torch.ones(20000, 1, SIZE)
        mask = dropout_mask(inputs, (20000, SIZE), 0.25)
        assert abs((inputs.squeeze(1) * mask).mean().item() - 1.0) < 0.01

    @pytest.mark.parametrize("dropout", [None, 0.5, (0.5, 0.5)])
    def test_nothing_is_dropped_in_evaluation(self, dropout):
        encoder = StackedBiLSTM(SIZE, HIDDEN, dropout).eval()
        plain = StackedBiLSTM(SIZE, HIDDEN, None)
        plain.load_state_dict(encoder.state_dict())
        inputs = make_inputs()
        assert_all_close(encoder(inputs), plain(inputs))

    @pytest.mark.parametrize("recurrent_masks", ["batch", "sequence"])
    def test_same_seed_same_result(self, recurrent_masks):
        encoder = StackedBiLSTM(SIZE, HIDDEN, (0.4, 0.4), recurrent_masks)
        inputs = make_inputs()
        results = []
        for number in (1, 1, 2):
            torch.manual_seed(number)
            results.append(encoder(inputs)[-1])
        assert torch.equal(results[0], results[1])
        assert not torch.equal(results[0], results[2])


class TestNaiveDropout:
    def test_every_layer_of_outputs_is_dropped(self):
        encoder = StackedBiLSTM(SIZE, [30, 30], 0.4)
        inputs = make_inputs(batch=8, length=20)
        first, second = encoder(inputs)
        clean = encoder.layers[0](inputs.transpose(0, 1)).transpose(0, 1)
        kept = first != 0
        assert abs(kept.float().mean().item() - 0.6) < 0.03
        torch.testing.assert_close(first[kept], clean[kept] / 0.6)
        # Not variational: what is dropped changes from step to step.
        assert not torch.equal(kept[:, 0], kept[:, 1])
        # The second layer reads what is left of the first.
        clean = encoder.layers[1](first.transpose(0, 1)).transpose(0, 1)
        kept = second != 0
        assert abs(kept.float().mean().item() - 0.6) < 0.03
        torch.testing.assert_close(second[kept], clean[kept] / 0.6)


@pytest.mark.parametrize("dropout", [None, 0.3, (0.3, 0.3)])
@pytest.mark.parametrize("recurrent_masks", ["batch", "sequence"])
@pytest.mark.parametrize("lengths", [None, torch.tensor([7, 5, 4, 3, 2])])
def test_gradient_reaches_every_parameter(dropout, recurrent_masks, lengths):
    encoder = StackedBiLSTM(SIZE, HIDDEN, dropout, recurrent_masks)
    encoder(make_inputs(), lengths)[-1].pow(2).sum().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


class TestErrors:
    @pytest.mark.parametrize(
        "arguments, message",
        [
            (dict(hidden_sizes=[]), "hidden_sizes is empty"),
            (dict(hidden_sizes=[3, 0]), "must be positive"),
            (dict(hidden_sizes=[-1]), "must be positive"),
            (dict(input_size=0), "must be positive"),
            (dict(dropout=1.0), r"\[0, 1\)"),
            (dict(dropout=-0.1), r"\[0, 1\)"),
            (dict(dropout=float("nan")), r"\[0, 1\)"),
            (dict(dropout=True), r"\[0, 1\)"),
            (dict(dropout="0.5"), r"\[0, 1\)"),
            (dict(dropout=(0.2, 1.0)), r"\[0, 1\)"),
            (dict(dropout=[None, 0.2]), r"\[0, 1\)"),
            (dict(dropout=(0.2,)), "pair"),
            (dict(dropout=[0.2, 0.2, 0.2]), "pair"),
            (dict(recurrent_masks="step"), "recurrent_masks"),
        ],
    )
    def test_constructor(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            StackedBiLSTM(**{"input_size": SIZE, "hidden_sizes": [4], **arguments})

    @pytest.mark.parametrize("shape", [(BATCH, LENGTH, SIZE + 1), (LENGTH, SIZE)])
    def test_shape_of_inputs(self, shape):
        with pytest.raises(ValueError, match="inputs must be of shape"):
            StackedBiLSTM(SIZE, [4])(torch.zeros(shape))
