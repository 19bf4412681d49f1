import gzip
import logging
from copy import deepcopy
from itertools import chain

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Vocabulary

from bilstm_tagger.plugin.data.fields import UNKNOWN_LABEL, task_labels_field
from bilstm_tagger.plugin.data.vocabulary import WordVectorVocabulary
from bilstm_tagger.plugin.modules.token_embedders import WordVectorEmbedder
from bilstm_tagger.text.errors import DataFormatError

READER = {
    "type": "conll_columns",
    "columns": {"tokens": 0, "pos": 1, "shape": 2},
    "tasks": {"pos": {}},
    "token_indexers": {
        "words": {"type": "word_forms"},
        "characters": {"type": "word_characters"},
        "casing": {"type": "casing"},
        "shape": {"type": "column", "column": "shape"},
    },
}
TRAIN = "The DET x\ncat NOUN x\nsat VERB y\n\nThe DET x\n1990 NUM y\n"
DEV = "A DET z\ndog NOUN x\nWagged X x\n2021-05-17 NUM x\n"
VECTORS = "the 1 1\ncat 2 2\ndog 3 3\nNUMBER_TOKEN 4 4\nwagged 5 5\nDATE_TOKEN 6 6\nfar 7 7\n"


@pytest.fixture(autouse=True)
def nothing_warned(monkeypatch):
    monkeypatch.setattr(task_labels_field, "_warned", set())


@pytest.fixture
def build(tmp_path):
    """The vocabulary of column files, as AllenNLP's `train` makes it, and their instances."""

    def build(*contents, vectors=VECTORS, reader=READER, **settings):
        if vectors is not None:
            (tmp_path / "vectors.txt").write_text(vectors, encoding="utf-8")
            settings["pretrained_file"] = str(tmp_path / "vectors.txt")
        paths = []
        for index, content in enumerate(contents):
            path = tmp_path / f"{index}.conll"
            path.write_text(content, encoding="utf-8", newline="")
            paths.append(str(path))
        dataset_reader = DatasetReader.from_params(Params(deepcopy(reader)))
        read = [list(dataset_reader.read(path)) for path in paths]
        vocabulary = Vocabulary.from_params(
            Params({"type": "word_vectors", **settings}), instances=chain(*read)
        )
        return vocabulary, read

    return build


def words(vocabulary):
    return list(vocabulary.get_token_to_index_vocabulary("words"))[2:]


def values(vocabulary, namespace):
    return set(vocabulary.get_token_to_index_vocabulary(namespace)) - {
        vocabulary._padding_token,
        vocabulary._oov_token,
    }


def tensors(instance, vocabulary):
    instance.index_fields(vocabulary)
    return instance.as_tensor_dict(instance.get_padding_lengths())


def test_words_of_all_data_sets_reach_their_vectors(build):
    vocabulary, (_, dev) = build(TRAIN, DEV)
    assert isinstance(vocabulary, WordVectorVocabulary)
    # In the order of the vector file, after padding and the unknown word; "far" is not reached.
    assert words(vocabulary) == ["the", "cat", "dog", "NUMBER_TOKEN", "wagged", "DATE_TOKEN"]
    found = tensors(dev[0], vocabulary)["tokens"]["words"]["tokens"].tolist()
    ids = vocabulary.get_token_to_index_vocabulary("words")
    # A: no vector; dog: exact; Wagged: lower-cased; the date: normalised.
    assert found == [1, ids["dog"], ids["wagged"], ids["DATE_TOKEN"]]


def test_everything_else_comes_from_training_data(build):
    vocabulary, _ = build(TRAIN, DEV)
    assert values(vocabulary, "pos_labels") == {"DET", "NOUN", "VERB", "NUM"}
    assert values(vocabulary, "shape") == {"x", "y"}
    assert values(vocabulary, "token_characters") == set("Thecatsat190")
    assert values(vocabulary, "casing") == {"initialUpper", "allLower", "numeric"}


def test_what_training_has_not_seen_is_unknown_with_one_warning(build, caplog):
    vocabulary, (train, dev) = build(TRAIN, DEV)
    with caplog.at_level(logging.WARNING):
        for instance in train:
            tensors(instance, vocabulary)
        assert not caplog.records
        for _ in range(2):
            found = tensors(dev[0], vocabulary)
    messages = [record.getMessage() for record in caplog.records]
    assert len([message for message in messages if "'pos' hold 'X'" in message]) == 1
    assert len([message for message in messages if "'shape' has the value 'z'" in message]) == 1
    labels = vocabulary.get_token_to_index_vocabulary("pos_labels")
    assert found["labels"]["pos"].tolist() == [
        labels["DET"],
        labels["NOUN"],
        UNKNOWN_LABEL,
        labels["NUM"],
    ]
    known = vocabulary.get_token_index("x", "shape")
    assert found["tokens"]["shape"]["tokens"].tolist() == [1, known, known, known]
    # "A", and all of "dog", are unknown characters.
    assert found["tokens"]["characters"]["token_characters"][0].tolist() == [1] + [0] * 24
    assert found["tokens"]["characters"]["token_characters"][1].tolist() == [1, 1, 1] + [0] * 22


def test_training_data_of_several_data_sets(build, tmp_path):
    layout = {"columns": {"tokens": 0, "label": 1}}
    reader = DatasetReader.from_params(
        Params(
            {
                "type": "conll_columns",
                "datasets": {
                    "a": {**layout, "tasks": {"pos": {"column": "label"}}},
                    "b": {**layout, "tasks": {"size": {"column": "label"}}},
                },
                "token_indexers": {"characters": {"type": "word_characters"}},
            }
        )
    )
    paths = {}
    for part, files in {"train": ("aa X", "bb Y"), "dev": ("cc XX", "dd YY")}.items():
        paths[part] = {}
        for name, line in zip("ab", files, strict=True):
            path = tmp_path / f"{name}.{part}"
            path.write_text(line)
            paths[part][name] = str(path)
    instances = [each for part in ("train", "dev") for each in reader.read(paths[part])]
    assert len(instances) == 4
    vocabulary = Vocabulary.from_params(Params({"type": "word_vectors"}), instances=instances)
    # Both files of the first path are training data, the same data sets of the second are not.
    assert values(vocabulary, "token_characters") == {"a", "b"}
    assert values(vocabulary, "pos_labels") == {"X"}
    assert values(vocabulary, "size_labels") == {"Y"}


def test_keep_all(build):
    vocabulary, _ = build(TRAIN, keep="all")
    assert words(vocabulary)[:7] == [line.split()[0] for line in VECTORS.splitlines()]
    assert vocabulary.get_token_index("far", "words") == 8


def test_without_other_data_their_words_are_not_kept(build):
    vocabulary, _ = build(TRAIN)
    assert words(vocabulary) == ["the", "cat", "NUMBER_TOKEN"]


def test_all_forms_of_a_word_are_kept(build):
    vocabulary, _ = build("The DET x\n", vectors="THE 0 0\nthe 1 1\nThe 2 2\n")
    assert words(vocabulary) == ["the", "The"]


def test_frequent_words_without_a_vector(build):
    # By normalised form: "new", "New" and "NEW" are one word, so are the two times.
    lines = ["new"] * 2 + ["New"] + ["NEW"] + ["old"] * 3 + ["rare"] + ["12:30", "12:31"] * 2
    train = "".join(f"{word} X x\n" for word in [*lines, *["cat"] * 9])
    dev = "dev X x\n" * 9
    vocabulary, _ = build(train, dev, frequent_min_count=3)
    assert words(vocabulary)[:1] == ["cat"]
    assert sorted(words(vocabulary)[1:]) == ["TIME_TOKEN", "new", "old"]
    ids = vocabulary.get_token_to_index_vocabulary("words")
    assert ids["old"] == max(ids.values())  # the most frequent first
    vocabulary, _ = build(train, dev, frequent_min_count=4)
    assert sorted(words(vocabulary)[1:]) == ["TIME_TOKEN", "new"]
    vocabulary, _ = build(train, dev, frequent_min_count=1, frequent_max_words=2)
    assert sorted(words(vocabulary)[1:]) == ["TIME_TOKEN", "new"]


def test_frequent_words_by_default(build):
    train = "forty X x\n" * 49 + "fifty X x\n" * 50
    vocabulary, (instances,) = build(train)
    assert words(vocabulary) == ["fifty"]
    found = tensors(instances[0], vocabulary)["tokens"]["words"]["tokens"]
    assert found.tolist() == [1] * 49 + [2] * 50


def test_no_vectors(build):
    vocabulary, _ = build(TRAIN, vectors=None, frequent_min_count=1)
    assert sorted(words(vocabulary)) == ["NUMBER_TOKEN", "cat", "sat", "the"]
    assert words(vocabulary)[0] == "the"
    assert vocabulary.known_words("words").vectors is None


def test_no_word_is_known(build, tmp_path):
    vocabulary, (train,) = build(TRAIN, vectors="far 1 2\n")
    vocabulary.save_to_files(str(tmp_path / "stored"))
    for each in (vocabulary, Vocabulary.from_files(str(tmp_path / "stored"))):
        assert each.get_vocab_size("words") == 2
        assert each.get_token_to_index_vocabulary("words") == {
            "@@PADDING@@": 0,
            "@@UNKNOWN@@": 1,
        }
        assert tensors(train[0], each)["tokens"]["words"]["tokens"].tolist() == [1, 1, 1]


def test_vectors_are_handed_on(build, tmp_path):
    vocabulary, _ = build(TRAIN)
    assert vocabulary.known_words("words").vectors.path == str(tmp_path / "vectors.txt")
    assert vocabulary.known_words("words").vectors.words == ["the", "cat", "NUMBER_TOKEN"]
    assert vocabulary.known_words("words").vectors.matrix.tolist() == [[1, 1], [2, 2], [4, 4]]


def test_shares_of_the_chain_are_logged(build, caplog):
    # Ten tokens: 4 exact, 1 lower-cased, 2 normalised, 2 frequent without a vector, 1 unknown.
    lines = ["cat"] * 4 + ["Cat"] + ["7", "1,000"] + ["far--off", "far-off"] + ["sat"]
    train = "".join(f"{line} X x\n" for line in lines)
    with caplog.at_level(logging.INFO, logger="bilstm_tagger"):
        build(train, "dog X x\n" * 9, frequent_min_count=2)
    (message,) = [
        record.getMessage()
        for record in caplog.records
        if record.name == "bilstm_tagger.plugin.data.vocabulary"
    ]
    assert message.endswith(
        "exact 40.00%, lower-cased 10.00%, normalised 20.00%, "
        "frequent without a vector 20.00%, unknown 10.00%"
    )


def warnings_of(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_few_tokens_with_a_vector_are_one_warning(build, caplog, tmp_path):
    # Three of ten tokens, by exact, lower-cased and normalised form.
    train = "".join(f"{word} X x\n" for word in ["cat", "Dog", "1,000", *["kot"] * 7])
    build(train, vectors="cat 1 1\ndog 1 1\nNUMBER_TOKEN 1 1\n", frequent_min_count=1)
    (message,) = warnings_of(caplog)
    assert message.startswith("Only 30.0 % of the tokens of the training data have a vector in")
    assert str(tmp_path / "vectors.txt") in message
    assert "another language" in message and "check 'pretrained_file'" in message


def test_a_third_of_the_tokens_is_enough(build, caplog):
    build("cat X x\nkot X x\npies X x\n", vectors="cat 1 1\n")
    # Nothing is said where words are not looked at.
    indexers = {"characters": {"type": "word_characters"}}
    build("kot X x\n", reader={**READER, "token_indexers": indexers})
    build("kot X x\n", vectors=None, reader={**READER, "token_indexers": indexers})
    assert warnings_of(caplog) == []


def test_without_vectors_many_unknown_words_are_one_warning(build, caplog):
    train = "".join(f"{word} X x\n" for word in ["rare", "once", "seldom", *["often"] * 2])
    vocabulary, _ = build(train, vectors=None, frequent_min_count=2)
    WordVectorEmbedder(vocabulary, 2)
    (message,) = warnings_of(caplog)
    assert message.startswith("60.0 % of the tokens of the training data are unknown words")
    assert "at least 2 times" in message and "inputs.trained_words" in message
    caplog.clear()
    vocabulary, _ = build(train, vectors=None, frequent_min_count=1)
    WordVectorEmbedder(vocabulary, 2, trainable=True)
    assert warnings_of(caplog) == []


def test_all_frequent_words(build):
    train = "".join(f"word{chr(97 + i // 26)}{chr(97 + i % 26)} X x\n" for i in range(600)) * 2
    vocabulary, _ = build(train, vectors=None, frequent_min_count=2, frequent_max_words=None)
    assert len(words(vocabulary)) == 600


ODD = [
    "a\rb",
    "\u2028",
    "\u2029",
    "\x85",
    "\u00a0",
    "\ufeff",
    "\x00",
    "\x1c",
    "🎉",
    "👩\u200d🚀",
    "日本語",
    "é",
    "e\u0301",
    "#",
    '"',
    "\\n",
    "@@UNKNOWN@@",
]


@pytest.mark.parametrize("keep", ["reachable", "all"])
def test_what_is_stored_is_read_back_the_same(build, tmp_path, keep):
    train = "".join(f"{token} {token} {token}\n" for token in [*ODD, *TRAIN.split()])
    vectors = VECTORS + "".join(f"{token} 0 0\n" for token in ODD)
    vocabulary, (instances,) = build(train, vectors=vectors, keep=keep, frequent_min_count=1)
    before = [tensors(each, vocabulary) for each in instances]
    vocabulary.save_to_files(str(tmp_path / "stored"))
    loaded = Vocabulary.from_files(str(tmp_path / "stored"))
    assert loaded.get_namespaces() == vocabulary.get_namespaces()
    for namespace in ("words", "token_characters", "casing", "shape", "pos_labels"):
        ids = vocabulary.get_token_to_index_vocabulary(namespace)
        assert loaded.get_token_to_index_vocabulary(namespace) == ids
        assert set(loaded.get_index_to_token_vocabulary(namespace)) == set(ids.values())
    after = [tensors(each, loaded) for each in instances]
    for first, second in zip(before, after, strict=True):
        assert first["labels"]["pos"].tolist() == second["labels"]["pos"].tolist()
        for indexer, output in first["tokens"].items():
            for key, tensor in output.items():
                assert second["tokens"][indexer][key].tolist() == tensor.tolist()
    # Nothing but the carriage return is unknown: a stored line could not end in it.
    characters = chain(*(each["tokens"]["characters"]["token_characters"] for each in before))
    assert sum(row.tolist().count(1) for row in characters) == 1


def test_stored_word_vectors_vocabulary_is_read_back(build, tmp_path):
    vocabulary, _ = build(TRAIN)
    vocabulary.save_to_files(str(tmp_path / "stored"))
    params = Params({"type": "from_files", "directory": str(tmp_path / "stored")})
    assert words(Vocabulary.from_params(params)) == words(vocabulary)


@pytest.mark.parametrize("name", ["tags", "pos_tags", "labels"])
def test_feature_column_of_any_name_has_an_unknown_value(build, name):
    reader = {
        **READER,
        "columns": {"tokens": 0, "pos": 1, name: 2},
        "token_indexers": {name: {"type": "column", "column": name}},
    }
    vocabulary, (_, dev) = build(TRAIN, DEV, reader=reader)
    known = vocabulary.get_token_index("x", name)
    assert known > 1
    found = tensors(dev[0], vocabulary)["tokens"][name]["tokens"]
    assert found.tolist() == [1, known, known, known]


def test_packed_vectors(build, tmp_path):
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress(VECTORS.encode()))
    vocabulary, _ = build(TRAIN, vectors=None, pretrained_file=str(path))
    assert words(vocabulary) == ["the", "cat", "NUMBER_TOKEN"]


def test_wrong_keep(build):
    with pytest.raises(ConfigurationError, match="must be 'reachable' or 'all', found 'some'"):
        build(TRAIN, keep="some")


def test_vectors_that_are_not_there(build):
    with pytest.raises(DataFormatError, match="nowhere.txt: there is no such file.*'pretrained_fi"):
        build(TRAIN, vectors=None, pretrained_file="nowhere.txt")


def test_words_whose_file_is_not_in_the_vocabulary(build):
    with pytest.raises(ConfigurationError, match="a token indexer of words has the namespace 'oth"):
        build(TRAIN, reader=TWO_FILES)
    vocabulary, _ = build(TRAIN)
    with pytest.raises(ConfigurationError, match="a token embedder of words has the namespace 'o"):
        WordVectorEmbedder(vocabulary, 2, namespace="other")


TWO_FILES = READER | {
    "token_indexers": {
        "words": {"type": "word_forms"},
        "other": {"type": "word_forms", "namespace": "other"},
    }
}


def test_several_files_have_words_of_their_own(build, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("sat 1 1 1\nthe 2 2 2\nfar 3 3 3\n")
    more = {"other": {"pretrained_file": str(other), "keep": "all"}}
    vocabulary, (train, _) = build(TRAIN, DEV, reader=TWO_FILES, more=more)
    assert words(vocabulary) == ["the", "cat", "dog", "NUMBER_TOKEN", "wagged", "DATE_TOKEN"]
    assert list(vocabulary.get_token_to_index_vocabulary("other"))[2:] == ["sat", "the", "far"]
    ids = tensors(train[0], vocabulary)["tokens"]
    assert ids["words"]["tokens"].tolist() == [2, 3, 1]  # The cat sat
    assert ids["other"]["tokens"].tolist() == [3, 1, 2]
    first, second = (
        WordVectorEmbedder(vocabulary, size, str(tmp_path / name), namespace=namespace)
        for size, name, namespace in ((2, "vectors.txt", "words"), (3, "other.txt", "other"))
    )
    assert first(ids["words"]["tokens"])[0].tolist() == [1.0, 1.0]
    assert second(ids["other"]["tokens"])[[0, 2]].tolist() == [[2.0] * 3, [1.0] * 3]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"other": {"kept": "all"}}, r"more\.other has kept: it can have pretrained_file, keep"),
        ({"other": {"keep": "some"}}, r"more\.other\.keep must be 'reachable' or 'all'"),
        ({"other": "a.txt"}, r"more\.other must be an object of settings, found 'a\.txt'"),
        (["a.txt"], r"more must be an object, namespaces to their settings, found \['a\.txt'\]"),
        ({"words": {}}, r"more\.words is the namespace of the first file"),
        ({"other": {}}, r"more\.other: no token indexer 'word_forms' has the namespace 'other'"),
    ],
)
def test_mistakes_in_further_files(build, more, problem):
    with pytest.raises(ConfigurationError, match=problem):
        build(TRAIN, more=more)
