import math
import random

import pytest

from bilstm_tagger.experiments.distribution import Scale, Summary, by_metric, distributions
from bilstm_tagger.experiments.records import RunRecord
from bilstm_tagger.text.errors import UserError


def run(seed, dev=None, test=None, *, name="a", metric="f1", sign="+", config_hash="h", **fields):
    scores = {f"best_validation_{metric}": dev, f"test_{metric}": test}
    return RunRecord(
        name,
        config_hash,
        seed,
        **{
            "status": "finished",
            "metrics": {key: score for key, score in scores.items() if score is not None},
            "config": {"trainer": {"validation_metric": f"{sign}{metric}"}},
        }
        | fields,
    )


def failed(seed, **fields):
    return run(seed, status="failed", **{"error": "RuntimeError: out of memory"} | fields)


def only(records, metric=None):
    (found,) = distributions(records, metric)
    return found


class TestSummary:
    def test_by_hand(self):
        # The quartiles stand at ranks 1.75, 2.5 and 3.25; squares of deviations: 4 + 1 + 0 + 9.
        summary = Summary.of([7.0, 1.0, 3.0, 5.0])
        assert (summary.n, summary.mean, summary.minimum, summary.maximum) == (4, 4.0, 1.0, 7.0)
        quartiles = (summary.lower_quartile, summary.median, summary.upper_quartile)
        assert quartiles == (2.5, 4.0, 5.5)
        assert summary.standard_deviation == pytest.approx(math.sqrt((9 + 1 + 1 + 9) / 3))

    def test_one_score_has_no_deviation(self):
        summary = Summary.of([0.5])
        assert summary.standard_deviation is None
        assert summary.minimum == summary.lower_quartile == summary.maximum == 0.5

    def test_no_score_has_no_summary(self):
        assert Summary.of([]) is None


class TestDistribution:
    def test_test_score_of_the_run_that_is_best_on_dev(self):
        found = only([run(1, 0.5, 0.9), run(2, 0.7, 0.3), run(3, 0.6, 0.8)])
        assert found.best.record.seed == 2
        assert found.test_of_best == 0.3
        assert not found.lower_is_better

    def test_the_first_of_equal_ones_is_the_best(self):
        assert only([run(1, 0.5, 0.1), run(2, 0.7, 0.2), run(3, 0.7, 0.3)]).test_of_best == 0.2

    @pytest.mark.parametrize(
        ("metric", "sign", "lower"),
        [
            ("chunk_loss", "-", True),
            ("mae", "-", True),
            ("gain_loss", "+", False),
            ("f1", "+", False),
        ],
    )
    def test_direction_as_the_config_has_it(self, metric, sign, lower):
        runs = [
            run(seed, dev, seed / 10, metric=metric, sign=sign)
            for seed, dev in enumerate([3.0, 2.0, 4.0])
        ]
        found = only(runs)
        assert found.lower_is_better == lower
        assert found.best.dev == (2.0 if lower else 4.0)

    @pytest.mark.parametrize(
        ("metric", "lower"), [("loss", True), ("lm_perplexity", True), ("accuracy", False)]
    )
    def test_direction_of_another_metric_by_its_name(self, metric, lower):
        record = run(1, 0.5, metrics={f"best_validation_{metric}": 0.5})
        assert only([record], metric).lower_is_better == lower

    def test_spearmans_rho_by_hand(self):
        # Ranks of dev 1 2 3 4, of test 2 1 3 4: 1 - 6 * (1 + 1) / (4 * 15).
        pairs = [(0.1, 0.5), (0.2, 0.4), (0.3, 0.6), (0.4, 0.99)]
        found = only([run(seed, *pair) for seed, pair in enumerate(pairs)])
        assert found.rho == pytest.approx(0.8)

    def test_rho_of_the_runs_that_have_both(self):
        pairs = [(0.1, 0.6), (0.2, 0.5), (0.3, 0.4), (0.4, None)]
        found = only([run(seed, *pair) for seed, pair in enumerate(pairs)])
        assert found.rho == pytest.approx(-1)
        assert len(found.pairs) == 3
        assert (found.dev.n, found.test.n) == (4, 3)

    @pytest.mark.parametrize(
        "pairs",
        [
            [(0.1, 0.5), (0.2, 0.6)],
            [(0.1, 0.5), (0.2, 0.5), (0.3, 0.5)],
            [(0.1, 0.5), (0.1, 0.6), (0.1, 0.7)],
            [(0.1, None), (0.2, None), (0.3, None)],
        ],
    )
    def test_no_rho(self, pairs):
        assert only([run(seed, *pair) for seed, pair in enumerate(pairs)]).rho is None

    def test_without_test_scores(self):
        found = only([run(1, 0.5), run(2, 0.6)])
        assert (found.test, found.test_of_best, found.rho) == (None, None, None)
        assert found.dev.mean == pytest.approx(0.55)
        assert found.left_out == []

    def test_without_dev_scores(self):
        found = only([run(1, None, 0.5), run(2, None, 0.6)])
        assert (found.dev, found.best, found.test_of_best) == (None, None, None)
        assert found.test.n == 2

    def test_means_of_epoch_and_time(self):
        found = only(
            [
                run(1, 0.5, best_epoch=3, seconds=60.0),
                run(2, 0.5, best_epoch=6, seconds=180.0),
                run(3, 0.5),
            ]
        )
        assert (found.best_epoch, found.seconds) == (4.5, 120.0)
        assert found.to_json()["minutes"] == 2.0
        assert only([run(1, 0.5)]).to_json()["minutes"] is None

    def test_json_has_the_scores_as_recorded(self):
        content = only([run(1, 0.5, 0.25), run(2, 0.75, 0.5), failed(3)]).to_json()
        assert content["dev"]["mean"] == 0.625
        assert content["test_of_best_on_dev"] == 0.5
        assert content["spearman"] == {"rho": None, "n": 2}
        assert content["runs"][0] == {"seed": 1, "dev": 0.5, "test": 0.25}
        assert content["left_out"] == [
            {"name": "a", "seed": 3, "reason": "RuntimeError: out of memory"}
        ]


class TestLeftOut:
    def test_failed_runs_are_listed_with_their_error(self):
        found = only([run(1, 0.5), failed(2)])
        assert found.dev.n == 1
        assert [(each.seed, each.reason) for each in found.left_out] == [
            (2, "RuntimeError: out of memory")
        ]

    def test_a_config_of_failed_runs_alone_is_still_there(self):
        found = distributions([run(1, 0.5), failed(1, name="b"), failed(2, name="b")])
        assert [(each.name, len(each.runs), len(each.left_out)) for each in found] == [
            ("a", 1, 0),
            ("b", 0, 2),
        ]
        assert found[1].dev is None

    def test_configs_of_one_name_go_by_their_hash(self):
        runs = [run(1, 0.5, config_hash="x"), run(1, 0.5, config_hash="y")]
        names = [each.name for each in distributions([*runs, failed(1, name="b")])]
        assert names == ["a (x)", "a (y)", "b"]
        found = distributions([runs[0], failed(1, config_hash="y")])
        assert [each.name for each in found] == ["a", "a (y)"]

    def test_groups_are_the_finished_runs_of_one_config(self):
        records = [
            run(2, 0.5),
            run(1, 0.5),
            run(1, 0.5, name="b"),
            failed(2, name="b"),
            run(1, 0.5, name="b", config_hash="i"),
        ]
        random.shuffle(records)
        groups = {
            each.name: sorted(run.record.seed for run in each.runs)
            for each in distributions(records)
        }
        assert groups == {"a": [1, 2], "b (h)": [1], "b (i)": [1]}

    def test_nan_is_no_score(self):
        found = only([run(1, 0.5, 0.5), run(2, math.nan, 0.5), run(3, 0.5, math.inf)])
        assert [each.record.seed for each in found.runs] == [1]
        assert {each.seed: each.reason for each in found.left_out} == {
            2: "a score by 'f1' is no number",
            3: "a score by 'f1' is no number",
        }

    def test_a_run_without_the_metric(self):
        found = distributions([run(1, 0.5), run(1, 0.5, name="b", metric="mae")], "f1")
        assert [each.reason for each in found[1].left_out] == ["no score by 'f1'"]


class TestMetric:
    def test_by_default_that_of_each_config(self):
        several = {"trainer": {"validation_metric": ["+pos_accuracy", "+f1"]}}
        scores = {"best_validation_pos_accuracy": 0.9, "best_validation_f1": 0.5}
        found = distributions([run(1, 0.5), run(1, name="b", config=several, metrics=scores)])
        assert [each.metric for each in found] == ["f1", "pos_accuracy"]
        assert list(by_metric(found)) == ["f1", "pos_accuracy"]

    def test_unknown(self):
        records = [run(1, 0.5, 0.4), run(1, 0.5, name="b", metric="mae")]
        with pytest.raises(UserError, match="no run has the metric 'F1'; there are: f1, mae$"):
            distributions(records, "F1")

    def test_unknown_as_nothing_finished(self):
        with pytest.raises(UserError, match="no run finished"):
            distributions([failed(1)], "f1")


class TestScale:
    def scale(self, *scores, **fields):
        return Scale.of([only([run(seed, each, **fields) for seed, each in enumerate(scores)])])

    def test_per_cent(self):
        scale = self.scale(0.0, 1.0, 0.94712)
        assert scale.show(0.94712) == "94.71"
        assert scale.describe("f1") == "f1, per cent"

    def test_plain_where_one_is_above_one(self):
        scale = self.scale(0.5, 1.25)
        assert scale.show(0.5) == "0.500"
        assert scale.describe("f1") == "f1"

    @pytest.mark.parametrize(
        ("largest", "shown"),
        [(12345.6, "1"), (250.0, "0.9"), (25.0, "0.94"), (2.5, "0.943"), (0.25, "0.9431")],
    )
    def test_four_digits_of_the_largest(self, largest, shown):
        assert self.scale(0.1, largest, metric="loss", sign="-").show(0.94312) == shown

    def test_digits_that_tell_close_scores_apart(self):
        scale = self.scale(2500.1, 2500.3, metric="loss", sign="-")
        assert (scale.show(2500.1), scale.show(0.2)) == ("2500.10", "0.20")
        # The order of sums is no difference.
        assert self.scale(0.1 + 0.2, 0.3, metric="loss", sign="-").show(0.3) == "0.3000"

    def test_a_loss_is_never_in_per_cent(self):
        assert not self.scale(0.25, 0.5, metric="loss", sign="-").per_cent

    def test_of_several_configs(self):
        groups = [only([run(1, 0.5)]), only([run(1, 50.0)])]
        assert [Scale.of([each]).per_cent for each in groups] == [True, False]
        assert not Scale.of(groups).per_cent

    def test_nothing_to_show(self):
        assert self.scale(0.5).show(None) == ""
