import gzip
import json
import logging
import pickle
from collections import Counter
from copy import deepcopy
from itertools import chain
from pathlib import Path

import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import DataLoader, DatasetReader, Vocabulary

from bilstm_tagger.plugin.data.fields import SentenceField, TaskLabelsField
from bilstm_tagger.plugin.data.token_indexers import CasingIndexer
from bilstm_tagger.plugin.dataset_readers import ConllColumnsReader
from bilstm_tagger.text import memo
from bilstm_tagger.text.errors import DataFormatError

CORPUS = "fixtures/corpus"
BROKEN = "fixtures/broken"
FIXTURE = {
    "columns": {"tokens": 0, "pos": 1, "chunk": 2, "entity": 3},
    "tasks": {
        "pos": {},
        "chunk": {"encoding": "BIO", "model_encoding": "IOBES"},
        "entity": {"encoding": "BIO"},
    },
}
TWO_SETS = {
    "datasets": {
        "ud": {"columns": {"tokens": 1, "pos": 3}, "conllu": True, "tasks": {"pos": {}}},
        "news": {
            "columns": {"tokens": 0, "chunk": 2},
            "tasks": {"chunk": {"encoding": "BIO", "model_encoding": "BILOU"}},
        },
    }
}
TWO_FILES = {"ud": f"{CORPUS}/pos.conllu", "news": f"{CORPUS}/dev.conll"}


def make(settings=FIXTURE, **others):
    settings = {
        "type": "conll_columns",
        "token_indexers": {"words": {"type": "word_forms"}},
        **deepcopy(settings),
        **deepcopy(others),
    }
    return DatasetReader.from_params(Params(settings))


def with_column(*names):
    return {
        "words": {"type": "word_forms"},
        **{name: {"type": "column", "column": name} for name in names},
    }


def blocks(path):
    """The sentences of a fixture, as rows of cells, read another way."""
    text = Path(path).read_text(encoding="utf-8").strip()
    return [
        [line.split() for line in block.split("\n") if not line.startswith("# ")]
        for block in text.split("\n\n")
    ]


def texts(instance):
    return [token.text for token in instance["tokens"]]


def metadata(instance):
    return instance["metadata"].metadata


@pytest.fixture
def write(tmp_path):
    def write(content, name="file.conll"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


# Instances


def test_instances_of_the_fixture():
    path = f"{CORPUS}/dev.conll"
    instances = list(make().read(path))
    expected = blocks(path)
    assert [texts(each) for each in instances] == [[row[0] for row in rows] for rows in expected]
    assert [each["labels"].labels["pos"] for each in instances] == [
        [row[1] for row in rows] for rows in expected
    ]
    assert [each["labels"].labels["entity"] for each in instances] == [
        [row[3] for row in rows] for rows in expected
    ]
    for instance in instances:
        assert isinstance(instance["tokens"], SentenceField)
        assert isinstance(instance["labels"], TaskLabelsField)
        assert list(instance["labels"].labels) == ["pos", "chunk", "entity"]
        assert metadata(instance)["tokens"] == texts(instance)
        assert metadata(instance)["gold"] == instance["labels"].labels
        assert metadata(instance)["source"] == path
        assert metadata(instance)["dataset"] == ""


def test_tags_in_the_encoding_of_the_model(write):
    path = write("The DET B-NP O\ncat NOUN I-NP B-X\nsat VERB B-VP B-X\n")
    (instance,) = make().read(path)
    assert instance["labels"].labels == {
        "pos": ["DET", "NOUN", "VERB"],
        "chunk": ["B-NP", "E-NP", "S-VP"],
        "entity": ["O", "B-X", "B-X"],
    }
    assert metadata(instance)["file_encodings"] == {"pos": None, "chunk": "BIO", "entity": "BIO"}
    assert metadata(instance)["model_encodings"] == {
        "pos": None,
        "chunk": "IOBES",
        "entity": "BIO",
    }


@pytest.mark.parametrize("source", ["IOB1", "BIO", "IOBES", "BILOU"])
def test_any_encoding_of_the_file(write, source):
    tags = {
        "IOB1": "I-NP B-NP I-NP O I-VP",
        "BIO": "B-NP B-NP I-NP O B-VP",
        "IOBES": "S-NP B-NP E-NP O S-VP",
        "BILOU": "U-NP B-NP L-NP O U-VP",
    }
    path = write("".join(f"w {tag}\n" for tag in tags[source].split()))
    for target in tags:
        reader = make(
            columns={"tokens": 0, "chunk": 1},
            tasks={"chunk": {"encoding": source, "model_encoding": target}},
        )
        (instance,) = reader.read(path)
        assert instance["labels"].labels == {"chunk": tags[target].split()}


def test_one_token_sentences_stay_one_token(write):
    instances = list(make().read(write("Yes INTJ O O\n\nNo INTJ O O\n")))
    assert [texts(each) for each in instances] == [["Yes"], ["No"]]
    assert [each["labels"].labels["pos"] for each in instances] == [["INTJ"], ["INTJ"]]


def test_a_file_without_tasks(write):
    reader = make({"columns": {"tokens": 0}})
    (instance,) = reader.read(write("The\ncat\n"))
    assert "labels" not in instance.fields
    assert "gold" not in metadata(instance)


def test_features_of_a_token(write):
    reader = make(token_indexers=with_column("chunk"))
    assert reader.feature_columns == ["chunk"]
    (instance,) = reader.read(write("The DET B-NP O\ncat NOUN I-NP O\n"))
    # As in the file: the encoding of the model is one of labels.
    assert [token.columns for token in instance["tokens"]] == [{"chunk": "B-NP"}, {"chunk": "I-NP"}]


def test_a_token_is_made_once(write, monkeypatch):
    monkeypatch.setattr(memo, "MAX_ENTRIES", 2)
    reader = make(token_indexers=with_column("chunk"))
    text = "a X B-NP O\na X B-NP O\na X O O\n\nb X B-NP O\n\na X B-NP O\n"
    first, second, third = (each["tokens"].tokens for each in reader.read(write(text)))
    assert first[0] is first[1]
    assert first[2].columns == {"chunk": "O"}
    assert [token.text for token in (*first, *second, *third)] == ["a", "a", "a", "b", "a"]
    assert third[0].columns == first[0].columns
    assert len(reader._memo) <= 2  # and starts over


def test_settings_reach_the_file(write):
    path = write("% note\n-DOCSTART-\n\nThe,DET\n% note\ncat,NOUN\n")
    reader = make(
        columns={"tokens": 0, "pos": 1},
        tasks={"pos": {}},
        delimiter=",",
        comment_prefix="%",
        document_dividers=True,
    )
    (instance,) = reader.read(path)
    assert texts(instance) == ["The", "cat"]


def test_packed_file(write):
    content = Path(f"{CORPUS}/dev.conll").read_bytes()
    packed = list(make().read(write(gzip.compress(content), "dev.conll.gz")))
    plain = list(make().read(f"{CORPUS}/dev.conll"))
    assert [each["labels"].labels for each in packed] == [each["labels"].labels for each in plain]


def test_conllu_fixture_has_no_ranges_nor_empty_nodes():
    reader = make(columns={"tokens": 1, "pos": 3}, tasks={"pos": {}}, conllu=True)
    path = f"{CORPUS}/pos.conllu"
    rows = list(chain(*blocks(path)))
    left_out = [row for row in rows if not row[0].isdigit()]
    assert len(left_out) >= 2
    found = list(chain(*(each["labels"].labels["pos"] for each in reader.read(path))))
    assert found == [row[3] for row in rows if row[0].isdigit()]


def test_max_instances():
    path = f"{CORPUS}/dev.conll"
    everything = [texts(each) for each in make().read(path)]
    assert [texts(each) for each in make(max_instances=5).read(path)] == everything[:5]
    assert len(list(make(max_instances=10_000).read(path))) == len(everything)


# Several data sets


def test_a_dictionary_of_paths():
    instances = list(make(TWO_SETS).read(TWO_FILES))
    numbers = Counter(metadata(each)["dataset"] for each in instances)
    assert numbers == {name: len(blocks(path)) for name, path in TWO_FILES.items()}
    for instance in instances:
        task = {"ud": "pos", "news": "chunk"}[metadata(instance)["dataset"]]
        assert list(instance["labels"].labels) == [task]
        # One source for all: it is the same path.
        assert json.loads(metadata(instance)["source"]) == TWO_FILES
        assert metadata(instance)["model_encodings"] == {"pos": None, "chunk": "BILOU"}


def test_a_part_of_the_data_sets():
    instances = list(make(TWO_SETS).read({"news": TWO_FILES["news"]}))
    assert {metadata(each)["dataset"] for each in instances} == {"news"}


def test_paths_may_be_objects():
    paths = {name: Path(path) for name, path in TWO_FILES.items()}
    assert len(list(make(TWO_SETS).read(paths))) == len(list(make(TWO_SETS).read(TWO_FILES)))
    assert len(list(make().read(Path(f"{CORPUS}/dev.conll")))) == len(blocks(TWO_FILES["news"]))


def test_one_declared_data_set_takes_a_plain_path():
    reader = make({"datasets": {"news": TWO_SETS["datasets"]["news"]}})
    instances = list(reader.read(TWO_FILES["news"]))
    assert {metadata(each)["dataset"] for each in instances} == {"news"}


def test_wrong_data_set():
    with pytest.raises(ConfigurationError, match=r"data set 'x', but .*\['news', 'ud'\]"):
        list(make(TWO_SETS).read({"x": TWO_FILES["ud"]}))
    with pytest.raises(ConfigurationError, match="names the data set 'ud', but 'datasets'"):
        list(make().read({"ud": f"{CORPUS}/dev.conll"}))
    with pytest.raises(ConfigurationError, match="names the data set ''"):
        list(make().read({"": f"{CORPUS}/dev.conll"}))
    with pytest.raises(ConfigurationError, match="declares none: give the file alone"):
        list(make().read({"ud": f"{CORPUS}/dev.conll"}))


def test_plain_path_with_several_data_sets():
    message = r"several data sets \(ud, news\): say to which.* as in \{\"ud\": \"some.conll\"\}"
    with pytest.raises(ConfigurationError, match=message):
        list(make(TWO_SETS).read("some.conll"))
    with pytest.raises(ConfigurationError, match="no JSON: .* need double quotes"):
        list(make(TWO_SETS).read("{'ud': 'some.conll'}"))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"casing": "Lower"}, r"^datasets.a: Invalid .*`\$.casing`; permitted: 'lower', 'upper'$"),
        ({"case": "lower"}, r"^datasets.a: .*unknown field `case`; did you mean 'casing'\?$"),
        ({"tasks": {"ner": {"partialy": True}}}, r"^datasets.a: .*did you mean 'partial'\?$"),
        ({"xyz": 1}, r"^datasets.a: .*unknown field `xyz`$"),
    ],
)
def test_wrong_settings_of_a_data_set(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        make({"datasets": {"a": {"columns": {"tokens": 0}} | settings}})


def test_a_task_of_two_data_sets():
    layout = TWO_SETS["datasets"]["news"]
    other = {
        "columns": {"tokens": 0, "chunk": 1},
        "tasks": {"chunk": {"encoding": "IOB1", "model_encoding": "BILOU"}},
    }
    reader = make({"datasets": {"a": layout, "b": other}})
    assert reader.model_encodings == {"chunk": "BILOU"}
    other["tasks"]["chunk"]["model_encoding"] = "BIO"
    with pytest.raises(ConfigurationError, match="'chunk' has the model_encoding BIO in .*'b'"):
        make({"datasets": {"a": layout, "b": other}})


# Broken files: each error names the file, the line, what was expected, what was found, and a way to
# fix it.


BROKEN_FORM = [
    (
        "ragged_line.conll",
        {},
        ":6: expected 3 columns as in line 1, found 4: 'slept VERB B-VP surplus'; fix the "
        "line, or 'delimiter' of the dataset reader",
    ),
    (
        "missing_column.conll",
        {},
        ":5: expected at least 3 columns separated by spaces or tabs, found 2: 'slept VERB'; "
        "column 'chunk' (index 2) is missing; fix the line, or 'columns' or 'delimiter' of "
        "the dataset reader",
    ),
    (
        "missing_column.conll",
        {"columns": {"tokens": 0, "pos": 3, "chunk": 7}},
        ":1: expected at least 8 columns separated by spaces or tabs, found 3: 'The DET B-NP'; "
        "column 'pos' (index 3) is missing; fix the line, or 'columns'",
    ),
    (
        "ragged_line.conll",
        {"delimiter": "\t"},
        r":1: expected at least 3 columns separated by '\t', found 1: 'The DET B-NP'; "
        "column 'pos' (index 1) is missing; fix the line, or 'columns' or 'delimiter'",
    ),
    (
        "empty_cell.tsv",
        {"delimiter": "\t"},
        r":2: expected something in column 'pos' (index 1), found nothing: 'cat\t\tI-NP'; fix "
        "the line, or 'delimiter'",
    ),
    (
        "latin1.conll",
        {},
        ":2: expected UTF-8, found the byte 0xe9 at position 4 of the line; convert the file "
        "to UTF-8, such as by iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW",
    ),
    (
        "utf16.conll",
        {},
        ": expected UTF-8, but this looks like UTF-16; convert it: iconv -f UTF-16 -t UTF-8",
    ),
    (
        "empty.conll",
        {},
        ": expected at least one sentence, found none; check the path",
    ),
    (
        "only_comments.conllu",
        {"conllu": True},
        ": expected at least one sentence, found none; check the path, and "
        "'comment_prefix' of the dataset reader",
    ),
    (
        "divider_in_sentence.conll",
        {"document_dividers": True},
        ":3: expected a blank line before -DOCSTART-, found it inside a sentence; add the "
        "blank line, or set document_dividers: false",
    ),
    (
        "no_such_file.conll",
        {},
        ": there is no such file; check the data path in the config or the command",
    ),
]
BROKEN_TAGS = [
    (
        "iob1_tags.conll",
        {},
        ":1: column 'chunk' of task 'chunk' is declared as BIO, but 'I-NP' cannot start a "
        "sentence in BIO; 'B-NP' expected; fix the file, set the 'encoding' of the task, or "
        "set invalid_tags: 'repair'",
    ),
    (
        "open_chunk.conll",
        {"tasks": {"chunk": {"encoding": "IOBES"}}},
        ":6: column 'chunk' of task 'chunk' is declared as IOBES, but 'I-VP' cannot end a "
        "sentence in IOBES; 'I-VP' or 'E-VP' expected after it; fix the file",
    ),
    (
        "unknown_prefix.conll",
        {"invalid_tags": "repair"},
        ":5: column 'chunk' of task 'chunk' is declared as BIO, but 'X-VP' is no tag of any "
        "encoding and cannot be repaired; fix the file, or set the 'column' or 'encoding' of "
        "the task",
    ),
    (
        "no_prefix.conll",
        {},
        ":2: column 'chunk' of task 'chunk' is declared as BIO, but 'NP' is neither 'O' nor "
        "'<prefix>-<type>'; fix the file, or set the 'column' or 'encoding' of the task",
    ),
]


def assert_error(reader, name, expected):
    with pytest.raises(DataFormatError) as raised:
        list(reader.read(f"{BROKEN}/{name}"))
    assert str(raised.value).startswith(f"{BROKEN}/{name}{expected}")


@pytest.mark.parametrize("name, settings, expected", BROKEN_FORM)
def test_broken_form(name, settings, expected):
    settings = {"columns": {"tokens": 0, "pos": 1, "chunk": 2}, **settings}
    assert_error(make({}, **settings, tasks={"pos": {}, "chunk": {}}), name, expected)
    # For prediction only tokens and features are read: all columns are features here.
    reader = make({}, **settings, token_indexers=with_column("pos", "chunk"))
    assert_error(reader.for_prediction(), name, expected)


@pytest.mark.parametrize("name, settings, expected", BROKEN_TAGS)
def test_broken_tags(name, settings, expected):
    layout = {"columns": {"tokens": 0, "chunk": 2}, "tasks": {"chunk": {"encoding": "BIO"}}}
    reader = make({**layout, **settings})
    assert_error(reader, name, expected)
    # The labels of a file that is to be tagged are not looked at.
    assert len(list(reader.for_prediction().read(f"{BROKEN}/{name}"))) >= 1


def test_gzip_cut_short():
    reader = make({"columns": {"tokens": 0, "pos": 1}, "tasks": {"pos": {}}})
    with pytest.raises(DataFormatError) as raised:
        list(reader.read(f"{BROKEN}/cut_short.conll.gz"))
    message = str(raised.value)
    assert message.startswith(f"{BROKEN}/cut_short.conll.gz:")
    assert "expected a whole gzip file, but it cannot be unpacked here" in message
    assert "cut short: fetch or pack it again" in message


def test_every_broken_file_is_read():
    names = {path.name for path in Path(BROKEN).iterdir() if not path.name.startswith("vectors_")}
    read = {name for name, *_ in (*BROKEN_FORM, *BROKEN_TAGS)} - {"no_such_file.conll"}
    assert names == {*read, "cut_short.conll.gz"}


def test_repair(caplog, write):
    path = write("The B-NP\ncat I-NP\n\nIt I-NP\nsat I-VP\n\nOh I-X\n")
    reader = make(
        columns={"tokens": 0, "chunk": 1},
        tasks={"chunk": {"encoding": "BIO"}},
        invalid_tags="repair",
    )
    with caplog.at_level(logging.WARNING):
        labels = [each["labels"].labels["chunk"] for each in reader.read(path)]
    assert labels == [["B-NP", "I-NP"], ["B-NP", "B-VP"], ["B-X"]]
    (record,) = caplog.records
    assert f"{path}: repaired the tags of 2 sentences" in record.getMessage()


def test_nothing_is_said_where_nothing_is_repaired(caplog):
    with caplog.at_level(logging.WARNING):
        list(make(invalid_tags="repair").read(f"{CORPUS}/dev.conll"))
    assert not caplog.records


# Settings


@pytest.mark.parametrize(
    "settings, message",
    [
        ({}, "either 'columns' .* or 'datasets'"),
        ({**FIXTURE, **TWO_SETS}, "either 'columns' .* or 'datasets'"),
        ({"datasets": {}}, "datasets is empty"),
        ({**FIXTURE, "token_indexers": {}}, "token_indexers is empty"),
        (
            {**FIXTURE, "token_indexers": with_column("lemma")},
            "column 'lemma', wanted by token_indexers of data set ''",
        ),
        (
            {**TWO_SETS, "token_indexers": with_column("pos")},
            "column 'pos', wanted by token_indexers of data set 'news'",
        ),
        ({**FIXTURE, "token_indexers": with_column("tokens")}, "'tokens' is wanted by token_ind"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        make({}, **settings)


# Without labels


def test_text_to_instance():
    reader = make()
    instance = reader.text_to_instance(["The", "cat", "sat"])
    assert texts(instance) == ["The", "cat", "sat"]
    assert "labels" not in instance.fields
    # It can be indexed as it is.
    instance.index_fields(Vocabulary())
    assert instance.as_tensor_dict()["tokens"]["words"]["tokens"].tolist() == [1, 1, 1]


def test_text_to_instance_with_features():
    reader = make(token_indexers=with_column("pos"))
    instance = reader.text_to_instance(["The", "cat"], {"pos": ["DET", "NOUN"], "other": ["x"]})
    assert [token.columns for token in instance["tokens"]] == [{"pos": "DET"}, {"pos": "NOUN"}]


@pytest.mark.parametrize("tokens", [[], [""], ["The", ""]])
def test_text_to_instance_without_text(tokens):
    with pytest.raises(DataFormatError, match="expected tokens of some text, found"):
        make().text_to_instance(tokens)


@pytest.mark.parametrize(
    "columns, found",
    [
        (None, "none"),
        ({"chunk": ["O", "O"]}, "none"),
        ({"pos": ["DET"]}, "1"),
        ({"pos": []}, "none"),
    ],
)
def test_text_to_instance_with_a_wrong_feature(columns, found):
    reader = make(token_indexers=with_column("pos"))
    message = f"with the column 'pos' as a feature: expected 2 values of it, found {found};.*'pos'"
    with pytest.raises(ConfigurationError, match=message):
        reader.text_to_instance(["The", "cat"], columns)


def test_prediction_needs_no_labels():
    instances = list(make().for_prediction().read("fixtures/text/untagged.conll"))
    expected = [[row[0] for row in rows] for rows in blocks("fixtures/text/untagged.conll")]
    assert [texts(each) for each in instances] == expected
    assert all("labels" not in each.fields for each in instances)


def test_prediction_keeps_lines():
    path = "fixtures/text/with_extra_columns.conll"
    lines = Path(path).read_text(encoding="utf-8").split("\n")
    reader = make({"columns": {"tokens": 1, "pos": 3, "chunk": 5}, "tasks": {"chunk": {}}})
    kept = [metadata(each)["lines"] for each in reader.for_prediction().read(path)]
    assert [line for line, _ in chain(*kept)] == [line for line in lines if line]
    assert {kind for _, kind in chain(*kept)} == {"token"}


def test_prediction_keeps_notes_and_rows_of_conllu():
    path = f"{CORPUS}/pos.conllu"
    lines = Path(path).read_text(encoding="utf-8").split("\n")
    reader = make(TWO_SETS).for_prediction("ud")
    instances = list(reader.read(path))
    kept = list(chain(*(metadata(each)["lines"] for each in instances)))
    assert [line for line, _ in kept] == [line for line in lines if line]
    for line, kind in kept:
        first = line.split("\t")[0]
        assert kind == ("note" if line[0] == "#" else "token" if first.isdigit() else "row")
    for instance in instances:
        kinds = [kind for _, kind in metadata(instance)["lines"]]
        assert kinds.count("token") == len(instance["tokens"])


def test_prediction_as_a_data_set():
    reader = make(TWO_SETS)
    (first, *_) = reader.for_prediction("news").read(f"{CORPUS}/dev.conll")
    assert metadata(first)["dataset"] == "news"
    with pytest.raises(ConfigurationError, match=r"no data set 'x'; .*\['news', 'ud'\]"):
        reader.for_prediction("x")
    # The reader itself goes on reading labels.
    assert "labels" in next(iter(reader.read(TWO_FILES))).fields


def test_prediction_leaves_the_casing():
    """A data set that training reads in lower case is tagged as it stands."""
    reader = make({"columns": {"tokens": 0, "ner": 3}, "casing": "lower"})
    path = f"{CORPUS}/dev.conll"
    read, predicted = reader.read(path), reader.for_prediction().read(path)
    pairs = [(texts(one), texts(other)) for one, other in zip(read, predicted, strict=True)]
    assert all(lower == list(map(str.lower, as_in_file)) for lower, as_in_file in pairs)
    assert any(lower != as_in_file for lower, as_in_file in pairs)


def test_prediction_names_a_missing_feature(write):
    path = write("The\ncat\n")
    reader = make(token_indexers=with_column("pos"))
    with pytest.raises(DataFormatError, match=r":1: .*column 'pos' \(index 1\) is missing"):
        list(reader.for_prediction().read(path))


# AllenNLP's data loader


def loader(reader, path, **settings):
    settings.setdefault("batch_sampler", {"type": "same_length", "batch_size": 8})
    return DataLoader.from_params(
        Params({"quiet": True, **settings}), reader=reader, data_path=path
    )


def vocabulary_of(instances):
    return Vocabulary.from_params(
        Params({"type": "word_vectors", "frequent_min_count": 1}), instances=instances
    )


def sentences_of(batches):
    return Counter(" ".join(each["tokens"]) for batch in batches for each in batch["metadata"])


def expected_sentences(*paths):
    return Counter(" ".join(texts(each)) for path in paths for each in path)


@pytest.mark.parametrize(
    "settings, path", [(FIXTURE, f"{CORPUS}/dev.conll"), (TWO_SETS, TWO_FILES)]
)
def test_evaluation_sees_every_sentence_once(settings, path):
    reader = make(settings)
    instances = list(reader.read(path))
    data = loader(reader, path)
    data.index_with(vocabulary_of(instances))
    batches = list(data)
    assert len(batches) == len(data)
    assert sentences_of(batches) == expected_sentences(instances)
    for batch in batches:
        ids = batch["tokens"]["words"]["tokens"]
        lengths = [len(sentence["tokens"]) for sentence in batch["metadata"]]
        assert ((ids > 0).sum(1) == torch.tensor(lengths)).all()
        for labels in batch["labels"].values():
            assert ((labels >= 0) == (ids > 0)).all()


def test_training_takes_data_sets_in_turn():
    reader = make(TWO_SETS)
    data = loader(reader, TWO_FILES)
    data.index_with(vocabulary_of(list(data.iter_instances())))
    data.batch_sampler.training = True
    batches = list(data)
    assert len(batches) == len(data)
    found = [{each["dataset"] for each in batch["metadata"]} for batch in batches]
    assert found == [{"ud"}, {"news"}] * (len(batches) // 2)
    assert len(batches) >= 4


def test_a_batch_of_several_data_sets_is_refused():
    reader = make(TWO_SETS)
    data = loader(reader, TWO_FILES, batch_sampler=None, batch_size=1000)
    data.index_with(vocabulary_of(list(data.iter_instances())))
    with pytest.raises(ConfigurationError, match="batch_sampler of the data_loader to 'same_len"):
        list(data)


@pytest.mark.parametrize(
    "settings, path", [(FIXTURE, f"{CORPUS}/dev.conll"), (TWO_SETS, TWO_FILES)]
)
def test_two_workers_read_every_sentence_once(settings, path):
    reader = make(settings, token_indexers={"words": {"type": "word_forms"}, "casing": "casing"})
    expected = list(reader.read(path))
    data = loader(reader, path, num_workers=2)
    instances = list(data.iter_instances())
    assert expected_sentences(instances) == expected_sentences(expected)
    assert isinstance(instances[0]["tokens"].token_indexers["casing"], CasingIndexer)
    data.index_with(vocabulary_of(instances))
    assert sentences_of(data) == expected_sentences(expected)


def test_two_workers_and_max_instances():
    path = f"{CORPUS}/dev.conll"
    reader = make(max_instances=7)
    expected = expected_sentences(list(reader.read(path)))
    assert sum(expected.values()) == 7
    instances = list(loader(reader, path, num_workers=2).iter_instances())
    assert expected_sentences(instances) == expected


def test_instances_can_be_pickled():
    reader = make()
    first = next(iter(make().read(f"{CORPUS}/dev.conll")))
    first["tokens"].token_indexers = None
    copy = pickle.loads(pickle.dumps(first))
    assert texts(copy) == texts(first)
    assert copy["labels"].labels == first["labels"].labels
    assert metadata(copy) == metadata(first)
    assert isinstance(pickle.loads(pickle.dumps(reader)), ConllColumnsReader)
