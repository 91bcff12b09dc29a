"""Why this exists: what goes wrong between a client and a tenant is drawn here, so that it can be repeated.

Nothing is done here: a strike is carried out by the web application, in misbehave.py, or by the sandbox.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Literal

AUTH = "auth"  # the operation that stands for exchanging a refresh token
SEVERAL = "several calls"  # what a request is called that carries more than one which writes
GIVES_UP, ROLLED_BACK = "gateway_gives_up", "rolled_back_but_answered"

# delay: the answer comes late. data: it is a good answer about another state. before: the request is not
# carried out. after: it is, and the client does not learn so from a good answer.
Moment = Literal["delay", "data", "before", "after"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to go wrong. `needs` is the operation that it can befall, empty for any."""

    name: str
    moment: Moment
    meaning: str
    needs: str = ""
    timed: bool = False
    graphql: bool = False  # makes no sense for an exchange of tokens
    several: bool = False  # befalls requests alone that carry several calls which write


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("latency", "delay", "it takes seconds longer", timed=True),
        Kind("jitter", "delay", "it takes up to seconds longer", timed=True),
        Kind(
            "shifting_list", "data", "somebody adds or deletes a customer, so that pages shift", "customers"
        ),
        Kind("stale_read", "data", "a query is answered as before the last write", "query"),
        Kind("refuse", "before", "the connection is refused (served: reset)"),
        Kind("reset_before", "before", "the connection is reset before the request is carried out"),
        Kind("throttle", "before", "429 with a Retry-After of seconds", timed=True),
        Kind("throttle_silent", "before", "429 without a Retry-After"),
        Kind("error_500", "before", "500 with a page of HTML"),
        Kind("error_502", "before", "502 with a page of HTML"),
        Kind("error_503", "before", "503 with a page of HTML"),
        Kind("graphql_errors", "before", "200 with errors at the top, data null", graphql=True),
        Kind("unauthorized", "before", "401"),
        Kind("reset_after", "after", "carried out, then the connection is reset"),
        Kind("half_answer", "after", "carried out, then the connection closes in the middle of the answer"),
        Kind("drip", "after", "carried out, then the answer trickles in over seconds", timed=True),
        Kind("error_502_after", "after", "carried out, then 502 with a page of HTML"),
        Kind("data_with_400", "after", "carried out, the good answer comes with status 400", graphql=True),
        Kind("garbage", "after", "carried out, then 200 with a body that is no JSON, or half of it"),
        Kind("null_object", "after", "carried out, the object in the answer is null", graphql=True),
        Kind(
            GIVES_UP,
            "after",
            "504 after a part of several calls; the others are carried out later, one each so many seconds",
            timed=True,
            graphql=True,
            several=True,
        ),
        Kind(
            ROLLED_BACK,
            "after",
            "of several calls one is refused, which undoes the others, whose answers look good",
            graphql=True,
            several=True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What shall go wrong, to whom and how often. ValueError if that cannot be.

    `operation` is a root field, with * if wished, or query, mutation or auth; empty means any but auth.
    `nth` strikes the n-th matching request only, `times` ends it after so many strikes; 0 lifts either.
    """

    kind: str
    probability: float = 1.0
    operation: str = ""
    nth: int = 0
    times: int = 0
    seconds: float = 1.0

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise ValueError(f"unknown fault {self.kind!r}: use one of {', '.join(KINDS)}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability must be from 0 to 1, not {self.probability}")
        if not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError(f"seconds must be 0 or more, not {self.seconds}")
        if self.nth < 0 or self.times < 0:
            raise ValueError("nth and times must be 0 or more")
        if self.operation == AUTH and (kind.graphql or kind.needs):
            raise ValueError(f"it can befall a GraphQL request only, not {AUTH}")

    def concerns(self, names: Collection[str]) -> bool:
        """Whether a request with these operation names may be struck."""
        if AUTH in names:
            return self.operation == AUTH
        if (needs := KINDS[self.kind].needs) and not {needs, "query"} <= set(names):
            return False
        if KINDS[self.kind].several and SEVERAL not in names:
            return False
        return not self.operation or any(fnmatchcase(name, self.operation) for name in names)


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault befalling one request; `chance` is a number in [0, 1) for whatever else is drawn."""

    kind: str
    seconds: float
    chance: float

    @property
    def moment(self) -> Moment:
        """When in a request's life it strikes."""
        return KINDS[self.kind].moment


@dataclass(slots=True)
class Armed:
    """A fault that is set: how many requests it concerned so far, and how many it struck."""

    fault: Fault
    seen: int = 0
    struck: int = 0

    def draw(self, rng: Random) -> Strike | None:
        """The strike, if it befalls the request that was just counted."""
        fault = self.fault
        chosen = rng.random() < fault.probability and fault.nth in (0, self.seen)
        if not chosen or self.struck >= (fault.times or math.inf):
            return None
        seconds = rng.uniform(0, fault.seconds) if fault.kind == "jitter" else fault.seconds
        return Strike(fault.kind, seconds, rng.random())


@dataclass(slots=True)
class Faults:
    """Everything that is armed in a tenant, with its seed and counters."""

    seed: int = 0
    armed: list[Armed] = field(default_factory=list)
    injected: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, faults: Iterable[Fault], seed: int) -> Faults:
        """These, with all counters at zero."""
        return cls(seed, [Armed(fault) for fault in faults])

    @classmethod
    def loads(cls, text: str) -> Faults:
        """What dumps() wrote; nothing is armed in an empty text."""
        if not text:
            return cls()
        known: dict[str, Any] = json.loads(text)
        armed = [Armed(Fault(**one["fault"]), one["seen"], one["struck"]) for one in known["armed"]]
        return cls(known["seed"], armed, known["injected"])

    def dumps(self) -> str:
        """As text, to be kept."""
        return json.dumps(asdict(self))

    def has(self, kind: str) -> bool:
        """Whether a fault of this kind is armed."""
        return any(one.fault.kind == kind for one in self.armed)

    def strike(self, names: Collection[str], *, has_past: bool) -> list[Strike]:
        """What befalls one request, by the seed, the fault's place and the request's number: at most one
        thing that spoils the answer, and whatever else. A stale read needs something older to read from.
        """
        strikes: list[Strike] = []
        spoiled = False
        for place, one in enumerate(self.armed):
            if not one.fault.concerns(names) or (one.fault.kind == "stale_read" and not has_past):
                continue
            one.seen += 1
            strike = one.draw(Random(f"{self.seed}/{place}/{one.seen}"))
            if strike is None:
                continue
            if strike.moment in ("before", "after"):
                if spoiled:
                    continue
                spoiled = True
            one.struck += 1
            self.injected[strike.kind] = self.injected.get(strike.kind, 0) + 1
            strikes.append(strike)
        return strikes
