"""Runs in processes of this machine."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Optional

from bilstm_tagger.experiments.records import RunRecord, write_record
from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.recording import record_of
from bilstm_tagger.plugin.runs.worker import BUSY

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_MEMORY_FLOOR = 2**30
# Of runs, as they end: each with its record, or none where another process is making it.
Outcomes = Generator[tuple[Job, Optional[RunRecord]], None, None]


class Interrupted(Exception):
    """The run was stopped from here; it goes on when it is asked for again."""


class Busy(Exception):
    """Another process is making the run."""


def execute(job: Job, stop: Optional[threading.Event] = None) -> RunRecord:
    """Makes a run in a process of its own, and waits for it; its record.

    # Parameters

    job : `Job`
    stop : `threading.Event`, optional
        Ends the process when it is set.

    # Errors

    `Interrupted` when it was stopped, `Busy` when another process is making it,
    `ConfigurationError` where its folder holds a run of another config.
    """
    stop = stop or threading.Event()
    # Before anything is written: it is not to be lost.
    job.record()
    job.log.parent.mkdir(parents=True, exist_ok=True)
    threads = dict.fromkeys(_THREADS, str(job.threads))
    with job.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bilstm_tagger.plugin.runs.worker"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, **threads, **job.environment},
            # An interrupt from the keyboard is for who started the runs, who ends them.
            start_new_session=True,
        )
    assert process.stdin is not None
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(job.to_json().encode() + b"\n")
            process.stdin.flush()
        while process.poll() is None:
            if stop.wait(0.1):
                raise Interrupted
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
    if process.returncode == BUSY:
        raise Busy
    if process.returncode == 0 and (record := job.record()) is not None:
        return record
    record = record_of(job, _reason(process.returncode, job))
    Path(job.folder).mkdir(parents=True, exist_ok=True)
    write_record(job.folder, record)
    return record


def _reason(status: int, job: Job) -> str:
    if status < 0:
        name = signal.Signals(-status).name
        why = ", by the system for want of memory perhaps (fewer --jobs?)"
        return f"killed by {name}{why if name == 'SIGKILL' else ''}; see {job.log.name}"
    return f"ended with exit status {status}; see {job.log.name}"


@dataclasses.dataclass(frozen=True)
class Share:
    """What one of several processes may use of the machine."""

    threads: int
    cores: Optional[list[int]]
    memory: Optional[int]


def shares(slots: int) -> list[Share]:
    """The cores and the memory of the machine, shared out fairly among so many processes; no more
    threads to each than OMP_NUM_THREADS says, where it is set.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = sorted(os.sched_getaffinity(0))
    else:
        cores = list(range(os.cpu_count() or 1))
    available = _available_memory()
    # One alone may take what it gets, as `allennlp train` may.
    memory = max(available // slots, _MEMORY_FLOOR) if available and slots > 1 else None
    most = _threads_wanted()
    found = []
    for slot in range(slots):
        mine = cores[slot::slots] or [cores[slot % len(cores)]]
        threads = min(len(mine), most or len(mine))
        found.append(Share(threads, mine if hasattr(os, "sched_setaffinity") else None, memory))
    return found


def _threads_wanted() -> Optional[int]:
    # The first number of a list is that of the outermost level.
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(wanted) if wanted.isdecimal() and int(wanted) > 0 else None


def _available_memory() -> Optional[int]:
    """Bytes that are free for programs, within the limit of a container."""
    found = []
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        found.append(int(line.split()[1]) * 1024)
    with contextlib.suppress(OSError, ValueError):
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
        found.append(max(limit - used, 0))
    return min(found, default=None)


def run_locally(jobs: Iterable[Job], slots: int) -> Outcomes:
    """Makes runs, some at a time; yields each with its record as it ends.

    # Parameters

    jobs : `Iterable[Job]`
        The next is asked for when there is room for it.
    slots : `int`
        Runs at a time.

    # Returns

    `Outcomes`
        When the generator is closed, or an exception goes through it, the runs that have not ended
        are stopped.
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
                    try:
                        record = future.result()
                    except Busy:
                        record = None
                    yield job, record
        finally:
            stop.set()
