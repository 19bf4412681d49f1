import math

import pytest
import torch
from torch import Tensor

from bilstm_tagger.network import character_encoders
from bilstm_tagger.network.character_encoders import (
    CharacterCNN,
    CharacterEncoder,
    CharacterLSTM,
    distinct_rows,
    encode_distinct_words,
    hash_rows,
)

CHARACTERS = 20
ENCODERS = [
    lambda: CharacterCNN(CHARACTERS),
    lambda: CharacterCNN(CHARACTERS, 7, 5, 5),
    lambda: CharacterCNN(CHARACTERS, 7, 5, 1),
    lambda: CharacterLSTM(CHARACTERS),
    lambda: CharacterLSTM(CHARACTERS, 7, 3),
]


@pytest.fixture(autouse=True)
def seed_and_one_thread():
    """Several threads on tensors this small mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(17)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=ENCODERS, ids=["cnn", "cnn5", "cnn1", "lstm", "lstm3"])
def encoder(request) -> CharacterEncoder:
    encoder = request.param()
    if isinstance(encoder, CharacterCNN):
        torch.nn.init.normal_(encoder.bias)
    return encoder


def make_words(lengths: list[int], columns: int = 0) -> Tensor:
    words = torch.zeros(len(lengths), max(columns, *lengths), dtype=torch.long)
    for row, length in enumerate(lengths):
        words[row, :length] = torch.randint(1, CHARACTERS, (length,))
    return words


def plain_cnn(encoder: CharacterCNN, word: Tensor) -> Tensor:
    """One word without padding, `(characters,)`, by torch's own convolution."""
    filters, dim, width = encoder.weight.shape
    convolution = torch.nn.Conv1d(dim, filters, width, padding="same")
    embedded = encoder.embedding(word).t().unsqueeze(0)  # (1, dim, characters)
    parameters: dict[str, Tensor] = {"weight": encoder.weight, "bias": encoder.bias}
    scores = torch.func.functional_call(convolution, parameters, embedded)
    return scores.amax(dim=-1).squeeze(0)


def plain_lstm(encoder: CharacterLSTM, word: Tensor) -> Tensor:
    """One word without padding, `(characters,)`, by torch's own LSTM."""
    units = encoder.hidden_size
    lstm = torch.nn.LSTM(encoder.embedding.embedding_dim, units, bidirectional=True)
    directions = (encoder.forward_direction, encoder.backward_direction)
    weights = [weight for direction in directions for weight in direction.weights()]
    names = [name for name, _ in lstm.named_parameters()]
    parameters = dict(zip(names, weights, strict=True))
    _, (hidden, _) = torch.func.functional_call(lstm, parameters, encoder.embedding(word))
    return hidden.flatten()


def plain(encoder: CharacterEncoder, words: Tensor) -> Tensor:
    vectors = []
    for padded in words:
        word = padded[padded != 0]
        if len(word) == 0:
            vectors.append(torch.zeros(encoder.output_dim))
        elif isinstance(encoder, CharacterCNN):
            vectors.append(plain_cnn(encoder, word))
        elif isinstance(encoder, CharacterLSTM):
            vectors.append(plain_lstm(encoder, word))
    return torch.stack(vectors)


def gradients(encoder: CharacterEncoder, output: Tensor) -> list[Tensor]:
    torch.manual_seed(23)
    weights = torch.randn(output.shape)
    return list(torch.autograd.grad((output * weights).sum(), list(encoder.parameters())))


def assert_same(encoder: CharacterEncoder, ours: Tensor, theirs: Tensor):
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    for one, other in zip(gradients(encoder, ours), gradients(encoder, theirs), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


class TestInitialisation:
    def test_defaults(self):
        cnn, lstm = CharacterCNN(CHARACTERS), CharacterLSTM(CHARACTERS)
        assert cnn.output_dim == 30
        assert lstm.output_dim == 50
        assert cnn.embedding.weight.shape == lstm.embedding.weight.shape == (CHARACTERS, 30)
        assert cnn.weight.shape == (30, 30, 3)
        words = make_words([3, 1, 6])
        assert cnn(words).shape == (3, 30)
        assert lstm(words).shape == (3, 50)

    def test_embedding(self, encoder):
        weight = encoder.embedding.weight
        bound = math.sqrt(3 / encoder.embedding.embedding_dim)
        assert (weight[0] == 0).all()
        assert (weight[1:] != 0).all()
        assert 0.9 * bound < weight.abs().max() <= bound
        assert abs(weight[1:].std().item() - bound / math.sqrt(3)) < 0.1 * bound

    def test_convolution(self):
        encoder = CharacterCNN(CHARACTERS)
        bound = math.sqrt(6 / (3 * 30 + 3 * 30))
        assert 0.99 * bound < encoder.weight.abs().max() <= bound
        assert (encoder.bias == 0).all()


class TestWords:
    LENGTHS = [4, 1, 9, 2, 0, 6, 1, 3]

    def test_equal_to_the_plain_formulation(self, encoder):
        words = make_words(self.LENGTHS)
        assert_same(encoder, encoder(words), plain(encoder, words))

    def test_width_of_padding_has_no_influence(self, encoder):
        words = make_words(self.LENGTHS)
        assert_same(encoder, encoder(torch.nn.functional.pad(words, (0, 6))), encoder(words))

    def test_other_words_have_no_influence(self, encoder):
        words = make_words(self.LENGTHS)
        together = encoder(words)
        for row in range(len(words)):
            alone = encoder(words[row : row + 1])
            torch.testing.assert_close(together[row : row + 1], alone, atol=1e-6, rtol=1e-5)

    def test_words_of_one_character(self, encoder):
        words = make_words([1, 1, 1])
        assert_same(encoder, encoder(words), plain(encoder, words))

    def test_words_without_characters_are_zeros(self, encoder):
        words = make_words([3, 0, 2], columns=5)
        output = encoder(words)
        assert (output[1] == 0).all()
        assert (output[[0, 2]] != 0).any(dim=1).all()
        assert (encoder(torch.zeros(4, 3, dtype=torch.long)) == 0).all()

    @pytest.mark.parametrize("shape", [(0, 5), (3, 0), (0, 0)])
    def test_empty_tensors(self, encoder, shape):
        output = encoder(torch.zeros(shape, dtype=torch.long))
        assert output.shape == (shape[0], encoder.output_dim)
        assert (output == 0).all()

    def test_padding_row_stays_zero(self, encoder):
        encoder(make_words(self.LENGTHS)).sum().backward()
        assert (encoder.embedding.weight.grad[0] == 0).all()

    def test_gradient_reaches_every_parameter(self, encoder):
        encoder(make_words(self.LENGTHS)).pow(2).sum().backward()
        for name, parameter in encoder.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name

    def test_same_without_gradients(self, encoder):
        words = make_words(self.LENGTHS)
        with torch.no_grad():
            output = encoder(words)
        torch.testing.assert_close(output, encoder(words), atol=1e-6, rtol=1e-5)

    def test_gradcheck(self):
        words = make_words([3, 1, 5])
        for encoder in (CharacterCNN(CHARACTERS, 2, 3, 3), CharacterLSTM(CHARACTERS, 2, 2)):
            encoder.double()
            # A zero row of the embedding is a constant, which gradcheck would not know.
            parameters = [p for n, p in encoder.named_parameters() if "embedding" not in n]
            assert torch.autograd.gradcheck(lambda *_, e=encoder: e(words), parameters)

    @pytest.mark.parametrize("group_size", [1, 2, 3, 8, 9])
    def test_groups_have_no_influence(self, monkeypatch, group_size):
        encoder = CharacterLSTM(CHARACTERS)
        words = make_words(self.LENGTHS)
        expected = encoder(words)
        monkeypatch.setattr(CharacterLSTM, "GROUP_SIZE", group_size)
        assert_same(encoder, encoder(words), expected)


class TestDistinctWords:
    def make_batch(self) -> Tensor:
        """`(3, 6, 12)`: words that repeat, an empty one among them, and needless padding."""
        vocabulary = make_words([4, 1, 7, 0, 2], columns=12)
        return vocabulary[torch.randint(0, len(vocabulary), (3, 6))]

    def test_equal_to_the_direct_path(self, encoder):
        batch = self.make_batch()
        output = encode_distinct_words(batch, encoder)
        assert output.shape == (3, 6, encoder.output_dim)
        assert_same(encoder, output, encoder(batch.view(18, 12)).view(3, 6, -1))

    def test_encodes_each_word_once_and_without_needless_padding(self):
        shapes = []

        def encoder(words):
            shapes.append(tuple(words.shape))
            return words.sum(dim=1, keepdim=True).float()

        batch = make_words([4, 1, 7], columns=12)[torch.tensor([[0, 1, 0, 2], [2, 2, 1, 0]])]
        output = encode_distinct_words(batch, encoder)
        assert shapes == [(3, 7)]
        assert torch.equal(output, batch.sum(dim=2, keepdim=True).float())

    def test_deterministic(self, encoder):
        batch = self.make_batch()
        one = encode_distinct_words(batch, encoder)
        assert torch.equal(one, encode_distinct_words(batch, encoder))

    @pytest.mark.parametrize("shape", [(0, 4, 3), (2, 0, 3), (2, 4, 0)])
    def test_empty_tensors(self, encoder, shape):
        output = encode_distinct_words(torch.zeros(shape, dtype=torch.long), encoder)
        assert output.shape == (*shape[:2], encoder.output_dim)

    def test_nothing_but_padding(self, encoder):
        output = encode_distinct_words(torch.zeros(2, 3, 4, dtype=torch.long), encoder)
        assert (output == 0).all()
        assert output.shape == (2, 3, encoder.output_dim)


class TestDistinctRows:
    def check(self, rows: Tensor):
        distinct, inverse = distinct_rows(rows)
        assert torch.equal(distinct[inverse], rows)
        assert len(distinct) == len({tuple(row) for row in rows.tolist()})

    @pytest.mark.parametrize("columns", [1, 2, 5, 40])
    @pytest.mark.parametrize("values", [2, 1000])
    def test_exact(self, columns, values):
        for _ in range(20):
            self.check(torch.randint(0, values, (60, columns)))

    def test_hashes_tell_rows_apart(self):
        grid = torch.arange(50)
        rows = torch.cartesian_prod(grid, grid, grid[:20])
        assert len(hash_rows(rows).unique()) == len(rows)

    @pytest.mark.parametrize(
        "colliding", [lambda r: r[:, 0] % 3, lambda r: torch.zeros_like(r[:, 0])]
    )
    def test_collisions(self, monkeypatch, encoder, colliding):
        monkeypatch.setattr(character_encoders, "hash_rows", colliding)
        self.check(torch.randint(0, 4, (60, 3)))
        batch = make_words([4, 1, 7, 0, 2, 7])[torch.randint(0, 6, (3, 6))]
        direct = encoder(batch.flatten(0, 1)).view(3, 6, -1)
        assert_same(encoder, encode_distinct_words(batch, encoder), direct)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: CharacterCNN(0), "num_characters must be positive"),
        (lambda: CharacterLSTM(0), "num_characters must be positive"),
        (lambda: CharacterCNN(9, embedding_dim=0), "embedding_dim must be positive"),
        (lambda: CharacterCNN(9, num_filters=0), "output size must be positive"),
        (lambda: CharacterLSTM(9, hidden_size=-1), "output size must be positive"),
        (lambda: CharacterCNN(9, width=2), "odd"),
        (lambda: CharacterCNN(9, width=0), "odd"),
        (lambda: CharacterCNN(9, width=-1), "odd"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
