"""The component in what spaCy does with pipelines: many docs, several processes, stored ones."""

import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, Span, Token

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.text.errors import UserError

TEXT = "Rain is expected \n in Lisbon.  Did the lights go out on Monday?\n"
TEXTS = [TEXT, "", "It will be cold.", " \n", "The ferry runs in winter. Does it?"]


@pytest.fixture(autouse=True)
def _extensions():
    """None left behind."""
    yield
    for kind, name in ((Doc, "bilstm_tagger"), (Span, "probability"), (Token, "tag_probabilities")):
        if kind.has_extension(name):
            kind.remove_extension(name)


def pipeline(archive: Path, **config) -> spacy.Language:
    nlp = spacy.blank("en")
    config = {"model": str(archive), "probabilities": True} | config
    nlp.add_pipe("bilstm_tagger", config=config)
    return nlp


def assert_same(found: Doc, expected: Doc) -> None:
    """The same, but for the last digits of probabilities, which depend on the batch."""

    def chosen(doc: Doc) -> list:
        return [
            doc.text,
            [(each.tokens, each.offsets, each.tags) for each in doc._.bilstm_tagger],
            [(each.label_, each.start, each.end) for each in doc.spans["chunk"]],
            [token.pos_ for token in doc],
        ]

    def probabilities(doc: Doc) -> list[float]:
        of_tokens = [each for token in doc for each in token._.tag_probabilities.values()]
        return of_tokens + [span._.probability for span in doc.spans["chunk"]]

    assert chosen(found) == chosen(expected)
    assert probabilities(found) == pytest.approx(probabilities(expected), rel=1e-4)


def assert_all_same(found: Iterable[Doc], expected: Iterable[Doc]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert_same(one, other)


@pytest.mark.parametrize(("own", "of_pipe"), [(256, 1000), (2, 1000), (256, 1), (1, 1)])
def test_batches(quickstart_archive, own, of_pipe):
    nlp = pipeline(quickstart_archive, batch_size=own)
    assert_all_same(nlp.pipe(TEXTS, batch_size=of_pipe), map(nlp, TEXTS))


def test_a_batch_is_tagged_at_once(quickstart_archive, monkeypatch):
    sizes = []
    original = Tagger.tag

    def tag(self, sentences, **options):
        given = list(sentences)
        sizes.append(len(given))
        return original(self, given, **options)

    monkeypatch.setattr(Tagger, "tag", tag)
    list(pipeline(quickstart_archive, batch_size=4).pipe(TEXTS))
    assert sizes == [3, 2]  # sentences


def test_several_processes(quickstart_archive):
    nlp = pipeline(quickstart_archive)
    assert_all_same(nlp.pipe(TEXTS * 2, n_process=2, batch_size=3), map(nlp, TEXTS * 2))


def test_pickle(quickstart_archive):
    """As processes that do not begin as a copy of this one get it."""
    nlp = pipeline(quickstart_archive)
    component = nlp.get_pipe("bilstm_tagger")
    dumped = pickle.dumps(component)
    assert len(dumped) < 1000
    doc = pickle.loads(dumped)(nlp.make_doc(TEXT))
    assert_same(doc, nlp(TEXT))


def test_disk_and_bytes(quickstart_archive, tmp_path):
    nlp = pipeline(quickstart_archive)
    nlp.to_disk(tmp_path / "pipeline")
    size = sum(file.stat().st_size for file in (tmp_path / "pipeline").rglob("*") if file.is_file())
    assert "weights" not in " ".join(map(str, (tmp_path / "pipeline").rglob("*")))
    assert size < 300_000
    loaded = spacy.load(tmp_path / "pipeline")
    assert_same(loaded(TEXT), nlp(TEXT))
    again = pipeline(quickstart_archive).from_bytes(nlp.to_bytes())
    assert_same(again(TEXT), nlp(TEXT))


def test_the_model_of_a_stored_pipeline_may_move(quickstart_archive, tmp_path):
    moved = tmp_path / "old.tar.gz"
    shutil.copy(quickstart_archive, moved)
    pipeline(moved).to_disk(tmp_path / "pipeline")
    moved.unlink()
    with pytest.raises(UserError, match=re.escape(f"{moved}: there is no such model")):
        spacy.load(tmp_path / "pipeline")
    changes = {"components.bilstm_tagger.model": str(quickstart_archive)}
    assert len(spacy.load(tmp_path / "pipeline", config=changes)(TEXT).spans["chunk"]) > 0


def test_entry_point():
    (found,) = entry_points(group="spacy_factories", name="bilstm_tagger")
    assert found.value == "bilstm_tagger.spacy_component:SpacyTagger"


def test_nothing_heavy_is_imported_for_others():
    code = (
        "import sys, spacy; nlp = spacy.blank('en'); nlp.add_pipe('sentencizer'); "
        "assert nlp.has_factory('bilstm_tagger'); print('allennlp' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["False"]
