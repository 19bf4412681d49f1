import json
import math
from pathlib import Path

import msgspec
import numpy
import pytest

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.archives.limits import UnsafeModel
from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.model_file import read_model, write_model
from bilstm_tagger.tagging.specification import VERSION
from bilstm_tagger.tagging.tensor_file import write_tensors

# Trained and packed by version 0.1.0; what its `allennlp tag` wrote, with probabilities.
ARCHIVE = Path("fixtures/models/quickstart_0.1.0.tar.gz")
EXPECTED = Path("fixtures/models/quickstart_0.1.0.jsonl")


@pytest.fixture(scope="module")
def model():
    return read_archive(ARCHIVE)


@pytest.fixture
def path(model, tmp_path) -> Path:
    write_model(tmp_path / "model.safetensors", *model)
    return tmp_path / "model.safetensors"


@pytest.fixture
def changed(model, tmp_path):
    """A file with another header, or other tensors; `None` takes one out."""

    def make(header=None, **tensors) -> Path:
        specification, before = model
        text = json.loads(msgspec.json.encode(specification)) | (header or {})
        names = {name.replace("__", "."): tensor for name, tensor in tensors.items()}
        after = {**before, **names}
        kept = {name: tensor for name, tensor in after.items() if tensor is not None}
        write_tensors(tmp_path / "changed", kept, json.dumps(text))
        return tmp_path / "changed"

    return make


def test_an_archive_of_before_gives_the_same_tags(path):
    assert ARCHIVE.stat().st_size < 300_000
    expected = [json.loads(line) for line in EXPECTED.read_text().splitlines()]
    for file in (ARCHIVE, path):
        tagger = Tagger.load(file)
        for line in expected:
            (sentence,) = line["sentences"]
            tagged = tagger.tag_tokens(sentence["tokens"], probabilities=True, top_k=2).to_json()
            assert tagged["tags"] == sentence["tags"]
            for key in ("probabilities", "sequence_probabilities"):
                for task, values in sentence[key].items():
                    assert tagged[key][task] == pytest.approx(values, abs=1e-5)
            for task, spans in sentence["spans"].items():
                for span, other in zip(tagged["spans"][task], spans, strict=True):
                    chance = pytest.approx(other["probability"], abs=1e-5)
                    assert span == other | {"probability": chance}


def test_what_is_written_is_read(model, path):
    specification, tensors = read_model(path)
    assert specification == model[0]
    assert tensors.keys() == model[1].keys()
    for name, tensor in tensors.items():
        assert numpy.array_equal(tensor, model[1][name]) and not tensor.flags.writeable


def test_files_of_version_1_are_read(model, tmp_path):
    specification, tensors = model
    header = json.loads(msgspec.json.encode(specification)) | {"version": 1}
    del header["tokenizer"]  # which came with version 2
    write_tensors(tmp_path / "model", tensors, json.dumps(header))
    assert read_model(tmp_path / "model")[0] == msgspec.structs.replace(specification, version=1)


def test_a_file_of_a_newer_format_says_so(changed):
    with pytest.raises(UnsafeModel, match=rf"up to {VERSION}; install a newer version") as caught:
        read_model(changed({"version": VERSION + 1, "something": "new"}))
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"something": 1}, "unknown field `something`"),
        ({"version": 0}, r"Expected `int` >= 1 - at `\$.version`"),
        ({"version": "one"}, r"Expected `int`, got `str` - at `\$.version`"),
        ({"hidden_sizes": []}, "length >= 1"),
        ({"hidden_sizes": [50, 50]}, r"tensors are missing: \['encoder.1.backward.bias'"),
        ({"hidden_sizes": [2**40]}, "<= 1048576"),
        ({"tasks": {}}, "length >= 1"),
        ({"inputs": {}}, "length >= 1"),
        ({"datasets": {"": {"columns": {"pos": 1}}}}, "must name the column 'tokens'"),
        (
            {"tokenizer": {"language": "en", "exceptions": {"can't": ["can"]}}},
            'the tokens of the exception "can\'t" are .*: export the model again',
        ),
        ({"task_identifier": True}, "has the shape .*, the model's is"),
        ({"sentences": "none"}, "'sentences' is 'none': expected a task with the decoder"),
        ({"sentences": "pos"}, "'sentences' is 'pos': expected a task with the decoder"),
        ({"sentences": ["pos"]}, "Expected `str | null`, got `array`"),
        ({"about": {"name": "\x1b[2J"}}, "'about' has control characters"),
    ],
)
def test_wrong_specifications(changed, header, message):
    with pytest.raises(UnsafeModel, match=message) as error:
        read_model(changed(header))
    assert str(error.value).startswith(str(changed(header)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"level": 2}, "task 'chunk' reads layer 2, but there are layers 1 to 1"),
        ({"level": -1}, r"Expected `int` >= 0 - at `\$.tasks\[...\].level`"),
        ({"level": 0}, "a task of level 0 needs layers of its own, 'hidden_sizes'"),
        ({"level": 0, "hidden_sizes": [3]}, r"tensors are missing: \['tasks.chunk.encoder.0"),
        ({"temperature": 0}, r"Expected `float` >= 0.01 - at `\$.tasks\[...\].temperature`"),
        ({"temperature": -1}, "Expected `float` >= 0.01"),
        ({"temperature": 1e-300}, "Expected `float` >= 0.01"),
        ({"temperature": 1e300}, "Expected `float` <= 100"),
        ({"temperature": math.nan}, "its header is no specification of a model"),
        ({"temperature": math.inf}, "its header is no specification of a model"),
        ({"temperature": "1"}, "Expected `float`, got `str`"),
        ({"labels": ["O", "O"]}, "a label comes twice"),
        ({"labels": ["O", "B-\x1b[2J"]}, "control characters"),
        ({"labels": ["X-NP", "O"]}, "unknown prefix in 'X-NP'"),
        ({"encoding": "XYZ"}, "unknown tag encoding 'XYZ'"),
        ({"decoder": "beam"}, "Invalid enum value 'beam'"),
        ({"decoder": "softmax"}, r"the model has no tensors \['tasks.chunk.end'"),
    ],
)
def test_wrong_tasks(model, changed, change, message):
    tasks = json.loads(msgspec.json.encode(model[0].tasks))
    tasks["chunk"] |= change
    with pytest.raises(UnsafeModel, match=message):
        read_model(changed({"tasks": tasks}))


def test_wrong_tensors(model, changed):
    name = "encoder__0__forward__bias"
    bias = model[1]["encoder.0.forward.bias"]
    for tensor, message in (
        (None, "tensors are missing: .'encoder.0.forward.bias'"),
        (bias[:-1], r"encoder.0.forward.bias has the shape \(199,\), the model's is \(200,\)"),
        (bias.astype(numpy.int32), "encoder.0.forward.bias' has the type int32"),
    ):
        with pytest.raises(UnsafeModel, match=message):
            read_model(changed(**{name: tensor}))
    with pytest.raises(UnsafeModel, match=r"the model has no tensors \['more'\]"):
        read_model(changed(more=bias))
    words = model[1]["inputs.words.words"]
    for tensor, message in (
        (words.astype(numpy.float32), "inputs.words.words' has the type float32"),
        (words[:-1].copy(), None),  # the last word is another one
        (numpy.concatenate([words, words[-1:] * 0 + ord("\n")]), "has the shape"),
    ):
        if message is None:
            read_model(changed(inputs__words__words=tensor))
            continue
        with pytest.raises(UnsafeModel, match=message):
            read_model(changed(inputs__words__words=tensor))


def test_words_that_are_no_text_or_come_twice(model, changed):
    words = model[1]["inputs.words.words"].copy()
    first, second, *_ = words.tobytes().split(b"\n")
    broken = words.copy()
    broken[0] = 0xFF
    twice = b"\n".join([second, *words.tobytes().split(b"\n")[1:]])
    for tensor, message in (
        (broken, "decode"),
        (numpy.frombuffer(twice, numpy.uint8), "has a word twice"),
    ):
        with pytest.raises(UnsafeModel, match=message):
            Tagger.load(changed(inputs__words__words=tensor))


def test_weights_that_are_not_finite(model, tmp_path):
    specification, tensors = model
    bias = tensors["encoder.0.forward.bias"].copy()
    bias[3] = numpy.nan
    with pytest.raises(UnsafeModel, match="infinite or NaN"):
        write_model(tmp_path / "x", specification, {**tensors, "encoder.0.forward.bias": bias})
    assert not list(tmp_path.iterdir())
