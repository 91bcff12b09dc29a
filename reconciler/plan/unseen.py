"""The live side of a run that reads no secret: all that is or may be one is covered, and named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import structs

from reconciler.definition import Definition
from reconciler.definition.withheld import Inputs
from reconciler.kinds.protocol import ignored
from reconciler.kinds.table.secrets import proven_plain
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.nested import leaves
from reconciler.model.secret import Secret, Unproven, Unread, Unseen
from reconciler.model.state import LiveObject, Resource

NOT_COMPARED = "not-compared"


def unseen(live: LiveObject, project: str, inputs: Inputs) -> LiveObject:
    """The object without what is or may be a secret. `inputs` tells what components call passwords."""
    plain = proven_plain(live, project)
    fields = {name: _covered(value, name, plain, inputs) for name, value in live.fields.items()}
    return structs.replace(live, fields=fields)


def _covered(value: object, path: str, plain: frozenset[str], inputs: Inputs) -> object:
    if isinstance(value, Secret):
        return value if isinstance(value, Unproven) and path in plain else Unseen()
    if isinstance(value, Definition):
        return value.covered(inputs)
    if isinstance(value, Mapping):
        return {key: _covered(inner, f"{path}.{key}", plain, inputs) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_covered(inner, path, plain, inputs) for inner in value]
    return value


def not_compared(resource: Resource, live: LiveObject) -> Iterator[Diagnostic]:
    """A note that names what of a resource was not compared, if anything was not."""
    if found := list(_paths(resource, live)):
        message = f"not compared, since it is or may be a secret: {', '.join(found)}"
        yield Diagnostic(NOT_COMPARED, message, address=str(resource.address), severity="note")


def _paths(resource: Resource, live: LiveObject) -> Iterator[str]:
    for name, wanted in resource.fields.items():
        for path in _below(wanted, live.fields.get(name), name):
            if not ignored(resource, path):
                yield path


def _below(wanted: object, found: object, path: str) -> Iterator[str]:
    if isinstance(wanted, Mapping) and (not found or isinstance(found, Mapping)):
        there = found if isinstance(found, Mapping) else {}
        for key, inner in wanted.items():
            yield from _below(inner, there.get(key), f"{path}.{key}")
    elif isinstance(found, Definition):
        if found.is_covered:
            yield path
    elif any(isinstance(leaf, Unread) for _, leaf in leaves(wanted)) or any(
        isinstance(leaf, Unseen) for _, leaf in leaves(found)
    ):
        yield path
