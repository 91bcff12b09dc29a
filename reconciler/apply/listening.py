"""What only listens to a run cannot stop it: progress, notices, lines for the person at the terminal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger("reconciler.apply")


def harmless(listen: Callable[[T], None]) -> Callable[[T], None]:
    """Tells the listener, and goes on where it fails: its pipe may be closed, its disk full."""

    def tell(what: T) -> None:
        try:
            listen(what)
        except (Exception, SystemExit) as error:  # the library that writes may end the process over a pipe
            log.debug("a listener failed: %s", type(error).__name__)

    return tell
