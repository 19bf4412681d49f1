"""Clients of a server, many in one thread. They do as little as they can, as they take time of the
same processor."""

import asyncio
import json
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What a client got."""

    number: int  # that of the request
    status: int
    body: bytes
    seconds: float


def request_of(content: dict[str, Any], path: str = "/tag") -> bytes:
    """A request, as it goes over the wire."""
    body = json.dumps(content).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Client(asyncio.Protocol):
    """Sends the requests of a shared iterator, one after the other, on one connection."""

    def __init__(self, requests: Any, answers: list[Answer], done: "asyncio.Future[None]") -> None:
        self._requests = requests
        self._answers = answers
        self._done = done
        self._received = bytearray()
        self._missing: int | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        following = next(self._requests, None)
        if following is None:
            self._transport.close()
            return
        self._number, request = following
        self._start = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        if self._missing is None:
            place = head.lower().index(b"content-length:") + len(b"content-length:")
            self._missing = int(head[place:].split(b"\r\n", 1)[0])
        if len(body) >= self._missing:
            seconds = time.perf_counter() - self._start
            status = int(head.split(b" ", 2)[1])
            self._answers.append(Answer(self._number, status, bytes(body), seconds))
            self._received.clear()
            self._missing = None
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            if error is None and self._missing is None and not self._received:
                self._done.set_result(None)
            else:
                self._done.set_exception(ConnectionError(f"the server has left: {error}"))


async def _send_all(port: int, requests: Sequence[bytes], clients: int) -> list[Answer]:
    loop = asyncio.get_running_loop()
    numbered = enumerate(requests)
    answers: list[Answer] = []
    ends = [loop.create_future() for _ in range(clients)]
    for end in ends:
        await loop.create_connection(partial(_Client, numbered, answers, end), "127.0.0.1", port)
    await asyncio.gather(*ends)
    return answers


def send_all(port: int, requests: Sequence[bytes], clients: int) -> tuple[list[Answer], float]:
    """Sends requests by so many clients at once; their answers, in the order of the requests, and
    how many seconds it took."""
    start = time.perf_counter()
    answers = asyncio.run(_send_all(port, requests, clients))
    return sorted(answers), time.perf_counter() - start
