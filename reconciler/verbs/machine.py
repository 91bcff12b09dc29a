"""What a run takes from the machine that it runs on. Another machine may be given: one whose time, chance,
network and disk follow from a seed, so that whatever happens on it can happen again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.apply.disk import Disk
from reconciler.model.tracing import Spans, untraced

if TYPE_CHECKING:
    import httpx

    from reconciler.api import Patience
    from reconciler.apply.interrupt import Signals


def _now() -> datetime:
    return datetime.now(UTC)


class Machine(Struct, frozen=True):
    """This machine, unless other parts are given: `now` is its wall clock, `clock` one that never jumps,
    `rng` spreads what is repeated, `entropy` makes what nobody shall guess. Without a `wire` requests go to
    the network, and without `signals` those of the process are heard. `span` is told what is under way.
    """

    now: Callable[[], datetime] = _now
    clock: Callable[[], float] = monotonic
    rng: random.Random = field(default_factory=random.Random)
    entropy: Callable[[int], bytes] = os.urandom
    pid: int | None = None
    disk: Disk = field(default_factory=Disk)
    wire: httpx.AsyncBaseTransport | None = None
    signals: Signals | None = None
    span: Spans = untraced

    def patience(self) -> Patience:
        """How a client waits here."""
        from reconciler.api import Patience

        return Patience(clock=self.clock, now=lambda: self.now().timestamp(), rng=self.rng)
