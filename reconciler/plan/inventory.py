"""What each object of a tenant is to this project, and which of its resources the tenant does not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from reconciler.kinds import all_kinds
from reconciler.kinds.table.marks import marks_in, project_of
from reconciler.model.address import Address
from reconciler.model.inventory import Inventory, Row, Standing
from reconciler.model.plan import Stranger
from reconciler.plan.deletion import not_understood, unread
from reconciler.plan.drift import Called, strangers
from reconciler.plan.match import Matched


def inventory(matched: Matched, ignore: Sequence[str] = ()) -> Inventory:
    """The whole tenant, by address. What `ignore` names, and nobody manages, is only counted."""
    desired, live = matched.desired, matched.live
    by_hand = strangers(live, matched)
    open_ = without_ignored(by_hand, ignore)
    rows = [
        *_of_manifests(matched),
        *_orphaned(matched),
        *_foreign(matched),
        *(Row(one.address, Standing.UNMANAGED, one.id, one.name) for one in open_),
    ]
    return Inventory(
        desired.project,
        desired.environment,
        tuple(sorted(rows, key=lambda row: (row.address, row.id))),
        len(by_hand) - len(open_),
        (*unread(live), *not_understood(live)),
    )


def without_ignored(by_hand: Sequence[Stranger], ignore: Sequence[str]) -> tuple[Stranger, ...]:
    """What nobody manages, but for what is meant to stay by hand: named by its address, by its kind and its
    name, each with `*`, or by its id.
    """
    return tuple(one for one in by_hand if not any(_named(one, pattern) for pattern in ignore))


def _named(one: Stranger, pattern: str) -> bool:
    return pattern == one.id or any(
        fnmatchcase(text, pattern) for text in (str(one.address), f"{one.address.kind}/{one.name}")
    )


def _of_manifests(matched: Matched) -> Iterator[Row]:
    refused = {one.address: one.message for one in matched.refusals}
    for address, resource in matched.desired.resources.items():
        live = matched.objects.get(address)
        name = str(resource.fields.get("name") or "")
        if resource.part_of is not None:
            continue
        if address in matched.unclear:
            yield Row(address, Standing.UNDECIDED, name=name, told=refused.get(str(address), ""))
        elif live is None:
            yield Row(address, Standing.MISSING, name=name)
        else:
            standing = Standing.MATCHED if address in matched.adopting else Standing.OWNED
            yield Row(address, standing, live.id, Called.name(live))


def _orphaned(matched: Matched) -> Iterator[Row]:
    found = {one.id for address, one in matched.objects.items() if address not in matched.unclear}
    for address, one in matched.orphans.items():
        if one.id not in found:
            yield Row(address, Standing.ORPHANED, one.id, Called.name(one))


def _foreign(matched: Matched) -> Iterator[Row]:
    ours, called = matched.desired.project.lower(), Called(matched.live, matched)
    owned = {one.id for some in (matched.objects, matched.orphans) for one in some.values()}
    for name, objects in matched.live.objects.items():
        for one in objects if all_kinds()[name].declared else ():
            marks = [text for text in marks_in(one.labels, name) if project_of(text) != ours]
            if marks and one.id not in owned:
                address: Address = called.address(one)
                yield Row(address, Standing.FOREIGN, one.id, Called.name(one), project_of(marks[0]))
