"""How much of the gold tags both sides have right."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional, Protocol

from english_tests import TESTS, Test, main_score, spans_of

from benchmarks.models.sides import TaskTags, Tokens

Tags = list[str]


class Predict(Protocol):
    """What gives the tags of sentences."""

    def __call__(self, sentences: Sequence[Tokens]) -> list[TaskTags]: ...


def forgive_articles(tokens: Tokens, gold: Tags, predicted: Tags) -> Tags:
    """The predicted tags, in BIO, without the "the" that starts a span where the gold span is the
    same but for it: corpora do not agree on whether it is part of a name."""
    golden, forgiven = set(spans_of(gold)), list(predicted)
    for span in spans_of(predicted):
        shorter = span._replace(start=span.start + 1)
        if tokens[span.start].lower() == "the" and span not in golden and shorter in golden:
            forgiven[span.start : span.start + 2] = ["O", f"B-{span.label}"]
    return forgiven


def score_test(test: Test, data: Path, sides: dict[str, Predict]) -> dict[str, Any]:
    """The scores of a test, in percent: of each side that has its task, else `None`.

    # Parameters

    test : `Test`
    data : `Path`
        The folder of the data.
    sides : `Dict[str, Predict]`
        What predicts, by the name of its side.
    """
    sentences = test.read(data)
    tokens = [sentence.tokens for sentence, _ in sentences]
    gold = [tags for _, tags in sentences]
    as_is: dict[str, Optional[float]] = {}
    forgiven: dict[str, Optional[float]] = {}
    for name, predict in sides.items():
        if test.task not in predict(tokens[:1])[0]:
            as_is[name] = forgiven[name] = None
            continue
        predicted = [tags[test.task] for tags in predict(tokens)]
        as_is[name] = _percent(main_score(test, gold, predicted))
        if test.task == "ner":
            lenient = list(map(forgive_articles, tokens, gold, predicted))
            forgiven[name] = _percent(main_score(test, gold, lenient))
    return {
        "title": test.title,
        "measure": "F1 of spans" if test.of_spans else "accuracy of tags",
        "unit": "%",
        "tokens": sum(map(len, tokens)),
        "sentences": len(tokens),
        "scores": as_is,
        **({"leading_the_forgiven": forgiven} if test.task == "ner" else {}),
    }


def score_all(data: Path, sides: dict[str, Predict]) -> dict[str, dict[str, Any]]:
    """The scores of all tests of the English model, by the key of the test."""
    return {key: score_test(test, data, sides) for key, test in TESTS.items()}


def _percent(share: float) -> float:
    return round(100 * share, 2)
