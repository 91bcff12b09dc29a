"""What a loop over one environment saw last, and when that began."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from reconciler.model.plan import Touched

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


class Told(Struct, frozen=True):
    """Something that a turn says: an error, or why something is refused."""

    code: str
    message: str
    address: str = ""
    hint: str = ""


class Stands(StrEnum):
    """Where a rollout stands with one of its waves."""

    DONE = "done"
    NEXT = "next"
    LATER = "later"
    STOPPED = "stopped"


class Wave(Struct, frozen=True):
    """One wave of the rollout of a set. `members` are its instances, each with the word for what is to be
    done to it or why nothing is: pending, begun (pending, and tried before), failed or refused;
    empty for one that is as the manifests say.
    """

    set: str
    number: int
    members: tuple[tuple[str, str], ...]
    stands: Stands


class Turn(Struct, frozen=True):
    """One look at the environment, and what was done about it."""

    state: State
    at: datetime
    seconds: float = 0.0
    plan: str = ""
    """The checksum of what is to be done."""
    summary: Mapping[str, int] = {}
    kinds: Mapping[str, Mapping[str, int]] = {}
    """How many resources of a kind are managed, drifted, pending, failed and unmanaged."""
    drift: tuple[str, ...] = ()
    """Each address that drifts or is missing."""
    healed: tuple[str, ...] = ()
    """Those of them that the turn brought back to what the manifests say."""
    touched: Mapping[str, Touched] = {}
    """What the tenant tells of who changed what drifts."""
    waves: tuple[Wave, ...] = ()
    phases: Mapping[str, float] = {}
    """How many seconds each part of the turn took."""
    results: Mapping[str, int] = {}
    """How many actions ended in which way."""
    told: tuple[Told, ...] = ()
    held: str = ""
    """Why nothing was carried out, where something was to be."""
    interrupted: bool = False

    @property
    def key(self) -> object:
        """What is the same in turns of which the second has no news."""
        said = tuple((one.code, one.address) for one in self.told)
        return self.state, self.plan, self.drift, said, self.held


class Board(Struct):
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
    drifting: dict[str, datetime] = {}
    """Since when each address drifts, as far as this loop saw it."""
    touched: dict[str, Touched] = {}
    """What the tenant told of who changed what drifts."""
    runs: deque[Turn] = field(default_factory=lambda: deque(maxlen=RUNS))
    turns: int = 0
    failures: int = 0
    """How many turns failed one after the other."""
    failed: int = 0
    calls: int = 0
    """How often the tenant answered."""
    faults: int = 0
    """How many of these answers were errors."""
    spent: float = 0.0
    """Seconds that all turns took together."""
    actions: dict[str, int] = {}
    """How many actions of all turns ended in which way."""
    looking: datetime | None = None
    """When the turn that is under way began."""
    begun_actions: int = 0
    ended_actions: int = 0
    due: datetime | None = None
    """When the loop is to look again."""

    @property
    def adrift(self) -> dict[str, datetime]:
        """What drifts now, and since when: without what the last turn brought back."""
        healed = set(self.good.healed) if self.good else set()
        return {one: since for one, since in self.drifting.items() if one not in healed}

    def take(self, turn: Turn) -> bool:
        """Takes a turn in, and says whether it is another state than before."""
        is_new = self.turn is None or self.turn.key != turn.key
        if is_new:
            self.since = turn.at
        self.turn = turn
        self.turns += 1
        self.spent += turn.seconds
        self.looking, self.begun_actions, self.ended_actions = None, 0, 0
        self.runs.append(Turn(turn.state, turn.at, turn.seconds, summary=turn.summary))
        for status, count in turn.results.items():
            self.actions[status] = self.actions.get(status, 0) + count
        if turn.state is State.FAILED:
            self.failures += 1
            self.failed += 1
        else:
            self.failures = 0
            self.success = turn.at
        if turn.summary:
            before = self.adrift
            self.good = turn
            self.drifting = {one: before.get(one, turn.at) for one in turn.drift}
            told = {**self.touched, **turn.touched}
            self.touched = {one: told[one] for one in turn.drift if one in told}
        return is_new
