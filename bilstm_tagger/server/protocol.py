"""HTTP on a connection, by uvicorn, for clients that send slowly or without end, or do not read."""

from asyncio import TimerHandle
from typing import Any, Optional

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bilstm_tagger.server.settings import Limits


def protocol_of(limits: Limits) -> type[HttpToolsProtocol]:
    """The protocol for these limits."""

    class ImpatientProtocol(HttpToolsProtocol):
        """Closes a connection whose header does not come in time or does not end, and one whose
        client does not read its answer. uvicorn itself waits forever."""

        _timer: Optional[TimerHandle] = None
        _header_bytes = 0
        _unread_bytes = 0

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

        def timeout_keep_alive_handler(self) -> None:
            unread = self.transport.get_write_buffer_size()
            if unread and unread != self._unread_bytes:  # the client reads, if slowly
                self._unread_bytes = unread
                self.timeout_keep_alive_task = self.loop.call_later(
                    self.timeout_keep_alive, self.timeout_keep_alive_handler
                )
            elif unread:
                self.transport.abort()
            else:
                super().timeout_keep_alive_handler()

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
