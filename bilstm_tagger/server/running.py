"""Runs the application, by uvicorn."""

import socket

import uvicorn
from starlette.types import ASGIApp

from bilstm_tagger.server.protocol import protocol_of
from bilstm_tagger.server.settings import Limits


def make_server(app: ASGIApp, limits: Limits) -> uvicorn.Server:
    """The server of an application."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=protocol_of(limits),
            ws="none",
            lifespan="on",
            access_log=False,
            log_level="error",
            limit_concurrency=limits.connections,
            timeout_keep_alive=limits.keep_alive_seconds,
            timeout_graceful_shutdown=limits.shutdown_seconds,
            proxy_headers=False,
            server_header=False,
        )
    )


def run(app: ASGIApp, listener: socket.socket, limits: Limits) -> None:
    """Serves on a socket until the process is interrupted or terminated. What was begun before is
    answered."""
    make_server(app, limits).run([listener])
