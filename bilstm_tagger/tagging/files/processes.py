"""Blocks tagged in processes of this machine, or in this one."""

import contextlib
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, Optional, Union, cast

from bilstm_tagger.tagging.files.blocks import Block, TaggedBlock
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.text.errors import DataFormatError, UserError

# Makes of blocks what becomes of them, in the same order.
TagBlocks = Callable[[Iterator[Block]], Iterator[TaggedBlock]]
# What a worker hands on. Any other error is one of this program: it ends the worker.
_HANDED_ON = (UserError, OSError)
# Blocks for each worker that are read and not yet written: some take longer than others.
_IN_FLIGHT = 4


class WorkerLost(UserError):
    """A worker process ended before its work."""


@contextlib.contextmanager
def in_place(settings: TagSettings) -> Iterator[TagBlocks]:
    """Loads the model into this process; the context is what tags with it."""
    tagger = settings.block_tagger()
    yield lambda blocks: map(tagger, blocks)


@contextlib.contextmanager
def in_processes(settings: TagSettings, jobs: int) -> Iterator[TagBlocks]:
    """Starts processes that each load the model; the context is what tags with them. They have
    ended when it is left. Each has one thread.

    # Errors

    As of `TagSettings.block_tagger`. In use also `WorkerLost`, and what tagging a block raises, in
    the place of that block.
    """
    workers: list[_Worker] = []
    try:
        # They ignore the interrupt from the keyboard, from their start, as this process does
        # meanwhile: they are ended from here.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for _ in range(jobs):
                workers.append(_Worker(settings))
        finally:
            signal.signal(signal.SIGINT, before)
        for worker in workers:
            if isinstance(error := worker.receive(), Exception):
                raise error
        yield lambda blocks: _tag(workers, blocks)
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join()
            worker.connection.close()


class _Worker:
    """A process, which has at most one block at a time: the two never wait for each other."""

    def __init__(self, settings: TagSettings) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, settings), daemon=True)
        self.process.start()
        # So that the end of the process is the end of the connection.
        theirs.close()
        self.block = -1

    def send(self, block: Block) -> None:
        try:
            self.connection.send(block)
        except OSError:
            raise self._lost() from None
        self.block = block.index

    def receive(self) -> Any:
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            raise self._lost() from None

    def _lost(self) -> WorkerLost:
        self.process.join()
        status = self.process.exitcode or 0
        if status < 0:
            name = signal.Signals(-status).name
            why = ", by the system for want of memory perhaps (fewer --jobs?)"
            how = f"was killed by {name}{why if name == 'SIGKILL' else ''}"
        else:
            how = f"ended with exit status {status}"
        return WorkerLost(f"a worker process {how}")


def _tag(workers: list[_Worker], blocks: Iterator[Block]) -> Iterator[TaggedBlock]:
    idle = list(workers)
    busy: dict[Connection, _Worker] = {}
    # What came before its turn.
    done: dict[int, Union[TaggedBlock, Exception]] = {}
    written = 0
    unread: Optional[DataFormatError] = None

    def read() -> Optional[Block]:
        nonlocal unread
        try:
            return next(blocks, None)
        except DataFormatError as error:  # after what came before it
            unread = error
            return None

    coming = read()
    while True:
        while coming and idle and coming.index < written + _IN_FLIGHT * len(workers):
            worker = idle.pop()
            worker.send(coming)
            busy[worker.connection] = worker
            coming = read()
        if not busy:
            if unread is not None:
                raise unread
            return
        for connection in wait(list(busy)):
            worker = busy.pop(cast(Connection, connection))
            done[worker.block] = worker.receive()
            idle.append(worker)
        while written in done:
            result = done.pop(written)
            if isinstance(result, Exception):
                raise result
            written += 1
            yield result


def _work(connection: Connection, settings: TagSettings) -> None:
    """The worker: says that it is ready, then tags block after block."""
    logging.disable(logging.INFO)
    # Of a model that torch reads.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # The end of the connection is that of the work.
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            tagger = settings.block_tagger()
        except _HANDED_ON as error:
            connection.send(error)
            return
        connection.send(None)
        while True:
            block = connection.recv()
            result: Union[TaggedBlock, Exception]
            try:
                result = tagger(block)
            except _HANDED_ON as error:
                result = error
            connection.send(result)
