"""What is deleted: owned objects that no manifest names, where `prune` allows it, and what goes with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.kinds import all_kinds
from reconciler.kinds.base import Policy
from reconciler.model.address import Address
from reconciler.model.plan import Action, Refusal, Verb
from reconciler.model.state import Desired, Live, LiveObject
from reconciler.plan.match import Matched
from reconciler.plan.select import fits

Within = Mapping[tuple[str, object], list[LiveObject]]
"""The objects that the platform deletes along with another one, by that one's kind and key."""


def deletions(
    desired: Desired,
    live: Live,
    matched: Matched,
    policy: Policy,
    patterns: tuple[Sequence[str], Sequence[str]],
) -> tuple[list[Action], list[str], list[Refusal]]:
    """The delete actions, dependents first, the objects that the platform deletes along with them, and why
    that must not be. Empty without `prune`. Only what bears this project's mark is ever among the actions.
    """
    if not policy.prune:
        return [], [], []
    select, exclude = patterns
    chosen = {
        address: obj
        for address, obj in matched.orphans.items()
        if (not select or any(fits(address, {}, p) for p in select))
        and not any(fits(address, {}, p) for p in exclude)
    }
    within = _within(live)
    rank = {name: index for index, name in enumerate(reversed(all_kinds()))}
    names = {obj.id: address for address, obj in chosen.items()}
    actions: list[Action] = []
    for address in sorted(chosen, key=lambda a: (rank[a.kind], a)):
        obj = chosen[address]
        after = sorted(f"{names[o.id]}#delete" for o in _inside(obj, within) if o.id in names)
        actions.append(
            Action(
                f"{address}#delete",
                address,
                Verb.DELETE,
                "no manifest names it",
                tuple(after),
                (),
                all_kinds()[obj.kind].basis(obj, None),
                obj.id,
            )
        )
    along = {o.id: (o, address) for address, obj in chosen.items() for o in _inside(obj, within)}
    lost = [(o, address) for o, address in along.values() if o.id not in names]
    told = [f'instance "{o.fields["name"]}" ({o.id}) is deleted with {address}' for o, address in lost]
    return actions, sorted(told), _still_wanted(desired, matched, lost)


def _within(live: Live) -> Within:
    """Instances go with their customer, and with their integration (api notes: "Customers")."""
    within: dict[tuple[str, object], list[LiveObject]] = {}
    for obj in live.objects.get("Instance", ()):
        within.setdefault(("Customer", obj.fields["customer"]), []).append(obj)
        within.setdefault(("Integration", obj.facts.get("sequence")), []).append(obj)
    return within


def _inside(outer: LiveObject, within: Within) -> Iterator[LiveObject]:
    key = outer.facts.get("sequence") if outer.kind == "Integration" else outer.id
    yield from within.get((outer.kind, key), ()) if key is not None else ()


def _still_wanted(
    desired: Desired, matched: Matched, lost: Sequence[tuple[LiveObject, Address]]
) -> list[Refusal]:
    """Refuses to delete along with something else what a manifest names, protected or not."""
    names = {obj.id: address for address, obj in matched.objects.items()}
    found = sorted((names[obj.id], outer) for obj, outer in lost if obj.id in names)
    return [
        Refusal(
            "protected" if desired.resources[address].protect else "still-wanted",
            f"deleting {outer} would delete {address}, which "
            + ("is protected" if desired.resources[address].protect else "its manifest asks for"),
            str(outer),
            f"keep {outer}'s manifest, or take {address}'s away too",
        )
        for address, outer in found
    ]
