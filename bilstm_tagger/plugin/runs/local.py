"""Runs in processes of this machine."""

import contextlib
import dataclasses
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from multiprocessing import connection
from pathlib import Path
from typing import Any

import torch

from bilstm_tagger.experiments.records import RunRecord
from bilstm_tagger.plugin.runs import worker
from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.recording import record_failure

PRELOADED = [worker.__name__]
# Where two threads ask at once whether a process has ended, one may get a wrong exit status; the
# start of a process asks for all others.
_ASKING = threading.Lock()
_MEMORY_FLOOR = 2**30
# Runs as they end, each with its record, or `None` where another process is making it.
Outcomes = Generator[tuple[Job, RunRecord | None], None, None]


class Interrupted(Exception):
    """The run was stopped from here; it goes on when it is asked for again."""


def start_method() -> str:
    """How processes of runs start. A fork server has imported everything once; a run then starts at
    once. But imports look for GPUs, and CUDA works in no process that is forked after that; nor do
    forks go together with the libraries of other systems than Linux.
    """
    return "forkserver" if sys.platform == "linux" and not torch.cuda.is_available() else "spawn"


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """For this thread, and for the processes that it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def execute(job: Job, stop: threading.Event | None = None) -> RunRecord | None:
    """Makes a run in a process of its own, and waits for it, or until `stop` is set; its record, or
    `None` where another process is making it.

    # Errors

    `Interrupted` when it was stopped, `UserError` where its folder holds a run of another config.
    """
    stop = stop or threading.Event()
    # Before anything is written: a run of another config must not get lost.
    job.record()
    job.log.parent.mkdir(parents=True, exist_ok=True)
    multiprocessing.set_forkserver_preload(PRELOADED)
    processes: Any = multiprocessing.get_context(start_method())
    process = processes.Process(target=worker.run, args=(job, dict(os.environ)))
    # An interrupt from the keyboard is for the process that asked for the runs, which ends them:
    # from their first moment they, and the server that they come of, do not see it.
    with _ASKING, _interrupts_blocked():
        process.start()
    try:
        while not connection.wait([process.sentinel], 0.1):
            if stop.is_set():
                raise Interrupted
    except BaseException:
        process.kill()
        raise
    finally:
        with _ASKING:
            process.join()
    if process.exitcode == worker.BUSY:
        return None
    if process.exitcode == 0 and (record := job.record()) is not None:
        return record
    how = f"ended with exit status {process.exitcode}"
    if process.exitcode < 0:
        how = f"killed by {signal.Signals(-process.exitcode).name}"
    if process.exitcode == -signal.SIGKILL:
        how += ", perhaps by the system because memory was short (fewer --jobs?)"
    return record_failure(job, f"{how}; see {job.log.name}")


@dataclasses.dataclass(frozen=True)
class Share:
    """What one of several processes may use of the machine."""

    threads: int
    cores: list[int] | None
    memory: int | None


def shares(slots: int) -> list[Share]:
    """The cores and the memory of the machine, shared out fairly among this number of processes;
    OMP_NUM_THREADS, where it is set, is the maximum number of threads of each.
    """
    # Not every system can tell, or restrict, the cores of a process.
    restricts = hasattr(os, "sched_getaffinity")
    cores = sorted(os.sched_getaffinity(0)) if restricts else [*range(os.cpu_count() or 1)]
    available = _available_memory()
    # A single process may take what it gets, as `allennlp train` may.
    memory = max(available // slots, _MEMORY_FLOOR) if available and slots > 1 else None
    # The first number of a list is that of the outermost level.
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    most = int(wanted) if wanted.isdecimal() else 0
    process_cores = [cores[slot::slots] or [cores[slot % len(cores)]] for slot in range(slots)]
    return [
        Share(min(len(own), most or len(own)), own if restricts else None, memory)
        for own in process_cores
    ]


def _available_memory() -> int | None:
    """Bytes that are free for programs, within the limit of a container."""
    sizes = []
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        sizes.append(int(line.split()[1]) * 1024)
    with contextlib.suppress(OSError, ValueError):
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
        sizes.append(max(limit - used, 0))
    return min(sizes, default=None)


def run_locally(jobs: Iterable[Job], slots: int) -> Outcomes:
    """Makes runs, as many at a time as there are slots; yields each with its record as it ends, and
    takes the next job when a slot is free. When the generator is closed, or an exception goes
    through it, the runs that have not ended are stopped.
    """
    stop = threading.Event()
    free = shares(slots)
    coming = iter(jobs)
    running: dict[Future, tuple[Job, Share]] = {}
    with ThreadPoolExecutor(slots) as pool:
        try:
            while True:
                while free and (job := next(coming, None)) is not None:
                    share = free.pop()
                    shared = dataclasses.replace(job, **dataclasses.asdict(share))
                    running[pool.submit(execute, shared, stop)] = job, share
                if not running:
                    return
                # With a timeout, as an interrupt from the keyboard would wait, too.
                done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    job, share = running.pop(future)
                    free.append(share)
                    yield job, future.result()
        finally:
            stop.set()
