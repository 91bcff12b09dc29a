"""What an experiment is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from reconciler.probe.finding import Finding
from reconciler.probe.scratch import Scratch

Run = Callable[[Scratch], Awaitable[list[Finding]]]


class Experiment(Struct, frozen=True):
    """A few requests, and the rules that they answer."""

    rules: tuple[str, ...]
    run: Run


def answers(*rules: str) -> Callable[[Run], Experiment]:
    """Makes an experiment of a function, one that answers these rules."""
    return lambda run: Experiment(rules, run)
