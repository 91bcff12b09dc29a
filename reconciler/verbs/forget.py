"""`forget`: takes this project's mark off objects, and leaves them alone otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Policy
from reconciler.kinds.table.marks import marks_of, project_of
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput, ReconcilerError, Refused
from reconciler.model.hints import suggest
from reconciler.model.plan import Action, Cause, Change, Refusal, Verb
from reconciler.model.state import Desired, LiveObject, Resource
from reconciler.plan.build import asked_for
from reconciler.plan.deletion import not_understood
from reconciler.plan.match import Matched, address_of_one, ambiguous, match
from reconciler.verbs.plan import Planned
from reconciler.verbs.session import Session, connect, load_desired


async def plan_to_forget(session: Session, addresses: Sequence[str]) -> Planned:
    """The plan that lets go of the objects of these addresses, to be carried out by `apply`. `ADDRESS@ID`
    names one of several objects that bear one mark. Nothing is written.

    Raises InvalidInput with all addresses that name nothing of this project's, and Refused where an address
    names another project's object, or several.
    """
    from reconciler.live.fetch import fetch, kinds_to_read

    desired, _ = load_desired(session)
    named = {text.partition("/")[0] for text in addresses}
    kinds = {kind.name: kind for kind in kinds_to_read(desired, prune=False)}
    kinds |= {name: kind for name, kind in all_kinds().items() if name in named and kind.declared}
    async with connect(session, read_only=True) as client:
        live = await fetch(client, kinds.values())
    matched = match(desired, live)
    chosen = _chosen(desired, matched, list(dict.fromkeys(addresses)))
    warnings = [_warning(desired.resources[one], matched) for one in chosen if one in desired.resources]
    return _planned(matched, chosen, warnings)


async def plan_to_forget_all(session: Session) -> Planned:
    """The plan that lets go of all that this project owns. Nothing is written."""
    from reconciler.live.fetch import fetch, kinds_named

    desired, _ = load_desired(session)
    named = kinds_named(desired)
    kinds = [k for k in all_kinds().values() if k.name in named or (k.declared and k.marked)]
    async with connect(session, read_only=True) as client:
        live = await fetch(client, kinds, needed=named)
    if live.unread:
        names = ", ".join(live.unread)
        raise ReconcilerError(
            f"the tenant does not list what there is of {names}, so that marks would be left",
            hint="use the token of a user who may see them, or give the addresses",
        )
    matched = match(desired, live)
    owned = {(obj.kind, obj.id): address for address, obj in _owned(matched).items()}
    everything = (one for objects in live.whole.values() for one in objects)
    chosen = {owned[one.kind, one.id]: one for one in everything if (one.kind, one.id) in owned}
    return _planned(matched, chosen, [*not_understood(live), *_still_named(desired, chosen)])


def _planned(
    matched: Matched, chosen: Mapping[Address, LiveObject], warnings: Sequence[Diagnostic]
) -> Planned:
    from reconciler.apply.pages import Pages

    desired, live = matched.desired, matched.live
    actions = [_action(desired.project, address, obj) for address, obj in chosen.items()]
    reads = live.requests + (Pages(actions, live).requests if actions else 0)
    made = asked_for(desired, live, actions, chosen, reads=reads, warnings=warnings)
    # No manifest has a say in this: what they ask for is neither compared nor written.
    return Planned(made, replace(desired, resources={}), live, chosen, Policy())


def _chosen(desired: Desired, matched: Matched, addresses: Sequence[str]) -> dict[Address, LiveObject]:
    owned = _owned(matched)
    chosen: dict[Address, LiveObject] = {}
    wrong: list[Diagnostic] = []
    refused: list[Refusal] = []
    names = [str(address) for address in (*owned, *(a for a in desired.resources if a not in owned))]
    for text in addresses:
        try:
            address = Address.parse(text)
        except ValueError as error:
            wrong.append(Diagnostic("address", str(error)))
            continue
        if address in matched.sharing:
            refused.append(ambiguous(address, matched.sharing[address]))
        elif address in owned:
            chosen[address] = owned[address]
        elif others := [r for r in matched.refusals if r.address == text and r.code == "owned-otherwise"]:
            refused += others
        else:
            wrong.append(_not_owned(text, desired.resources.get(address), names))
    if wrong:
        raise InvalidInput(wrong)
    if refused:
        raise Refused(refused)
    return chosen


def _owned(matched: Matched) -> dict[Address, LiveObject]:
    """All that bears this project's mark, by every address that names it."""
    own = {
        address: obj
        for address, obj in matched.objects.items()
        if address not in matched.adopting and all_kinds()[address.kind].marked
    }
    several = {
        address_of_one(address, obj.id): obj
        for address, sharing in matched.sharing.items()
        for obj in sharing.values()
    }
    return {**own, **matched.orphans, **several}


def _not_owned(text: str, resource: Resource | None, names: Sequence[str]) -> Diagnostic:
    if resource is None:
        hint = suggest(text, names, "see what this project owns with: reconciler plan -v")
        message = f'neither a manifest nor an object of this project has the address "{text}"'
        return Diagnostic("unknown-address", message, address=text, hint=hint)
    return Diagnostic(
        "not-owned",
        f"no object bears the mark of {text}, so there is nothing to take off",
        resource.source,
        text,
        "leave it out",
    )


def _action(project: str, address: Address, obj: LiveObject) -> Action:
    kind = all_kinds()[obj.kind]
    mark = next((m for m in marks_of(obj) if project_of(m) == project.lower()), None)
    return Action(
        f"{address}#{Verb.FORGET.value}",
        address,
        Verb.FORGET,
        f"lets go of {obj.id}, which stays as it is",
        (),
        (Change("mark", mark, None, Cause.PENDING),),
        kind.basis(obj, None),
        obj.id,
    )


def _still_named(desired: Desired, chosen: Iterable[Address]) -> Iterator[Diagnostic]:
    """The same of many."""
    number = sum(address in desired.resources for address in chosen)
    if number:
        yield Diagnostic(
            "still-named",
            f"the manifests of {number} are still there: once an object differs from its own, an apply "
            "adopts it again, or plans are refused",
            hint="take the manifests away too",
            severity="warning",
        )


def _warning(resource: Resource, matched: Matched) -> Diagnostic:
    kind = all_kinds()[resource.kind]
    keys = kind.natural_key(resource, matched.resolve)
    then = (
        "once the object differs from it, an apply adopts it again"
        if any(kind.adoptable(key) for key, _ in keys)
        else "once the object differs from it, plans are refused, or make another one"
    )
    return Diagnostic(
        "still-named",
        f"the manifest of {resource.address} is still there: {then}",
        resource.source,
        str(resource.address),
        "take the manifest away too",
        "warning",
    )
