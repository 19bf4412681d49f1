import random
from collections import Counter

import pytest
from nervaluate import Evaluator

from bilstm_tagger.experiments.errors.outcomes import SchemeCounter

SCHEMES = {"strict": "strict", "exact": "exact", "partial": "partial", "type": "ent_type"}
TYPES = "ABC"


def random_spans(generator, length):
    """Spans from left to right that do not overlap; some touch."""
    spans, first = [], 0
    while (first := first + generator.choice((0, 0, 1, 1, 2, 5))) < length:
        last = min(length - 1, first + generator.choice((0, 0, 1, 1, 2, 7)))
        spans.append((first, last, generator.choice(TYPES)))
        first = last + 1
    return spans


def changed(generator, spans):
    """Most of the spans, some of another type."""
    kept = [span for span in spans if generator.random() < 0.8]
    return [
        (first, last, generator.choice(TYPES) if generator.random() < 0.2 else label)
        for first, last, label in kept
    ]


def random_cases(seed, count=1000):
    generator = random.Random(seed)
    for _ in range(count):
        length = generator.randint(1, 25)
        gold = random_spans(generator, length)
        alike = generator.random() < 0.5
        yield gold, changed(generator, gold) if alike else random_spans(generator, length)


def of_library(cases):
    """Scheme to the results of `nervaluate`, of all sentences."""
    sides = [
        [[{"start": a, "end": b, "label": label} for a, b, label in spans] for spans in side]
        for side in zip(*cases, strict=True)
    ]
    overall = Evaluator(*sides, tags=list(TYPES), loader="dict").evaluate()["overall"]
    return {scheme: overall[name] for scheme, name in SCHEMES.items()}


def counts_of(result):
    missed = result.missing if hasattr(result, "missing") else result.missed
    counts = (result.correct, result.incorrect, result.partial, missed, result.spurious)
    return (*counts, result.precision, result.recall, result.f1)


def from_kinds(kinds):
    """Scheme to correct, incorrect, partial, missing and spurious spans, by the outcomes."""
    right, of_type, ends, both = (
        kinds[kind] for kind in ("right", "type", "boundary", "type and boundary")
    )
    rest = kinds["missing"], kinds["spurious"]
    return {
        "strict": (right, of_type + ends + both, 0, *rest),
        "exact": (right + of_type, ends + both, 0, *rest),
        "partial": (right + of_type, 0, ends + both, *rest),
        "type": (right + ends, of_type + both, 0, *rest),
    }


def test_each_of_many_sentences_is_counted_as_the_library_does():
    kinds_alone_say_type = 0
    for gold, predicted in random_cases(1):
        counter = SchemeCounter()
        kinds = Counter(outcome.kind for outcome in counter.add(gold, predicted))
        expected = of_library([(gold, predicted)])
        scores = counter.scores()
        assert {name: counts_of(score) for name, score in scores.items()} == {
            name: pytest.approx(counts_of(result)) for name, result in expected.items()
        }
        for scheme, counts in from_kinds(kinds).items():
            if scheme != "type":
                assert counts == counts_of(expected[scheme])[:5]
            elif not several_overlap(gold, predicted):
                kinds_alone_say_type += 1
                assert counts == counts_of(expected[scheme])[:5]
    assert kinds_alone_say_type > 300


def several_overlap(gold, predicted):
    """Whether some span overlaps more than one of the other side."""
    pairs = [(a, b) for a in gold for b in predicted if a[0] <= b[1] and b[0] <= a[1]]
    return len({a for a, _ in pairs}) < len(pairs) or len({b for _, b in pairs}) < len(pairs)


def test_sums_of_many_sentences_are_those_of_the_library():
    cases = list(random_cases(2))
    counter = SchemeCounter()
    for gold, predicted in cases:
        counter.add(gold, predicted)
    expected = of_library(cases)
    for scheme, score in counter.scores().items():
        assert counts_of(score) == pytest.approx(counts_of(expected[scheme]))


def test_every_span_has_one_outcome():
    for gold, predicted in random_cases(3):
        probabilities = {span: index / 100 for index, span in enumerate(predicted)}
        outcomes = SchemeCounter().add(gold, predicted, probabilities)
        assert [o.gold for o in outcomes if o.gold is not None] == gold
        assert sorted(o.predicted for o in outcomes if o.predicted is not None) == predicted
        for outcome in outcomes:
            ours, theirs = outcome.gold, outcome.predicted
            assert outcome.probability == probabilities.get(theirs)
            if ours is None or theirs is None:
                assert outcome.kind == ("spurious" if ours is None else "missing")
                continue
            assert ours[0] <= theirs[1] and theirs[0] <= ours[1]
            same_ends, same_type = ours[:2] == theirs[:2], ours[2] == theirs[2]
            assert (
                outcome.kind
                == {
                    (True, True): "right",
                    (True, False): "type",
                    (False, True): "boundary",
                    (False, False): "type and boundary",
                }[same_ends, same_type]
            )


def test_the_scheme_type_pairs_spans_in_its_own_way():
    """One long span: the first gold span is its pair, but the second has its type."""
    counter = SchemeCounter()
    outcomes = counter.add([(0, 0, "A"), (1, 1, "B")], [(0, 1, "B")])
    assert [outcome.kind for outcome in outcomes] == ["type and boundary", "missing"]
    assert counter.scores()["strict"].incorrect == 1
    assert counter.scores()["type"].correct == 1
