"""Answers of a tenant that cannot be understood: told with the object's id, and with what may still be known
of it, so that nobody takes the object for one that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct, to_builtins

from reconciler.kinds.capabilities import GoesWith, SharesItsList, Shown, live_scope_of
from reconciler.kinds.nodes import AS_DESCRIBED, Odd
from reconciler.kinds.protocol import Kind
from reconciler.kinds.table.marks import PREFIX, mark, marks_in
from reconciler.model.address import Address, Resolve
from reconciler.model.errors import Misfit, NotUnderstood, Unforeseen
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject, Resource, Unreadable

_MARK = re.compile(rf'{PREFIX}[^\s"\\,\]}}]+')
KEYS = ("name", "externalId", "email", "key", "stableKey")
"""The fields by which objects are found."""
_TEXTS = frozenset({str, type(None)})


def understood(kind: Kind, node: object) -> LiveObject:
    """An answer's node as a LiveObject. Raises NotUnderstood where it is not as we know such nodes."""
    try:
        if isinstance(node, Struct) and isinstance(kind, Shown):
            live = kind.shown(node)  # which is of its type already
        else:
            live = kind.parse(_checked(node))
            _probe(kind, live)
        if live.id == "":
            raise Odd("it has no id")
    except Exception as error:
        raise not_understood(kind, node, error) from error
    return live


def resting(kind: Kind, live: LiveObject) -> str:
    """The digest of what a plan may rest on that has no manifest for the object."""
    return kind.basis(live, None)


def observed(
    kind: Kind, verb: Verb, node: Mapping[str, object], before: LiveObject | None
) -> LiveObject | None:
    """The object as a mutation's answer shows it; None where it must be read again, since the answer shows
    something else, or cannot be understood.
    """
    try:
        return kind.observed(verb, node, before)
    except Exception:
        return None  # the call was carried out; reading the object tells what is odd about it


def is_resource(kind: Kind, node: object) -> bool:
    """Whether a node of the list is a resource of the kind, as far as that can be understood."""
    try:
        return not isinstance(kind, SharesItsList) or kind.is_resource(_checked(node))
    except Exception as error:
        raise not_understood(kind, node, error) from error


def not_understood(kind: Kind, node: object, error: Exception) -> NotUnderstood:
    """What reading a node ended with, as an error that names the object."""
    return error if isinstance(error, NotUnderstood) else NotUnderstood(_unreadable(kind, node, error))


def could_be(odd: Unreadable, project: str, resource: Resource, kind: Kind, resolve: Resolve) -> bool:
    """Whether an object that cannot be understood may be the resource's. Where not even its labels can be
    read, it may be anybody's.
    """
    if odd.marks is None:
        return True
    if odd.marks:
        names = (resource.address.leaf, *resource.was)
        return any(mark(project, Address(kind.name, name)) in odd.marks for name in names)
    keys = [text for _, value in kind.natural_key(resource, resolve) for text in _texts(value)]
    return any(text.lower() in odd.texts for text in keys)


def _checked(node: object) -> Mapping[str, object]:
    if not isinstance(node, Mapping):
        raise Odd("it is not an object")
    if _labels(node) is None:
        raise Odd("its labels are not a list of texts")
    if not _TEXTS.issuperset(map(type, map(node.get, KEYS))):
        name = next(one for one in KEYS if type(node.get(one)) not in _TEXTS)
        raise Odd(f"its {name} is not a text")
    return node


def _probe(kind: Kind, live: LiveObject) -> None:
    """Asks of the object what plans ask of all objects, needed or not."""
    if not isinstance(live.id, str | int):
        raise Odd("it has no id")
    resting(kind, live)
    hash(live_scope_of(kind, live))
    for _, value in kind.deleted_with(live) if isinstance(kind, GoesWith) else ():
        hash(value)
    if not all(isinstance(one.id, str) and isinstance(one.number, int) for one in live.versions):
        raise Odd("a version of it has no id, or no number")


def _unreadable(kind: Kind, node: object, error: Exception) -> Unreadable:
    node = to_builtins(node) if isinstance(node, Struct) else node
    values = node if isinstance(node, Mapping) else {}
    object_id = values.get("id")
    return Unreadable(
        kind=kind.name,
        id=str(object_id) if isinstance(object_id, str | int) else "",
        reason=_reason(error),
        marks=_marks(kind, values),
        texts=frozenset(_names(values)),
    )


def _reason(error: Exception) -> str:
    if isinstance(error, Odd):
        return str(error)
    if isinstance(error, Misfit):
        return f"it {error.message[error.message.find(AS_DESCRIBED) :]}"
    return Unforeseen(error).what


def _marks(kind: Kind, node: Mapping[str, object]) -> frozenset[str] | None:
    """The marks that a node bears; None where they cannot be read, or where it bears none and what else it
    could be known by cannot be read.
    """
    labels = _labels(node)
    if labels is None or "id" not in node:
        return None
    found = frozenset(marks_in([*labels, *_MARK.findall("\n".join(_texts(node)))], kind.name))
    return found if found or all(isinstance(node.get(name, ""), str | None) for name in KEYS) else None


def _names(node: Mapping[str, object]) -> Iterator[str]:
    """The texts of a node, and of what it belongs to, in lower case."""
    for value in node.values():
        inner = value.values() if isinstance(value, Mapping) else [value]
        yield from (text.lower() for text in inner if isinstance(text, str))


def _labels(node: Mapping[str, object]) -> list[str] | None:
    """The labels; none where the kind has none; None where they cannot be read."""
    labels = node.get("labels")
    if labels is None:
        return []
    return labels if isinstance(labels, list) and {str}.issuperset(map(type, labels)) else None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
