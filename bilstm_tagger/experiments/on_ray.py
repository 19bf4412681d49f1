"""Runs on a cluster of Ray, in folders that all its machines share."""

import dataclasses
import logging
import socket
from collections.abc import Sequence
from typing import Any, Optional

from allennlp.common.checks import ConfigurationError

from bilstm_tagger.experiments.jobs import Job
from bilstm_tagger.experiments.local import Busy, Outcomes, execute, shares
from bilstm_tagger.experiments.records import RunRecord

# Of a run whose worker, or whose machine, was lost. It goes on from its last epoch.
_RETRIES = 3


def _execute(job: str) -> Optional[dict[str, Any]]:
    """In a worker of Ray: makes the run; the row of its record, none if another makes it."""
    try:
        return execute(Job.from_json(job)).row()
    except Busy:
        return None


def _reach(address: str) -> None:
    """An `OSError` where nobody answers: Ray itself would go on trying for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


def run_on_ray(jobs: Sequence[Job], slots: int, address: str) -> Outcomes:
    """Makes runs on a cluster, as `run_locally` does on one machine.

    # Parameters

    jobs : `Sequence[Job]`
    slots : `int`
        Runs at a time on one machine, for a Ray that is started here: its cores are shared out. On
        a cluster as many run as have room, each with so many threads as it would have here.
    address : `str`
        Of the cluster; `"local"` starts one on this machine, and ends it afterwards.

    # Errors

    `ConfigurationError` where Ray is not installed, or the cluster is not reached.
    """
    try:
        import ray
    except ImportError as error:
        raise ConfigurationError(
            "--ray needs the package ray: pip install 'bilstm-tagger[ray]'"
        ) from error
    threads = min(share.threads for share in shares(slots))
    try:
        _reach(address)
        if address == "local":
            ray.init(
                address="local",
                num_cpus=slots * threads,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        else:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigurationError(f"--ray {address}: no cluster there ({error})") from error
    running: dict[Any, Job] = {}
    try:
        task = ray.remote(num_cpus=threads, max_retries=_RETRIES)(_execute)
        running = {
            task.remote(dataclasses.replace(job, threads=threads).to_json()): job for job in jobs
        }
        while running:
            done, _ = ray.wait(list(running), timeout=0.5)
            for reference in done:
                job = running.pop(reference)
                row = ray.get(reference)
                yield job, None if row is None else RunRecord.from_row(row)
    finally:
        for reference in running:
            ray.cancel(reference, force=True)
        ray.shutdown()
