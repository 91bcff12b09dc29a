"""`plan`: what apply would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.kinds.base import Policy
from reconciler.model.address import Address
from reconciler.model.plan import Plan
from reconciler.model.state import Desired, Live, LiveObject
from reconciler.plan.build import make_plan
from reconciler.plan.match import match
from reconciler.verbs.session import Options, Session, connect, load_desired, only_warnings, policy


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the two sides that it was made from, and the objects that belong to its resources."""

    plan: Plan
    desired: Desired
    live: Live
    objects: Mapping[Address, LiveObject]
    policy: Policy


async def plan(session: Session, options: Options) -> Planned:
    """Reads both sides and plans. Nothing can be written: the client's transport lets only queries pass.

    Raises InvalidInput, NotAuthenticated, Unreachable or ApiError. Refusals are in the plan, not raised.
    """
    from reconciler.live.fetch import fetch

    desired, diagnostics = load_desired(session)
    allowed = policy(session, options)
    async with connect(session, read_only=True, parallelism=options.parallelism) as client:
        live = await fetch(client, concurrency=options.parallelism)
    matched = match(desired, live)
    made = make_plan(desired, live, allowed, matched=matched, select=options.select, exclude=options.exclude)
    made = replace(made, warnings=(*only_warnings(diagnostics), *made.warnings))
    return Planned(made, desired, live, {**matched.objects, **matched.orphans}, allowed)
