"""Why an object that a resource's key finds is not taken for the resource's."""

from __future__ import annotations

from reconciler.kinds.table.marks import marks_in, project_of
from reconciler.model.plan import Refusal
from reconciler.model.state import LiveObject, Resource


def same_name(resource: Resource, key: str, found: list[LiveObject]) -> Refusal:
    """The refusal to take what is called so for the resource's object."""
    ids = ", ".join(o.id for o in found)
    return Refusal(
        "exists-unowned",
        f'an object with the same {key} ("{found[0].fields.get("name")}") exists and is not ours: {ids}',
        str(resource.address),
        f"take it over with: reconciler adopt {resource.address} {found[0].id}; "
        "or give the manifest another name",
    )


def owned_otherwise(project: str, resource: Resource, key: str, found: list[LiveObject]) -> Refusal:
    """The refusal of what is somebody else's, or one of several."""
    name = found[0].fields.get("name")
    owner = marks_in(found[0].labels, resource.kind)
    if len(found) > 1:
        ids = ", ".join(o.id for o in found)
        return Refusal(
            "ambiguous",
            f"{len(found)} objects have this {key}: {ids}",
            str(resource.address),
            "make it unique",
        )
    ours = project_of(owner[0]) == project
    again = "name its earlier name under metadata.was; or delete it in a commit before, to make a new one"
    hint = again if ours else "let one project own it"
    return Refusal(
        "owned-otherwise",
        f'the object with this {key} ("{name}") bears the mark "{owner[0]}"',
        str(resource.address),
        hint,
    )


def several(resource: Resource, key: str, found: list[LiveObject], meant: str | None) -> Refusal:
    """The refusal to guess which of several objects that bear no marks is meant."""
    ids, address = [o.id for o in found], resource.address
    said = f", and {meant}, which --use names, is none of them" if meant else ""
    others = "the others have" if len(ids) > 2 else "the other has"
    return Refusal(
        "ambiguous",
        f"{len(ids)} object{'' if len(ids) == 1 else 's'} of this {key}: {', '.join(ids)}{said}",
        str(address),
        f"say which one is meant: --use {address}={ids[0]}; to be asked no more, see to it that {others} "
        "another name, or none",
    )
