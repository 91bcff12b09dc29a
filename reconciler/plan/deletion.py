"""What is deleted: owned objects that no manifest names, where `prune` allows it, and what goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.kinds import all_kinds
from reconciler.kinds.along import inner_kinds, looks_into
from reconciler.kinds.capabilities import GoesWith, Tie
from reconciler.kinds.protocol import Kind, Policy
from reconciler.kinds.table.marks import is_protected, marks_of, project_of
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.few import few
from reconciler.model.plan import Action, LeftOut, Refusal, Verb
from reconciler.model.state import Desired, Live, LiveObject, Resource, Unreadable
from reconciler.plan.guards import denials
from reconciler.plan.likeness import possible
from reconciler.plan.match import Matched, ambiguous
from reconciler.plan.select import Selection

NAMED = 5

Within = Mapping[Tie, Mapping[object, list[LiveObject]]]
"""The objects that the platform deletes along with another one, by that one's kind and a value of it."""


class Removal(Struct, frozen=True):
    """What is to be deleted, dependents first, also where that is refused; what the platform deletes along
    with it; why that must not be; and what stays since it may be, or would take along, what is to stay.
    """

    actions: list[Action]
    consequences: list[str]
    refusals: list[Refusal]
    left_out: list[LeftOut]


def deletions(
    matched: Matched, policy: Policy, selection: Selection, unplanned: Iterable[Resource] = ()
) -> Removal:
    """What is to be deleted: nothing without `prune`, and only what bears this project's mark. Nothing is
    that may be an object of the `unplanned` resources.
    """
    if not policy.prune:
        return Removal([], [], [], [])
    within = _within(matched.live)
    chosen = _asked_for(matched, selection)
    left_out = _around_kept(chosen, _kept(matched, selection, unplanned), within)
    chosen = {a: obj for a, obj in chosen.items() if a not in left_out}
    refusals = [*_of_several(chosen, matched), *_protected(chosen)]
    kept = {obj.id for sharing in matched.sharing.values() for obj in sharing.values()}
    chosen = {a: obj for a, obj in chosen.items() if obj.id not in kept and not is_protected(obj)}
    names = {obj.id: address for address, obj in chosen.items()}
    along = {o.id: (o, address) for address, obj in chosen.items() for o in _inside(obj, within)}
    lost = [(o, address) for o, address in along.values() if o.id not in names]
    told = [f"{o.title} is deleted with {address}" for o, address in lost]
    refusals += [*_still_wanted(matched, lost), *_not_to_be_lost(matched, lost)]
    refusals += _holding_the_odd(chosen, matched.live)
    if not policy.delete_strangers:
        refusals += _strangers(chosen, matched, within)
        refusals += _holding_the_unread(chosen, matched.live)
    for address, obj in chosen.items():
        refusals += denials(address, [Verb.DELETE], obj.denied)
    return Removal(_actions(chosen, names, within), sorted(told), refusals, list(left_out.values()))


def along_unread(matched: Matched, policy: Policy, selection: Selection) -> list[Kind]:
    """The kinds of which something may be deleted along with what is to be deleted, if they were not read."""
    outer = {a.kind for a in _asked_for(matched, selection)} if policy.prune else set()
    live = matched.live
    found = {kind.name: kind for name in sorted(outer) for kind, _ in inner_kinds(name)}
    return [kind for name, kind in found.items() if name not in live.whole and name not in live.unread]


def _asked_for(matched: Matched, selection: Selection) -> dict[Address, LiveObject]:
    return {
        a: obj
        for a, obj in matched.orphans.items()
        if selection.about_orphan(a) and not _bars(selection, matched.desired, a)
    }


def _bars(selection: Selection, desired: Desired, address: Address) -> bool:
    resource = desired.resources.get(address)
    return selection.bars(resource) if resource else selection.bars_orphan(address)


def _actions(
    chosen: Mapping[Address, LiveObject], names: Mapping[str, Address], within: Within
) -> list[Action]:
    rank = {name: index for index, name in enumerate(reversed(all_kinds()))}
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
                reads=len(looks_into(obj)),
            )
        )
    return actions


def _kept(
    matched: Matched, selection: Selection, unplanned: Iterable[Resource]
) -> dict[str, tuple[str, Address]]:
    """The ids of the objects that must stay, each with whose they are, and how surely."""
    likely = {
        id_: ("what may be", address) for id_, address in possible(unplanned, matched.live, matched).items()
    }
    if not selection.exclude:
        return likely
    known = (*matched.objects.items(), *matched.orphans.items())
    return likely | {obj.id: ("excluded", a) for a, obj in known if _bars(selection, matched.desired, a)}


def _around_kept(
    chosen: Mapping[Address, LiveObject], kept: Mapping[str, tuple[str, Address]], within: Within
) -> dict[Address, LeftOut]:
    """Those of the chosen that may be something that must stay, or that the platform would delete along."""
    left_out: dict[Address, LeftOut] = {}
    for address, obj in sorted(chosen.items()) if kept else ():
        inside = min((o.id for o in _inside(obj, within) if o.id in kept), default="")
        if obj.id in kept:
            left_out[address] = LeftOut(
                address, f"may be {kept[obj.id][1]}, to which this run does nothing: it is not deleted"
            )
        elif inside:
            what, held = kept[inside]
            left_out[address] = LeftOut(address, f"holds {what} {held}: that would be deleted along")
    return left_out


def unread(live: Live) -> list[Diagnostic]:
    """What cannot be deleted, since the tenant does not list it."""
    return [
        Diagnostic(
            "unread",
            f"{name} objects cannot be read: "
            + (
                "nothing of them is deleted"
                if all_kinds()[name].marked
                else "which of them are deleted along with something else is not known"
            ),
            hint="give the token's user the permission, or ignore it where the project never had any",
            severity="warning",
        )
        for name in live.unread
    ]


def not_understood(live: Live) -> list[Diagnostic]:
    """What is passed over, since nobody can tell what it is; some at a time of those that are alike."""
    alike: dict[tuple[str, str], list[str]] = {}
    for odd in live.unreadable:
        alike.setdefault((odd.kind, odd.reason), []).append(odd.id or "(without an id)")
    return [
        Diagnostic(
            "unreadable",
            f"{kind.lower()} {', '.join(some)} cannot be understood, and is passed over: {reason}",
            hint="look at it in the web app; this version may not know a new form of it",
            severity="warning",
        )
        for (kind, reason), ids in alike.items()
        for some in (ids[at : at + NAMED] for at in range(0, len(ids), NAMED))
    ]


def _of_several(chosen: Mapping[Address, LiveObject], matched: Matched) -> list[Refusal]:
    """Refuses to delete objects that share one mark: a person copied it, and either may be the copy."""
    told = {r.address for r in matched.refusals if r.code == "ambiguous"}
    return [
        ambiguous(address, sharing)
        for address, sharing in sorted(matched.sharing.items())
        if str(address) not in told and any(obj.id in sharing for obj in chosen.values())
    ]


def _protected(chosen: Mapping[Address, LiveObject]) -> list[Refusal]:
    return [
        Refusal(
            "protected",
            f"{obj.title} is protected, and no manifest names it any more",
            str(address),
            "to delete it, write its manifest again with protect: false, apply, and take it away then; to "
            f"keep it, give --exclude {address}, or let go of it: reconciler forget {address}",
        )
        for address, obj in sorted(chosen.items())
        if is_protected(obj)
    ]


def _within(live: Live) -> Within:
    within: dict[Tie, dict[object, list[LiveObject]]] = {}
    for name, objects in live.whole.items():
        kind = all_kinds()[name]
        if not isinstance(kind, GoesWith):
            continue
        for obj in objects:
            for tie, value in kind.deleted_with(obj):
                within.setdefault(tie, {}).setdefault(value, []).append(obj)
    return within


def _inside(outer: LiveObject, within: Within) -> Iterator[LiveObject]:
    kind = all_kinds()[outer.kind]
    for tie, objects in within.items():
        if tie.kind == outer.kind:
            yield from objects.get(tie.value(kind, outer), ())


def _still_wanted(matched: Matched, lost: Sequence[tuple[LiveObject, Address]]) -> list[Refusal]:
    """Refuses to delete along with something else what a manifest names, protected or not."""
    resources = matched.desired.resources
    names = {obj.id: address for address, obj in matched.objects.items()}
    found = sorted((names[obj.id], outer) for obj, outer in lost if obj.id in names)
    return [
        Refusal(
            "protected" if resources[address].protect else "still-wanted",
            f"deleting {outer} would delete {address}, which "
            + ("is protected" if resources[address].protect else "its manifest asks for"),
            str(outer),
            f"keep {outer}'s manifest, or take {address}'s away too",
        )
        for address, outer in found
    ]


def _not_to_be_lost(matched: Matched, lost: Sequence[tuple[LiveObject, Address]]) -> list[Refusal]:
    """Refuses to delete along with something else what another project owns, or what remembers that it is
    protected.
    """
    project = matched.desired.project.lower()
    wanted = {obj.id for obj in matched.objects.values()}
    refusals = []
    for obj, outer in sorted(lost, key=lambda one: (one[1], one[0].id)):
        foreign = [m for m in marks_of(obj) if project_of(m) != project]
        if obj.id not in wanted and (foreign or is_protected(obj)):
            code = "owned-otherwise" if foreign else "protected"
            why = f'bears the mark "{foreign[0]}"' if foreign else "is protected"
            message = f"deleting {outer} would delete {obj.title}, which {why}"
            refusals.append(Refusal(code, message, str(outer), f"keep {outer}: give --exclude {outer}"))
    return refusals


def _strangers(chosen: Mapping[Address, LiveObject], matched: Matched, within: Within) -> list[Refusal]:
    """Refuses to delete along with something else what bears nobody's mark: a person made it by hand."""
    wanted = {obj.id for obj in matched.objects.values()}
    found = {
        address: [o for o in _inside(obj, within) if o.id not in wanted and not marks_of(o)]
        for address, obj in sorted(chosen.items())
    }
    return [
        Refusal(
            "strangers",
            f"deleting {address} would delete {_unmarked(strangers)}",
            str(address),
            f"keep it: give --exclude {address}; if all of them are to go along, give --delete-strangers",
        )
        for address, strangers in found.items()
        if strangers
    ]


def _holding_the_unread(chosen: Mapping[Address, LiveObject], live: Live) -> list[Refusal]:
    """Refuses to delete along with something else what the tenant does not list: there may be some."""
    return [
        Refusal(
            "strangers",
            f"deleting {address} would delete its {kind.name} objects, and they cannot be read",
            str(address),
            f"give the token's user the permission, or keep it: --exclude {address}; if whatever is there is "
            "to go along, give --delete-strangers",
        )
        for address in sorted(chosen)
        for kind, _ in inner_kinds(address.kind)
        if kind.name in live.unread
    ]


def _unmarked(objects: Sequence[LiveObject]) -> str:
    named = [obj.title for obj in objects]
    if len(objects) > NAMED:
        return f"{len(objects)} objects that bear no mark: {few(named, NAMED)}"
    if len(named) == 1:
        return f"{named[0]}, which bears no mark"
    return f"{', '.join(named[:-1])} and {named[-1]}, which bear no mark"


def _holding_the_odd(chosen: Mapping[Address, LiveObject], live: Live) -> list[Refusal]:
    """Refuses to delete along with something else what cannot be understood: it may be anybody's."""
    return [
        Refusal(
            "unreadable",
            f"deleting {address} might delete {odd}, which cannot be understood: {odd.reason}",
            str(address),
            f"look at it in the web app; keep {address} meanwhile: give --exclude {address}",
        )
        for address, obj in sorted(chosen.items())
        for odd in live.unreadable
        if _may_lie_in(obj, odd, live)
    ]


def _may_lie_in(outer: LiveObject, odd: Unreadable, live: Live) -> bool:
    """Whether the platform may delete an object along with another one. Where it is not known what it lies
    in, it may lie anywhere.
    """
    kind, inner = all_kinds()[outer.kind], all_kinds()[odd.kind]
    for tie in inner.lies_in if isinstance(inner, GoesWith) else ():
        if tie.kind == outer.kind:
            known = {str(tie.value(kind, one)).lower() for one in live.objects.get(tie.kind, ())}
            return str(tie.value(kind, outer)).lower() in odd.texts or not known & odd.texts
    return False
