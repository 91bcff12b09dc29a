"""One run of the product in a drill, and all that is known about it from outside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from tests.simulation.ledger import PERSON, Deed
from tests.simulation.process import Process
from tests.simulation.runs import Ended
from tests.simulation.script import Attempt
from tests.simulation.wire import Letter, Wire
from tests.simulation.world import Commit

_LATE = {"latency", "jitter", "drip", "throttle", "throttle_silent", "stale_read", "unauthorized"}
"""Faults that may come to lie between a run's look at an object and what it does to it."""


@dataclass
class Run:
    """`deeds` are everybody's so far, `calm` is a run beside which nothing else happened, `trouble` the kinds
    of faults of its time, and whether the tenant was away (`pauses`). `right` is whether all clocks were.
    """

    number: int
    attempt: Attempt
    side: Commit
    process: Process
    wire: Wire
    ended: Ended
    deeds: Sequence[Deed]
    began: float
    calm: bool = False
    lease: bool = False
    trouble: frozenset[str] = frozenset()
    brisk: bool = True
    right: bool = True
    permitted: bool = False
    """Whether it may overwrite people's drafts and deploy what they saved."""
    distance: float = 1.0
    frugal: bool = True
    """Whether it can be told how many requests it needs: each is one operation, and none is refused as too
    much at once.
    """
    unnoted: list[str] = field(default_factory=list)
    """What left it without an entry in its journal."""

    @property
    def adopts(self) -> bool:
        """Whether it takes over what is there."""
        return self.attempt.verb == "adopt"

    @cached_property
    def own(self) -> list[Deed]:
        """What it did itself, but for its lease; objects are called as its commit calls them."""
        mine = (deed for deed in self.deeds if deed.sender == self.number and not deed.is_lease)
        if not self.side.was:
            return list(mine)
        return [replace(one, addresses=(*one.addresses, self._now(one.address))) for one in mine]

    def _now(self, address: str) -> str:
        """What an address is called in this commit."""
        names = {old: new for new, old in self.side.was.items()}
        if address in names or not address.startswith("Instance/"):
            return names.get(address, address)
        _, customer, name = address.split("/")
        return f"Instance/{names.get(f'Customer/{customer}', f'/{customer}').partition('/')[2]}/{name}"

    def has_other(self, deed: Deed) -> bool:
        """Whether another object was called as a deed's is in this commit, when that was done: by the mark of
        an earlier name, too, there may be more than one.
        """
        called: dict[str, str] = {}
        for one in self.deeds:
            if (one.at, one.id, one.name) == (deed.at, deed.id, deed.name):
                break
            if one.done and one.id:
                called[one.id] = self._now(one.address) if one.after is not None else ""
        return any(name == deed.address for other, name in called.items() if other != deed.id)

    @cached_property
    def peoples(self) -> list[Deed]:
        """What people did, so far."""
        return [deed for deed in self.deeds if deed.sender == PERSON and deed.done]

    @property
    def letters(self) -> list[Letter]:
        """What it sent to change something, but for its lease."""
        found = [letter for letter in self.wire.letters if letter.is_mutation]
        return [letter for letter in found if not letter.name.endswith("Lease")]

    @property
    def slack(self) -> float:
        """Seconds that may lie between a run's look at an object and what it does to it then."""
        return 1.0 + 2.0 * self.distance

    @property
    def looks_at_once(self) -> bool:
        """Whether no more than `slack` lies between the two."""
        return self.brisk and not self.trouble & _LATE

    def first_sent(self, identifier: str) -> float:
        """When its first mutation of an object left it: it looked at the object right before."""
        ends = f":{identifier}"
        return min((one.left for one in self.letters if _row_of(one.id).endswith(ends)), default=0.0)

    def looked(self, identifier: str, before: Deed) -> float:
        """When its last look at an object, of all that it is, was carried out that left it before a deed."""
        looks = ("query integration", "mutation updateIntegration")
        return max(
            (
                at
                for at, one in self.wire.reached
                if one.name in looks and one.left < before.left and _row_of(one.id).endswith(f":{identifier}")
            ),
            default=0.0,
        )

    @property
    def plan(self) -> dict[str, object]:
        """The plan that it showed; empty where it came to none."""
        return self.ended.plans[0] if self.ended.plans else {}

    def planned(self) -> Iterable[tuple[str, str]]:
        """The address and verb of each action that it showed."""
        actions = self.plan.get("actions") or ()
        assert isinstance(actions, list | tuple)
        return [(one["address"], one["verb"]) for one in actions]

    def could_not_know(self) -> str:
        """The integration into which somebody imported in the moment between this run's last look at the
        draft and its publication, against which the platform offers nothing; empty where nobody did.
        """
        for deed in self.own:
            if deed.name != "publishIntegration" or not deed.done:
                continue
            mine = [x.left for x in self.wire.letters if x.name == "query integration" and x.left < deed.left]
            for other in self.deeds:
                imported = other.name == "importIntegration" and other.address == deed.address
                if imported and other.sender != self.number and max(mine, default=0.0) < other.at < deed.at:
                    return deed.address
        return ""


def _row_of(shown: str) -> str:
    from base64 import b64decode

    return b64decode(shown).decode() if shown else ""


def token_of(deed: Deed) -> tuple[str, str]:
    """The token and the end of the lease that a deed leaves behind; of a deletion those that are gone."""
    row = deed.after or deed.before or {}
    said = json.loads(row.get("description") or "{}")
    return str(said.get("token", "")), str(said.get("until", ""))
