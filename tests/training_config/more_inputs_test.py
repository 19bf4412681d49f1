"""Two files of word vectors and a list of names, by the functions of the configs."""

import json
import re
from pathlib import Path

import pytest

from bilstm_tagger.tagging import Tagger, TokenizedSentence

CONFIG = """
local inputs = import '{library}/lib/inputs.libsonnet';
local quickstart = import '{library}/quickstart.jsonnet';
local file = 'fixtures/vectors/vectors.16d.txt';
local input = inputs.words(file, 16, name='more')
              + inputs.lexicon('{titles}', name='titles')
              + inputs.words(file, 16)
              + inputs.lexicon('{verbs}', name='verbs', ignore_case=false);

quickstart {{
  dataset_reader+: {{ token_indexers: input.token_indexers }},
  vocabulary: input.vocabulary,
  model+: {{ text_field_embedder: {{ token_embedders: input.token_embedders }} }},
  trainer+: {{ num_epochs: 1 }},
}}
"""
SENTENCES = [["The", "deficit", "grew", "."], ["Ran", "the", "deficit", "?"]]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    files = {"titles": "the deficit\n", "verbs": "grew\nran\n"}
    for name, text in files.items():
        (folder / name).write_text(text)
    path = folder / "config.jsonnet"
    library = Path("training_config").resolve()
    paths = {name: folder / name for name in files}
    path.write_text(CONFIG.format(library=library, **paths))
    return path


def test_a_model_has_all_of_them_and_goes_on(config, train, allennlp, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")  # no heading of the table is broken
    archive = train(config, tmp_path / "first", {})
    tagger = Tagger.load(archive)
    inputs = tagger.specification.inputs
    assert {*inputs} == {"words", "more", "titles", "verbs"}
    # The table of the data says how many tokens are in each list.
    log = (archive.parent / "out.log").read_text()
    assert re.search(r"with a vector . in titles . in verbs", log)
    shares = re.findall(r"training.*% . +([\d.]+)% . +([\d.]+)% . chunk", log)
    assert shares == [("0.0", "0.2")]
    assert (inputs["titles"].ignore_case, inputs["verbs"].ignore_case) == (True, False)
    tokens = tagger.source.inputs.tokens_of(TokenizedSentence(tokens, {}) for tokens in SENTENCES)
    matches = [token[1:] for token in tokens]
    assert matches[:4] == [("B", "O"), ("E", "O"), ("O", "S"), ("O", "O")]
    assert matches[4:] == [("O", "O"), ("B", "O"), ("E", "O"), ("O", "O")]
    # A further training starts where the first has ended.
    overrides = {"model.initial_weights": str(archive), "trainer.optimizer.lr": 1e-12}
    second = train(config, tmp_path / "second", overrides)
    expected = [tagger.tag_tokens(sentence).tags for sentence in SENTENCES]
    assert [Tagger.load(second).tag_tokens(sentence).tags for sentence in SENTENCES] == expected
    allennlp("evaluate", archive, "fixtures/corpus/dev.conll", "--output-file", tmp_path / "m")
    assert json.loads((tmp_path / "m").read_text())["pos_accuracy"] > 0
