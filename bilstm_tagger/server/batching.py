"""Tags the sentences of many requests together.

A batch of the network takes little more time than a sentence alone. Each model has a thread that
takes what has come while it was busy. Long requests are tagged in parts, so that short ones do not
wait for their end.
"""

import itertools
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Generic, Union

from bilstm_tagger.server.waiting import (
    Input,
    Overloaded,
    Presented,
    TagOptions,
    TooManyTokens,
    WaitingCall,
    WaitingRequest,
)
from bilstm_tagger.tagging.results import TaggedSentence, TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger

# Tokens that are tagged in one go, in about 0.15 s.
ROUND_TOKENS = 4_096
# Tokens of a request times the alternatives that are wanted of each.
MAX_TAGS = 100_000
# How often it is looked whether more requests have come.
_STEPS = 4


class BatchTagger(Generic[Presented]):
    """Tags for many clients, with one thread. Use as a context: at its end, what waits is tagged.

    # Parameters

    tagger : `Tagger`
        What it tags with.
    present : `Callable`
        What becomes of a tagged sentence.
    max_waiting : `int`
        The maximum number of requests that are tagged or wait for it.
    max_tokens : `int`
        The maximum number of tokens of a request.
    wait : `float`, optional (default=`0`)
        For how many seconds a request that meets an idle thread waits for others.
    on_round : `Callable`, optional
        Called after each round with its numbers of requests, sentences and tokens.
    """

    def __init__(
        self,
        tagger: Tagger,
        present: Callable[[TaggedSentence], Presented],
        max_waiting: int,
        max_tokens: int,
        wait: float = 0.0,
        on_round: Callable[[int, int, int], None] = lambda requests, sentences, tokens: None,
    ) -> None:
        self.tagger = tagger
        self._present = present
        self._max_waiting = max_waiting
        self._max_tokens = max_tokens
        self._wait = wait
        self._on_round = on_round
        # `None` asks the thread to end.
        self._queue: queue.SimpleQueue[Union[WaitingRequest, WaitingCall, None]] = (
            queue.SimpleQueue()
        )
        self._lock = threading.Lock()
        self._waiting = 0
        self._has_ended = False
        self._thread = threading.Thread(target=self._run, name="tagging", daemon=True)
        self._thread.start()

    def __enter__(self) -> "BatchTagger":
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._has_ended = True
            self._queue.put(None)
        self._thread.join()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """The number of requests that are tagged, or wait for it."""
        return self._waiting

    def tag(self, inputs: Sequence[Input], options: TagOptions) -> "Future[list[list[Presented]]]":
        """Tags inputs: of each, its sentences. After `cancel` of the future they take no time.

        # Errors

        `Overloaded`, `RuntimeError` after the end, and as of `TokenizedSentence.check`; from the
        future, `TooManyTokens`, and what the tagger raises.
        """
        features = self.tagger.specification.feature_columns
        for sentence in inputs:
            if isinstance(sentence, TokenizedSentence):
                sentence.check(features)
        request: WaitingRequest[Presented] = WaitingRequest(inputs, options)
        request.future.add_done_callback(self._leave)
        with self._lock:
            if self._waiting >= self._max_waiting:
                raise Overloaded
            self._put(request)
            self._waiting += 1
        return request.future

    def call(self, function: Callable[[], Any]) -> "Future[Any]":
        """Calls a function between two rounds, as what tags a block of a file.

        # Errors

        `RuntimeError` after the end; from the future, what the function raises.
        """
        call = WaitingCall(function)
        with self._lock:
            self._put(call)
        return call.future

    def _put(self, work: Union[WaitingRequest, WaitingCall]) -> None:
        """Adds work for the thread. The lock must be held, so that nothing comes after the end:
        whoever waited for it would wait forever."""
        if self._has_ended or not self.is_alive:
            raise RuntimeError("the thread that tags has ended")
        self._queue.put(work)

    def _leave(self, future: object) -> None:
        with self._lock:
            self._waiting -= 1

    def _run(self) -> None:
        requests: list[WaitingRequest[Presented]] = []
        goes_on = True
        while goes_on or requests:
            for work in self._arrived(idle=not requests):
                if isinstance(work, WaitingRequest):
                    requests.append(work)
                elif work is None:
                    goes_on = False
                else:
                    work()
            # Those whose client has left are done, too.
            requests = [request for request in requests if not request.future.done()]
            self._round(requests)
            requests = [request for request in requests if not request.future.done()]

    def _arrived(self, idle: bool) -> Iterator[Union[WaitingRequest, WaitingCall, None]]:
        """What has come meanwhile; where there is nothing else to do, it waits for something."""
        if idle:
            yield self._queue.get()
            self._wait_for_more()
        # What comes during a call has to wait: the blocks of two files, each of which comes while
        # the other is tagged, would leave no time for requests.
        for _ in range(self._queue.qsize()):
            yield self._queue.get()

    def _wait_for_more(self) -> None:
        """Waits as long as more comes, and no longer than for the time that was set."""
        size = self._queue.qsize()
        for _ in range(_STEPS):
            time.sleep(self._wait / _STEPS)
            if size == (size := self._queue.qsize()):
                return

    def _round(self, requests: Sequence[WaitingRequest[Presented]]) -> None:
        """Tags some sentences of each request, and resolves those that are complete."""
        _together(self._split, [request for request in requests if request.sentences is None])
        groups = defaultdict(list)
        for request in requests:
            if not request.future.done():
                groups[request.options].append(request)
        # Each request has its share; alternatives take their time.
        share = ROUND_TOKENS // max(1, len(requests))
        for options, group in groups.items():
            _together(partial(self._tag, options, share // (1 + options.top_k)), group)

    def _split(self, requests: Sequence[WaitingRequest[Presented]]) -> None:
        # No token has a blank, and to split text takes much longer than to count its words.
        for request in requests:
            self._check_tokens(request, map(_words, request.inputs))
        requests = [request for request in requests if not request.future.done()]
        texts = [text for request in requests for text in request.inputs if isinstance(text, str)]
        split = iter(self.tagger.split_texts(texts) if texts else ())
        for request in requests:
            parts = [next(split) if isinstance(x, str) else [x] for x in request.inputs]
            request.counts = list(map(len, parts))
            request.sentences = list(itertools.chain.from_iterable(parts))
            self._check_tokens(request, (len(sentence.tokens) for sentence in request.sentences))

    def _check_tokens(self, request: WaitingRequest[Presented], counts: Iterable[int]) -> None:
        tokens = sum(counts)
        top_k = request.options.top_k
        # With many alternatives an answer has hundreds of megabytes, and takes a minute.
        most = min(self._max_tokens, MAX_TAGS // max(1, top_k))
        if tokens > most:
            reason = f" with {top_k} alternatives" if most < self._max_tokens else ""
            problem = f"The request has {tokens:,} tokens; the maximum is {most:,}{reason}."
            request.fail(TooManyTokens(f"{problem} Send it in parts."))

    def _tag(
        self, options: TagOptions, share: int, requests: Sequence[WaitingRequest[Presented]]
    ) -> None:
        parts = [request.next_sentences(share) for request in requests]
        sentences = list(itertools.chain.from_iterable(parts))
        tagged = iter(
            self.tagger.with_tasks(options.tasks).tag(
                sentences, probabilities=options.probabilities, top_k=options.top_k
            )
        )
        for request, part in zip(requests, parts, strict=True):
            request.results += [self._present(next(tagged)) for _ in part]
            request.finish()
        self._on_round(len(requests), len(sentences), sum(len(s.tokens) for s in sentences))


def _words(content: Input) -> int:
    return len(content.split() if isinstance(content, str) else content.tokens)


def _together(
    work: Callable[[Sequence[WaitingRequest[Presented]]], None],
    requests: Sequence[WaitingRequest[Presented]],
) -> None:
    """Does some work for all requests at once. Where that fails, for each alone: an error of one
    is not an error of the others."""
    if not requests:
        return
    try:
        work(requests)
    except Exception as error:
        if len(requests) == 1:
            requests[0].fail(error)
            return
        for request in requests:
            _together(work, [request])
