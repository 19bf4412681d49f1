"""HTTP on a connection, by uvicorn, for clients that are slow or send endless headers."""

from asyncio import TimerHandle
from typing import Any, Optional

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bilstm_tagger.server.settings import Limits


def protocol_of(limits: Limits) -> type[HttpToolsProtocol]:
    """The protocol for these limits."""

    class ImpatientProtocol(HttpToolsProtocol):
        """Closes a connection whose header does not come in time, or does not end. uvicorn itself
        waits for it forever."""

        _timer: Optional[TimerHandle] = None
        _header_bytes = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._start_timer()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._start_timer()

        def on_headers_complete(self) -> None:
            self._stop_timer()
            super().on_headers_complete()

        def connection_lost(self, exc: Optional[Exception]) -> None:
            self._stop_timer()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._timer is None:
                return
            self._header_bytes += len(data)
            if self._header_bytes > limits.header_bytes:
                self._close()

        def _start_timer(self) -> None:
            self._stop_timer()
            self._header_bytes = 0
            self._timer = self.loop.call_later(limits.header_seconds, self._close)

        def _stop_timer(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _close(self) -> None:
            self._stop_timer()
            if not self.transport.is_closing():
                self.transport.close()

    return ImpatientProtocol
