import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from benchmarks.models.record import make_record, our_model, print_scores, print_speed
from benchmarks.models.sides import TaskTags, Tokens, tags_of
from benchmarks.models.worker import OURS, SPACY, WHOLE
from benchmarks.report import make_console
from benchmarks.samples import Figure, Sample
from benchmarks.settings import ROOT

_SCRIPTS = str(ROOT / "scripts")
sys.path.insert(0, _SCRIPTS)
scores_module = importlib.import_module("benchmarks.models.scores")
sys.path.remove(_SCRIPTS)
TESTS = scores_module.TESTS

WORDS = "The Hague is in Europe , says IBM on Monday".split()


def doc(names: list[tuple[int, int, str]]) -> Doc:
    """A document with names, each its first token, the one behind its last, and its type."""
    made = Doc(Vocab(), words=WORDS, pos=["X"] * len(WORDS), tags=["FW"] * len(WORDS))
    made.ents = [Span(made, start, end, label) for start, end, label in names]
    return made


def test_names_of_spacy_get_our_types() -> None:
    tags = tags_of(doc([(0, 2, "GPE"), (4, 5, "LOC"), (7, 8, "ORG"), (9, 10, "DATE")]))
    assert tags["ner"] == ["B-LOC", "I-LOC", "O", "O", "B-LOC", "O", "O", "B-ORG", "O", "O"]
    assert tags["upos"] == ["X"] * len(WORDS) and tags["xpos"] == ["FW"] * len(WORDS)


@pytest.mark.parametrize(
    ("gold", "predicted", "forgiven"),
    [
        ("O B-LOC I-LOC", "B-LOC I-LOC I-LOC", "O B-LOC I-LOC"),
        ("O B-LOC O", "B-LOC I-LOC O", "O B-LOC O"),
        # The gold span has it.
        ("B-LOC I-LOC I-LOC", "B-LOC I-LOC I-LOC", "B-LOC I-LOC I-LOC"),
        # Of another type, of another length, and nothing but "the".
        ("O B-ORG I-ORG", "B-LOC I-LOC I-LOC", "B-LOC I-LOC I-LOC"),
        ("O B-LOC I-LOC", "B-LOC I-LOC O", "B-LOC I-LOC O"),
        ("O B-LOC O", "B-LOC O O", "B-LOC O O"),
    ],
)
@pytest.mark.parametrize("article", ["the", "The", "THE"])
def test_a_leading_the_is_forgiven_where_gold_lacks_it(
    gold: str, predicted: str, forgiven: str, article: str
) -> None:
    tokens = [article, "Hague", "Court"]
    tags = scores_module.forgive_articles(tokens, gold.split(), predicted.split())
    assert tags == forgiven.split()


def test_no_other_word_is_forgiven() -> None:
    assert scores_module.forgive_articles(["A", "Hague"], ["O", "B-LOC"], ["B-LOC", "I-LOC"]) == [
        "B-LOC",
        "I-LOC",
    ]


def file_of_names(folder: Path) -> Path:
    """A sentence in the columns of the Broad Twitter Corpus."""
    path = folder / TESTS["btc_h"].path
    path.parent.mkdir()
    gold = "O B-LOC O O B-LOC O O B-ORG O O".split()
    rows = (f"{word}\t{tag}\n" for word, tag in zip(WORDS, gold, strict=True))
    path.write_text("".join(rows), encoding="utf-8")
    return path


def scores_of(data: Path) -> dict[str, Any]:
    """The scores of spaCy's made-up names, of ours that are right, and of a side without names."""

    def spacy(sentences: list[Tokens]) -> list[TaskTags]:
        return [tags_of(doc([(0, 2, "GPE"), (7, 8, "PERSON")])) for _ in sentences]

    def ours(sentences: list[Tokens]) -> list[TaskTags]:
        return [tags_of(doc([(1, 2, "GPE"), (4, 5, "LOC"), (7, 8, "ORG")])) for _ in sentences]

    def whole(sentences: list[Tokens]) -> list[TaskTags]:
        return [{"upos": ["X"] * len(tokens)} for tokens in sentences]

    return scores_module.score_test(TESTS["btc_h"], data, {OURS: ours, SPACY: spacy, WHOLE: whole})


def test_names_are_scored_as_they_are_and_forgiven(tmp_path: Path) -> None:
    file_of_names(tmp_path)
    scores = scores_of(tmp_path)
    assert (scores["tokens"], scores["sentences"]) == (10, 1)
    assert scores["scores"] == {OURS: 100.0, SPACY: 0.0, WHOLE: None}
    # One of three gold spans, one of two predicted ones.
    assert scores["leading_the_forgiven"] == {OURS: 100.0, SPACY: 40.0, WHOLE: None}


def test_the_record_is_json_and_its_tables_show_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.models.record._version", lambda package: "1.2.3")
    file_of_names(tmp_path)
    model = tmp_path / "model.safetensors"
    model.write_bytes(b"12345678")
    figure = Figure("tag_tokens", "tokens", "spaCy", [Sample(1, 1)], [Sample(4, 5)], amount=1000)
    record = make_record(
        our_model(str(model)), {"words": 10}, {"btc_h": scores_of(tmp_path)}, [figure]
    )
    assert json.loads(json.dumps(record)) == record
    assert record["models"][OURS]["bytes"] == 8
    assert record["figures"]["tag_tokens"]["ratio"] == 5.0
    print_scores(record["scores"], make_console())
    print_speed([figure], make_console())
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("100.0", "40.0", "1,000", "5.00 x"))


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(SystemExit, match="there is no model 'nowhere'"):
        our_model("nowhere")
