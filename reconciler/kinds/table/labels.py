"""What all kinds with labels share: which labels to write, and which differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.kinds.protocol import Request, ignored
from reconciler.kinds.table.absent import is_absent
from reconciler.kinds.table.causes import cause
from reconciler.kinds.table.marks import PROTECT, is_ours, is_protected, mark, marks_in, project_of
from reconciler.kinds.table.secrets import remembered
from reconciler.kinds.table.texts import is_kept
from reconciler.model.digest import sha256
from reconciler.model.plan import Cause, Change
from reconciler.model.state import Resource

PROTECTION = "protect"
"""The group of the record that says whether git protected the object, and what plans call a change of it."""
PERMISSIONS = {
    "allowUpdate": "update",
    "allowRemove": "delete",
    "allowPublish": "publish",
    "allowDeploy": "deploy",
    "allowUpdateConfigVariables": "configure",
}


def denied(node: Mapping[str, object]) -> tuple[str, ...]:
    """What the token may not do to this object, from the server's `allow…` fields."""
    if False not in map(node.get, PERMISSIONS):  # most tokens may do all
        return ()
    return tuple(word for name, word in PERMISSIONS.items() if node.get(name) is False)


def people(labels: Iterable[str]) -> list[str]:
    """The labels that people put on an object, as the platform folds them."""
    found = [label for label in labels if not is_ours(label)]
    return sorted({label.lower() for label in found}) if found else []


def own_mark(request: Request) -> str:
    """The mark that the resource's object bears or should bear."""
    return mark(request.project, request.resource.address)


def label_changes(request: Request) -> list[Change]:
    """The difference of people's labels, and of our mark, between the manifest and the object."""
    resource, live = request.resource, request.live
    if live is None:
        return []
    changes = []
    if to_send(request, ("labels",)):
        wanted, found = people(resource.fields["labels"]), people(live.labels)
        if wanted == found:
            return []
        why = cause(remembered(request).applied, "labels", wanted, found)
        if not is_kept(request, "labels", wanted, found, why):
            changes.append(Change("labels", found, wanted, why))
    return changes


def creation(resource: Resource, paths: Sequence[str]) -> tuple[Change, ...]:
    """What a new object is created with, of the fields that the manifest mentions."""
    return tuple(
        Change(path, None, value, Cause.PENDING)
        for name in paths
        if name in resource.fields
        for path, value in _leaves(name, resource.fields[name])
        if value not in ("", [], None)
    )


def _leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    if path.startswith(("config", "flows")) and isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    else:
        yield path, value


def mark_changes(request: Request) -> list[Change]:
    """The changes of what is ours: the mark is missing, or bears an earlier name of the resource; the
    protection is not the manifest's.
    """
    live = request.live
    if live is None:
        return []
    changes = []
    wanted, protect = own_mark(request), request.resource.protect
    if wanted not in live.labels:
        earlier = [m for m in marks_in(live.labels) if project_of(m) == request.project.lower()]
        why = Cause.PENDING if earlier else Cause.UNKNOWN
        changes.append(Change("mark", earlier[0] if earlier else None, wanted, why))
    if is_protected(live) != protect:
        why = cause(remembered(request).applied, PROTECTION, protect, not protect)
        changes.append(Change(PROTECTION, not protect, protect, why))
    return changes


def labels_to_write(
    request: Request,
    record: str | None = None,
    *,
    kept: Sequence[str] | None = None,
    cleared: Iterable[str] = (),
) -> list[str]:
    """The whole list to send, since labels sent replace all: people's (those `kept`, or else git's or the
    object's, with those that a call of ours `cleared`), other projects' marks, our mark and, for kinds that
    have a record in a label, that (where the environment keeps one) and the protection.
    """
    found = request.live.labels | set(cleared) if request.live else frozenset()
    fields = request.resource.fields
    mine = fields["labels"] if to_send(request, ("labels",)) else found
    keep = people(mine if kept is None else kept)
    others = [m for m in marks_in(found) if project_of(m) != request.project.lower()]
    ours = [own_mark(request)]
    if record is not None:
        ours += [record] if request.policy.record else []
        ours += [PROTECT] if request.resource.protect else []
    return [*keep, *others, *ours]


def labels_left(request: Request) -> list[str]:
    """The whole list to send so that nothing of this project is left: people's, and other projects' marks."""
    found = request.live.labels if request.live else frozenset()
    others = [m for m in marks_in(found) if project_of(m) != request.project.lower()]
    return [*people(found), *others]


def digests_of(request: Request, values: Mapping[str, object]) -> dict[str, str]:
    """The record to write: for each group that the manifest mentions the digest of its value, and whether it
    protects the object; for the others what the record already said.
    """
    given = {**values, PROTECTION: request.resource.protect}
    return {**remembered(request).applied, **{group: sha256(value) for group, value in given.items()}}


def to_send(request: Request, paths: Sequence[str]) -> list[str]:
    """The fields of `paths` that a call may write: those that the manifest mentions, and, once the object
    exists, does not ignore; none that the tenant does not know.
    """
    resource = request.resource
    live = request.live
    return [
        path
        for path in paths
        if path in resource.fields and not (live and (ignored(resource, path) or is_absent(live, path)))
    ]


def scalar_changes(request: Request, paths: Sequence[str], empty: Mapping[str, object]) -> list[Change]:
    """The differences of plain fields. `empty` says which values of a field mean that it is not set."""
    resource, live = request.resource, request.live
    if live is None:
        return []
    changes = []
    for path in to_send(request, paths):
        wanted, found = plain(resource.fields[path], empty, path), plain(live.fields.get(path), empty, path)
        if wanted == found:
            continue
        why = cause(remembered(request).applied, path, wanted, found)
        if not is_kept(request, path, wanted, found, why):
            changes.append(Change(path, found, wanted, why))
    return changes


def as_live(request: Request, paths: Sequence[str]) -> dict[str, object]:
    """The live values of the fields of `paths` that the manifest mentions and does not ignore."""
    resource, live = request.resource, request.live
    assert live is not None
    return {p: live.fields[p] for p in paths if p in resource.fields and not ignored(resource, p)}


def plain(value: object, empty: Mapping[str, object], path: str) -> object:
    """`value` in the one form in which absent and empty are the same."""
    return empty[path] if value in (None, "") and path in empty else value
