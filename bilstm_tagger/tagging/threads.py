"""The number of threads of numpy's products, for the time of a call."""

import contextlib
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any, Optional

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_callers = 0
_limit: Optional[Any] = None


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through the libraries of the process


@contextlib.contextmanager
def limited_threads(threads: Optional[int]) -> Iterator[None]:
    """Sets how many threads a product of matrices takes, and in the end back to what it was.

    On a busy machine, and for matrices of this size, more than one thread makes tagging slower.
    The setting is that of the process: of calls at the same time, that of the first counts.
    `None`: as many as the process has set.
    """
    global _callers, _limit
    if threads is None:
        yield
        return
    with _lock:
        _callers += 1
        if _callers == 1:
            _limit = _controller().limit(limits=threads, user_api="blas")
    try:
        yield
    finally:
        with _lock:
            _callers -= 1
            if not _callers and _limit is not None:
                _limit.restore_original_limits()
                _limit = None
