"""The shares of a project for runs side by side: each resource is in exactly one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Divides
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.digest import sha256
from reconciler.model.plan import Plan, Refusal
from reconciler.model.state import Desired, Resource
from reconciler.plan.seal import sealed

_FORM = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")
_SHARED = 1


class Shard(Struct, frozen=True):
    """One share: the `number`th `of` so many."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def parsed(text: str) -> Shard | None:
    """The share that `i/n` names; None where it names none."""
    found = _FORM.fullmatch(text)
    shard = Shard(int(found[1]), int(found[2])) if found else None
    return shard if shard and shard.number <= shard.of else None


def shards(desired: Desired, of: int) -> dict[Address, int]:
    """The shard of each resource: that of its customer, by the customer's name, so that others who come and
    go move nobody. The customers of a set with waves are together, by the set's name. What belongs to no
    customer, or to several, is in the first.
    """
    clusters = _clusters(desired)
    owners = _Owners(desired.resources, clusters)
    return {
        address: _SHARED if owner is None else 1 + int(sha256(owner), 16) % of
        for address in desired.resources
        for owner in [owners.of(address)]
    }


def part(plan: Plan, shard: Shard, desired: Desired) -> Plan:
    """What of a whole plan is in a shard. Its actions wait for those of other shards as they do in the whole
    plan; what is refused to the whole plan, by the whole plan's numbers, is refused to each shard.
    """
    places = {str(address): number for address, number in shards(desired, shard.of).items()}

    def ours(address: Address | str) -> bool:
        return places.get(str(address), _SHARED) == shard.number

    def told(entry: Diagnostic | Refusal) -> bool:
        return not entry.address or plan.all_or_nothing or ours(entry.address)

    first = shard.number == _SHARED
    return sealed(
        replace(
            plan,
            actions=tuple(one for one in plan.actions if ours(one.address)),
            drift=tuple(one for one in plan.drift if ours(one.address)),
            warnings=tuple(one for one in plan.warnings if told(one)),
            refusals=tuple(one for one in plan.refusals if told(one)),
            notes=tuple(one for one in plan.notes if told(one)),
            unchanged=sum(map(ours, plan.same)),
            same=tuple(one for one in plan.same if ours(one)),
            unmanaged=plan.unmanaged if first else 0,
            strangers=plan.strangers if first else (),
            missing=tuple(one for one in plan.missing if ours(one)),
            unreadable=plan.unreadable if first else 0,
            orphans=tuple(one for one in plan.orphans if ours(one)),
            left_out=tuple(one for one in plan.left_out if ours(one.address)),
            rollouts=tuple(one for one in plan.rollouts if any(ours(a) for wave in one.waves for a in wave)),
        )
    )


def elsewhere(plan: Plan) -> frozenset[str]:
    """The ids of the actions of other shards for which those of this one wait."""
    own = {action.id for action in plan.actions}
    return frozenset(name for action in plan.actions for name in action.depends_on if name not in own)


def _clusters(desired: Desired) -> Mapping[str, str]:
    """For each customer of a set with waves, what stands for it and for all that are tied to it: the first of
    the sets.
    """
    tied: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    for rollout in sorted(desired.rollouts, key=lambda one: one.name):
        key = f"InstanceSet/{rollout.name}"
        members[key] = []
        for name in [a.name.partition("/")[0] for wave in rollout.waves for a in wave]:
            if (other := tied.get(name, key)) != key:
                key, absorbed = min(key, other), max(key, other)
                moved = members.pop(absorbed)
                members[key] += moved
                tied |= dict.fromkeys(moved, key)
            if name not in tied:
                tied[name] = key
                members[key].append(name)
    return tied


class _Owners(Struct):
    """To which customer, or customers that are tied together, each resource belongs."""

    resources: Mapping[Address, Resource]
    clusters: Mapping[str, str]
    _known: dict[Address, str | None] = {}

    def of(self, address: Address) -> str | None:
        """Its one owner; None where it has none, or several."""
        if address not in self._known:
            self._known[address] = None  # of resources that name one another
            self._known[address] = self._of(address)
        return self._known[address]

    def _of(self, address: Address) -> str | None:
        if isinstance(all_kinds()[address.kind], Divides):
            return self.clusters.get(address.name, address.name)
        resource = self.resources.get(address)
        if resource is None:
            return None
        found = {owner for owner in map(self.of, self._named(resource)) if owner is not None}
        return found.pop() if len(found) == 1 else None

    def _named(self, resource: Resource) -> Iterable[Address]:
        for ref in all_kinds()[resource.kind].needs(resource):
            yield ref.address
