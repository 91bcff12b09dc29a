"""What the actions of a shard wait for: whether other shards have done it by now."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from reconciler.apply.elsewhere import Elsewhere
from reconciler.apply.lease import Ports
from reconciler.apply.running import Run
from reconciler.model.address import Address
from reconciler.verbs.plan import Planned, plan
from reconciler.verbs.session import Options, Session


def about(options: Options, actions: Iterable[str]) -> Options:
    """The options of a plan that brings about what these actions do, in whichever shard they are."""
    selected = tuple(sorted({name.rpartition("#")[0] for name in actions}))
    return replace(options, select=selected, exclude=(), shard=None, no_deps=False, changed_since=None)


def elsewhere(session: Session, planned: Planned, run: Run, ports: Ports, seconds: float) -> Elsewhere | None:
    """What a shard's plan waits for; None where it waits for nothing, or is no shard's."""
    options = planned.options
    if options is None or options.shard is None:
        return None

    async def look(asked: frozenset[str]) -> frozenset[str]:
        """Plans what brings it about: who still has something to do, or must not, has not done it."""
        now = await plan(session, about(options, asked))
        barred = {*now.plan.barred, *(str(one.address) for one in now.plan.left_out)}
        left = {action.id for action in now.plan.actions}
        missing = frozenset(name for name in asked if name in left or name.rpartition("#")[0] in barred)
        there = (Address.parse(name) for name in {name.rpartition("#")[0] for name in asked - missing})
        run.observed.update({one: now.objects[one] for one in there if one in now.objects})
        return missing

    found = Elsewhere(
        planned.plan.actions, look, sleep=ports.sleep, clock=run.clock, seconds=seconds, say=ports.say
    )
    return found if found.awaited else None
