"""Whether a client still waits for its answer."""

import asyncio
from typing import Any

from starlette.requests import Request


async def until_done_or_left(request: Request, work: "asyncio.Future[Any]") -> None:
    """Waits until some work is done, or the client of a request, whose body has been read, has
    left."""
    leaves = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((work, leaves), return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaves.cancel()
