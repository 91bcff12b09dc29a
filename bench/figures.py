"""What was measured."""

from __future__ import annotations

from dataclasses import dataclass

FAST = 1000
"""The largest rate: no request waits for it."""
SAMPLE = 50
"""Requests of the client that asks for each object by itself: the others are extrapolated."""


@dataclass(frozen=True)
class Run:
    """What one process took."""

    seconds: float
    cpu: float
    mib: float
    requests: int
    told: str
    mutations: int = 0
    writing: float = 0.0
    """Seconds from the first mutation to the answer to the last."""


@dataclass(frozen=True)
class Key:
    """What was measured."""

    what: str
    size: int
    latency: int = 0
    rate: int = FAST
    each: int = 0
    """Milliseconds that the tenant takes for each mutation."""


Found = dict[Key, list[Run]]
