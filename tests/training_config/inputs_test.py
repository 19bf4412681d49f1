"""The inputs of configs that no config of the package has: words learnt from the training data."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.text.word_forms import normalise

TRAIN = Path("fixtures/corpus/dev.conll")
CONFIG = """
local inputs = import '{library}/lib/inputs.libsonnet';
local quickstart = import '{library}/quickstart.jsonnet';
local input = inputs.trained_words(8{count}) + inputs.casing;

quickstart {{
  dataset_reader+: {{ token_indexers: input.token_indexers }},
  vocabulary: input.vocabulary,
  model+: {{ text_field_embedder: {{ token_embedders: input.token_embedders }} }},
}}
"""


@pytest.fixture(scope="module")
def trained(train, tmp_path_factory):
    """Trains so many epochs; returns the archive."""

    def trained(epochs: int, count: str = "") -> Path:
        folder = tmp_path_factory.mktemp("trained_words")
        config = folder / "config.jsonnet"
        library = Path("training_config").resolve()
        config.write_text(CONFIG.format(library=library, count=count))
        overrides = {
            "train_data_path": str(TRAIN),
            "validation_data_path": "fixtures/corpus/test.conll",
            "trainer.num_epochs": epochs,
        }
        return train(config, folder / "model", overrides)

    return trained


@pytest.fixture(scope="module")
def archive(trained) -> Path:
    return trained(3)


def table_of(archive: Path):
    (table,) = Tagger.load(archive).source.inputs.words.values()
    return table


def counts_of_forms() -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in TRAIN.read_text().splitlines():
        if line:
            form = normalise(line.split()[0])
            counts[form] = counts.get(form, 0) + 1
    return counts


@pytest.mark.parametrize(("least", "count"), [(2, ""), (4, ", min_count=4")])
def test_words_are_those_of_the_training_data(trained, archive, least, count):
    table = table_of(trained(1, count) if count else archive)
    words = [word for word, row in table.ids.items() if row != table.part.unknown]
    assert set(words) == {form for form, number in counts_of_forms().items() if number >= least}


def test_all_vectors_are_trained_that_of_the_unknown_word_too(trained, archive):
    # The same seed: the vectors began as the same random numbers.
    before, after = table_of(trained(1)), table_of(archive)
    assert (before.vectors != after.vectors).any(axis=1).all()


def test_it_tags_without_allennlp(archive):
    code = """
import json, sys
from bilstm_tagger.tagging import Tagger, TokenizedSentence
(sentence,) = Tagger.load(sys.argv[1]).tag([TokenizedSentence(["The", "Xyzzyx", "rises", "."])])
assert not {"allennlp", "torch"} & set(sys.modules)
print(json.dumps(sentence.tags))
"""
    output = subprocess.run(
        [sys.executable, "-c", code, str(archive)], check=True, capture_output=True, text=True
    ).stdout
    tags = json.loads(output)
    assert {task: len(of_task) for task, of_task in tags.items()} == {"pos": 4, "chunk": 4}


def test_nothing_warns(archive):
    log = (archive.parent / "out.log").read_text()
    assert "building vocabulary" in log or "Words of the training data" in log
    assert "unknown words:" not in log and "random vectors" not in log
