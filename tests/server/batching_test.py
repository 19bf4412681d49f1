"""Requests are tagged together, in parts, and each gets its own answer."""

import concurrent.futures
import random
import threading
import time

import pytest

from bilstm_tagger.server import batching
from bilstm_tagger.server.batching import BatchTagger
from bilstm_tagger.server.waiting import Overloaded, TagOptions, TooManyTokens
from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.text.errors import DataFormatError

TASKS = ("chunk", "pos")
WORDS = "The old ferry left Boston at noon and nobody saw it .".split()


@pytest.fixture(scope="module")
def tagger(taggers) -> Tagger:
    return taggers["small"]


@pytest.fixture
def start(tagger):
    started = []

    def start(max_waiting=100, max_tokens=10_000, **settings) -> BatchTagger:
        tagger_ = settings.pop("tagger", tagger)
        started.append(BatchTagger(tagger_, lambda x: x, max_waiting, max_tokens, **settings))
        return started[-1]

    yield start
    for batch in started:
        batch.__exit__()


class Gate:
    """A tagger that tags when it may."""

    def __init__(self, tagger, opened=False):
        self._tagger = tagger
        self.open = threading.Event()
        self.entered = threading.Event()
        if opened:
            self.open.set()

    def __getattr__(self, name):
        return getattr(self._tagger, name)

    def with_tasks(self, tasks):
        return self

    def tag(self, sentences, **options):
        self.entered.set()
        assert self.open.wait(30)
        return self._tagger.tag(sentences, **options)


def sentences_of(rng, number):
    return [TokenizedSentence(rng.choices(WORDS, k=rng.randint(1, 30))) for _ in range(number)]


def test_answers_are_those_of_the_tagger(start, tagger):
    """Of many threads at once, with all options, in parts and whole."""
    rng = random.Random(0)
    batch = start(wait=0.001)
    options = [
        TagOptions(TASKS),
        TagOptions(("pos",)),
        TagOptions(("chunk",), True),
        TagOptions(TASKS, "all", 3),
    ]
    requests = [(sentences_of(rng, rng.randint(0, 20)), rng.choice(options)) for _ in range(200)]

    def ask(request):
        sentences, wanted = request
        return batch.tag(sentences, wanted).result(60)

    with concurrent.futures.ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(ask, requests))
    for (sentences, wanted), answer in zip(requests, answers, strict=True):
        expected = tagger.with_tasks(wanted.tasks).tag(
            sentences, probabilities=wanted.probabilities, top_k=wanted.top_k
        )
        tagged = [sentence for part in answer for sentence in part]
        assert len(answer) == len(sentences)
        assert [x.tokens for x in tagged] == [x.tokens for x in expected]
        assert [x.tags for x in tagged] == [x.tags for x in expected]
        for one, other in zip(tagged, expected, strict=True):
            assert one.sequence_probabilities == pytest.approx(
                other.sequence_probabilities, rel=1e-4
            )
            assert one.distributions.keys() == other.distributions.keys()
            assert {k: len(v) for k, v in one.alternatives.items()} == {
                k: len(v) for k, v in other.alternatives.items()
            }
    assert batch.waiting == 0


def test_what_comes_while_it_is_busy_is_tagged_together(start, tagger):
    rounds = []
    gate = Gate(tagger)
    batch = start(tagger=gate, on_round=lambda *numbers: rounds.append(numbers))
    first = batch.tag([TokenizedSentence(["a"])], TagOptions(TASKS))
    assert gate.entered.wait(10)
    others = [batch.tag([TokenizedSentence(["b", "c"])] * 2, TagOptions(TASKS)) for _ in range(9)]
    gate.open.set()
    assert [len(future.result(10)) for future in (first, *others)] == [1] + [2] * 9
    assert rounds == [(1, 1, 1), (9, 18, 36)]


def test_what_comes_within_the_wait_is_tagged_together(start):
    rounds = []
    batch = start(wait=1, on_round=lambda *numbers: rounds.append(numbers))
    futures = [batch.tag([TokenizedSentence(["a"])], TagOptions(TASKS)) for _ in range(5)]
    concurrent.futures.wait(futures, 10)
    assert rounds == [(5, 5, 5)]


def test_a_short_request_does_not_wait_for_a_long_one(start, tagger, monkeypatch):
    monkeypatch.setattr(batching, "ROUND_TOKENS", 20)
    gate = Gate(tagger)
    batch = start(tagger=gate)
    long = batch.tag([TokenizedSentence(["word"] * 5)] * 400, TagOptions(TASKS))
    assert gate.entered.wait(10)
    short = batch.tag([TokenizedSentence(["word"] * 5)] * 3, TagOptions(TASKS))
    gate.open.set()
    short.result(10)
    assert not long.done()
    assert len(long.result(60)) == 400


def test_raw_texts_and_tokens_stand_side_by_side(start, tagger):
    inputs = ["He left. She stayed.", TokenizedSentence(["He", "left", "."]), "", "One."]
    answer = start().tag(inputs, TagOptions(TASKS)).result(60)
    assert [[sentence.tokens for sentence in part] for part in answer] == [
        [["He", "left", "."], ["She", "stayed", "."]],
        [["He", "left", "."]],
        [],
        [["One", "."]],
    ]


def test_an_error_is_that_of_its_request_alone(start, tagger):
    class Picky:
        splitter, specification = tagger.splitter, tagger.specification

        def with_tasks(self, tasks):
            return self

        def tag(self, sentences, **options):
            if any("bad" in sentence.tokens for sentence in sentences):
                raise RuntimeError("out of order")
            return tagger.tag(sentences, **options)

    batch = start(tagger=Picky(), wait=0.5)
    futures = [
        batch.tag([TokenizedSentence([word])], TagOptions(TASKS)) for word in "a bad b".split()
    ]
    assert futures[0].result(10)[0][0].tokens == ["a"]
    with pytest.raises(RuntimeError, match="out of order"):
        futures[1].result(10)
    assert futures[2].result(10)[0][0].tokens == ["b"]
    assert batch.waiting == 0 and batch.is_alive


def test_what_cannot_be_tagged_is_refused(start):
    batch = start(max_tokens=10)
    with pytest.raises(DataFormatError, match="expected a list of tokens"):
        batch.tag([TokenizedSentence(["a"]), TokenizedSentence([""])], TagOptions(TASKS))
    assert batch.waiting == 0
    batch.tag([TokenizedSentence(["a"])] * 10, TagOptions(TASKS)).result(10)
    with pytest.raises(TooManyTokens, match="11 tokens; the maximum is 10"):
        batch.tag([TokenizedSentence(["a"])] * 11, TagOptions(TASKS)).result(10)


def test_more_than_may_wait_are_refused(start, tagger):
    gate = Gate(tagger)
    batch = start(tagger=gate, max_waiting=3)
    futures = [batch.tag([TokenizedSentence(["a"])], TagOptions(TASKS)) for _ in range(3)]
    with pytest.raises(Overloaded):
        batch.tag([TokenizedSentence(["a"])], TagOptions(TASKS))
    gate.open.set()
    concurrent.futures.wait(futures, 10)
    batch.tag([TokenizedSentence(["a"])], TagOptions(TASKS)).result(10)


def test_a_cancelled_request_takes_no_time(start, tagger):
    tokens = []
    gate = Gate(tagger)
    batch = start(tagger=gate, on_round=lambda r, s, t: tokens.append(t))
    first = batch.tag([TokenizedSentence(["a"])], TagOptions(TASKS))
    assert gate.entered.wait(10)
    left = [batch.tag([TokenizedSentence(["b"] * 100)], TagOptions(TASKS)) for _ in range(50)]
    stays = batch.tag([TokenizedSentence(["c"] * 2)], TagOptions(TASKS))
    assert all(future.cancel() for future in left)
    assert batch.waiting == 2
    gate.open.set()
    first.result(10), stays.result(10)
    assert tokens == [1, 2]


def test_calls_stand_between_rounds(start, tagger):
    threads = set()
    batch = start(on_round=lambda *_: threads.add(threading.current_thread()))
    batch.tag([TokenizedSentence(["a"])], TagOptions(TASKS)).result(10)
    assert batch.call(lambda: (threads.add(threading.current_thread()), 7)[1]).result(10) == 7
    assert len(threads) == 1
    with pytest.raises(ZeroDivisionError):
        batch.call(lambda: 1 / 0).result(10)
    assert batch.is_alive


def test_requests_have_their_turn_between_the_calls_of_two_files(start):
    """Of which there is always one that waits."""
    batch = start()
    answered = threading.Event()
    calls = []

    def tag_file():
        while not answered.is_set() and len(calls) < 100:
            calls.append(batch.call(lambda: time.sleep(0.02)))
            calls[-1].result(10)

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        files = [threads.submit(tag_file) for _ in range(2)]
        while len(calls) < 4:
            time.sleep(0.01)
        batch.tag([TokenizedSentence(["a"])], TagOptions(TASKS)).result(10)
        answered.set()
        for file in files:
            file.result(10)
    assert len(calls) < 50


def test_a_cancelled_call_is_left_out(start):
    batch = start()
    release = threading.Event()
    batch.call(release.wait)
    called = []
    cancelled = batch.call(lambda: called.append(1))
    assert cancelled.cancel()
    release.set()
    assert batch.call(lambda: 7).result(10) == 7
    assert not called


def test_what_comes_after_the_end_is_refused(start):
    """It does not wait forever."""
    batch = start()
    batch.__exit__()
    with pytest.raises(RuntimeError, match="has ended"):
        batch.tag([TokenizedSentence(["a"])], TagOptions(TASKS))
    with pytest.raises(RuntimeError, match="has ended"):
        batch.call(lambda: 7)
    assert batch.waiting == 0


def test_what_waits_at_the_end_is_tagged(tagger):
    gate = Gate(tagger)
    with BatchTagger(gate, lambda x: x, 100, 1_000) as batch:
        futures = [batch.tag([TokenizedSentence(["a"])], TagOptions(TASKS)) for _ in range(5)]
        threading.Timer(0.2, gate.open.set).start()
    assert all(future.done() and future.result() for future in futures)
    assert not batch.is_alive


def test_an_idle_thread_takes_no_time(start):
    batch = start()
    thread = batch.call(threading.current_thread).result(10)
    clock = time.pthread_getcpuclockid(thread.ident)
    before = time.clock_gettime(clock)
    time.sleep(0.5)
    assert time.clock_gettime(clock) - before < 0.1
