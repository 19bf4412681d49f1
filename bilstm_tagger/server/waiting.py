"""What waits for the thread of a model: requests of clients, and other work."""

import contextlib
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any, Generic, Optional, TypeVar, Union

from bilstm_tagger.tagging.prediction import Probabilities
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.text.errors import UserError

# A raw text, or a sentence.
Input = Union[str, TokenizedSentence]
# What becomes of a tagged sentence.
Presented = TypeVar("Presented")


class TooManyTokens(UserError):
    """A request has more tokens than the server takes."""


class Overloaded(Exception):
    """As many requests wait as may wait."""


@dataclass(frozen=True)
class TagOptions:
    """What is wanted of the sentences of a request, as of `Tagger`."""

    tasks: tuple[str, ...]
    probabilities: Probabilities = False
    top_k: int = 0


@dataclass(eq=False)
class WaitingRequest(Generic[Presented]):
    """Inputs of a client, and what became of them so far."""

    inputs: Sequence[Input]
    options: TagOptions
    future: "Future[list[list[Presented]]]" = field(default_factory=Future)
    # The sentences of all inputs, and the number of those of each; `None` before they are split.
    sentences: Optional[list[TokenizedSentence]] = None
    counts: Sequence[int] = ()
    results: list[Presented] = field(default_factory=list)

    def next_sentences(self, max_tokens: int) -> list[TokenizedSentence]:
        """Sentences that are not yet tagged, of some tokens together; at least one, if any."""
        assert self.sentences is not None
        first = end = len(self.results)
        tokens = 0
        while end < len(self.sentences) and (end == first or tokens < max_tokens):
            tokens += len(self.sentences[end].tokens)
            end += 1
        return self.sentences[first:end]

    def finish(self) -> None:
        """Resolves the future, if all sentences are tagged."""
        assert self.sentences is not None
        if len(self.results) == len(self.sentences):
            results = iter(self.results)
            by_input = [list(itertools.islice(results, count)) for count in self.counts]
            with contextlib.suppress(InvalidStateError):  # cancelled
                self.future.set_result(by_input)

    def fail(self, error: BaseException) -> None:
        """Resolves the future by an error."""
        with contextlib.suppress(InvalidStateError):  # cancelled
            self.future.set_exception(error)


@dataclass(eq=False)
class WaitingCall:
    """Work of another kind, for the same thread."""

    function: Callable[[], Any]
    future: "Future[Any]" = field(default_factory=Future)

    def __call__(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.function()
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)
