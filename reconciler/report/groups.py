"""Resources to which the same happens, as one entry: what is alike by the hundred is read once.

Deletions never are: each is read before it is carried out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from reconciler.model.few import few
from reconciler.report import values
from reconciler.report.sanitize import terminal

Document = Mapping[str, Any]
Entries = Sequence[Document]
Key = Callable[[str, Entries], Hashable]

ALIKE = 4
"""How many make a group; fewer are read as they are."""
MANY = 20
"""How many make a group where only the fields are the same, and the values differ."""
_RESETS = "an import resets"


class Group(Struct, frozen=True):
    """Addresses to which the same happens, and what that is, as the first of them has it."""

    addresses: Sequence[str]
    entries: Entries
    differing: Mapping[tuple[int, str], int] = {}
    """How many values a field has among them, where that is not one; by its entry's number and its path."""

    @property
    def title(self) -> str:
        """How many of what they are: `500 instances of order-notices`."""
        family = _family(self.addresses[0])
        shared = family and all(_family(one) == family for one in self.addresses)
        plural = several(self.addresses[0].partition("/")[0])
        return f"{len(self.addresses):,} {plural}" + (f" of {terminal(family)}" if shared else "")

    @property
    def named(self) -> str:
        """The first of them by name, and how many there are besides."""
        return terminal(few(self.addresses))


def several(kind: str) -> str:
    """What several of a kind are called: `alert groups`."""
    noun = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def plan_groups(actions: Iterable[Document]) -> list[Group]:
    """The resources of a plan, each alone or with those to which the same happens, in the plan's order."""
    by_address = {address: told(some) for address, some in values.by_address(actions).items()}
    return _grouped(by_address, _plan_passes)


def drift_groups(drifts: Iterable[Document]) -> list[Group]:
    """The same of what drifted."""
    return _grouped(values.by_address(drifts), _drift_passes)


def told(actions: Entries) -> Entries:
    """The actions of a resource but those by which nothing of it changes: what follows an import anyway."""
    kept = [
        one
        for one in actions
        if one["verb"] != "update" or one["changes"] or not one["reason"].startswith(_RESETS)
    ]
    return kept or actions


def _grouped(entries: Mapping[str, Entries], passes: Sequence[tuple[Key, int]]) -> list[Group]:
    """Each pass joins what has the same key where that is often enough; a key of None joins nothing."""
    place = {address: number for number, address in enumerate(entries)}
    alone = dict(entries)
    groups: list[Group] = []
    for key, least in passes:
        alike: dict[Hashable, list[str]] = {}
        for address, some in alone.items():
            if (found := key(address, some)) is not None:
                alike.setdefault(found, []).append(address)
        for addresses in alike.values():
            if len(addresses) >= least:
                members = [alone.pop(address) for address in addresses]
                groups.append(Group(addresses, members[0], _differing(members)))
    groups += [Group([address], some) for address, some in alone.items()]
    return sorted(groups, key=lambda group: place[group.addresses[0]])


def _same(address: str, actions: Entries) -> Hashable:
    if values.fate(actions) == "delete":
        return None
    whole = [(one["verb"], one["reason"], one["changes"]) for one in actions]
    return address.partition("/")[0], json.dumps(whole, sort_keys=True)


def _same_of_one(address: str, actions: Entries) -> Hashable:
    same = _same(address, actions)
    return same and (same, _family(address))


def _created_alike(address: str, actions: Entries) -> Hashable:
    return _shape(address, actions) if values.fate(actions) == "create" else None


def _shape(address: str, actions: Entries) -> Hashable:
    """What happens, whatever the values are."""
    if values.fate(actions) == "delete":
        return None
    fields = [
        (one["verb"], tuple((c["path"], c["before"] is None, c["after"] is None) for c in one["changes"]))
        for one in actions
    ]
    return address.partition("/")[0], _family(address), tuple(fields)


_plan_passes = ((_same_of_one, ALIKE), (_same, ALIKE), (_created_alike, ALIKE), (_shape, MANY))


def _same_drift(address: str, drifts: Entries) -> Hashable:
    whole = [
        {name: one.get(name) for name in ("path", "applied", "live", "cause", "certain")} for one in drifts
    ]
    return address.partition("/")[0], _family(address), json.dumps(whole, sort_keys=True)


_drift_passes = ((_same_drift, ALIKE),)


def _family(address: str) -> str:
    """What an address ends with behind its customer, which it shares with those of other customers."""
    return address.partition("/")[2].partition("/")[2]


def _differing(members: Sequence[Entries]) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], set[str]] = {}
    for actions in members:
        for number, action in enumerate(actions):
            found.setdefault((number, ""), set()).add(str(action.get("reason")))
            for change in action.get("changes", ()):
                pair = json.dumps([change["before"], change["after"]], sort_keys=True)
                found.setdefault((number, change["path"]), set()).add(pair)
    return {place: len(some) for place, some in found.items() if len(some) > 1}
