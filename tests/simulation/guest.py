"""People who make instances of their own inside our customers, or of our integrations."""

from __future__ import annotations

import random
from dataclasses import dataclass

from reconciler.sandbox.resolve.frame.ids import to_global
from tests.simulation.ledger import NOBODY, SENDER, Ledger
from tests.simulation.run import Run
from tests.simulation.world import Commit


@dataclass(frozen=True, slots=True)
class Guest:
    """An instance of other people's, the object that it is in, and since when."""

    id: str
    host: str
    since: float


def move_in(tenant: Ledger, side: Commit, rng: random.Random, now: float) -> Guest | None:
    """Somebody makes an instance, rather in what is leaving git; None where that is refused."""
    rows = tenant.rows()
    hosts = sorted(
        (tenant.address(table.title(), row) not in side.specs, table, identifier)
        for (table, identifier), row in rows.items()
        if table == "customer" or not row.get("is_draft", 1)
        if tenant.address(table.title(), row)
    )
    leaving = [host for host in hosts if host[0]] or hosts
    if not leaving:
        return None
    _, table, identifier = rng.choice(leaving)
    theirs = {
        "customer": next(one for kind, one in tenant.foreign if kind == "customer"),
        "integration": next(
            one
            for (kind, one), row in tenant.foreign.items()
            if kind == "integration" and not row["is_draft"]
        ),
    }
    chosen = {**theirs, table: identifier}
    values = {kind: to_global(kind.title(), one) for kind, one in chosen.items()}
    made = tenant.mutate("createInstance", {**values, "name": f"Guest {rng.randrange(10**6)}"})
    if made is None:
        return None
    key = next(k for k in tenant.rows() if k[0] == "instance" and to_global("Instance", k[1]) == made["id"])
    tenant.foreign[key] = tenant.rows()[key]
    return Guest(key[1], identifier, now)


def move_out(tenant: Ledger, guests: list[Guest], runs: list[Run]) -> list[str]:
    """They leave again; whoever is gone already was deleted by somebody else, and is told. What came to be in
    the moment between a run's look and its deletion is nobody's fault.
    """
    found = []
    sender = SENDER.set((NOBODY, 0.0))
    for guest in guests:
        row = tenant.foreign.pop(("instance", guest.id), None)
        if ("instance", guest.id) in tenant.rows():
            tenant.mutate("deleteInstance", {"id": to_global("Instance", guest.id)})
        elif row is not None and not any(_in_between(run, guest) for run in runs):
            found.append(f"instance {row['name']}, which somebody made, is gone")
    SENDER.reset(sender)
    return found


def _in_between(run: Run, guest: Guest) -> bool:
    """Whether a run may have looked into the guest's host before they came, and deleted it afterwards."""
    deletions = [deed for deed in run.own if deed.name.startswith("delete")]
    hosts = [deed for deed in deletions if deed.id == guest.host or deed.kind == "Integration"]
    return any(not run.looks_at_once or guest.since > deed.left - run.slack for deed in hosts)
