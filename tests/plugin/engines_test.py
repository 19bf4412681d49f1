"""The networks in torch and in numpy are two sides of one specification."""

import itertools
import json
import random

import numpy
import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

from bilstm_tagger.plugin.export import export_model
from bilstm_tagger.plugin.tagging import TorchSource, source_of
from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.model_file import read_model, write_model
from bilstm_tagger.tagging.network import Network

WORDS = ["Ada", "wrote", "to", "charles", ".", "NUMBER_TOKEN", "naïve", "x" * 40]
TOKENS = [*WORDS, "Charles", "1,000", "ADA", "日本", "unseen", "12-3", '""', "Wrote", "@@PADDING@@"]
VALUES = ["N", "V", "other"]
LABELS = {
    "IOB1": ["O", "I-A", "B-A", "I-B", "B-B"],
    "BIO": ["O", "B-A", "I-A", "B-B", "I-B"],
    "IOBES": ["O", "B-A", "I-A", "E-A", "S-A", "S-B"],
    "BILOU": ["O", "B-A", "I-A", "L-A", "U-A"],
}
PLAIN = ["NOUN", "VERB", "X"]

WORD = ({"type": "word_forms"}, {"type": "word_vectors", "embedding_dim": 6})
INPUTS = {
    "frozen words": WORD,
    "other words": (
        {"type": "word_forms", "namespace": "more"},
        {"type": "word_vectors", "namespace": "more", "embedding_dim": 4},
    ),
    "trained words": (WORD[0], {**WORD[1], "trainable": True}),
    "dropped words": ({**WORD[0]}, {**WORD[1], "word_dropout": 0.5}),
    "trained unknown word": (WORD[0], {**WORD[1], "trainable_unknown": True}),
    "CNN": (
        {"type": "word_characters", "max_length": 5},
        {"type": "character_cnn", "embedding_dim": 4, "num_filters": 3},
    ),
    "wide CNN": (
        {"type": "word_characters", "max_length": 0},
        {"type": "character_cnn", "embedding_dim": 4, "num_filters": 3, "width": 7},
    ),
    "LSTM": (
        {"type": "word_characters"},
        {"type": "character_lstm", "embedding_dim": 4, "hidden_size": 3},
    ),
    "casing": (
        {"type": "casing"},
        {"type": "embedding", "vocab_namespace": "casing", "embedding_dim": 3},
    ),
    "column": (
        {"type": "column", "column": "pos"},
        {
            "type": "embedding",
            "vocab_namespace": "pos",
            "embedding_dim": 3,
            "projection_dim": 2,
        },
    ),
    "lexicon": (
        {"type": "lexicon", "namespace": "people"},
        {"type": "embedding", "vocab_namespace": "people", "embedding_dim": 3},
    ),
    "lexicon with case": (
        {"type": "lexicon", "namespace": "cased_people", "ignore_case": False},
        {"type": "embedding", "vocab_namespace": "cased_people", "embedding_dim": 3},
    ),
    "ids": (
        {"type": "single_id", "lowercase_tokens": True},
        {"type": "embedding", "embedding_dim": 3},
    ),
}


def config_of(inputs, tasks, hidden_sizes=(5,), **settings):
    """The reader and the model of a config. Columns are the tokens, `pos`, and the tasks."""
    # Written as BIO, whatever the model has learned.
    reader_tasks = {
        name: {"encoding": "BIO", "model_encoding": task["encoding"]} if "encoding" in task else {}
        for name, task in tasks.items()
    }
    parts = {f"i{number}": INPUTS[name] for number, name in enumerate(inputs)}
    return {
        "dataset_reader": {
            "type": "conll_columns",
            "columns": {name: i for i, name in enumerate(["tokens", "pos", *tasks])},
            "tasks": reader_tasks,
            "token_indexers": {name: indexer for name, (indexer, _) in parts.items()},
        },
        "model": {
            "type": "bilstm_tagger",
            "text_field_embedder": {
                "token_embedders": {name: embedder for name, (_, embedder) in parts.items()}
            },
            "encoder": {"hidden_sizes": list(hidden_sizes)},
            "tasks": tasks,
            **settings,
        },
    }


def make(inputs, tasks, hidden_sizes=(5,), **settings):
    """A model with random weights, and its reader."""
    config = Params(config_of(inputs, tasks, hidden_sizes, **settings)).duplicate()
    vocabulary = Vocabulary(
        counter={
            "words": dict.fromkeys(WORDS, 1),
            "more": dict.fromkeys(("charles", "日本"), 1),
            "tokens": dict.fromkeys(("ada", "wrote", "日本"), 1),
            "token_characters": dict.fromkeys("Adawroteх.日-1", 1),
            "casing": dict.fromkeys(("allLower", "initialUpper"), 1),
            "pos": dict.fromkeys(VALUES, 1),
            **{
                f"{kind}people{entries}": dict.fromkeys(values, 1)
                for kind in ("", "cased_")
                for entries, values in (
                    ("", "OBIES"),
                    ("_entries", ("Ada", "charles Wrote to", "日本 unseen")),
                )
            },
        },
        non_padded_namespaces=["*_labels"],
    )
    for name, task in tasks.items():
        labels = LABELS.get(task.get("encoding"), PLAIN)
        vocabulary.add_tokens_to_namespace(labels, f"{name}_labels")
    reader = DatasetReader.from_params(config["dataset_reader"])
    model = Model.from_params(config["model"], vocab=vocabulary)
    for name, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, std=0.5)
        if "character" not in name and name.endswith("encoder.embedding.weight"):
            parameter.data[0] = 0  # the padding of characters
    return model.eval(), reader


def sentences(count=20, longest=9, seed=0):
    generator = random.Random(seed)
    for number in range(count):
        length = 1 if number == 0 else generator.randint(1, longest)
        values = generator.choices([*VALUES, "never seen"], k=length)
        yield TokenizedSentence(generator.choices(TOKENS, k=length), {"pos": values})


def assert_equal(model, reader, path):
    """Emissions within 1e-5, tags the same, probabilities within 1e-6 for the same emissions."""
    specification, tensors = export_model(model, reader)
    write_model(path / "model.safetensors", specification, tensors)
    specification, tensors = read_model(path / "model.safetensors")
    network, torch_source = Network(specification, tensors), TorchSource(model, reader)
    texts = list(sentences())
    tasks = list(specification.tasks)
    for ours, theirs in zip(
        network.emissions(texts, tasks), torch_source.emissions(texts, tasks), strict=True
    ):
        assert ours.sentences == theirs.sentences
        for task in tasks:
            for row, length in enumerate(ours.lengths):
                numpy.testing.assert_allclose(
                    ours.scores[task][row, :length], theirs.scores[task][row, :length], atol=1e-5
                )
    taggers = [Tagger(specification, source) for source in (network, torch_source)]
    ours, theirs = (tagger.tag(texts, probabilities="all", top_k=2) for tagger in taggers)
    for one, other in zip(ours, theirs, strict=True):
        assert one.tags == other.tags and one.spans.keys() == other.spans.keys()
        for task in tasks:
            numpy.testing.assert_allclose(
                one.probabilities[task], other.probabilities[task], atol=1e-4
            )
            best = one.alternatives[task][0]
            assert best.tags == one.tags[task]
    return ours


@pytest.mark.parametrize("name", INPUTS)
def test_each_input(name, tmp_path):
    model, reader = make([name], {"pos": {"type": "softmax"}})
    assert_equal(model, reader, tmp_path)


def test_all_inputs_at_once(tmp_path):
    names = [name for name in INPUTS if not name.startswith("trained")]
    model, reader = make(names, {"pos": {"type": "softmax"}})
    assert_equal(model, reader, tmp_path)


DECODERS = [
    {"type": kind, "encoding": encoding, **options}
    for kind, encoding, options in itertools.product(
        ("softmax", "crf"),
        LABELS,
        ({}, {"constrained": False}, {"constrained": True}, {"repair": "B"}),
    )
]


@pytest.mark.parametrize("decoder", [*DECODERS, {"type": "crf"}, {"type": "softmax"}], ids=str)
def test_each_decoder(decoder, tmp_path):
    model, reader = make(["frozen words"], {"task": decoder})
    tagged = assert_equal(model, reader, tmp_path)
    written = {tag for sentence in tagged for tag in sentence.tags["task"]}
    assert written <= set(LABELS["BIO"] if decoder.get("encoding") else PLAIN)


@pytest.mark.parametrize("identifier", [False, True])
@pytest.mark.parametrize("hidden_sizes", [(4,), (3, 5), (2, 3, 4)])
def test_stacks_levels_and_own_layers(hidden_sizes, identifier, tmp_path):
    tasks = {
        "inputs": {"type": "softmax", "level": 0, "encoder": {"hidden_sizes": [2, 3]}},
        "low": {"type": "softmax", "level": 1},
        "own": {"type": "crf", "encoding": "BIO", "encoder": {"hidden_sizes": [3, 2]}},
        "high": {"type": "crf", "encoding": "IOBES"},
    }
    model, reader = make(
        ["frozen words", "casing"], tasks, hidden_sizes, task_identifier=identifier
    )
    assert_equal(model, reader, tmp_path)


def test_an_archive_is_read_as_data(packed, tmp_path):
    """With what no tensor says: a task that reads the inputs, and settings of the training."""
    tasks = {
        "inputs": {"type": "softmax", "level": 0, "encoder": {"hidden_sizes": [2]}},
        "high": {"type": "crf", "encoding": "IOBES"},
    }
    model, reader = make(["dropped words", "casing"], tasks)
    model.vocab.save_to_files(tmp_path / "vocabulary")
    torch.save(model.state_dict(), tmp_path / "weights.th")
    (tmp_path / "config.json").write_text(json.dumps(config_of(["dropped words", "casing"], tasks)))
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"]
    content = {str(path.relative_to(tmp_path)): path.read_bytes() for path in files}
    specification, tensors = read_archive(packed(tmp_path / "model.tar.gz", content))
    exported, exported_tensors = export_model(model, reader)
    assert specification == exported
    assert specification.tasks["inputs"].level == 0
    assert tensors.keys() == exported_tensors.keys()
    for name, tensor in tensors.items():
        numpy.testing.assert_array_equal(tensor, exported_tensors[name])


def test_tags_are_those_of_the_network_of_training():
    """Of a model that decodes as in evaluation, by its own Viterbi in torch."""
    tasks = {
        "chunk": {"type": "crf", "encoding": "BIO", "constrained": True},
        "pos": {"type": "softmax"},
    }
    model, reader = make(["frozen words", "CNN"], tasks)
    texts = list(sentences(40))
    tagged = Tagger(*source_of(model, reader)).tag(texts)
    instances = [reader.text_to_instance(text.tokens, text.columns) for text in texts]
    outputs = model.forward_on_instances(instances)
    assert [output["tags"] for output in outputs] == [sentence.tags for sentence in tagged]


def test_half_precision_of_words(tmp_path):
    model, reader = make(["frozen words"], {"pos": {"type": "softmax"}})
    specification, tensors = export_model(model, reader)
    for name, half in (("full", False), ("half", True)):
        write_model(tmp_path / name, specification, tensors, half)
    _, halves = read_model(tmp_path / "half")
    assert halves["inputs.i0.vectors"].dtype == numpy.float16
    assert halves["encoder.0.forward.bias"].dtype == numpy.float32
    full, half = (Tagger.load(tmp_path / name) for name in ("full", "half"))
    texts = list(sentences(30))
    for one, other in zip(
        full.tag(texts, probabilities=True), half.tag(texts, probabilities=True), strict=True
    ):
        numpy.testing.assert_allclose(
            one.probabilities["pos"], other.probabilities["pos"], atol=0.01
        )


def test_what_a_model_file_cannot_hold():
    model, reader = make(["frozen words"], {"pos": {"type": "softmax"}})
    embedder = model.text_field_embedder._token_embedders["i0"]
    embedder.__class__ = type("ContextualEmbedder", (type(embedder),), {})
    with pytest.raises(ConfigurationError, match="cannot hold ContextualEmbedder"):
        export_model(model, reader)
    # It tags all the same, by torch.
    specification, source = source_of(model, reader)
    assert isinstance(source, TorchSource)
    assert len(Tagger(specification, source).tag(list(sentences()))) == 20
