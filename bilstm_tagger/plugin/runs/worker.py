"""One run in a process of its own: `python -m bilstm_tagger.plugin.runs.worker`.

The job is a line of JSON on standard input. When standard input ends, the process that started this
one is gone, perhaps killed. Then this one ends, too: no process waits for it, and another one may
soon continue the run.
"""

import copy
import os
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

from bilstm_tagger.experiments.records import RECORD, write_record
from bilstm_tagger.plugin import compat
from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.recording import in_one_line, record_of
from bilstm_tagger.plugin.training.checkpointer import has_whole_checkpoint
from bilstm_tagger.plugin.training.pruning import Pruned

# Exit status where another process is making the run (EX_TEMPFAIL).
BUSY = 75
_PATIENCE = 20.0


def main() -> int:
    """Makes the run that standard input names. 0: it has a record now, of success or failure."""
    job = Job.from_json(sys.stdin.readline())
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    _keep_to_share(job)
    os.chdir(job.working_directory)
    job.lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(job.lock, timeout=_PATIENCE):
            make(job)
    except Timeout:
        print(f"{job.lock} is locked: another process makes this run", file=sys.stderr)
        return BUSY
    return 0


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


def _end_with_standard_input() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


def _keep_to_share(job: Job) -> None:
    if job.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, job.cores)
    if job.memory and sys.platform == "linux" and not torch.cuda.is_available():
        import resource

        # Of what the process fills; not of its address space: torch reserves far more than it uses.
        resource.setrlimit(resource.RLIMIT_DATA, (job.memory, job.memory))


if __name__ == "__main__":
    sys.exit(main())
