"""Joins a cluster of Ray, or starts one."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import missing


@contextmanager
def ray_cluster(address: str, processors: int) -> Iterator[Any]:
    """The module `ray`, with the cluster at an address; it is left, or ended where it was started
    here: `"local"` starts one on this machine, of so many processors.

    # Errors

    `UserError` where Ray is not installed, or the cluster is not reached.
    """
    try:
        import ray
    except ImportError as error:
        raise missing("ray", "ray", "--ray") from error
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        settings.update(num_cpus=processors, include_dashboard=False)
    try:
        _reach(address)
        ray.init(address=address, **settings)
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"--ray {address}: cannot be joined ({error})") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """An `OSError` where nobody answers: Ray itself would go on trying for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()
