"""A plan's checksum: the one recipe, for every verb that makes a plan."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from reconciler.model.digest import sha256
from reconciler.model.plan import Action, Plan


def sealed(plan: Plan) -> Plan:
    """The plan with the digest of each action, and with its own: of what it would do, in which waves, and of
    what it refuses to do.
    """
    actions = tuple(replace(action, content=content(action)) for action in plan.actions)
    return replace(plan, actions=actions, checksum=_checksum(plan, actions))


def content(action: Action) -> str:
    """A digest of what an action would do, and of what it was planned from: two plans that hold actions of
    the same content would do the same.
    """
    changes = [[c.path, c.before, c.after] for c in action.changes]
    return sha256([action.id, action.verb.value, action.target, action.basis, changes])


def _checksum(plan: Plan, actions: Sequence[Action]) -> str:
    waves = [[r.name, [[str(a) for a in wave] for wave in r.waves], r.max_failures] for r in plan.rollouts]
    refused = sorted({(one.code, one.address) for one in plan.refusals})
    parts: list[object] = [
        plan.project,
        plan.environment,
        [a.content for a in actions],
        *([waves] if waves else []),
    ]
    parts += [["refused", refused]] if refused else []
    return f"sha256:{sha256(parts)}"
