import random
from collections import Counter

import pytest

from bilstm_tagger.experiments.errors.analysis import ErrorCounter
from bilstm_tagger.experiments.errors.groups import WordGroups
from bilstm_tagger.experiments.errors.report import Confusion, Group, Outcome, TypeScore
from bilstm_tagger.experiments.sentence_test import compare_predictions
from bilstm_tagger.tagging import TaggedSentence, TokenizedSentence
from bilstm_tagger.tagging.results import spans_of
from bilstm_tagger.text.encodings import get_encoding

BIO = get_encoding("BIO")


def tagged(words, tags, probabilities, span_probabilities=None):
    """A prediction of the task "t"; of spans where these have probabilities."""
    sentence = TaggedSentence(words, {"t": tags}, {}, probabilities={"t": probabilities})
    if span_probabilities is not None:
        sentence.spans["t"] = spans_of(BIO, tags, TokenizedSentence(words))
        for span, chance in zip(sentence.spans["t"], span_probabilities, strict=True):
            span.probability = chance
    return sentence


def errors_of(encoding, sentences, word_groups=None):
    """The errors of a model; sentences are gold tags and predictions."""
    counter = ErrorCounter({"t": encoding}, ["model"], [word_groups])
    for number, (gold, predicted) in enumerate(sentences, 1):
        counter.add(number, f"file:{10 * number}", {"t": gold}, [predicted])
    (task,) = counter.errors()
    return task


def test_spans():
    words = "Ada met the Lisbon Football Club in May".split()
    gold = "B-PER O O B-ORG I-ORG I-ORG O B-DATE".split()
    tags = "B-LOC B-X O B-LOC B-ORG I-ORG O O".split()
    sentence = tagged(words, tags, [0.9] * 7 + [0.99], [0.5, 0.6, 0.7, 0.8])
    right = tagged(["Ada"], ["B-PER"], [1.0], [1.0])
    groups = WordGroups.of_training({"Ada": 7, "Lisbon": 3, "Football": 1, "Club": 200})
    task = errors_of("BIO", [(["B-PER"], right), (gold, sentence)], groups)

    assert (task.name, task.of_spans, task.sentences, task.tokens) == ("t", True, 2, 9)
    (errors,) = task.errors
    assert (errors.number, errors.place, errors.tokens) == (2, "file:20", words)
    assert errors.outcomes == [
        [
            Outcome("type", (0, 0, "PER"), (0, 0, "LOC"), 0.5),
            Outcome("spurious", None, (1, 1, "X"), 0.6),
            Outcome("type and boundary", (3, 5, "ORG"), (3, 3, "LOC"), 0.7),
            Outcome("spurious", None, (4, 5, "ORG"), 0.8),
            Outcome("missing", (7, 7, "DATE"), None),
        ]
    ]
    (model,) = task.models
    assert model.accuracy == pytest.approx(4 / 9)
    assert model.kinds == {
        "right": 1,
        "type": 1,
        "boundary": 0,
        "type and boundary": 1,
        "missing": 1,
        "spurious": 2,
    }
    assert model.types == [
        TypeScore("PER", 1.0, 0.5, pytest.approx(2 / 3), 2, 1),
        TypeScore("DATE", 0.0, 0.0, 0.0, 1, 0),
        TypeScore("ORG", 0.0, 0.0, 0.0, 1, 1),
        TypeScore("LOC", 0.0, 0.0, 0.0, 0, 2),
        TypeScore("X", 0.0, 0.0, 0.0, 0, 1),
    ]
    assert model.confusions == [
        Confusion(None, "ORG", 1),
        Confusion(None, "X", 1),
        Confusion("DATE", None, 1),
        Confusion("ORG", "LOC", 1),
        Confusion("PER", "LOC", 1),
    ]
    assert model.groups == {
        "words": [Group("known", 3, 1), Group("unknown", 1, 0)],
        # That of Lisbon Football Club is its rarest word's.
        "frequency": [Group("0", 1, 0), Group("1", 1, 0), Group("6-20", 2, 1)],
        "span length": [Group("1", 3, 1), Group("3", 1, 0)],
        "sentence length": [Group("1-5", 1, 1), Group("6-10", 3, 0)],
    }
    assert (task.only_right, task.test, task.verdict) == (None, None, None)


def test_labels_of_tokens():
    groups = WordGroups.of_known({"the", "rain"}.__contains__)
    first = tagged(["the", "rain"], ["DET", "VERB"], [0.9, 0.4])
    second = tagged(["Rain", "the"], ["NOUN", "NOUN"], [0.9, 0.7])
    task = errors_of(None, [(["DET", "NOUN"], first), (["NOUN", "DET"], second)], groups)
    assert not task.of_spans
    assert [(errors.number, errors.outcomes) for errors in task.errors] == [
        (2, [[Outcome("type", (1, 1, "DET"), (1, 1, "NOUN"), 0.7)]]),
        (1, [[Outcome("type", (1, 1, "NOUN"), (1, 1, "VERB"), 0.4)]]),
    ]
    (model,) = task.models
    assert (model.scores, model.accuracy) == ({}, 0.5)
    assert model.kinds == {"right": 2, "type": 2}
    assert model.types == [
        TypeScore("DET", 1.0, 0.5, pytest.approx(2 / 3), 2, 1),
        TypeScore("NOUN", 0.5, 0.5, 0.5, 2, 2),
        TypeScore("VERB", 0.0, 0.0, 0.0, 0, 1),
    ]
    assert model.confusions == [Confusion("DET", "NOUN", 1), Confusion("NOUN", "VERB", 1)]
    assert model.groups == {
        "words": [Group("known", 3, 1), Group("unknown", 1, 1)],
        "sentence length": [Group("1-5", 4, 2)],
    }


def test_sentences_are_sorted_by_the_surest_error():
    """A missing span is as sure as the surest of the wrong tags in its place."""
    gold = ["B-A", "I-A", "O"]
    words = ["x", "y", "z"]
    sentences = [
        (gold, tagged(words, ["B-B", "I-B", "O"], [1.0] * 3, [0.8])),
        (gold, tagged(words, ["O", "O", "O"], [0.7, 0.9, 1.0], [])),
        (gold, tagged(words, gold, [1.0] * 3, [1.0])),
        (gold, tagged(words, ["O", "O", "B-A"], [0.5, 0.6, 1.0], [0.95])),
        (gold, tagged(words, ["O", "B-B", "O"], [0.99, 1.0, 1.0], [0.8])),
    ]
    task = errors_of("BIO", sentences)
    assert [errors.number for errors in task.errors] == [4, 2, 1, 5]
    assert task.models[0].groups.keys() == {"span length", "sentence length"}


def test_a_span_can_be_missing_where_all_tags_are_right():
    """In IO, between spans that the model takes for one."""
    words = ["x", "y", "z"]
    sentence = TaggedSentence(words, {"t": ["I-A"] * 3}, {}, probabilities={"t": [0.9] * 3})
    sentence.spans["t"] = spans_of(BIO, sentence.tags["t"], TokenizedSentence(words))
    sentence.spans["t"][0].probability = 0.7
    task = errors_of("IO", [(["I-A", "I-B", "I-A"], sentence)])
    kinds = [outcome.kind for outcome in task.errors[0].outcomes[0]]
    assert kinds == ["boundary", "missing", "missing"]


def random_tags(generator, length):
    return [generator.choice(["O", "B-A", "I-A", "B-B", "I-B"]) for _ in range(length)]


@pytest.mark.parametrize("encoding", ["BIO", None])
def test_counts_add_up_and_two_models_are_compared(encoding):
    generator = random.Random(5)
    counter = ErrorCounter({"t": encoding}, ["one", "two"], [None, WordGroups.of_training({})])
    counts, only, golds, wrong_sentences = ([], []), Counter(), 0, 0
    for number in range(300):
        length = generator.randint(1, 12)
        gold = BIO.repair(random_tags(generator, length))
        predictions, rights = [], []
        for share in (0.05, 0.15):
            tags = [
                generator.choice(["O", "B-A", "I-B"]) if generator.random() < share else tag
                for tag in gold
            ]
            tags = BIO.repair(tags) if encoding else tags
            spans = BIO.spans(tags) if encoding else None
            chances = None if spans is None else [0.5] * len(spans)
            predictions.append(tagged(["w"] * length, tags, [0.5] * length, chances))
            if encoding:
                gold_spans = BIO.spans(gold)
                rights.append([span in spans for span in gold_spans])
                count = 2 * sum(rights[-1]), len(gold_spans) + len(spans)
            else:
                rights.append([a == b for a, b in zip(gold, tags, strict=True)])
                count = sum(rights[-1]), length
            counts[len(rights) - 1].append(count)
        golds += len(rights[0])
        only.update(zip(*rights, strict=True))
        wrong_sentences += any(predicted.tags["t"] != gold for predicted in predictions)
        counter.add(number, "", {"t": gold}, predictions)
    (task,) = counter.errors()

    assert len(task.errors) == wrong_sentences
    assert task.only_right == (only[True, False], only[False, True])
    assert 0 < task.only_right[1] < task.only_right[0]
    expected = compare_predictions(*counts, "f1" if encoding else "accuracy")
    assert task.test["p"] == expected.p < 0.001
    assert task.test["interval"] == expected.interval
    assert task.verdict == expected.verdict("one", "two")
    assert "predictions of one are better than those of two" in task.verdict
    for place, model in enumerate(task.models):
        outcomes = [o for errors in task.errors for o in errors.outcomes[place]]
        of_wrong = Counter(outcome.kind for outcome in outcomes)
        wrong = {kind: count for kind, count in model.kinds.items() if kind != "right"}
        assert wrong == {kind: of_wrong[kind] for kind in wrong}
        assert golds == sum(model.kinds.values()) - model.kinds.get("spurious", 0)
        assert golds == sum(score.gold for score in model.types)
        assert sum(score.predicted for score in model.types) == sum(model.kinds.values()) - (
            model.kinds.get("missing", 0)
        )
        assert sum(confusion.count for confusion in model.confusions) == sum(wrong.values())
        for groups in model.groups.values():
            assert sum(group.gold for group in groups) == golds
            assert sum(group.right for group in groups) == model.kinds["right"]
    # Only of the second is known how often training has a word: never.
    assert "words" not in task.models[0].groups
    groups = task.models[1].groups
    assert [group.name for group in groups["words"] + groups["frequency"]] == ["unknown", "0"]
