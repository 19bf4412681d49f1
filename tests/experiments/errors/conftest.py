"""Reports of made-up errors, whose numbers are counted from their sentences; pages in Chromium; the
command `errors`, and models made of another."""

import functools
import random
from collections import Counter
from typing import get_args

import msgspec
import pytest

from bilstm_tagger.command_line import main
from bilstm_tagger.experiments.errors.page import make_error_page
from bilstm_tagger.experiments.errors.report import (
    Confusion,
    ErrorReport,
    Group,
    Kind,
    ModelErrors,
    Outcome,
    Score,
    SentenceErrors,
    TaskErrors,
    TypeScore,
)
from bilstm_tagger.tagging.loading import read_data
from bilstm_tagger.tagging.model_file import write_model

TYPES = ["PER", "ORG", "LOC", "MISC"]
LABELS = ["NN", "VB", "JJ", "IN", "NNP", "CD"]
WORDS = "The bank of Northern Ireland said on Friday that Paris Jones and her brother won".split()


def outcome_of_span(start, numbers):
    """Two words or one from `start` on."""
    gold, other = numbers.sample(TYPES, 2)
    end, chance = start + numbers.randint(0, 1), round(numbers.uniform(0.3, 1), 4)
    return numbers.choice(
        [
            Outcome("right", (start, end, gold), (start, end, gold), chance),
            Outcome("type", (start, end, gold), (start, end, other), chance),
            Outcome("boundary", (start, end, gold), (start, end + 1, gold), chance),
            Outcome("type and boundary", (start, end, gold), (start, end + 1, other), chance),
            Outcome("missing", (start, end, gold)),
            Outcome("spurious", None, (start, end, other), chance),
        ]
    )


def by_another(outcome, numbers):
    """What a second model makes of the same gold span, or `None` of none."""
    if outcome.gold is None or numbers.random() < 0.3:
        return outcome if outcome.gold is None and numbers.random() < 0.5 else None
    if numbers.random() < 0.3:
        return Outcome("missing", outcome.gold)
    return Outcome("right", outcome.gold, outcome.gold, 0.9)


def sentence(number, of_spans, models, numbers, words):
    tokens = numbers.choices(words, k=numbers.randint(8, 30))
    places = range(0, len(tokens) - 3, numbers.choice([4, 6, 9]))
    if of_spans:
        first = [outcome_of_span(place, numbers) for place in places]
        second = [
            by_another(outcome, numbers)
            or (Outcome("missing", outcome.gold) if outcome.gold else None)
            for outcome in first
        ]
    else:
        first, second = (
            [
                Outcome("type", (place, place, gold), (place, place, other), numbers.random())
                for place in places
                if numbers.random() < share
                for gold, other in [(LABELS[place % 6], LABELS[(place + 1) % 6])]
            ]
            for share in (0.7, 0.5)
        )
    outcomes = [first, [outcome for outcome in second if outcome is not None]][:models]
    return SentenceErrors(number, f"data/dev.conll:{17 * number}", tokens, outcomes)


def wrong(outcomes):
    return [outcome for outcome in outcomes if outcome.kind != "right"]


def sureness(errors):
    chances = [
        outcome.probability or 0 for outcomes in errors.outcomes for outcome in wrong(outcomes)
    ]
    return max(chances)


def label(span):
    return None if span is None else span[2]


def model_errors(outcomes, of_spans):
    kinds = dict.fromkeys(get_args(Kind) if of_spans else ["right", "type"], 0)
    for outcome in outcomes:
        kinds[outcome.kind] += 1
    pairs = Counter((label(o.gold), label(o.predicted)) for o in wrong(outcomes))
    score = Score(0.91, 0.8, 0.85142, 1234, 56, 7, 8, 9)
    groups = {
        "words": [Group("known", 1000, 950), Group("unknown", 100, 51)],
        "frequency": [Group("0", 100, 51), Group("1", 80, 60), Group("101+", 900, 890)],
        "sentence length": [Group("1-5", 0, 0), Group("6-10", 1100, 1001)],
    }
    if of_spans:
        groups["span length"] = [Group("1", 900, 880), Group("2", 200, 121)]
    return ModelErrors(
        scores=dict.fromkeys(["strict", "exact", "partial", "type"], score) if of_spans else {},
        accuracy=0.9731,
        kinds=kinds,
        types=[
            TypeScore(name, 0.9, 0.8, 0.85, 500 - 10 * number, 470)
            for number, name in enumerate(TYPES if of_spans else LABELS)
        ],
        confusions=[Confusion(*pair, count) for pair, count in pairs.most_common()],
        groups=groups,
    )


def task(name, of_spans, models, sentences, words):
    numbers = random.Random(3)
    errors = [sentence(i + 1, of_spans, models, numbers, words) for i in range(sentences)]
    errors = [item for item in errors if any(map(wrong, item.outcomes))]
    errors.sort(key=lambda item: -sureness(item))
    return TaskErrors(
        name=name,
        of_spans=of_spans,
        sentences=10 * sentences,
        tokens=200 * sentences,
        models=[
            model_errors([o for item in errors for o in item.outcomes[model]], of_spans)
            for model in range(models)
        ],
        errors=errors,
        verdict="The predictions of B are better than those of A." if models > 1 else None,
        only_right=(31, 1_047) if models > 1 else None,
    )


def sample_report(models=1, sentences=120, hostile=()):
    """A task of spans and one of tokens; `hostile`: words to have among others."""
    words = [*hostile, *WORDS]
    return ErrorReport(
        models=["models/english.tar.gz", "models/of-a-long-name_with-char-lstm-and-crf.tar.gz"][
            :models
        ],
        gold={"dev": "data/dev.conll"},
        tasks=[
            task("ner", True, models, sentences, words),
            task("pos <b>", False, models, sentences, words),
        ],
    )


@pytest.fixture(name="sample_report", scope="session")
def sample_report_():
    return sample_report


@pytest.fixture
def show(open_page):
    """Opens the page of a report."""
    return lambda report, *where, **how: open_page(make_error_page(report), *where, **how)


@pytest.fixture
def errors(capsys, tmp_path):
    """The standard output and the report of `bilstm-tagger errors`."""

    def run(*arguments):
        output = tmp_path / "new" / "errors.json"
        main(["errors", *map(str, arguments), "--output-file", str(output)])
        text = output.read_text()
        report = msgspec.json.decode(text, type=ErrorReport)
        assert msgspec.json.encode(report).decode() + "\n" == text
        return capsys.readouterr().out, report

    return run


@pytest.fixture
def error(error_of):
    """The one line on standard error of an `allennlp errors` that fails before its work."""
    return functools.partial(error_of, "errors")


@pytest.fixture
def rewritten(quickstart_archive, tmp_path):
    """The quickstart model as a file, with another specification and other tensors."""

    def write(change):
        specification, tensors = change(*read_data(quickstart_archive))
        path = tmp_path / "changed.safetensors"
        write_model(path, specification, {name: tensors[name] for name in tensors})
        return path

    return write
