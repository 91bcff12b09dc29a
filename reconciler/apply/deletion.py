"""The look right before a deletion: what the platform would take along is still what the plan showed."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.apply.running import Run
from reconciler.kinds.along import claims, looks_into
from reconciler.model.errors import Stale
from reconciler.model.plan import Action
from reconciler.model.state import LiveObject

NAMED = 5


async def look_inside(action: Action, run: Run) -> None:
    """Raises Stale where what the plan did not show would be deleted along: what bears a mark or is protected
    in any case, all else unless strangers may go along.
    """
    outer = run.observed.get(action.address)
    made: list[LiveObject] = []
    changed: list[LiveObject] = []
    lifted = run.policy.delete_strangers
    for look in looks_into(outer) if outer else ():
        if lifted and not look.kind.marked:
            continue  # whatever is there may go along, and the token may not be allowed to read it
        for live in await run.tenant.find(look.kind, look.operation):
            known = run.seen.get(live.id)
            if known is None or not look.showed(known):
                made.append(live)
            elif claims(known) != claims(live):
                changed.append(live)
    made = [live for live in made if not lifted or any(claims(live))]
    changed = [live for live in changed if not lifted or any(claims(live))]
    if made or changed:
        raise _taken_along(made, changed, action)


def _taken_along(made: list[LiveObject], changed: list[LiveObject], action: Action) -> Stale:
    told = [
        f"{what} {', '.join(_named(some))}" for what, some in (("made", made), ("changed", changed)) if some
    ]
    liftable = not any(any(claims(live)) for live in (*made, *changed))
    return Stale(
        f"someone {' and '.join(told)} meanwhile, which would be deleted along",
        address=str(action.address),
        hint="plan again" + ("; if all of it is to go along, give --delete-strangers" if liftable else ""),
    )


def _named(objects: list[LiveObject]) -> Iterator[str]:
    for live in objects[:NAMED]:
        yield live.title
    if len(objects) > NAMED:
        yield f"and {len(objects) - NAMED} more"
