"""One run in a process of its own."""

import copy
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path

import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.plugins import import_plugins
from allennlp.common.util import import_module_and_submodules
from filelock import FileLock, Timeout
from threadpoolctl import threadpool_limits

from bilstm_tagger.experiments.records import RECORD, write_record
from bilstm_tagger.plugin import compat
from bilstm_tagger.plugin.runs.fold_jobs import predict_left_out
from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.recording import in_one_line, record_of
from bilstm_tagger.plugin.training.checkpointer import has_whole_checkpoint
from bilstm_tagger.plugin.training.pruning import Pruned

# Exit status where another process is making the run (EX_TEMPFAIL).
BUSY = 75
_PATIENCE = 20.0
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def run(job: Job, environment: dict[str, str]) -> None:
    """Makes a run, in a process of `multiprocessing`, which then has a record, of success or
    failure. The exit status is `BUSY` where another process is making it.

    # Parameters

    environment : `Dict[str, str]`
        Of the process that started this one, as it is now.
    """
    # As in a process that was not started by `multiprocessing`.
    multiprocessing.set_start_method(None, force=True)
    if hasattr(os, "setsid"):
        # An interrupt from the keyboard is for the process that started the runs; it ends them.
        os.setsid()
        # None of before; from now on as in any process.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with job.log.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threads = dict.fromkeys(_THREADS, str(job.threads))
    os.environ.clear()
    os.environ.update(environment | threads | job.environment)
    _keep_to_share(job)
    os.chdir(job.working_directory)
    job.lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(job.lock, timeout=_PATIENCE):
            make(job)
    except Timeout:
        print(f"{job.lock} is locked: another process makes this run", file=sys.stderr)
        sys.exit(BUSY)


def make(job: Job) -> None:
    """Trains, unless that was done, from where an earlier training stopped; writes the record."""
    record = job.record()
    if record is not None and record.status != "failed":
        return
    folder = Path(job.folder)
    (folder / RECORD).unlink(missing_ok=True)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    error, status = None, "failed"
    try:
        _train(job, folder)
        if job.predicts:
            predict_left_out(job)
    except Pruned as caught:
        error, status = str(caught), "pruned"
    except Exception as caught:
        traceback.print_exc()
        error = in_one_line(caught)
    write_record(folder, record_of(job, error, started, status))


def _train(job: Job, folder: Path) -> None:
    import_plugins()
    compat.apply()
    for package in job.include_packages:
        import_module_and_submodules(package)
    recover = (folder / "config.json").is_file() and has_whole_checkpoint(folder)
    train_model(
        # A copy, as what is read of it is taken out.
        Params(copy.deepcopy(job.config)),
        folder,
        recover=recover,
        force=not recover,
        include_package=job.include_packages,
        file_friendly_logging=True,
        return_model=False,
    )


def _end_with_parent() -> None:
    """Ends this process when that which started it is gone, perhaps killed: no process waits for
    it, and another one may soon continue the run."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _keep_to_share(job: Job) -> None:
    # Libraries that are imported already do not read the variables again.
    torch.set_num_threads(job.threads)
    threadpool_limits(job.threads)
    if job.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, job.cores)
    if job.memory and sys.platform == "linux" and not torch.cuda.is_available():
        import resource

        # Of what the process fills; not of its address space: torch reserves far more than it uses.
        resource.setrlimit(resource.RLIMIT_DATA, (job.memory, job.memory))
