"""Runs on a cluster of Ray, in folders that all its machines share."""

import dataclasses
from collections.abc import Sequence

from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.local import Outcomes, execute, shares
from bilstm_tagger.plugin.runs.recording import in_one_line, record_failure
from bilstm_tagger.tagging.ray_cluster import ray_cluster

# Of a run whose worker, or whose machine, was lost. It goes on from its last epoch.
_RETRIES = 3


def run_on_ray(jobs: Sequence[Job], slots: int, address: str) -> Outcomes:
    """Makes runs on a cluster, as `run_locally` does on one machine.

    # Parameters

    slots : `int`
        Runs at a time on one machine, for a Ray that is started here: its cores are shared out. On
        a cluster as many run as have room, each with the number of threads it would have here.
    address : `str`
        Of the cluster; `"local"` starts one on this machine, and ends it afterwards.

    # Errors

    `UserError` where Ray is not installed, or the cluster is not reached.
    """
    threads = min(share.threads for share in shares(slots))
    with ray_cluster(address, slots * threads) as ray:
        # Ray would wait forever for more than any machine has.
        most = max(node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"])
        threads = max(min(threads, int(most)), 1)
        task = ray.remote(num_cpus=threads, max_retries=_RETRIES)(execute)
        running = {task.remote(dataclasses.replace(job, threads=threads)): job for job in jobs}
        try:
            while running:
                done, _ = ray.wait(list(running), timeout=0.5)
                for reference in done:
                    job = running.pop(reference)
                    try:
                        record = ray.get(reference)
                    except ray.exceptions.RayError as error:
                        record = record_failure(job, in_one_line(error))
                    yield job, record
        finally:
            for reference in running:
                ray.cancel(reference, force=True)
