"""Runs on a cluster of Ray, in folders that all its machines share."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from bilstm_tagger.experiments.records import RunRecord, write_record
from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.local import Busy, Outcomes, execute, shares
from bilstm_tagger.plugin.runs.recording import record_of
from bilstm_tagger.tagging.ray_cluster import ray_cluster

# Of a run whose worker, or whose machine, was lost. It goes on from its last epoch.
_RETRIES = 3


def _execute(job: str) -> Optional[dict[str, Any]]:
    """In a worker of Ray: makes the run; the row of its record, none if another makes it."""
    try:
        return execute(Job.from_json(job)).row()
    except Busy:
        return None


def _lost(job: Job, error: Exception) -> RunRecord:
    """The record of a run that Ray gave up."""
    record = record_of(job, f"{type(error).__name__}: {' '.join(str(error).split())}"[:500])
    Path(job.folder).mkdir(parents=True, exist_ok=True)
    write_record(job.folder, record)
    return record


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
    threads = min(share.threads for share in shares(slots))
    with ray_cluster(address, slots * threads) as ray:
        # What no machine has, Ray would wait for.
        most = max(node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"])
        threads = max(min(threads, int(most)), 1)
        task = ray.remote(num_cpus=threads, max_retries=_RETRIES)(_execute)
        running = {
            task.remote(dataclasses.replace(job, threads=threads).to_json()): job for job in jobs
        }
        try:
            while running:
                done, _ = ray.wait(list(running), timeout=0.5)
                for reference in done:
                    job = running.pop(reference)
                    try:
                        row = ray.get(reference)
                    except ray.exceptions.RayError as error:
                        yield job, _lost(job, error)
                        continue
                    yield job, None if row is None else RunRecord.from_row(row)
        finally:
            for reference in running:
                ray.cancel(reference, force=True)
