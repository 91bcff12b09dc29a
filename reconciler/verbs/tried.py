"""Which instances of a set an earlier run has begun and not brought to an end: a rollout tries these first.

What was saved and not deployed shows in the plan itself; that something failed, and was put back, only the
journal tells. Without it a rerun is less careful, and no less correct.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.outcome import Status
from reconciler.model.plan import Plan, Rollout, Verb
from reconciler.verbs.history import runs
from reconciler.verbs.session import Session

_RUNS = 50
"""How many runs are looked through: what failed longer ago has been forgotten, or forgiven."""
_SAVING = (Verb.CREATE, Verb.UPDATE, Verb.CONFIGURE)


def tried_before(session: Session, tenant: str, plan: Plan) -> Plan:
    """The plan, whose rollouts know what earlier runs have begun."""
    waves = {address for one in plan.rollouts for wave in one.waves for address in wave}
    if not waves:
        return plan
    verbs: dict[Address, list[Verb]] = {}
    for action in plan.actions:
        if action.address in waves:
            verbs.setdefault(action.address, []).append(action.verb)
    halfway = {address for address, some in verbs.items() if _is_halfway(some)}
    failed = _failed(session, tenant, {str(address): address for address in verbs.keys() - halfway})
    return replace(plan, rollouts=tuple(_knowing(one, frozenset(halfway | failed)) for one in plan.rollouts))


def _knowing(rollout: Rollout, begun: frozenset[Address]) -> Rollout:
    return replace(rollout, begun=begun & {a for wave in rollout.waves for a in wave})


def _is_halfway(verbs: list[Verb]) -> bool:
    """Whether only a deploy is left of what was saved: nobody's but an earlier run's is deployed."""
    if Verb.DEPLOY not in verbs:
        return False
    return not any(verb in _SAVING for verb in verbs[: verbs.index(Verb.DEPLOY)])


def _failed(session: Session, tenant: str, wanted: dict[str, Address]) -> set[Address]:
    """Those of which the last run that tried them tells that something failed."""
    found = set()
    for run in islice(runs(session, session.environment.name), _RUNS) if wanted else ():
        if run.begun.get("tenant") != tenant:
            continue
        for name, ends in _ends(run.entries).items():
            if name in wanted and any(end != Status.SKIPPED for end in ends):
                address = wanted.pop(name)
                found |= {address} if Status.FAILED in ends else set()
        if not wanted:
            break
    return found


def _ends(entries: tuple[dict[str, Any], ...]) -> Mapping[str, list[str]]:
    """How the actions on each address ended in a run."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        if entry.get("event") == "end":
            address = str(entry.get("action")).partition("#")[0]
            found.setdefault(address, []).append(str(entry.get("status")))
    return found
