"""What is taken over: which objects are the manifests', by the plan's own matching, and which may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import structs

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import GoesWith, Recorded
from reconciler.kinds.protocol import Kind, Policy, Request
from reconciler.kinds.table.labels import mark_changes, own_mark
from reconciler.kinds.table.marks import marks_of
from reconciler.model.address import Address
from reconciler.model.adoption import Adoption, Doubt, Match
from reconciler.model.plan import Action, Change, Verb
from reconciler.model.secret import Hidden, Sealed
from reconciler.model.state import LiveObject, Resource
from reconciler.plan.guards import denials
from reconciler.plan.match import Matched

MARK = "mark"
_ANOTHER = ("another-integration", "fixed-field")
"""What an object cannot become: it is called like the resource, and is not it."""


def to_be_adopted(matched: Matched, address: Address, policy: Policy) -> bool:
    """Whether a resource's object lacks its mark, or a record of how it stands. One that bears an earlier
    name of the resource is renamed by the next apply.
    """
    kind, request = all_kinds()[address.kind], matched.request(address, policy)
    if request.live is None or not kind.marked or address in matched.unclear:
        return False
    if address in matched.adopting:
        return True
    return own_mark(request) in marks_of(request.live) and not has_both(kind, request)


def adoption(matched: Matched, policy: Policy, asked: Callable[[Resource], bool]) -> Adoption:
    """What there is to take over of the resources that are asked for, in the order of the tenant's lists."""
    found, keys = Adoption(), _Alike(matched)
    for address, resource in matched.desired.resources.items():
        if asked(resource):
            _consider(address, matched, policy, keys, found)
    place = {one.id: at for at, one in enumerate(matched.live.by_id().values())}
    found.found.sort(key=lambda one: place[one.live.id])
    return found


def _consider(address: Address, matched: Matched, policy: Policy, keys: _Alike, found: Adoption) -> None:
    kind, request = all_kinds()[address.kind], matched.request(address, policy)
    live = request.live
    if address in matched.unclear:
        said = next(one for one in matched.refusals if one.address == str(address))
        found.doubts.append(Doubt(address, said.message, said.hint, tuple(keys.of(address))))
    elif live is None:
        found.absent += 1
    elif not kind.marked:
        if request.resource.part_of is None:
            found.unmarked.append(Match(address, live, _by(kind, request), None, _differing(kind, request)))
    elif not to_be_adopted(matched, address, policy):
        found.owned += 1
    elif why := _against(kind, request, matched):
        found.doubts.append(Doubt(address, *why, (live,)))
    else:
        as_it_stands = baseline_of(kind, request)
        action = adopting(kind, structs.replace(request, resource=as_it_stands))
        found.baselines[address] = as_it_stands
        written = {change.path for change in action.changes}
        differs = tuple(path for path in _differing(kind, request) if path not in written)
        found.found.append(Match(address, live, _by(kind, request), action, differs))


def _against(kind: Kind, request: Request, matched: Matched) -> tuple[str, str] | None:
    """Why what is called like the resource is not taken over all the same, and what to do."""
    assert request.live is not None
    outer = {tie.kind for tie in kind.lies_in} if isinstance(kind, GoesWith) else set()
    for ref in kind.needs(request.resource):
        if ref.address in matched.unclear or (
            ref.address.kind in outer and ref.address not in matched.objects
        ):
            unsure = "of which it is not known which object it is"
            why = unsure if ref.address in matched.unclear else "which is not there"
            return f"it needs {ref.address}, {why}", f"see to {ref.address} first"
    refused = [one for one in kind.steps(request, adopt=True).refusals if one.code in _ANOTHER]
    refused += denials(request.resource.address, [Verb.ADOPT], request.live.denied)
    return (refused[0].message, refused[0].hint) if refused else None


def has_both(kind: Kind, request: Request) -> bool:
    """Whether the object bears the resource's mark, and a record where its kind keeps one."""
    live = request.live
    if live is None or own_mark(request) not in live.labels:
        return False
    return not isinstance(kind, Recorded) or kind.recorded(live, request.policy)


def baseline_of(kind: Kind, request: Request) -> Resource:
    """The resource as its object stands."""
    return kind.baseline(request) if isinstance(kind, Recorded) else request.resource


def adopting(kind: Kind, request: Request) -> Action:
    """The action that writes mark and record of an object, whose resource says what it is already."""
    resource, live = request.resource, request.live
    assert live is not None
    marked = own_mark(request) in live.labels
    named = [
        change
        for step in kind.steps(request, adopt=True).steps
        for change in step.changes
        if step.verb is Verb.ADOPT and change.path == "release"
    ]
    return Action(
        f"{resource.address}#{Verb.ADOPT.value}",
        resource.address,
        Verb.ADOPT,
        "has no baseline" if marked else "exists without an owner",
        (),
        (*mark_changes(request), *named),
        kind.basis(live, resource),
        live.id,
    )


def _by(kind: Kind, request: Request) -> str:
    """What tells that the object is the resource's: its mark, or the key that both have."""
    live = request.live
    assert live is not None
    if kind.marked and own_mark(request) in marks_of(live):
        return MARK
    keys = kind.natural_key(request.resource, request.resolve)
    return next((name for name, value in keys if kind.live_key(live, name) == value), MARK)


def _differing(kind: Kind, request: Request) -> tuple[str, ...]:
    """The fields in which the object is not what its manifest says; of secrets, which are not read for this,
    nothing is said.
    """
    return tuple(dict.fromkeys(_paths(kind.steps(request, adopt=True).every_change)))


def _paths(changes: Iterable[Change]) -> Iterator[str]:
    for change in changes:
        unread = isinstance(change.after, Sealed) or isinstance(change.before, Hidden)
        if change.path != MARK and not unread:
            yield change.path


class _Alike:
    """The objects that have a key of a resource in common, or its mark."""

    def __init__(self, matched: Matched) -> None:
        self._matched = matched
        self._index: dict[tuple[str, str], dict[object, list[LiveObject]]] = {}

    def of(self, address: Address) -> list[LiveObject]:
        """Those of one resource, each once."""
        matched, kind = self._matched, all_kinds()[address.kind]
        found = dict(matched.sharing.get(address, {}))
        for name, value in kind.natural_key(matched.desired.resources[address], matched.resolve):
            found |= {one.id: one for one in self._with(kind, name).get(value, ())}
        return list(found.values())

    def _with(self, kind: Kind, name: str) -> dict[object, list[LiveObject]]:
        if (kind.name, name) not in self._index:
            index: dict[object, list[LiveObject]] = {}
            for live in self._matched.live.objects.get(kind.name, ()):
                index.setdefault(kind.live_key(live, name), []).append(live)
            self._index[kind.name, name] = index
        return self._index[kind.name, name]
