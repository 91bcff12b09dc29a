"""What must hold at the end of a phase, beside what torture/model.py says: worked out from the commits alone,
and from what people did. It shares nothing with the planner.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.world import Commit
from tests.torture.tenant import Tenant
from tests.torture.world import PROJECT

_TABLED = {
    "InstanceProfile": ("instanceProfiles", ("name", "allocatedMemoryMb")),
    "EventWebhook": ("webhookEndpoints", ("name", "url")),
    "AlertWebhook": ("alertWebhooks", ("name", "url", "payloadTemplate")),
    "AlertGroup": ("alertGroups", ("name",)),
}
_NAMES = {
    "InstanceProfile": "Large",
    "EventWebhook": "Events",
    "AlertWebhook": "Ops",
    "AlertGroup": "On call",
}


def tabled(tenant: Tenant, commit: Commit, known: Iterable[str]) -> Iterable[tuple[str, str]]:
    """What is lost or doubled of the kinds that are told by tables; `known` are all addresses so far."""
    for address in sorted(known):
        kind = address.partition("/")[0]
        if kind not in _TABLED:
            continue
        root, fields = _TABLED[kind]
        nodes = tenant.ask(f"{{ {root}(first: 100) {{ nodes {{ id {' '.join(fields)} }} }} }}")[root]["nodes"]
        spec = commit.specs.get(address)
        name = _NAMES[kind]
        found = [node for node in nodes if node["name"] == name]
        if len(found) > 1:
            yield "doubled", f"{address}: {[node['id'] for node in found]}"
        if spec is None:
            if found:
                yield "lost", f"{address} is still there"
        elif not found:
            yield "lost", f"{address} is not there"
        else:
            for field in fields:
                if found[0][field] != spec[field]:
                    yield "lost", f"{address}: {field} is {found[0][field]!r}, not {spec[field]!r}"


def identities(tenant: Tenant) -> dict[str, str]:
    """The ids of our objects by address, as their marks tell."""
    rows = {key: row for key, row in tenant.rows().items() if key not in tenant.foreign}
    found: dict[str, str] = {}
    customers: dict[str, str] = {}
    for (table, identifier), row in sorted(rows.items()):
        if name := _marked(row, table):
            if table == "customer":
                customers[identifier] = name
            if table == "customer" or (table == "integration" and row["is_draft"]):
                found[f"{table.title()}/{name}"] = identifier
    for (table, identifier), row in sorted(rows.items()):
        if table == "instance" and (name := _marked(row, table)):
            found[f"Instance/{customers.get(row['customer'], '?')}/{name}"] = identifier
    return found


def replaced(before: Mapping[str, str], after: Mapping[str, str], commit: Commit) -> Iterable[str]:
    """Objects that were to be kept, and are others now."""
    for address, identifier in sorted(after.items()):
        old = commit.was.get(address, address)
        if address in commit.specs and before.get(old, identifier) != identifier:
            yield f"{address} is another object than {old} was"


@dataclass(frozen=True)
class ByHand:
    """An edit of a person that is exactly one difference."""

    address: str
    path: str
    mutation: str
    values: Mapping[str, Any]


def by_hand(commit: Commit, ids: Mapping[str, str], chances: Iterable[int]) -> list[ByHand]:
    """Edits of fields that git speaks of; each object is edited once at most."""
    found: dict[str, ByHand] = {}
    for chance in chances:
        options = [
            one for address, spec in sorted(commit.specs.items()) for one in _options(address, spec, ids)
        ]
        if options:
            one = random.Random(chance).choice(options)
            found.setdefault(one.address, one)
    return list(found.values())


def _options(address: str, spec: Mapping[str, Any], ids: Mapping[str, str]) -> Iterable[ByHand]:
    kind = address.partition("/")[0]
    if address not in ids:
        return
    texts = ("description", "category") if kind == "Integration" else ("name", "description")
    for name in texts:
        if name in spec:
            yield ByHand(address, name, f"update{kind}", {name: "By hand"})
    if "enabled" in spec:
        yield ByHand(address, "enabled", f"update{kind}", {"enabled": not spec["enabled"]})
    if "Channel" in spec.get("config", {}):
        variable = {"key": "Channel", "value": "by hand"}
        values = {"configVariables": [variable]}
        yield ByHand(address, "config.Channel", "updateInstanceConfigVariables", values)


def _marked(row: Mapping[str, Any], table: str) -> str:
    prefix = f"reconciler:{PROJECT}/{table}/"
    labels = json.loads(row["labels"] or "[]")
    return next((label.removeprefix(prefix) for label in labels if label.startswith(prefix)), "")
