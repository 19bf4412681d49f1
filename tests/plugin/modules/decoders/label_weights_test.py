"""Weights of labels in the loss."""

import itertools

import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary

from bilstm_tagger.plugin.data.fields import UNKNOWN_LABEL
from bilstm_tagger.plugin.modules.decoders import TaskDecoder

COUNTS = {"O": 90, "B-LOC": 6, "I-LOC": 2, "B-PER": 2}
MASK = torch.tensor([[True, True, True], [True, True, False]])


def make(kind, weights, encoding="BIO", counts=COUNTS, **settings):
    params = {"type": kind, "label_weights": weights, "encoding": encoding, **settings}
    return TaskDecoder.from_params(
        Params({key: value for key, value in params.items() if value is not None}),
        vocab=Vocabulary({"ner_labels": counts}),
        task="ner",
        input_sizes=[3, 4],
    )


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"LOC": 2.0}, [1.0, 2.0, 2.0, 1.0]),
        ({"LOC": 2, "I-LOC": 3, "O": 0.5}, [0.5, 2.0, 3.0, 1.0]),
        # 100 tokens of three types: O 90, LOC 8, PER 2.
        ("balanced", [100 / 270, 100 / 24, 100 / 24, 100 / 6]),
    ],
)
@pytest.mark.parametrize("kind", ["softmax", "crf"])
def test_of_labels_and_types(kind, weights, expected):
    decoder = make(kind, weights)
    assert decoder.labels == list(COUNTS)
    torch.testing.assert_close(decoder.label_weights, torch.tensor(expected))


def test_balanced_plain_labels():
    # tokens / (labels * tokens of the label)
    counts = {"NOUN": 5, "VERB": 3, "X": 1}
    decoder = make("softmax", "balanced", encoding=None, counts=counts)
    torch.testing.assert_close(decoder.label_weights, torch.tensor([9 / 15, 9 / 9, 9 / 3]))


def test_they_are_stored():
    trained = make("crf", "balanced")
    loaded = TaskDecoder.from_params(
        Params({"type": "crf", "label_weights": "balanced", "encoding": "BIO"}),
        # As it is when it is read from files, without counts.
        vocab=_without_counts(),
        task="ner",
        input_sizes=[3, 4],
    )
    with pytest.raises(ConfigurationError, match=r"ner\.label_weights: 'balanced' needs"):
        loaded.loss(torch.randn(1, 2, 4), torch.tensor([[0, 1]]))
    loaded.load_state_dict(trained.state_dict())
    assert torch.equal(loaded.label_weights, trained.label_weights)
    assert "label_weights" not in make("crf", None).state_dict()


def _without_counts():
    vocabulary = Vocabulary(non_padded_namespaces=["*_labels"])
    for label in COUNTS:
        vocabulary.add_token_to_namespace(label, "ner_labels")
    return vocabulary


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"MISC": 2.0}, "names 'MISC', which the training data has not.*O, LOC, PER"),
        ({"LOC": 0}, "LOC must be a number above 0"),
        ({"LOC": -1.0}, "LOC must be a number above 0"),
        ({"LOC": float("nan")}, "LOC must be a number above 0"),
        ({"LOC": "two"}, "LOC must be a number above 0"),
        ({"LOC": None}, "LOC must be a number above 0"),
        ({"LOC": True}, "LOC must be a number above 0"),
        ({"LOC": 1e308}, "LOC must be a number above 0 and up to 1,000,000"),
        ("balance", "must be 'balanced', or"),
        ([1, 2], "must be 'balanced', or"),
        (2, "must be 'balanced', or"),
    ],
)
def test_wrong_weights_are_one_error(weights, message):
    with pytest.raises(ConfigurationError, match=rf"tasks\.ner\.label_weights.*{message}"):
        make("crf", weights)


def test_balanced_types_without_tokens_weigh_1():
    """Labels of a model that the training starts from, say."""
    vocabulary = Vocabulary({"ner_labels": COUNTS})
    vocabulary.add_token_to_namespace("B-MISC", "ner_labels")
    decoder = TaskDecoder.from_params(
        Params({"type": "crf", "label_weights": "balanced", "encoding": "BIO"}),
        vocab=vocabulary,
        task="ner",
        input_sizes=[3, 4],
    )
    expected = [100 / 270, 100 / 24, 100 / 24, 100 / 6, 1.0]
    torch.testing.assert_close(decoder.label_weights, torch.tensor(expected))


def test_a_strategy_needs_weights():
    with pytest.raises(ConfigurationError, match=r"ner\.weight_strategy needs 'label_weights'"):
        make("crf", None, weight_strategy="lannoy")


def test_wrong_strategy():
    with pytest.raises(ConfigurationError, match=r"tasks\.ner\.weight_strategy must be one of"):
        make("crf", {"LOC": 2.0}, weight_strategy="transition")


def test_softmax_is_that_of_torch():
    decoder = make("softmax", {"LOC": 3.0, "O": 0.2})
    emissions = torch.randn(2, 3, 4)
    gold = torch.tensor([[1, 2, 0], [3, UNKNOWN_LABEL, 0]])
    expected = torch.nn.functional.cross_entropy(
        emissions[[0, 0, 0, 1], [0, 1, 2, 0]],
        torch.tensor([1, 2, 0, 3]),
        weight=torch.tensor([0.2, 3.0, 3.0, 1.0]),
    )
    torch.testing.assert_close(decoder.loss(emissions, gold, MASK), expected)


@pytest.mark.parametrize("strategy", ["emission", "emission_transition"])
def test_crf_by_enumeration(strategy):
    decoder = make("crf", {"LOC": 3.0, "O": 0.2}, weight_strategy=strategy)
    weights, crf = decoder.label_weights, decoder.crf
    torch.nn.init.normal_(crf.start_scores)
    emissions = torch.randn(1, 3, 4)
    gold = torch.tensor([[1, 2, 0]])

    def score(path):
        total = crf.start_scores[path[0]] + crf.end_scores[path[-1]]
        for i, tag in enumerate(path):
            total = total + emissions[0, i, tag] * weights[tag]
        for a, b in itertools.pairwise(path):
            moved = crf.transitions[a, b]
            total = total + (moved * weights[a] if strategy == "emission_transition" else moved)
        return total

    paths = list(itertools.product(range(4), repeat=3))
    expected = torch.stack([score(path) for path in paths]).logsumexp(0) - score([1, 2, 0])
    torch.testing.assert_close(decoder.loss(emissions, gold), expected)
    possible = torch.tensor([[[False, True, False, True], [True] * 4, [True, False, False, False]]])
    permitted = decoder.encoding.allowed(decoder.labels)
    agreeing = [
        path
        for path in paths
        if path[0] in (1, 3)
        and path[2] == 0
        and permitted.start[path[0]]
        and all(permitted.transitions[a][b] for a, b in itertools.pairwise(path))
    ]
    some = torch.stack([score(path) for path in agreeing]).logsumexp(0)
    every = torch.stack([score(path) for path in paths]).logsumexp(0)
    torch.testing.assert_close(decoder.loss(emissions, possible), every - some)


def test_lannoy_is_the_default_and_needs_complete_labels():
    decoder = make("crf", {"LOC": 2.0})
    emissions = torch.randn(1, 2, 4)
    assert decoder.loss(emissions, torch.tensor([[1, 0]])).isfinite()
    with pytest.raises(
        ConfigurationError, match=r"tasks\.ner\.weight_strategy: 'lannoy', the default, needs"
    ):
        decoder.loss(emissions, torch.ones(1, 2, 4, dtype=torch.bool))


@pytest.mark.parametrize("kind", ["softmax", "crf"])
def test_a_heavier_label_is_predicted_more_often(kind):
    """Where the same token is once "O" and once a name."""
    chances = []
    for weight in (0.2, 1.0, 5.0):
        decoder = make(kind, {"PER": weight})
        gold = torch.tensor([[0], [3]])
        scores = torch.zeros(4, requires_grad=True)
        optimizer = torch.optim.Adam([scores], lr=0.1)
        if kind == "crf":
            for parameter in decoder.crf.parameters():
                torch.nn.init.zeros_(parameter)
        for _ in range(150):
            optimizer.zero_grad()
            decoder.loss(scores.expand(2, 1, 4), gold).backward()
            optimizer.step()
        chances.append(scores.softmax(-1)[3].item())
    assert chances == sorted(chances)
    assert chances[0] < 0.3 and chances[1] == pytest.approx(0.5, abs=0.05) and chances[2] > 0.7
