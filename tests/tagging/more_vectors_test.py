import copy
import logging
import lzma
from pathlib import Path

import numpy
import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model, load_archive
from allennlp.models.archival import Archive

from bilstm_tagger.plugin.tagging import tagger_of
from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.inputs import WordTable
from bilstm_tagger.tagging.more_vectors import add_word_vectors
from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.word_vectors import read_word_vectors

CONFIG = Path("tests/plugin/models/small.jsonnet").resolve()
VECTORS = "fixtures/vectors/vectors.16d.txt"
WORDS = "model.text_field_embedder.token_embedders.words"
WEIGHT = "text_field_embedder.token_embedder_words.weight"


@pytest.fixture(scope="module")
def archives(train, tmp_path_factory) -> dict[str, Path]:
    """Models that know the words of twelve sentences."""
    folder = tmp_path_factory.mktemp("more_vectors")
    overrides = {
        "frozen": {},
        "trained": {f"{WORDS}.trainable": True},
        "unknown": {f"{WORDS}.trainable_unknown": True},
    }
    return {name: train(CONFIG, folder / name, changes) for name, changes in overrides.items()}


def table_of(tagger: Tagger) -> WordTable:
    (table,) = tagger.source.inputs.words.values()
    return table


def ids_of(tagger: Tagger) -> dict[str, int]:
    return table_of(tagger).ids


def with_all_words(archive: Archive, kind: str) -> Tagger:
    """A tagger of the same weights, whose vocabulary was made with `keep: 'all'`."""
    config = Params.from_file(
        CONFIG, {"vocabulary.keep": "all", f"{WORDS}.trainable_unknown": kind == "unknown"}
    )
    reader = DatasetReader.from_params(config.pop("dataset_reader"))
    vocabulary = Vocabulary.from_params(
        config.pop("vocabulary"), instances=list(reader.read(config["train_data_path"]))
    )
    model = Model.from_params(config.pop("model"), vocab=vocabulary)
    state = archive.model.state_dict()
    weight = model.state_dict()[WEIGHT].clone()
    ids = vocabulary.get_token_to_index_vocabulary("words")
    for word, index in archive.model.vocab.get_token_to_index_vocabulary("words").items():
        weight[ids[word]] = state[WEIGHT][index]
    model.load_state_dict({**state, WEIGHT: weight})
    return tagger_of(model, reader)


def tagged(tagger: Tagger, *sentences: list[str]) -> list[dict]:
    """Everything that a tagger says, without rounding."""
    given = [TokenizedSentence(tokens) for tokens in sentences]
    return [
        {
            **each.tags,
            **{f"{task} probabilities": chances for task, chances in each.distributions.items()},
            "sequence": each.sequence_probabilities,
        }
        for each in tagger.tag(given, probabilities="all")
    ]


def assert_equal(sentences: list[dict], others: list[dict]) -> None:
    """Tags are the same, and probabilities but for rounding."""
    for one, other in zip(sentences, others, strict=True):
        assert one.keys() == other.keys()
        for key, value in one.items():
            if key in ("chunk", "pos", "ner"):
                assert value == other[key]
            else:
                numpy.testing.assert_allclose(*map(_numbers, (value, other[key])), atol=1e-6)


def _numbers(value) -> list[float]:
    if isinstance(value, dict):
        return list(value.values())
    return [number for chances in value for number in chances.values()]


def unseen_words(tagger: Tagger) -> list[str]:
    """Words of the file that the model does not know in any form, as they are and in capitals."""
    words = [
        word
        for word in read_word_vectors(VECTORS).words
        if word.isalpha() and word.islower() and word not in ids_of(tagger)
    ]
    return [*words[:8], *(word.title() for word in words[8:16])]


@pytest.mark.parametrize("kind", ["frozen", "trained", "unknown"])
def test_tags_as_with_all_words_of_the_file(archives, kind):
    before, after = Tagger.load(archives[kind]), Tagger.load(archives[kind], vectors=VECTORS)
    new = unseen_words(before)
    assert len(new) == 16
    # One word that is in no file, too.
    sentences = [["The", *new[:6], "."], new[6:], [new[3], "Xyzzyx", new[12]]]
    expected = tagged(with_all_words(load_archive(archives[kind]), kind), *sentences)
    assert_equal(tagged(after, *sentences), expected)
    assert tagged(before, *sentences) != expected


@pytest.mark.parametrize("kind", ["frozen", "trained", "unknown"])
def test_known_words_are_as_before(archives, kind):
    before, after = Tagger.load(archives[kind]), Tagger.load(archives[kind], vectors=VECTORS)
    sentences = [["Rain", "is", "expected", "in", "LONDON", "."], ["It", "Xyzzyx", "22:10"]]
    assert_equal(tagged(after, *sentences), tagged(before, *sentences))
    old = table_of(before).vectors
    assert numpy.array_equal(table_of(after).vectors[: len(old)], old)
    assert list(ids_of(after).items())[: len(old)] == list(ids_of(before).items())


def test_every_word_of_the_file_gets_its_vector(archives):
    tagger = Tagger.load(archives["frozen"])
    size = len(ids_of(tagger))
    vectors = read_word_vectors(VECTORS)
    count = add_word_vectors(tagger.source, VECTORS)
    assert count > 0
    ids, weight = ids_of(tagger), table_of(tagger).vectors
    assert len(ids) == len(weight) == size + count
    assert list(ids.values()) == list(range(len(ids)))
    rows = [ids[word] for word in vectors.words]
    assert numpy.array_equal(weight[rows], vectors.matrix)
    assert add_word_vectors(tagger.source, VECTORS) == 0


def test_a_model_that_has_tagged_forgets_what_it_kept(archives):
    tagger = Tagger.load(archives["frozen"])
    sentence = unseen_words(tagger)
    tagged(tagger, sentence)
    add_word_vectors(tagger.source, VECTORS)
    assert_equal(
        tagged(tagger, sentence),
        tagged(Tagger.load(archives["frozen"], vectors=VECTORS), sentence),
    )


def test_nothing_is_written(archives, tmp_path, monkeypatch):
    before = archives["frozen"].read_bytes()
    monkeypatch.chdir(tmp_path)
    Tagger.load(archives["frozen"], vectors=CONFIG.parents[3] / VECTORS)
    assert list(tmp_path.iterdir()) == []
    assert archives["frozen"].read_bytes() == before


@pytest.fixture
def other_vectors(tmp_path) -> Path:
    """Of the same words, and another space."""
    vectors = read_word_vectors(VECTORS)
    path = tmp_path / "other.txt"
    with path.open("w") as file:
        for word, vector in zip(vectors.words, -vectors.matrix, strict=True):
            file.write(f"{word} {' '.join(map(str, vector))}\n")
    return path


def test_vectors_of_another_space(archives, other_vectors):
    with pytest.raises(UserError, match=r"other\.txt has other vectors .* the first is "):
        Tagger.load(archives["frozen"], vectors=other_vectors)


def test_trained_vectors_are_told_of(archives, caplog):
    with caplog.at_level(logging.WARNING):
        Tagger.load(archives["trained"], vectors=VECTORS)
    assert "The word vectors of the model were trained" in caplog.text


def test_vectors_that_a_trained_model_did_not_begin_with(archives, other_vectors):
    with pytest.raises(UserError, match=r"other\.txt have nothing in common .* is -1\.00\. "):
        Tagger.load(archives["trained"], vectors=other_vectors)


def test_packed_bytes_are_as_good_as_text(archives, tmp_path):
    vectors = read_word_vectors(VECTORS)
    path = tmp_path / "vectors.bin.xz"
    with lzma.open(path, "wb") as file:
        file.write(f"{len(vectors.words)} {vectors.dimension}\n".encode())
        for word, vector in zip(vectors.words, vectors.matrix, strict=True):
            file.write(word.encode() + b" " + vector.astype("<f4").tobytes() + b"\n")
    tagger, expected = (Tagger.load(archives["frozen"], vectors=it) for it in (path, VECTORS))
    assert ids_of(tagger) == ids_of(expected)
    assert numpy.array_equal(table_of(tagger).vectors, table_of(expected).vectors)


def test_what_is_no_vectors_is_named(archives):
    with pytest.raises(DataFormatError, match="'The DET B-NP O' in the first .*: a column file"):
        Tagger.load(archives["frozen"], vectors="fixtures/corpus/train.conll")


def test_vectors_of_other_words(archives, tmp_path):
    path = tmp_path / "few.txt"
    path.write_text("xyzzyx " + "0.5 " * 15 + "0.5\n")
    with pytest.raises(UserError, match=r"few\.txt has not one word of the model's"):
        Tagger.load(archives["trained"], vectors=path)


def test_vectors_of_another_dimension(archives):
    path = "fixtures/broken/vectors_other_dimension.txt"
    dimension = read_word_vectors(path).dimension
    with pytest.raises(UserError, match=f"have {dimension} dimensions, those of the model 16"):
        Tagger.load(archives["frozen"], vectors=path)


def test_no_such_file(archives, tmp_path):
    with pytest.raises(DataFormatError, match="no such file of word vectors; check .* 'vectors'"):
        Tagger.load(archives["frozen"], vectors=tmp_path / "none.txt")


def untrained(words: dict[str, dict], tmp_path: Path) -> Tagger:
    """A model of one sentence, with these indexers and embedders."""
    data = tmp_path / "data.conll"
    data.write_text("The DET\nrain NOUN\n\n")
    reader = DatasetReader.from_params(
        Params(
            {
                "type": "conll_columns",
                "columns": {"tokens": 0, "pos": 1},
                "tasks": {"pos": {}},
                "token_indexers": {name: {"type": "word_forms"} for name in words},
            }
        )
    )
    instances = list(reader.read(str(data)))
    for instance in instances:
        reader.apply_token_indexers(instance)
    vocabulary = Vocabulary.from_params(
        Params({"type": "word_vectors", "frequent_min_count": 1}), instances=instances
    )
    model = Model.from_params(
        Params(
            {
                "type": "bilstm_tagger",
                "text_field_embedder": {"token_embedders": copy.deepcopy(words)},
                "encoder": {"hidden_sizes": [3]},
                "tasks": {"pos": {"type": "softmax"}},
            }
        ),
        vocab=vocabulary,
    )
    return tagger_of(model, reader)


EMBEDDING = {"type": "embedding", "vocab_namespace": "words", "embedding_dim": 4}
VECTORS_16 = {"type": "word_vectors", "embedding_dim": 16}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"words": EMBEDDING}, "one token embedder 'word_vectors', this one has none"),
        ({"a": VECTORS_16, "b": dict(VECTORS_16)}, r"this one has \['a', 'b'\]"),
    ],
)
def test_models_that_cannot_take_words(words, message, tmp_path):
    tagger = untrained(words, tmp_path)
    with pytest.raises(UserError, match=message):
        add_word_vectors(tagger.source, VECTORS)
