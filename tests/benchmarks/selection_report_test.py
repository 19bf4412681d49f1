"""A simulation of active learning, with made-up trainings: resumption, tables and plot."""

import sys
from types import SimpleNamespace

import msgspec
import pytest

from benchmarks.selection import Training, read_trainings, simulate
from benchmarks.selection_report import curves_of, markdown, plot, report, saving, verdicts

SIZES = [100, 200, 400]


def training(strategy, diversity, repetition, size, f1):
    chosen = list(range(size))
    return Training("wnut17", strategy, diversity, repetition, chosen, 20 * size, f1, f1 / 2, 1.0)


def trainings():
    """Random choice has F1 40, 50, 60; the other one 40, 60, 70, both a little better later."""
    made = []
    for repetition in (1, 2, 3):
        made += [
            training("random", 0.0, repetition, size, 30 + 10 * step + repetition)
            for step, size in enumerate(SIZES, 1)
        ]
        made += [
            training("errors", 0.5, repetition, size, 40 + 10 * step + repetition)
            for step, size in enumerate(SIZES[1:], 2)
        ]
    return made


def test_curves_begin_with_the_same_training():
    incomplete = training("margin", 0.0, 1, 200, 50.0)
    curves = curves_of([*trainings(), incomplete], "wnut17")
    assert [*curves] == ["random", "errors:0.5"]
    for curve in curves.values():
        assert [*curve] == [1, 2, 3]
        assert [[t.dev for t in curve[1]][0], [len(t.chosen) for t in curve[1]]] == [41, SIZES]
    assert curves_of(trainings(), "conll2000") == {}


@pytest.mark.parametrize("part", ["dev", "test"])
def test_labels_that_reach_the_same_f1(part):
    """F1 50 is between 41 and 61 of the other curve, at half of the way from 100 to 200."""
    curves = curves_of(trainings(), "wnut17")
    share = saving(curves, "errors:0.5", 200, part)
    assert share.sentences == share.tokens == pytest.approx([150 / 200] * 3)
    assert saving(curves, "errors:0.5", 400, part).sentences == pytest.approx([0.5] * 3)
    assert saving(curves, "errors:0.5", 100, part).tokens == pytest.approx([1.0] * 3)
    # Random choice does not get there, and would need more than all of its labels.
    assert saving(curves, "random", 400, part).sentences == pytest.approx([1.0] * 3)


def with_a_difference():
    """In the last repetition the other one is better still in the end."""
    made = trainings()
    made[-1] = msgspec.structs.replace(made[-1], dev=made[-1].dev + 0.3)
    return made


def test_verdict_is_a_paired_test():
    (line,) = verdicts(curves_of(with_a_difference(), "wnut17"), "dev")
    # Differences 10, 10 and 10.15: mean 10.05, standard error 0.05, t = 4.303 for 95 %.
    assert line.startswith(
        "errors:0.5: F1 +10.05 to random choice, mean over all sizes (95 % interval +9.83 to +10.27"
    )


def test_report_and_plot():
    text = report(with_a_difference(), "dev")
    assert "| errors:0.5 | 3 | 42.00 +- 1.00 (2,000) | 62.00 +- 1.00 (4,000) |" in text
    assert "| errors:0.5 | 400 sentences | 50 +- 0 % | 50 +- 0 % |" in text
    assert plot(trainings(), "dev").count(b"<svg") == 1
    assert markdown([["a", "b"], ["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"


class Interrupt(Exception):
    pass


def test_an_interrupted_simulation_goes_on(tmp_path, monkeypatch):
    made = []

    def make(corpus, key, before):
        if len(made) == 4:
            raise Interrupt
        made.append(key)
        name, strategy, diversity, repetition, size = key
        chosen = [*before, *range(len(before), size)]
        return Training(name, strategy, diversity, repetition, chosen, 20 * size, 5.0, 4.0, 1.0)

    corpora = SimpleNamespace(Corpus=lambda name, data: name)
    monkeypatch.setitem(sys.modules, "benchmarks.selection_training", corpora)
    monkeypatch.setattr("benchmarks.selection._make", make)
    path = tmp_path / "trainings.jsonl"
    options = (["wnut17"], [("random", 0.0), ("errors", 0.5)], 2, SIZES, tmp_path, path)
    with pytest.raises(Interrupt):
        simulate(*options)
    # As a kill in the middle of a line leaves it.
    path.write_bytes(path.read_bytes()[:-5])
    before = path.read_bytes()
    first, made[:] = made[:3], []
    with pytest.raises(Interrupt):
        simulate(*options)
    content = path.read_bytes()
    assert content.startswith(before[: before.rfind(b"\n") + 1])
    first, made[:] = [*first, *made], []
    simulate(*options)
    # All strategies of a repetition have the first size together.
    assert len(made) == 3 and len({*first, *made}) == len(read_trainings(path)) == 10
    assert path.read_bytes().startswith(content)
    simulate(*options)
    assert len(made) == 3


def test_half_a_line_is_left_out(tmp_path):
    path = tmp_path / "trainings.jsonl"
    lines = [msgspec.json.encode(item) + b"\n" for item in trainings()]
    path.write_bytes(b"".join(lines)[:-7])
    assert read_trainings(path) == trainings()[:-1]
    assert read_trainings(tmp_path / "none.jsonl") == []
