"""From sentences to emissions, the scores of all tags of all tokens, in numpy."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Optional, Protocol

import numpy

from bilstm_tagger.tagging.input_specification import Tensors
from bilstm_tagger.tagging.inputs import InputVectors, Token
from bilstm_tagger.tagging.lstm import Packing, StackedBiLSTM
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.specification import Specification

Array = numpy.ndarray

# Sentences that are read together. With more, the states outgrow the cache of a processor.
GROUP_SIZE = 128
# Tokens of a group, with the padding: one sentence of 10,000 tokens is read alone.
GROUP_TOKENS = 32_768
# Rows of tokens that are kept: 96 MB with 150 units per direction.
MAX_ROWS = 20_000


class Emissions(NamedTuple):
    """The emissions of some of the sentences."""

    sentences: list[int]  # their numbers, the longest sentence first
    lengths: Array  # the tokens of each, (batch,)
    scores: dict[str, Array]  # for each task (batch, length, labels); anything on padding


class Chain(NamedTuple):
    """The scores of a linear chain: of tags that follow one another, (tags, tags), indexed
    [from, to], and of those that start and end a sentence, (tags,)."""

    transitions: Array
    start: Array
    end: Array


class EmissionSource(Protocol):
    """What gives emissions: the network in numpy, or that of training."""

    @property
    def inputs(self) -> Optional[InputVectors]:
        """The vectors of tokens, where they are computed here."""

    @property
    def chains(self) -> Mapping[str, Chain]:
        """The scores of the CRF of each task that has one."""

    def clear(self) -> None:
        """Forgets what was computed for words, after these have changed."""

    def emissions(
        self, sentences: Sequence[TokenizedSentence], tasks: Sequence[str]
    ) -> Iterator[Emissions]:
        """The emissions of all sentences for some tasks, group by group. The sentences have a token
        at least, and the feature columns of the model."""


class Network:
    """An `EmissionSource` in numpy. Several threads may use it at once.

    # Errors

    `ValueError` for tensors that are not those of the specification.
    """

    def __init__(self, specification: Specification, tensors: Tensors) -> None:
        specification.check_tensors(tensors)
        self.inputs = InputVectors(specification, tensors)
        self.chains = {
            name: Chain(*(tensors[f"tasks.{name}.{kind}"] for kind in Chain._fields))
            for name, task in specification.tasks.items()
            if task.decoder == "crf"
        }
        self._encoder = StackedBiLSTM(tensors, "encoder", len(specification.hidden_sizes))
        self._tasks = {
            name: _TaskNetwork(tensors, f"tasks.{name}", task.level, len(task.hidden_sizes))
            for name, task in specification.tasks.items()
        }
        # The rows of tokens: of a task where the encoder is told the task, or where it has a lowest
        # layer of its own; all others share theirs.
        self._rows = {"": TokenRows(partial(self._project, self._encoder))}
        identifiers: Iterable[Optional[Array]] = [None] * len(self._tasks)
        if specification.task_identifier:
            identifiers = numpy.eye(len(self._tasks), dtype=numpy.float32)
        for (name, task), identifier in zip(self._tasks.items(), identifiers, strict=True):
            if task.level == 0 or identifier is not None:
                encoder = self._encoder if task.level else task.encoder
                self._rows[name] = TokenRows(partial(self._project, encoder, identifier=identifier))

    def _project(
        self, encoder: StackedBiLSTM, tokens: Sequence[Token], identifier: Optional[Array] = None
    ) -> Array:
        vectors = self.inputs(tokens)
        if identifier is not None:
            behind = numpy.broadcast_to(identifier, (len(tokens), len(identifier)))
            vectors = numpy.hstack([vectors, behind])
        return encoder.layers[0].project(vectors)

    def clear(self) -> None:
        for rows in self._rows.values():
            rows.clear()

    def emissions(
        self, sentences: Sequence[TokenizedSentence], tasks: Sequence[str]
    ) -> Iterator[Emissions]:
        for group in groups_of(sentences):
            packing = Packing([len(sentences[number].tokens) for number in group])
            tokens = self.inputs.tokens_of(map(sentences.__getitem__, group))
            layers: dict[str, list[Array]] = {}
            scores = {}
            for name in tasks:
                task = self._tasks[name]
                source = name if name in self._rows else ""
                if source not in layers:
                    encoder = self._encoder if task.level else task.encoder
                    table, rows = self._rows[source](tokens)
                    layers[source] = encoder.read(table, rows, packing)
                scores[name] = task(layers[source], packing)
            yield Emissions(group, packing.lengths, scores)


def groups_of(sentences: Sequence[TokenizedSentence]) -> Iterator[list[int]]:
    """The numbers of sentences that are read together, the longest first. Sentences of similar
    length make the fewest steps."""
    order = sorted(range(len(sentences)), key=lambda number: -len(sentences[number].tokens))
    start = 0
    while start < len(order):
        longest = len(sentences[order[start]].tokens)
        size = min(GROUP_SIZE, max(1, GROUP_TOKENS // longest))
        yield order[start : start + size]
        start += size


class _TaskNetwork:
    """The own layers of a task, `encoder`, and its scores."""

    def __init__(self, tensors: Tensors, name: str, level: int, depth: int) -> None:
        self.level = level
        self.encoder = StackedBiLSTM(tensors, f"{name}.encoder", depth, doubled_input=level > 0)
        # States come in doubled.
        weight = tensors[f"{name}.scorer.weight"].astype(numpy.float32) * 0.5
        self._weight = numpy.ascontiguousarray(weight.T)
        self._bias = tensors[f"{name}.scorer.bias"].astype(numpy.float32)

    def __call__(self, layers: list[Array], packing: Packing) -> Array:
        """Scores, (batch, length, labels), of the output of the shared layers; of a task of level
        0, of that of its own."""
        states = layers[self.level - 1] if self.level else layers[-1]
        if self.level and self.encoder.layers:
            projected = self.encoder.layers[0].project(states)
            states = self.encoder.read(projected, None, packing)[-1]
        scores: Array = states @ self._weight
        scores += self._bias
        return packing.pad(scores)


class TokenRows:
    """A table with a row for each distinct token, which grows as tokens come.

    Threads share it: a row that is there is never changed, and a table that is full is replaced,
    not overwritten. `project` takes tokens to rows, (tokens, features); with more than `max_rows`
    of them a new table is begun.
    """

    def __init__(
        self, project: Callable[[Sequence[Token]], Array], max_rows: int = MAX_ROWS
    ) -> None:
        self._project = project
        self._max_rows = max_rows
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._ids: dict[Token, int] = {}
            self._table: Optional[Array] = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_project": self._project, "_max_rows": self._max_rows}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_project"], state["_max_rows"])  # type: ignore[misc]

    def __call__(self, tokens: Sequence[Token]) -> tuple[Array, Array]:
        """The table, (rows, features), and the row of each token, (tokens,)."""
        distinct = dict.fromkeys(tokens)
        while True:
            with self._lock:
                ids = self._ids
                new = [token for token in distinct if token not in ids]
                if not new and self._table is not None:
                    return self._table, _rows_of(tokens, ids)
                if ids and len(ids) + len(new) > self._max_rows:
                    ids = self._ids = {}
                    self._table, new = None, list(distinct)
            rows = self._project(new)  # without the lock: this takes the time
            with self._lock:
                if ids is not self._ids:
                    continue  # another thread has begun a new table
                if self._table is None:
                    # Room for all there will ever be; what is not used takes no memory.
                    size = max(self._max_rows, len(new))
                    self._table = numpy.empty((size, rows.shape[1]), rows.dtype)
                missing = [place for place, token in enumerate(new) if token not in ids]
                first, end = len(ids), len(ids) + len(missing)
                if end > len(self._table):
                    self._ids, self._table = {}, None
                    continue
                self._table[first:end] = rows[missing]
                ids.update(zip(map(new.__getitem__, missing), range(first, end), strict=True))
                return self._table, _rows_of(tokens, ids)


def _rows_of(tokens: Sequence[Token], ids: dict[Token, int]) -> Array:
    return numpy.fromiter(map(ids.__getitem__, tokens), numpy.intp, len(tokens))
