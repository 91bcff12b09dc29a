"""What a loop over one environment saw last, and when that began."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

RUNS = 20
"""How many of the last turns are remembered: a loop that runs for months must not grow."""


class State(StrEnum):
    """What a turn of the loop found."""

    IN_SYNC = "in-sync"
    PENDING = "pending"
    DRIFTED = "drifted"
    REFUSED = "refused"
    APPLIED = "applied"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Told:
    """Something that a turn says: an error, or why something is refused."""

    code: str
    message: str
    address: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One look at the environment, and what was done about it."""

    state: State
    at: datetime
    seconds: float = 0.0
    plan: str = ""
    """The checksum of what is to be done."""
    summary: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """How many resources of a kind are managed, drifted, pending, failed and unmanaged."""
    drift: tuple[str, ...] = ()
    """Each address that drifts or is missing."""
    told: tuple[Told, ...] = ()
    held: str = ""
    """Why nothing was carried out, where something was to be."""
    interrupted: bool = False

    @property
    def key(self) -> object:
        """What is the same in turns of which the second has no news."""
        said = tuple((one.code, one.address) for one in self.told)
        return self.state, self.plan, self.drift, said, self.held


@dataclass(slots=True)
class Board:
    """What the loop shows to whoever asks. It holds the last turn and counts, and does not grow."""

    project: str
    environment: str
    begun: datetime
    turn: Turn | None = None
    since: datetime | None = None
    """When the present state began."""
    good: Turn | None = None
    """The last turn that could look."""
    success: datetime | None = None
    """When a turn last did not fail."""
    drifting: dict[str, datetime] = field(default_factory=dict)
    """Since when each address drifts, as far as this loop saw it."""
    runs: deque[Turn] = field(default_factory=lambda: deque(maxlen=RUNS))
    turns: int = 0
    failures: int = 0
    """How many turns failed one after the other."""
    failed: int = 0
    calls: int = 0
    """How often the tenant answered."""

    def take(self, turn: Turn) -> bool:
        """Takes a turn in, and says whether it is another state than before."""
        is_new = self.turn is None or self.turn.key != turn.key
        if is_new:
            self.since = turn.at
        self.turn = turn
        self.turns += 1
        self.runs.append(Turn(turn.state, turn.at, turn.seconds, summary=turn.summary))
        if turn.state is State.FAILED:
            self.failures += 1
            self.failed += 1
        else:
            self.failures = 0
            self.success = turn.at
        if turn.summary:
            self.good = turn
            self.drifting = {one: self.drifting.get(one, turn.at) for one in turn.drift}
        return is_new
