"""Stands before the application: refuses what is too large, too slow or not allowed, and counts."""

import asyncio
import hmac
import time
from typing import Any, Optional

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bilstm_tagger.server.metrics import Metrics
from bilstm_tagger.server.settings import Limits

# What answers without the token: the page, which asks for it, and the health.
OPEN_PATHS = ("/", "/docs", "/health", "/openapi.json")
OPEN_FOLDERS = ("/static/", "/static-offline-docs/")
_CLOSE = {"connection": "close"}
# Scripts and styles of this server alone. The page of /docs starts by a script within it.
_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
_POLICY_OF_DOCS = f"{_POLICY}; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"


class Guard:
    """An ASGI application around another.

    # Parameters

    app : `ASGIApp`
    metrics : `Metrics`
        Where requests are counted.
    limits : `Limits`
    token : `str`, optional (default=`None`)
        What requests must have in their header, as `Authorization: Bearer TOKEN`.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, limits: Limits, token: Optional[str] = None
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._limits = limits
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 499  # as servers count a client that has left

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-content-type-options"] = "nosniff"
                headers["content-security-policy"] = (
                    _POLICY_OF_DOCS if scope["path"] == "/docs" else _POLICY
                )
                if is_page(scope["path"]):  # of the version that runs, not of the one before
                    headers["cache-control"] = "no-cache"
            await send(message)

        try:
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusal(scope, receive, answer)
            else:
                await self._app(scope, self._limited(scope, receive), answer)
        finally:
            # Not the path itself: clients would make as many of them as they like.
            path = getattr(scope.get("route"), "path", "other")
            self._metrics.requests.labels(path, str(status)).inc()
            self._metrics.seconds.labels(path).observe(time.perf_counter() - started)

    def _refusal(self, scope: Scope) -> Optional[JSONResponse]:
        headers = Headers(scope=scope)
        if self._token is not None and not is_open(scope["path"]):
            scheme, _, sent = headers.get("authorization", "").partition(" ")
            is_right = hmac.compare_digest(sent.strip().encode(), self._token.encode())
            if scheme.lower() != "bearer" or not is_right:
                return _problem(
                    401,
                    "This server wants a token, in the header 'Authorization: Bearer TOKEN'.",
                    {"www-authenticate": "Bearer"},
                )
        # Browsers say so: a page of the internet makes the server of its reader work.
        if scope["method"] == "POST" and headers.get("sec-fetch-site") == "cross-site":
            return _problem(403, "Pages of other sites may not send requests to this server.", {})
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._max_bytes(scope):
            return _problem(413, self._too_large(scope), _CLOSE)
        return None

    def _max_bytes(self, scope: Scope) -> int:
        return self._limits.file if scope["path"] == "/files" else self._limits.body

    def _too_large(self, scope: Scope) -> str:
        return (
            f"The body of the request has more than {self._max_bytes(scope):,} bytes. Send it in "
            "parts; for large files there is the command 'bilstm-tagger tag'."
        )

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """Receives a body of limited size, in limited time."""
        size = 0
        complete = False
        deadline = time.monotonic() + self._limits.body_seconds

        async def limited() -> Message:
            nonlocal size, complete
            if complete:  # it waits for the client to leave
                return await receive()
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                seconds = f"{self._limits.body_seconds:g}"
                detail = f"The body of the request did not come within {seconds} seconds."
                raise HTTPException(408, detail, _CLOSE) from None
            complete = not message.get("more_body", False)
            size += len(message.get("body", b""))
            if size > self._max_bytes(scope):
                raise HTTPException(413, self._too_large(scope), _CLOSE)
            return message

        return limited


def is_open(path: str) -> bool:
    """Whether a path is open to everybody."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def is_page(path: str) -> bool:
    """Whether a path is that of the page, or of a part of it."""
    return path == "/" or path.startswith("/static/")


def _problem(status: int, detail: str, headers: dict[str, Any]) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, headers)
