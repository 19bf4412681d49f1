import pytest
from allennlp.common import Params
from allennlp.training.metrics import Metric

from bilstm_tagger.plugin.metrics import TokenAccuracy, token_accuracy


def test_built_from_parameters():
    metric = Metric.from_params(Params({"type": "token_accuracy"}))
    assert isinstance(metric, TokenAccuracy)
    assert metric.supports_distributed


def test_accuracy():
    metric = TokenAccuracy()
    assert metric.get_metric() == {"accuracy": 0.0}
    metric([], [])
    metric([[]], [[]])
    assert metric.get_metric() == {"accuracy": 0.0}
    metric([["NN", "VB"], ["DT"]], [["NN", "NN"], ["DT"]])
    assert metric.get_metric() == {"accuracy": 2 / 3}
    metric([["NN"]], [["unseen"]])
    assert metric.get_metric(reset=True) == {"accuracy": 0.5}
    assert metric.get_metric() == {"accuracy": 0.0}


def test_mismatch():
    metric = TokenAccuracy()
    with pytest.raises(ValueError, match="1 predicted sentences for 2 gold ones"):
        metric([["O"]], [["O"], ["O"]])
    with pytest.raises(ValueError, match="sentence 1 of the batch: 2 predicted tags for 1 gold"):
        metric([["O"], ["O", "O"]], [["O"], ["O"]])
    assert metric.get_metric() == {"accuracy": 0.0}


def test_sums_over_workers(monkeypatch):
    # Another worker has counted 1 of 4; the test of SpanF1 starts real workers.
    def add_other_worker(counts):
        return counts + counts.new_tensor([1, 4])

    monkeypatch.setattr(token_accuracy, "dist_reduce_sum", add_other_worker)
    metric = TokenAccuracy()
    metric([["NN", "VB"]], [["NN", "VB"]])
    for _ in range(2):
        assert metric.get_metric() == {"accuracy": 0.5}
