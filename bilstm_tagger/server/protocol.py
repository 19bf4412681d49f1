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
        _reader_timer: Optional[TimerHandle] = None
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
            self._stop_watching()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._timer is None:
                return
            self._header_bytes += len(data)
            if self._header_bytes > limits.header_bytes:
                self._close()

        def timeout_keep_alive_handler(self) -> None:
            # The connection closes when the client has read the end of its answer.
            if self._reader_timer is None and self.transport.get_write_buffer_size():
                self._watch_reader()
            super().timeout_keep_alive_handler()

        def pause_writing(self) -> None:
            super().pause_writing()
            if self._reader_timer is None:
                self._watch_reader()

        def resume_writing(self) -> None:
            if not self.transport.is_closing():
                self._stop_watching()
            super().resume_writing()

        def _watch_reader(self) -> None:
            """Looks from time to time whether the client has read more, if slowly."""
            unread = self.transport.get_write_buffer_size()
            if unread and unread == self._unread_bytes:
                self.transport.abort()
                return
            self._unread_bytes = unread
            self._reader_timer = self.loop.call_later(limits.keep_alive_seconds, self._watch_reader)

        def _stop_watching(self) -> None:
            if self._reader_timer is not None:
                self._reader_timer.cancel()
                self._reader_timer = None
            self._unread_bytes = 0

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
