"""Tells those who look at the page when the loop has something else to show. A client is told that there is
something, and not what: whoever is slow finds the newest, and nothing waits for them in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio

MOST = 16
"""Clients at the same time."""
CALM = 1.0
"""Seconds between two events for one client: an apply ends many actions in one."""
PULSE = 15.0
"""Seconds after which a line says that the connection lives, for what stands between."""


class Stream:
    """What became different, as server-sent events for a few clients, until it is closed."""

    def __init__(self) -> None:
        self.clients = 0
        self._number = 0
        self._news = anyio.Event()
        self._closed = anyio.Event()

    @property
    def is_full(self) -> bool:
        """Whether one more client is too many."""
        return self.clients >= MOST

    def tell(self) -> None:
        """There is something else to show."""
        self._number += 1
        self._news.set()
        self._news = anyio.Event()

    def close(self) -> None:
        """Lets all clients go."""
        self._closed.set()
        self._news.set()

    async def events(self) -> AsyncIterator[str]:
        """The events for one client, of which the first comes at once; none for one too many."""
        if self.is_full:
            return
        seen = -1
        self.clients += 1
        try:
            while not self._closed.is_set():
                if seen == self._number:
                    news = self._news
                    with anyio.move_on_after(PULSE) as waited:
                        await news.wait()
                    if waited.cancelled_caught:
                        yield ":\n\n"
                    continue
                seen = self._number
                yield f"event: turn\ndata: {seen}\n\n"
                with anyio.move_on_after(CALM):
                    await self._closed.wait()
        finally:
            self.clients -= 1
