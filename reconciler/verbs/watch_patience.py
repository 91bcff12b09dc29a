"""Connections that ask nothing are closed: there are few places, and the probes need one."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 10.0
"""Seconds in which a request's head must have arrived."""


class Impatient(H11Protocol):
    """uvicorn's HTTP, which waits for the rest of a head for as long as anybody likes, but not that long."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the first request."""
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Waits for the rest of a head, and no longer once it is there."""
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits for nothing."""
        super().connection_lost(exc)
        self._stop()

    def _wait(self) -> None:
        if not self._is_idle():
            self._stop()
        elif self._late is None:
            self._late = self.loop.call_later(PATIENCE, self._close)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close(self) -> None:
        self._late = None
        if self._is_idle():
            self.transport.close()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete
