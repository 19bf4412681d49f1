import re
from html.parser import HTMLParser

import numpy
import pytest

from bilstm_tagger.experiments.distribution import Scale, distributions
from bilstm_tagger.experiments.plots import (
    learning_curve,
    plot_dev_against_test,
    plot_learning_curve,
    plot_scores,
)
from bilstm_tagger.experiments.records import RunRecord
from bilstm_tagger.experiments.report import make_report
from bilstm_tagger.experiments.svg import WIDE, WIDTH

EVIL = '<script>alert("x")</script> & $\\frac$'
VOID = {"meta", "wbr", "br", "link", "img", "input", "hr"}


def run(seed, dev=0.5, test=None, curve=(), *, name="a", **fields):
    metrics = {"best_validation_f1": dev} | ({} if test is None else {"test_f1": test})
    return RunRecord(
        name,
        "0123456789ab",
        seed,
        **{
            "status": "finished",
            "metrics": metrics,
            "curves": {"validation_f1": list(curve)},
            "config": {"trainer": {"validation_metric": "+f1"}},
            "best_epoch": len(curve) or None,
            "versions": {"python": "3.11.2", "torch": "2.14.1"},
            "machine": {"processor": "Xeon", "cores": 2},
        }
        | fields,
    )


def runs(n, name="a", with_test=True, **fields):
    """Runs of unequal length whose scores differ."""
    return [
        run(
            seed,
            0.9 + seed / 1000,
            0.8 + (seed * 7 % 10) / 1000 if with_test else None,
            numpy.linspace(0.5, 0.9 + seed / 1000, 3 + seed % 3),
            name=name,
            **fields,
        )
        for seed in range(1, n + 1)
    ]


def failed(seed, **fields):
    return run(seed, status="failed", metrics={}, **{"error": "RuntimeError: no memory"} | fields)


def report(records):
    return make_report(distributions(records), records)


class Page(HTMLParser):
    """The elements of a page, and its text; an error where a tag is not closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag):
        return [attributes for each, attributes in self.elements if each == tag]

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


@pytest.fixture(scope="module")
def records():
    return [
        *runs(9, seconds=42.0),
        failed(10, error=f"ValueError: {EVIL}"),
        *runs(4, EVIL),
        *runs(2, "no_test", with_test=False, seconds=150.0),
        failed(1, name="all_failed"),
    ]


@pytest.fixture(scope="module")
def text(records):
    return report(records)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


class TestPage:
    def test_has_all_parts(self, page):
        headings = ("Every run", "Dev against test", "Learning curves", "Runs left out")
        for part in (*headings, "What was run", "0123456789ab", "torch 2.14.1", "processor: Xeon"):
            assert part in page.text
        assert "4 configs, 17 runs, 2 of them left out" in page.text
        # Two of all scores, for wide and narrow windows, two of dev against test, three learning
        # curves.
        assert len(page.all("svg")) == 7

    def test_numbers_of_the_table(self, page):
        # Of 0.901 to 0.909.
        assert "90.50 ± 0.27" in page.text
        assert "90.30" in page.text and "90.70" in page.text
        assert "42 s" in page.text and "2.5 min" in page.text
        # Of the run with 0.909 on dev: 0.8 + 63 % 10 / 1000.
        assert "80.30" in page.text

    def test_failed_runs_stand_with_their_error(self, page):
        assert "RuntimeError: no memory" in page.text
        assert f"ValueError: {EVIL}" in page.text

    def test_records_are_escaped(self, page, text):
        assert page.all("script") == []
        assert "<script" not in text
        assert EVIL in page.text
        assert f"Learning curve of {EVIL}" in [each["aria-label"] for each in page.all("svg")]

    def test_fetches_nothing(self, page, text):
        assert re.findall(r"https?:", re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)) == []
        assert not re.search(r"@import|@font-face|url\((?!#)", text)
        for tag in ("link", "img", "iframe", "image"):
            assert page.all(tag) == []
        links = [each for _, each in page.elements if "href" in each or "src" in each]
        assert links
        assert all("src" not in each and each["href"].startswith("#") for each in links)

    def test_ids_are_unique_and_all_links_end_somewhere(self, page, text):
        ids = [each["id"] for _, each in page.elements if "id" in each]
        assert len(ids) == len(set(ids)) > 50
        targets = [each["href"][1:] for _, each in page.elements if "href" in each]
        targets += re.findall(r"url\(#([^)]+)\)", text)
        targets += [each["aria-labelledby"] for each in page.all("section")]
        assert set(targets) <= set(ids)

    def test_the_same_records_make_the_same_page(self, records, text):
        assert report(records) == text

    def test_is_accessible(self, page):
        assert page.all("html") == [{"lang": "en"}]
        assert page.all("title")
        assert all(each["role"] == "img" and each["aria-label"] for each in page.all("svg"))
        assert all("scope" in each for each in page.all("th"))
        assert {"name": "color-scheme", "content": "light dark"} in page.all("meta")

    def test_colours_are_those_of_the_page(self, text):
        for colour in ("currentColor", "var(--dev)", "var(--test)", "var(--grid)"):
            assert colour in text
        inside = re.sub(r"<style>.*?</style>", "", text, flags=re.S)
        assert re.findall(r"#[0-9a-f]{6}\b(?=[;\"])", inside) == []

    def test_sections_of_two_metrics(self):
        loss = {"config": {"trainer": {}}, "metrics": {"best_validation_loss": 3.5}, "curves": {}}
        page = Page(report([*runs(2), run(1, name="b", **loss)]))
        assert "Scores by f1, per cent; higher is better" in page.text
        assert "Scores by loss; lower is better" in page.text
        assert "3.500" in page.text

    def test_of_failed_runs_alone(self):
        page = Page(report([failed(1), failed(2)]))
        assert page.all("svg") == []
        assert "1 config, 2 runs, 2 of them left out" in page.text

    def test_seeds_and_surroundings(self):
        records = [*runs(3), run(7), *runs(1, "b", versions={"python": "3.12.1"})]
        page = Page(report(records))
        assert "1–3, 7" in page.text
        assert "4 python 3.11.2, torch 2.14.1" in page.text
        assert "1 python 3.12.1" in page.text


class TestPlots:
    def svg(self, plot, records):
        (found,) = distributions(records)
        return plot(found, Scale.of([found]), "p")

    def scores(self, records):
        found = distributions(records)
        return plot_scores(found, Scale.of(found), "p")

    def points(self, svg, colour):
        return len(re.findall(rf"<use [^>]*fill: var\(--{colour}\)(?!; fill-op)", svg))

    @pytest.mark.parametrize("n", [1, 3, 9])
    def test_every_run_is_a_point(self, n):
        svg = self.scores(runs(n))
        # And one in the legend.
        assert [self.points(svg, colour) for colour in ("dev", "test")] == [n + 1, n + 1]

    def test_violins_from_eight_runs(self):
        found = ["fill-opacity: 0.25" in self.scores(runs(n)) for n in (7, 8)]
        assert found == [False, True]

    def test_equal_scores_have_no_violin(self):
        assert "fill-opacity: 0.25" not in self.scores([run(seed, 0.5, 0.5) for seed in range(9)])

    def test_height_grows_with_the_configs(self):
        names = [f"config_{number}_" + "long_" * 20 for number in range(30)]
        svg = self.scores([run(1, name=name) for name in names])
        width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
        assert width == WIDTH
        assert height > 30 * 36
        # Three lines, and what was cut is seen.
        assert svg.count("…") == 30
        assert ">config_7_long_<" in svg

    def test_a_wide_plot_has_longer_labels(self):
        configs = distributions([run(1, name="config_with_a_long_name")])
        svg = plot_scores(configs, Scale.of(configs), "p", WIDE)
        assert f'viewBox="0 0 {WIDE} ' in svg
        assert ">config_with_a_long_name<" in svg

    def test_dev_against_test_wants_three_runs(self):
        assert self.svg(plot_dev_against_test, runs(2)) == ""
        assert self.points(self.svg(plot_dev_against_test, runs(3)), "dev") == 3

    def test_no_learning_curve_without_epochs(self):
        assert self.svg(plot_learning_curve, [run(1), run(2)]) == ""

    def test_letters_that_matplotlib_has_not(self, recwarn):
        assert "標註" in self.scores([run(1, name="標註")])
        assert [str(each.message) for each in recwarn] == []


class TestLearningCurve:
    def curve(self, *curves):
        (found,) = distributions([run(seed, curve=curve) for seed, curve in enumerate(curves)])
        curve = learning_curve(found)
        return None if curve is None else curve.tolist()

    def test_mean_of_the_runs_that_still_train(self):
        mean, low, high = self.curve([0.25, 0.5], [0.5, 0.75, 1.0, 0.5], [0.75, 1.0, 0.5])
        assert mean == [0.5, 0.75, 0.75, 0.5]
        assert low == [0.25, 0.5, 0.5, 0.5]
        assert high == [0.75, 1.0, 1.0, 0.5]

    def test_gaps(self):
        mean, low, high = self.curve([0.5, None, 0.5], [1.0, float("nan"), float("inf")])
        assert (mean[::2], low[::2], high[::2]) == ([0.75, 0.5], [0.5, 0.5], [1.0, 0.5])
        assert numpy.isnan([mean[1], low[1], high[1]]).all()

    def test_none(self):
        assert self.curve([], []) is None
        assert self.curve([None], []) is None

    def test_dashed_where_runs_have_stopped(self):
        def dashed(*lengths):
            records = [run(seed, curve=[0.5] * n) for seed, n in enumerate(lengths)]
            (found,) = distributions(records)
            return "stroke-dasharray" in plot_learning_curve(found, Scale.of([found]), "p")

        assert not dashed(4, 4)
        assert dashed(4, 6)
