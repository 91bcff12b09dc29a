"""What is deleted: owned objects that no manifest names, where `prune` allows it, and what goes with them."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.kinds import all_kinds
from reconciler.kinds.base import Policy
from reconciler.model.address import Address
from reconciler.model.plan import Action, Verb
from reconciler.model.state import Live, LiveObject
from reconciler.plan.match import Matched
from reconciler.plan.select import fits


def deletions(
    live: Live,
    matched: Matched,
    policy: Policy,
    patterns: tuple[Sequence[str], Sequence[str]],
) -> tuple[list[Action], list[str]]:
    """The delete actions, dependents first, and the objects that the platform deletes along with them.
    Empty without `prune`. Only what bears this project's mark is ever among the actions.
    """
    if not policy.prune:
        return [], []
    select, exclude = patterns
    chosen = {
        address: obj
        for address, obj in matched.orphans.items()
        if (not select or any(fits(address, {}, p) for p in select))
        and not any(fits(address, {}, p) for p in exclude)
    }
    rank = {name: index for index, name in enumerate(reversed(all_kinds()))}
    order = sorted(chosen, key=lambda a: (rank[a.kind], a))
    actions: list[Action] = []
    for address in order:
        obj = chosen[address]
        after = [f"{a}#delete" for a in order if a != address and _within(chosen[a], obj)]
        actions.append(
            Action(
                f"{address}#delete",
                address,
                Verb.DELETE,
                "no manifest names it",
                tuple(after),
                (),
                all_kinds()[obj.kind].basis(obj),
                obj.id,
            )
        )
    return actions, _consequences(live, chosen)


def _within(inner: LiveObject, outer: LiveObject) -> bool:
    """Whether the platform deletes `inner` along with `outer` (api notes: "Customers", "Availability")."""
    if inner.kind != "Instance":
        return False
    if outer.kind == "Customer":
        return bool(inner.fields["customer"] == outer.id)
    return outer.kind == "Integration" and inner.facts.get("sequence") == outer.facts.get("sequence")


def _consequences(live: Live, chosen: dict[Address, LiveObject]) -> list[str]:
    direct = {obj.id for obj in chosen.values()}
    outer = [(a, o) for a, o in chosen.items() if o.kind != "Instance"]
    out = []
    for address, obj in outer:
        for inner in live.objects.get("Instance", ()):
            if inner.id not in direct and _within(inner, obj):
                out.append(f'instance "{inner.fields["name"]}" ({inner.id}) is deleted with {address}')
    return sorted(out)
