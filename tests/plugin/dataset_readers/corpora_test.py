"""The readers of the configs on the corpora in `data/`: `make data` puts them there."""

from collections import Counter
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary

from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.columns import read_sentences
from bilstm_tagger.text.word_forms import known_form
from bilstm_tagger.text.word_vectors import read_word_vectors

pytestmark = pytest.mark.corpora

CONLL2000 = [f"data/conll2000/{part}.txt" for part in ("train", "dev", "test")]
WNUT17 = [f"data/wnut17/{part}.conll" for part in ("train", "dev", "test")]
EWT = [f"data/ud_english_ewt/en_ewt-ud-{part}.conllu" for part in ("train", "dev", "test")]
GLOVE = "data/glove/glove.6B.100d.trimmed.txt.gz"


def needs(*paths):
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not there: make data")


def reader_of(config):
    params = Params.from_file(f"training_config/{config}.jsonnet")
    return DatasetReader.from_params(params["dataset_reader"])


def lines(path):
    return [line.rstrip("\r\n") for line in open(path, encoding="utf-8", newline="\n")]


@cache
def sentences(path):
    layouts = {
        "conll2000": ColumnFormat({"tokens": 0, "pos": 1, "chunk": 2}),
        "wnut17": ColumnFormat({"tokens": 0, "ner": 1}, delimiter="\t"),
        "ud_english_ewt": ColumnFormat({"tokens": 1, "pos": 3}, conllu=True),
    }
    return list(read_sentences(path, layouts[Path(path).parent.name]))


@pytest.mark.parametrize(
    "config, paths, numbers, tasks",
    [
        ("conll2000_pos_and_chunks", CONLL2000, [8936, 1844, 2012], {"pos", "chunk"}),
        ("wnut17_ner", WNUT17, [3394, 1009, 1287], None),
        ("ud_ewt_pos", EWT, [12544, 2001, 2077], {"pos"}),
    ],
)
def test_number_of_sentences(config, paths, numbers, tasks):
    needs(*paths)
    reader = reader_of(config)
    for path, number in zip(paths, numbers, strict=True):
        count = 0
        for instance in reader.read(path):
            count += 1
            labels = instance["labels"].labels
            assert tasks is None or set(labels) == tasks
            assert {len(each) for each in labels.values()} == {len(instance["tokens"])}
        assert count == number


@pytest.mark.parametrize("paths, delimiter", [(CONLL2000, None), (WNUT17, "\t")])
def test_every_line_is_a_token(paths, delimiter):
    needs(*paths)
    for path in paths:
        found = sentences(path)
        expected = [line.split(delimiter)[0] for line in lines(path) if line.strip()]
        assert list(chain(*(each.tokens for each in found))) == expected


def test_tokens_of_conll2000_that_start_with_a_hash():
    needs(*CONLL2000)
    found = list(chain(*(each.tokens for each in sentences(CONLL2000[0]))))
    assert len([token for token in found if token.startswith("#")]) == 36


def test_sentences_of_one_token():
    needs(*CONLL2000, *WNUT17, *EWT)
    total = 0
    for path in (*CONLL2000, *WNUT17, *EWT):
        conllu = path.endswith("conllu")
        found = Counter(len(each.tokens) for each in sentences(path))
        # Read another way: runs of lines between separators.
        expected = Counter()
        length = 0
        for line in [*lines(path), ""]:
            if not line.strip():
                expected[length] += 1
                length = 0
            elif not conllu or line.split("\t")[0].isdigit():
                length += 1
        del expected[0]
        assert found == expected
        total += found[1]
    assert total > 100


def test_ranges_and_empty_nodes_of_ewt_are_left_out():
    needs(*EWT)
    for path in EWT:
        rows = [line.split("\t") for line in lines(path) if line.strip() and line[0] != "#"]
        assert any("-" in row[0] for row in rows)
        assert any("." in row[0] for row in rows)
        words = [(row[1], row[3]) for row in rows if row[0].isdigit()]
        found = sentences(path)
        assert [
            pair for each in found for pair in zip(each.tokens, each.columns["pos"], strict=True)
        ] == words


def test_labels_of_conll2000():
    needs(*CONLL2000)
    train, _, test = (
        Counter(chain(*(each.columns["chunk"] for each in found)))
        for found in map(sentences, CONLL2000)
    )
    # The reason for labels that training has not seen.
    assert set(test) - set(train) == {"I-LST"}


def test_vocabulary_of_wnut17():
    needs(*WNUT17, GLOVE)
    params = Params.from_file("training_config/wnut17_ner.jsonnet")
    reader = DatasetReader.from_params(params["dataset_reader"])
    # The dev file as training data, which is quicker.
    train, test = (list(reader.read(path)) for path in WNUT17[1:])
    vocabulary = Vocabulary.from_params(params["vocabulary"], instances=chain(train, test))

    labels = set(chain(*(each["labels"].labels["ner"] for each in train)))
    assert set(vocabulary.get_token_to_index_vocabulary("ner_labels")) == labels
    characters = set(chain(*(token.text for each in train for token in each["tokens"])))
    known = set(vocabulary.get_token_to_index_vocabulary("token_characters"))
    assert known - {"@@PADDING@@", "@@UNKNOWN@@"} <= characters

    vectors = set(read_word_vectors(GLOVE).words)
    assert len(vocabulary.known_words("words").vectors.words) > 3_000
    reached = 0
    for instance in test:
        instance.index_fields(vocabulary)
        tensors = instance.as_tensor_dict(instance.get_padding_lengths())
        ids = tensors["tokens"]["words"]["tokens"].tolist()
        for token, index in zip(instance["tokens"], ids, strict=True):
            form = known_form(token.text, vectors)
            if form is not None:
                assert vocabulary.get_token_from_index(index, "words") == form
                reached += 1
    assert reached > 0.85 * sum(len(each["tokens"]) for each in test)
