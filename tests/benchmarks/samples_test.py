import json

import pytest

from benchmarks.report import figure_cells
from benchmarks.samples import (
    CPU,
    MEMORY,
    WALL,
    Figure,
    Sample,
    alternate,
    middle,
    timed,
    without_start,
)


def samples(*values: float) -> list[Sample]:
    return [Sample(value, 2 * value, 3 * value) for value in values]


def test_the_middle_is_the_median_of_a_measure() -> None:
    taken = samples(5.0, 1.0, 2.0)
    assert (middle(taken, WALL), middle(taken, CPU), middle(taken, MEMORY)) == (2.0, 4.0, 6.0)


def test_a_ratio_is_of_medians() -> None:
    figure = Figure("k", "t", "a", samples(1.0, 2.0, 9.0), samples(6.0, 100.0, 8.0), WALL)
    assert figure.ratio() == pytest.approx(4.0)
    assert figure.ratio(CPU) == pytest.approx(4.0)
    assert figure.repetitions == 3


def test_a_figure_shows_rate_time_or_size() -> None:
    taken = [Sample(0.5, 0.25, 1234.4)]
    assert Figure("k", "t", "a", taken, taken, CPU, 100, "sentences").show(taken) == (
        "400 sentences/s"
    )
    assert Figure("k", "t", "a", taken, taken, WALL).show(taken) == "500.00 ms"
    assert Figure("k", "t", "a", taken, taken, MEMORY).show(taken) == "1,234 MB"


def test_json_has_medians_ratios_and_all_samples() -> None:
    content = Figure("k", "t", "a", samples(1.0, 3.0), samples(8.0), WALL).to_json()
    assert content["ratio"] == content["ratio_wall"] == content["ratio_cpu"] == 4.0
    assert content["ours"]["median"] == {"wall": 2.0, "cpu": 4.0, "memory": 6.0}
    assert content["ours"]["samples"][1] == {"wall": 3.0, "cpu": 6.0, "memory": 9.0}
    assert content["repetitions"] == 1


def test_a_figure_comes_back_from_json() -> None:
    figure = Figure("k", "t", "a", samples(1.0, 3.0), samples(8.0), WALL, 100, "sentences")
    assert Figure.from_json(json.loads(json.dumps(figure.to_json()))) == figure


def test_what_took_nothing_has_no_ratio() -> None:
    figure = Figure("k", "t", "a", samples(0.0), samples(1.0))
    assert figure.ratio() != figure.ratio()


def test_less_than_nothing_is_nothing() -> None:
    left = Sample(2.0, 1.0, 7.0).minus(Sample(0.5, 3.0, 9.0))
    assert left == Sample(1.5, 0.0, 7.0)


def test_measurements_alternate() -> None:
    order: list[str] = []

    def measure(name: str) -> Sample:
        order.append(name)
        return Sample(float(len(order)), 0.0)

    taken = alternate({"ours": lambda: measure("ours"), "theirs": lambda: measure("theirs")}, 2)
    assert order == ["ours", "theirs", "ours", "theirs"]
    assert [sample.wall for sample in taken["theirs"]] == [2.0, 4.0]


def test_timed_calls_once() -> None:
    calls: list[int] = []
    sample = timed(lambda: calls.append(1))
    assert calls == [1]
    assert sample.wall >= 0.0 and sample.cpu >= 0.0 and sample.memory > 1.0


def test_without_a_reference_ours_is_shown_alone() -> None:
    figure = Figure("k", "t", "", samples(1.0, 3.0), [], WALL)
    assert figure.repetitions == 2
    assert figure_cells(figure) == ["t", "", "2.00 s", "", "", "", "2"]
    assert Figure.from_json(json.loads(json.dumps(figure.to_json()))) == figure


def test_what_comes_first_is_taken_off_by_its_median() -> None:
    left = without_start(samples(5.0, 7.0), samples(1.0, 2.0, 9.0))
    assert [(sample.wall, sample.cpu) for sample in left] == [(3.0, 6.0), (5.0, 10.0)]
