"""What belongs to the organization as a whole, or is shared by many: log streams, people, connections and
what customers fill into them. Each but people has a secret of its own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.simulation.world import Commit
from tests.torture.tenant import Tenant

STREAM, SHARED, FILLED, PERSON = (
    "LogStream/lake",
    "Connection/crm",
    "CustomerConnection/crm-first",
    "User/ada",
)
_SECRETS = {STREAM: "TORTURE_LAKE", SHARED: "TORTURE_CRM", FILLED: "TORTURE_CRM_FIRST"}
_TABLES = {STREAM: "log_stream", SHARED: "scoped_variable", FILLED: "customer_variable", PERSON: "person"}


def organized(
    side: Commit, before: Mapping[str, str], rng: random.Random, number: int, *, hidden: bool
) -> Commit:
    """The commit with all of them; some of their secrets are those of `before`, and some of what they say
    changes with each commit. One that is `hidden`, of what bears no record, stays: nobody could tell.
    """
    customer = min(a for a in side.specs if a.startswith("Customer/")).partition("/")[2]
    secrets = {
        name: before[name]
        if name in before and (rng.random() < 0.5 or (hidden and name == _SECRETS[FILLED]))
        else f"canary/0+commit{number} {rng.getrandbits(64):016x}=é"
        for name in _SECRETS.values()
    }
    given = {address: {"secret": {"env": name}} for address, name in _SECRETS.items()}
    specs: dict[str, dict[str, Any]] = {
        STREAM: {
            "name": "Log lake",
            "url": f"https://logs.example.com/{rng.choice(['in', 'out'])}",
            "headers": {"Authorization": given[STREAM]},
            "payloadTemplate": '{"text": "<MESSAGE>"}',
            "severityLevels": rng.choice([["ERROR"], ["ERROR", "FATAL"]]),
        },
        SHARED: {
            "name": rng.choice(["CRM", "The CRM"]),
            "stableKey": "crm",
            "scope": "customer",
            "managedBy": "org",
            "component": "http",
            "connection": "apiKey",
            "inputs": {"apiKey": given[SHARED]},
        },
        FILLED: {"connection": "crm", "customer": customer, "inputs": {"apiKey": given[FILLED]}},
        PERSON: {"email": "ada@example.com", "role": "Admin", "name": rng.choice(["Ada", "Ada L."])},
    }
    return replace(side, specs={**side.specs, **specs}, secrets={**side.secrets, **secrets})


def as_wanted(tenant: Tenant, commit: Commit) -> Iterator[tuple[str, str]]:
    """What is lost or doubled of them, as the tenant's tables tell."""
    for address in _TABLES:
        spec = commit.specs.get(address)
        if spec is None:
            continue
        rows = [dict(row) for row in tenant.store.all(f"SELECT * FROM {_TABLES[address]}")]
        found = [row for row in rows if _is_it(address, spec, row)]
        if len(found) > 1:
            yield "doubled", f"{address}: {[row['id'] for row in found]}"
        if not found:
            yield "lost", f"{address} is not there"
            continue
        for column, wanted in _columns(address, spec, commit).items():
            if wanted not in str(found[0][column]):
                yield "lost", f"{address}: {column} is {found[0][column]!r}, without {wanted!r}"


def _is_it(address: str, spec: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    if address == PERSON:
        return bool(row["email"] == spec["email"])
    return address != STREAM or bool(row["name"] == spec["name"])


def _columns(address: str, spec: Mapping[str, Any], commit: Commit) -> dict[str, str]:
    """The columns that tell, and what must stand in them."""
    plain = {column: spec[column] for column in ("name", "url") if column in spec}
    if address in _SECRETS:
        shown = json.dumps(commit.secrets[_SECRETS[address]])[1:-1]
        return {**plain, "headers" if address == STREAM else "inputs": shown}
    return plain
