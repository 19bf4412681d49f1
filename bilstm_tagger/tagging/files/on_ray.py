"""Tagging on a cluster of Ray: a process for each of its processors, a model in each."""

import logging
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Optional, Union

from bilstm_tagger.tagging.files.blocks import Block, BlockTagger, TaggedBlock
from bilstm_tagger.tagging.files.processes import TagBlocks, WorkerLost
from bilstm_tagger.tagging.files.shards import Shard, ShardedRun
from bilstm_tagger.tagging.ray_cluster import ray_cluster
from bilstm_tagger.text.errors import UserError

logger = logging.getLogger(__name__)

MakeTagger = Callable[[], BlockTagger]
# Of a shard whose worker, or whose machine, was lost; of workers that are lost as they start.
_TRIES = 3
# Seconds without any worker, until that is said.
_PATIENCE = 60.0


@contextmanager
def on_ray(
    address: str, make_tagger: MakeTagger, run: ShardedRun, workers: Optional[int] = None
) -> Iterator[TagBlocks]:
    """Starts workers on a cluster; the context is what tags with them, as one process does. What it
    yields are shards of a run, in the order of the input. However long that is, there is one shard
    in memory for each worker, and no more: what is tagged before its turn is in the folder of the
    run.

    After an interrupt or an error the run goes on from what was finished, with the same input.

    # Parameters

    address : `str`
        Of the cluster; `"local"` starts one on this machine, and ends it afterwards. All its
        machines need this package, and the files that `make_tagger` reads, by the same paths; input
        and output are here alone.
    make_tagger : `Callable[[], BlockTagger]`
        Is pickled, and called once in each worker.
    workers : `int`, optional (default = as many as the cluster has processors)
        Processes, of one thread each.

    # Errors

    `UserError` where Ray is not installed, the cluster is not reached, or the folder of
    the run is that of another. In use `WorkerLost` where workers are lost again and again, and what
    `make_tagger` or the tagger raises, `DataFormatError` for one.
    """
    with run, ray_cluster(address, workers or _cores()) as ray:
        size = workers or int(ray.cluster_resources().get("CPU", 0))
        if size < 1:
            raise UserError(
                f"--ray {address}: the cluster has no processor now; say how many workers it is "
                "to start"
            )
        yield lambda blocks: _tag(_Workers(make_tagger, size), run, blocks)


def _tag(workers: "_Workers", run: ShardedRun, blocks: Iterable[Block]) -> Iterator[TaggedBlock]:
    kept = set()

    def todo() -> Iterator[Union[Shard, TaggedBlock]]:
        for shard in run.shards(blocks):
            if (tagged := run.finished(shard.index)) is None:
                yield shard
            else:
                kept.add(shard.index)
                yield tagged

    written, done = 0, set()
    for tagged in workers.tag(todo()):
        if tagged.index not in kept:
            run.write(tagged)
        done.add(tagged.index)
        while written in done:
            each = tagged if tagged.index == written else run.finished(written)
            if each is None:
                raise OSError(f"{run.folder}: shard {written} cannot be read again")
            yield each
            written += 1
    run.complete = True


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Worker:
    """In a process of Ray: holds the model."""

    def __init__(self, make_tagger: MakeTagger, directory: str) -> None:
        self._make_tagger = make_tagger
        self._directory = directory

    # Not in the constructor: what is raised there comes back as text alone.
    def load(self) -> None:
        # Files may be named from where the user is.
        with suppress(OSError):
            os.chdir(self._directory)
        self._tagger = self._make_tagger()

    def tag(self, shard: Shard) -> TaggedBlock:
        return shard.tagged(self._tagger)


class _Workers:
    """Workers, started as they are needed, up to a number."""

    def __init__(self, make_tagger: MakeTagger, size: int) -> None:
        import ray

        self._start: Callable[..., Any] = ray.remote(num_cpus=1)(_Worker).remote
        self._make_tagger = make_tagger
        self._size = size
        # By what is waited for: that a worker has the model, that a shard is tagged.
        self._loading: dict[Any, Any] = {}
        self._tagging: dict[Any, tuple[Any, Shard]] = {}
        self._idle: list[Any] = []
        self._waiting: deque[Shard] = deque()
        self._lost_loading = 0
        self._lost: Counter[int] = Counter()  # workers, over each shard

    def tag(self, shards: Iterator[Union[Shard, TaggedBlock]]) -> Iterator[TaggedBlock]:
        """What becomes of shards, in any order; what is tagged already is handed through. The next
        is asked for when there is room for it."""
        import ray

        begun, said = time.monotonic(), False
        while True:
            while len(self._waiting) + len(self._tagging) < self._size:
                if (shard := next(shards, None)) is None:
                    break
                if isinstance(shard, TaggedBlock):
                    yield shard
                else:
                    self._waiting.append(shard)
            self._give_out()
            if not self._tagging and not self._waiting:
                return
            done, _ = ray.wait([*self._tagging, *self._loading], timeout=0.5)
            for reference in done:
                if reference in self._loading:
                    self._loaded(reference)
                    said = True
                elif (tagged := self._tagged(reference)) is not None:
                    yield tagged
            # What it refers to is kept as long as it is.
            done.clear()
            if not said and time.monotonic() - begun > _PATIENCE:
                said = True
                logger.warning(
                    "no worker has started yet: the cluster has no free processor, or the model "
                    "takes long to load"
                )

    def _give_out(self) -> None:
        while self._waiting and self._idle:
            worker, shard = self._idle.pop(), self._waiting.popleft()
            self._tagging[worker.tag.remote(shard)] = worker, shard
        while len(self._loading) < min(len(self._waiting), self._size - len(self._tagging)):
            worker = self._start(self._make_tagger, os.getcwd())
            self._loading[worker.load.remote()] = worker

    def _loaded(self, reference: Any) -> None:
        from ray.exceptions import RayError

        worker = self._loading.pop(reference)
        try:
            _result(reference)
        except RayError as error:
            self._lost_loading += 1
            if self._lost_loading == _TRIES:
                raise WorkerLost(
                    f"workers do not start: {_TRIES} were lost as they loaded the model, for want "
                    f"of memory perhaps, or the cluster lacks this package ({_first_line(error)})"
                ) from error
        else:
            self._lost_loading = 0
            self._idle.append(worker)

    def _tagged(self, reference: Any) -> Optional[TaggedBlock]:
        from ray.exceptions import RayError

        worker, shard = self._tagging.pop(reference)
        try:
            tagged = _result(reference)
        except RayError as error:
            self._lost[shard.index] += 1
            first, last = shard.lines
            if self._lost[shard.index] == _TRIES:
                raise WorkerLost(
                    f"lines {first} to {last} of the input: {_TRIES} workers were lost over them, "
                    f"for want of memory perhaps ({_first_line(error)}); what is finished is kept: "
                    "the same command goes on"
                ) from error
            lost = "a worker was lost (%s); lines %d to %d are given to another"
            logger.warning(lost, _first_line(error), first, last)
            self._waiting.appendleft(shard)
            return None
        self._idle.append(worker)
        return tagged


def _result(reference: Any) -> Any:
    """What a worker returned, or the error that it raised. A `RayError` where it was lost."""
    import ray

    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, Exception):
            raise error.cause from error
        raise


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
