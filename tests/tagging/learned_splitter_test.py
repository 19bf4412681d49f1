"""Sentences of raw text by a task of the model."""

import itertools
import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import msgspec
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger import command_line
from bilstm_tagger.tagging import Tagger, models
from bilstm_tagger.tagging.input_specification import Feature
from bilstm_tagger.tagging.model_file import write_model
from bilstm_tagger.tagging.network import Emissions
from bilstm_tagger.tagging.specification import Specification, Task
from bilstm_tagger.tagging.splitting import (
    MARGIN,
    PIECE,
    LearnedSplitter,
    after_blank_lines,
    piece_starts,
)
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.raw_text import RawSentence
from bilstm_tagger.text.tokenizer_rules import TokenizerRules


class Blanks:
    """A splitter whose tokens are what stands between blanks."""

    def prepare(self):
        pass

    def tokenize(self, text):
        tokens, offsets, position = [], [], 0
        for token in text.split():
            start = text.index(token, position)
            position = start + len(token)
            tokens.append(token)
            offsets.append((start, position))
        return RawSentence(tokens, offsets)


class Capitals:
    """A network for which words in upper case start sentences. It is sure of a token only if it
    sees enough of what is around it, or the end of the text."""

    def __init__(self, start=0):
        self.start = start
        self.pieces = []

    def emissions(self, sentences, tasks):
        assert tasks == ["sentence"]
        self.pieces += [sentence.tokens for sentence in sentences]
        order = sorted(range(len(sentences)), key=lambda i: -len(sentences[i].tokens))
        for first in range(0, len(order), 3):
            group = order[first : first + 3]
            lengths = numpy.array([len(sentences[i].tokens) for i in group])
            scores = numpy.zeros((len(group), lengths[0], 2))
            for row, number in enumerate(group):
                for place, token in enumerate(sentences[number].tokens):
                    is_start = token[0].isupper()
                    scores[row, place, self.start if is_start else 1 - self.start] = 1.0
            yield Emissions(group, lengths, {"sentence": scores})


def split(texts, start=0):
    return LearnedSplitter(Blanks(), Capitals(start), "sentence", start).split(texts)


WORDS = st.lists(st.sampled_from(["a", "b", "C", "D"]), max_size=400)


@given(st.lists(WORDS, max_size=5), st.integers(0, 1))
def test_sentences_start_where_the_network_says(texts, start):
    found = split([" ".join(words) for words in texts], start)
    assert len(found) == len(texts)
    for words, sentences in zip(texts, found, strict=True):
        assert [token for sentence in sentences for token in sentence.tokens] == words
        starts = [i for i, word in enumerate(words) if i == 0 or word.isupper()]
        lengths = [len(sentence.tokens) for sentence in sentences]
        assert starts == [sum(lengths[:i]) for i in range(len(lengths))]


@pytest.mark.parametrize("length", [1, 31, 32, 33, 127, 128, 129, 192, 193, 224, 225, 1000])
def test_every_token_is_decided_once_with_its_neighbours(length):
    starts = list(piece_starts(length))
    decided = []
    for first in starts:
        end = min(first + PIECE, length)
        low = first + (MARGIN if first else 0)
        decided += range(low, end if end == length else end - MARGIN)
    assert decided == list(range(length))
    assert not list(piece_starts(0))


def test_a_blank_line_ends_a_sentence():
    for blank in ("\n\n", "\n \n", "\r\n\r\n", "\n\t \n\n", " \n\n "):
        (sentences,) = split([f"a b{blank}c d\ne{blank}"])
        assert [sentence.tokens for sentence in sentences] == [["a", "b"], ["c", "d", "e"]]
        assert sentences[1].offsets[0] == (3 + len(blank), 4 + len(blank))
    assert after_blank_lines("\n\na", RawSentence(["a"], [(2, 3)])) == [0]


def test_texts_without_tokens():
    assert split([]) == []
    assert split(["", " \n\n", "a"]) == [[], [], [RawSentence(["a"], [(0, 1)])]]


TASK = Task("softmax", ["I", "B"], 0, hidden_sizes=[1])
SPECIFICATION = Specification(
    {"case": Feature("casing", ["x"], 0, 1)},
    [1],
    {"pos": Task("softmax", ["A", "B"], 1), "sentence": TASK},
    {
        name: msgspec.convert(
            {"columns": {"tokens": 0, task: 1}, "tasks": {task: {}}}, DatasetLayout
        )
        for name, task in (("a", "pos"), ("b", "sentence"))
    },
)


RULES = {"tokenizer": TokenizerRules("en")}


def test_the_task_is_no_task_of_tagging():
    specification = msgspec.structs.replace(SPECIFICATION, sentences="sentence", **RULES)
    assert specification.tagging_tasks == ["pos"]
    assert SPECIFICATION.tagging_tasks == ["pos", "sentence"]


@pytest.mark.parametrize(
    "changes",
    [
        {"sentences": "pos"},
        {"sentences": "other"},
        {"tasks": {"sentence": Task("crf", ["B", "I"], 1)}},
        {"inputs": {"c": Feature("column", ["x"], 0, 1, "pos")}},
        {"tokenizer": None},
    ],
)
def test_other_models_cannot_split(changes):
    with pytest.raises(ValueError, match="'sentences' is"):
        msgspec.structs.replace(
            SPECIFICATION, **{"sentences": "sentence", **RULES, "datasets": {}, **changes}
        )


def test_a_model_with_some_of_its_tasks():
    specification = SPECIFICATION.with_tasks(["pos"])
    assert (list(specification.tasks), list(specification.datasets)) == (["pos"], ["a"])
    with pytest.raises(ValueError, match="no tasks .'x'.; it has"):
        SPECIFICATION.with_tasks(["x"])
    with pytest.raises(ValueError, match="'task_identifier', and needs all of its tasks"):
        msgspec.structs.replace(SPECIFICATION, task_identifier=True).with_tasks(["pos"])


@pytest.fixture
def model(tmp_path):
    """A model file of random weights whose raw text is split by its own task."""
    specification = msgspec.structs.replace(SPECIFICATION, sentences="sentence", **RULES)
    inputs = {"case": Feature("casing", CASINGS, 0, 4)}
    specification = msgspec.structs.replace(specification, inputs=inputs)
    random = numpy.random.default_rng(1)
    tensors = {
        name: random.normal(size=shape).astype(numpy.float32)
        for name, shape in specification.shapes({}).items()
    }
    write_model(tmp_path / "model.safetensors", specification, tensors)
    return tmp_path / "model.safetensors"


CASINGS = ["other", "allLower", "allUpper", "initialUpper", "numeric"]
TEXTS = [" ".join(["Rain", "fell", "on", "USA", "12"][: 1 + n % 5] * n) for n in range(60)]


def test_a_model_that_splits(model):
    tagger = Tagger.load(model)
    assert isinstance(tagger.splitter, LearnedSplitter) and tagger.tasks == ["pos"]
    alone = list(map(tagger.split, TEXTS))
    assert [len(sentences) > 1 for sentences in alone].count(True) > 20
    assert tagger.split_texts(TEXTS) == alone
    assert pickle.loads(pickle.dumps(tagger)).split_texts(TEXTS) == alone
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(Tagger.load(model).split, TEXTS)) == alone
    # The task says the same of a short text whose tokens are given.
    starts = Tagger.load(model, tasks=["sentence"]).tag_tokens(TEXTS[9].split()).tags
    by_task = [number for number, tag in enumerate(starts["sentence"]) if number and tag == "B"]
    lengths = [len(sentence.tokens) for sentence in alone[9]]
    assert by_task == list(itertools.accumulate(lengths[:-1]))


def test_output_has_no_sentence_task(model, capsys, tmp_path):
    (tmp_path / "text").write_text("Rain fell\n")
    command = ["tag", str(model), str(tmp_path / "text"), "--input-format", "tokens"]
    for options, tags in (([], {"pos"}), (["--tasks", "sentence"], {"sentence"})):
        command_line.main([*command, "--output-format", "json", *options])
        (sentence,) = json.loads(capsys.readouterr().out)["sentences"]
        assert sentence["tags"].keys() == tags


def test_the_command_models_tells_the_task_apart(model, capsys, monkeypatch):
    monkeypatch.setattr(models, "_OWN_FOLDER", model.parent)
    command_line.main(["models"])
    row = next(line for line in capsys.readouterr().out.splitlines() if "│ model " in line)
    assert [cell.strip() for cell in row.split("│")][3] == "pos"
    command_line.main(["models", "model"])
    assert "rules of the language en; sentences by the task sentence" in capsys.readouterr().out


def test_export(allennlp, quickstart_archive, tmp_path, error_of):
    output = tmp_path / "model.safetensors"
    allennlp("export", quickstart_archive, "-o", output, "--tasks", "pos")
    tagger = Tagger.load(output)
    assert tagger.tasks == ["pos"]
    everything = Tagger.load(quickstart_archive)
    tokens = ["The", "old", "ferry", "left", "."]
    assert tagger.tag_tokens(tokens).tags["pos"] == everything.tag_tokens(tokens).tags["pos"]
    for option, problem in (("--tasks", "no tasks"), ("--sentences", "expected a task with")):
        assert problem in error_of("export", quickstart_archive, "-o", output, option, "x")
