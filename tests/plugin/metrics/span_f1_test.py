import random
import warnings
from datetime import timedelta

import pytest
import torch.distributed as dist
from allennlp.common import Params
from allennlp.training.metrics import Metric
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from torch import multiprocessing

from bilstm_tagger.plugin.metrics import SpanF1, TokenAccuracy
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.possible_labels import Possible
from bilstm_tagger.text.spans import Span

NOTHING = {"precision": 0.0, "recall": 0.0, "f1": 0.0}


def split(*sentences):
    return [sentence.split() for sentence in sentences]


# Correct: A 0-2. Missed: B of sentence 0, Z. False: B of the wrong type, A after O.
PREDICTED = split("I-A I-A O I-A", "B-A O")
GOLD = split("B-A I-A O B-B", "O B-Z")


def test_golden():
    metric = SpanF1("BIO", per_type=True)
    metric(PREDICTED, GOLD)
    expected = {
        "precision": 1 / 3,
        "recall": 1 / 3,
        "f1": 1 / 3,
        "precision_A": 1 / 3,
        "recall_A": 1.0,
        "f1_A": 0.5,
        "precision_B": 0.0,
        "recall_B": 0.0,
        "f1_B": 0.0,
        "precision_Z": 0.0,
        "recall_Z": 0.0,
        "f1_Z": 0.0,
    }
    assert metric.get_metric() == pytest.approx(expected)
    metric(GOLD, GOLD)
    assert metric.get_metric()["f1"] == pytest.approx(4 / 6)
    assert metric.get_metric()["f1_B"] == pytest.approx(2 / 3)


def test_unequal_precision_and_recall():
    metric = SpanF1("iobes")
    metric(split("S-A O B-A E-A"), split("S-A O S-A S-A"))
    assert metric.get_metric() == pytest.approx({"precision": 1 / 2, "recall": 1 / 3, "f1": 0.4})


def test_type_of_another_name_is_missed():
    metric = SpanF1("BIO", per_type=True)
    metric(split("B-A O"), split("B-A B-never-seen"))
    scores = metric.get_metric()
    assert (scores["precision"], scores["recall"]) == (1.0, 0.5)
    assert scores["recall_never-seen"] == 0.0


@pytest.mark.parametrize("per_type", [False, True])
def test_nothing_and_reset(per_type):
    metric = SpanF1("BIO", per_type)
    assert metric.get_metric() == NOTHING
    metric([], [])
    metric([[]], [[]])
    metric(split("O O"), split("O O"))
    assert metric.get_metric() == NOTHING
    metric(split("B-A"), split("B-A"))
    assert metric.get_metric(reset=True)["f1"] == 1.0
    assert metric.get_metric() == NOTHING
    metric(split("B-A"), split("B-A"))
    metric.reset()
    assert metric.get_metric() == NOTHING


def test_built_from_parameters():
    metric = Metric.from_params(
        Params({"type": "span_f1_conll", "encoding": "BIOES", "per_type": True})
    )
    assert isinstance(metric, SpanF1)
    assert metric.supports_distributed
    with pytest.raises(ValueError, match="unknown tag encoding 'XYZ'"):
        SpanF1("XYZ")


@pytest.mark.parametrize(
    "predicted, gold, message",
    [
        (split("B-A"), split("B-A", "O"), "1 predicted sentences for 2 gold ones"),
        (split("B-A", "O"), split("B-A", "O O"), "sentence 1 of the batch: 1 predicted tags for 2"),
        (split("B-A", "O B"), split("B-A", "O O"), "tag 1: 'B' is neither"),
    ],
)
def test_faulty_batches_are_not_counted(predicted, gold, message):
    metric = SpanF1("BIO")
    with pytest.raises(ValueError, match=message):
        metric(predicted, gold)
    assert metric.get_metric() == NOTHING


@st.composite
def batches(draw):
    tag = st.builds("{}-{}".format, st.sampled_from("BIES"), st.sampled_from(["NP", "a-b"]))
    tags = st.one_of(st.just("O"), tag)
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    return tuple([draw(st.lists(tags, min_size=n, max_size=n)) for n in lengths] for _ in range(2))


@given(pair=batches(), other=batches())
@settings(deadline=None)
def test_seqeval(pair, other):
    metric = SpanF1("IOBES", per_type=True)
    metric(*pair)
    metric(*other)
    predicted, gold = (one + two for one, two in zip(pair, other, strict=True))
    scores = metric.get_metric()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = classification_report(gold, predicted, output_dict=True, zero_division=0)
    types = set(report) - {"micro avg", "macro avg", "weighted avg"}
    assert len(scores) == 3 * (1 + len(types))
    for name, suffix in [("micro avg", ""), *((label, f"_{label}") for label in types)]:
        assert scores[f"precision{suffix}"] == pytest.approx(report[name]["precision"])
        assert scores[f"recall{suffix}"] == pytest.approx(report[name]["recall"])
        assert scores[f"f1{suffix}"] == pytest.approx(report[name]["f1-score"])


def run_worker(rank, store):
    dist.init_process_group(
        "gloo",
        init_method=f"file://{store}",
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=60),
    )
    try:
        alone = SpanF1("BIO", per_type=True)
        totals, types, accuracy = SpanF1("BIO"), SpanF1("BIO", per_type=True), TokenAccuracy()
        for metric in (totals, types, accuracy):
            metric([PREDICTED[rank]], [GOLD[rank]])  # types A, B; types A, Z
        for reset in (False, False, True):  # asking does not change the counts
            assert totals.get_metric(reset) == pytest.approx(dict.fromkeys(NOTHING, 1 / 3))
            scores = types.get_metric(reset)
            assert len(scores) == 3 * 4
            assert scores["f1"] == pytest.approx(1 / 3)
            assert (scores["precision_A"], scores["recall_A"]) == pytest.approx((1 / 3, 1.0))
            assert scores["f1_B"] == scores["f1_Z"] == 0.0
            assert accuracy.get_metric(reset) == pytest.approx({"accuracy": 2 / 6})
        assert totals.get_metric() == types.get_metric() == NOTHING
        assert accuracy.get_metric() == {"accuracy": 0.0}
        # One worker without any sentence.
        if rank == 0:
            alone(split("B-A"), split("B-A"))
        assert alone.get_metric()["f1_A"] == 1.0
    finally:
        dist.destroy_process_group()


def run_other_worker(_, store):
    run_worker(1, store)


def test_two_workers(tmp_path):
    # This process is one of the two; the other comes of a fork server, which has imported all.
    store = tmp_path / "store"
    other = multiprocessing.start_processes(
        run_other_worker, args=(store,), nprocs=1, join=False, start_method="forkserver"
    )
    run_worker(0, store)
    while not other.join():
        pass


OPEN = Possible(frozenset("O"), None)


def certain(*tags):
    return [OPEN if tag == "?" else Possible(frozenset([tag])) for tag in tags]


def scores_of_partial(known, predicted):
    f1, accuracy = SpanF1("BIO"), TokenAccuracy()
    for metric in (f1, accuracy):
        metric.count_partial(predicted, known)
    return [*f1.get_metric().values(), accuracy.get_metric()["accuracy"]]


@pytest.mark.parametrize(
    ("known", "predicted", "expected"),
    [
        # What is not known is neither right nor wrong.
        ("B-A O ? ?", "B-A O B-A I-A", [1.0, 1.0, 1.0, 1.0]),
        ("B-A O ? ?", "B-A O O O", [1.0, 1.0, 1.0, 1.0]),
        # Whether a span is judged depends on what is known alone: right ones would not be, here.
        ("? O O", "B-A I-A O", [0.0, 0.0, 0.0, 0.5]),
        ("? O O", "O B-A O", [0.0, 0.0, 0.0, 0.5]),
        ("? B-A O", "O B-A I-A", [0.0, 0.0, 0.0, 0.5]),
        # A span that is known and not found.
        ("? ? O B-A", "O O O O", [0.0, 0.0, 0.0, 0.5]),
        # A known span without its end is not scored.
        ("B-A ? O B-B", "B-A I-A O B-B", [1.0, 1.0, 1.0, 1.0]),
        ("? I-A O", "O O O", [0.0, 0.0, 0.0, 0.5]),
        ("? I-A O", "B-A I-A O", [0.0, 0.0, 0.0, 1.0]),
        ("? I-A O", "O B-A O", [0.0, 0.0, 0.0, 0.5]),
        ("? ?", "B-A O", [0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_tags_that_are_known_in_part(known, predicted, expected):
    assert scores_of_partial(certain(*known.split()), predicted.split()) == expected


@pytest.mark.parametrize("encoding", ["BIO", "IOBES"])
@pytest.mark.parametrize("change", ["type", "boundary", "invented", "dropped"])
def test_scores_of_labels_that_are_known_in_part_are_those_of_all(encoding, change):
    """Where half of the tags are not known, precision and recall stay what they are."""
    chance = random.Random(1)
    of_encoding = get_encoding(encoding)
    whole, partial = SpanF1(encoding), SpanF1(encoding)
    for _ in range(3000):
        gold, predicted, end = [], [], 0
        for _ in range(6):
            start = end + chance.randint(0, 2)
            end = start + chance.randint(1, 3)
            span = Span(chance.choice("AB"), start, end)
            if change == "invented" and chance.random() < 0.2:
                predicted.append(span)
                continue
            gold.append(span)
            if chance.random() > 0.2 or change == "invented":
                predicted.append(span)
            elif change == "type":
                predicted.append(span._replace(label="C"))
            elif change == "boundary":
                predicted.append(span._replace(end=end + 1))
                end += 1
        length = end + 1
        gold_tags = of_encoding.spans_to_tags(gold, length)
        tags = of_encoding.spans_to_tags(predicted, length)
        known = [OPEN if chance.random() < 0.5 else Possible(frozenset([x])) for x in gold_tags]
        whole([tags], [gold_tags])
        partial.count_partial(tags, known, of_encoding.marks_ends)
    expected, found = whole.get_metric(), partial.get_metric()
    # A wrong span that is longer has one more token that may not be known.
    assert found["precision"] == pytest.approx(expected["precision"], abs=0.03)
    assert found["recall"] == pytest.approx(expected["recall"], abs=0.03)
