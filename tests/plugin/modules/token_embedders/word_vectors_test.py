import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Instance, Vocabulary
from allennlp.modules import TokenEmbedder

from bilstm_tagger.plugin.data.column_token import ColumnToken
from bilstm_tagger.plugin.data.fields import SentenceField
from bilstm_tagger.plugin.data.token_indexers import WordFormsIndexer
from bilstm_tagger.plugin.data.vocabulary import WordVectorVocabulary
from bilstm_tagger.plugin.modules.token_embedders import WordVectorEmbedder

VECTORS = {"rain": [0.5, -1.0, 2.0], "sun": [3.0, 0.25, -0.125], "snow": [1.0, 1.0, 1.0]}


@pytest.fixture
def vectors(tmp_path) -> str:
    path = tmp_path / "vectors.txt"
    lines = [" ".join([word, *map(str, numbers)]) for word, numbers in VECTORS.items()]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary({"words": {"rain": 3, "fog": 2, "sun": 1}})


def row(embedder: WordVectorEmbedder, vocabulary: Vocabulary, word: str) -> torch.Tensor:
    return embedder(torch.tensor([[vocabulary.get_token_index(word, "words")]]))[0, 0]


def test_words_have_the_vectors_of_the_file(vocabulary, vectors):
    embedder = WordVectorEmbedder(vocabulary, 3, vectors)
    assert embedder.get_output_dim() == 3
    assert embedder.weight.shape == (5, 3)  # padding, unknown, and three words
    for word in ("rain", "sun"):
        assert row(embedder, vocabulary, word).tolist() == VECTORS[word]


def test_words_without_a_vector_are_random_and_small(vocabulary, vectors):
    embedder = WordVectorEmbedder(vocabulary, 3, vectors)
    for word in ("fog", vocabulary._oov_token):
        vector = row(embedder, vocabulary, word)
        assert bool((vector != 0).all())
        assert bool((vector.abs() <= 0.25).all())


def test_padding_is_zero(vocabulary, vectors):
    embedder = WordVectorEmbedder(vocabulary, 3, vectors)
    assert embedder(torch.tensor([[0, 0]])).tolist() == [[[0.0] * 3] * 2]


def test_without_a_file_all_words_are_random(vocabulary):
    embedder = WordVectorEmbedder(vocabulary, 40)
    assert embedder(torch.tensor([[1, 2, 3]])).shape == (1, 3, 40)
    known = embedder.weight[1:]
    assert bool((known.abs() <= 0.25).all())
    assert float(known.std()) == pytest.approx(0.25 / 3**0.5, rel=0.15)


@pytest.mark.parametrize("trainable", [False, True])
def test_vectors_are_trained_only_if_asked(vocabulary, vectors, trainable):
    params = {"type": "word_vectors", "embedding_dim": 3, "pretrained_file": vectors}
    if trainable:
        params["trainable"] = True
    embedder = TokenEmbedder.from_params(Params(params), vocab=vocabulary)
    assert isinstance(embedder, WordVectorEmbedder)
    output = embedder(torch.tensor([[0, 2, 3]]))
    assert output.requires_grad == trainable
    if trainable:
        output.sum().backward()
        assert embedder.weight.grad.any(dim=1).tolist() == [False, False, True, True, False]


def test_takes_the_vectors_that_the_vocabulary_has_read(vectors, monkeypatch):
    field = SentenceField([ColumnToken(word) for word in ("Rain", "sun", "fog")])
    field.token_indexers = {"words": WordFormsIndexer()}
    vocabulary = WordVectorVocabulary.from_instances([Instance({"tokens": field})], vectors)
    assert vocabulary.known_words("words").vectors is not None

    def refuse(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(
        "bilstm_tagger.plugin.modules.token_embedders.word_vectors.local_word_vectors", refuse
    )
    embedder = WordVectorEmbedder(vocabulary, 3, vectors)
    assert vocabulary.known_words("words").vectors is None  # no second copy in memory
    assert row(embedder, vocabulary, "rain").tolist() == VECTORS["rain"]
    with pytest.raises(AssertionError, match="read again"):
        WordVectorEmbedder(vocabulary, 3, vectors)


def test_vectors_of_another_file_than_the_vocabulary_are_read(vectors, tmp_path):
    field = SentenceField([ColumnToken("rain")])
    field.token_indexers = {"words": WordFormsIndexer()}
    vocabulary = WordVectorVocabulary.from_instances([Instance({"tokens": field})], vectors)
    (tmp_path / "others.txt").write_text("rain 7 8 9\n")
    embedder = WordVectorEmbedder(vocabulary, 3, str(tmp_path / "others.txt"))
    assert row(embedder, vocabulary, "rain").tolist() == [7.0, 8.0, 9.0]


def test_wrong_dimension(vocabulary, vectors):
    with pytest.raises(ConfigurationError, match="embedding_dim is 50, but .* have 3 dimensions"):
        WordVectorEmbedder(vocabulary, 50, vectors)


def test_missing_file(vocabulary, tmp_path):
    with pytest.raises(ValueError, match=r"missing\.txt: there is no such file; check 'pretrained"):
        WordVectorEmbedder(vocabulary, 3, str(tmp_path / "missing.txt"))


def test_the_unknown_word_alone_is_trained(vocabulary, vectors):
    embedder = WordVectorEmbedder(vocabulary, 3, vectors, trainable_unknown=True)
    unknown = vocabulary.get_token_index(vocabulary._oov_token, "words")
    rain = vocabulary.get_token_index("rain", "words")
    before = row(embedder, vocabulary, vocabulary._oov_token).detach().clone()
    assert bool((before.abs() <= 0.25).all())
    optimizer = torch.optim.SGD([p for p in embedder.parameters() if p.requires_grad], lr=1.0)
    embedder(torch.tensor([[unknown, rain, unknown, 0]])).sum().backward()
    optimizer.step()
    assert row(embedder, vocabulary, "rain").tolist() == VECTORS["rain"]
    after = row(embedder, vocabulary, vocabulary._oov_token)
    torch.testing.assert_close(after, before - 2.0)  # it stands there twice
    assert embedder(torch.tensor([[0]])).tolist() == [[[0.0, 0.0, 0.0]]]


def test_all_trained_or_the_unknown_word_not_both(vocabulary):
    with pytest.raises(ConfigurationError, match="leave one of the two out"):
        WordVectorEmbedder(vocabulary, 3, trainable=True, trainable_unknown=True)


@pytest.fixture
def fresh(vectors):
    """The vocabulary of data, all of whose words are known, with a file of vectors and without."""
    token = ColumnToken("rain")
    fields = {"tokens": SentenceField([token], {"words": WordFormsIndexer()})}

    def fresh(path: str | None) -> Vocabulary:
        settings = {"type": "word_vectors", "pretrained_file": path, "frequent_min_count": 1}
        return Vocabulary.from_params(Params(settings), instances=[Instance(fields)])

    return fresh


def test_random_vectors_that_are_not_trained_are_one_warning(fresh, caplog, tmp_path):
    vocabulary = fresh(None)
    WordVectorEmbedder(vocabulary, 3, trainable=True)
    assert not caplog.records
    WordVectorEmbedder(vocabulary, 3)
    (record,) = caplog.records
    assert "random vectors that are not trained" in record.getMessage()
    assert "inputs.trained_words" in record.getMessage()
    # A stored model has its vectors from its weights.
    caplog.clear()
    vocabulary.save_to_files(str(tmp_path / "stored"))
    WordVectorEmbedder(Vocabulary.from_files(str(tmp_path / "stored")), 3)
    assert not caplog.records


@pytest.mark.parametrize("trainable", [False, True])
def test_a_file_that_only_the_vocabulary_has_is_one_warning(fresh, vectors, caplog, trainable):
    WordVectorEmbedder(fresh(vectors), 3, trainable=trainable)
    (record,) = caplog.records
    assert f"has the words of {vectors}, but the token embedder gives" in record.getMessage()


def test_word_dropout_takes_the_unknown_word_in_training_alone(vocabulary, vectors):
    embedder = WordVectorEmbedder(vocabulary, 3, vectors, trainable_unknown=True, word_dropout=0.25)
    ids = torch.full((100, 100), vocabulary.get_token_index("rain", "words"))
    ids[:, 90:] = 0
    embedder.eval()
    assert (embedder(ids)[:, :90] == torch.tensor(VECTORS["rain"])).all()
    embedder.train()
    torch.manual_seed(0)
    embedded = embedder(ids)
    dropped = (embedded[:, :90] == embedder.unknown).all(-1)
    kept = (embedded[:, :90] == torch.tensor(VECTORS["rain"])).all(-1)
    assert (dropped | kept).all()
    assert dropped.float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert (embedded[:, 90:] == 0).all()  # padding stays padding
    embedded.sum().backward()
    assert embedder.unknown.grad.tolist() == [dropped.sum().item()] * 3


@pytest.mark.parametrize("probability", [-0.1, 1.0])
def test_wrong_word_dropout(vocabulary, probability):
    with pytest.raises(ConfigurationError, match=f"word_dropout must be .* found {probability}"):
        WordVectorEmbedder(vocabulary, 3, word_dropout=probability)
