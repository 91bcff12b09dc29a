"""The rows of which a table of fields is made, and how what one holds is read, compared and sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from reconciler.kinds.table.shape import TEXT, URL, Shape
from reconciler.model.address import Address, Ref, Resolve
from reconciler.model.secret import Hidden, Secret, unproven

Secrecy = Literal["never", "may", "always"]
"""Whether a field's live value is shown: always; where it is proven to be plain text; or not at all."""


def same(value: object) -> object:
    """The value itself."""
    return value


@cache
def _place(path: str) -> tuple[str, ...]:
    """One object for all objects of a kind."""
    return tuple(path.split("."))


class Row(Struct, frozen=True):
    """One field of the manifest, of the object, and of the mutation's input.

    `doc` says to people what it means; `example` and `default` are shown to them beside it, and the
    examples of all rows that are not `apart` make the kind's. `refers` is the kind whose resources it
    names; `to_create` must be given for a new one, `fixed` can be set at creation alone; `secret` says
    whether it may hold secrets. `path` is where the answer has it (None: nowhere), with dots between
    levels, `select` what is asked for there, and `wire` its type, where that is not its shape's; `input` is
    its name in the mutation, and None where no mutation takes it. `read` translates the answer's value,
    `form` brings the manifest's to that form, `give` makes of what was read what a manifest says, `write`
    what the mutation takes, and `each` does so of a reference's id and name. `stands_for` is the value of
    another object that the API takes in its place.
    """

    name: str
    shape: Shape = TEXT
    doc: str = ""
    example: object = None
    apart: bool = False
    default: object = None
    required: bool = False
    to_create: bool = False
    refers: str = ""
    fixed: bool = False
    secret: Secrecy = "never"
    path: str | None = ""
    select: str = ""
    wire: object = None
    input: str | None = ""
    read: Callable[[Any], object] = same
    form: Callable[[Any], object] = same
    give: Callable[[Any], object] = same
    write: Callable[[Any], object] = same
    each: Callable[[object, str], object] = lambda object_id, _: object_id
    stands_for: Callable[[Mapping[str, object]], Ref | None] | None = None

    @property
    def place(self) -> tuple[str, ...]:
        """The way to it in an answer; empty where no answer has it."""
        return () if self.path is None else _place(self.path or self.name)

    @property
    def asked_for(self) -> str:
        """What is asked for below it in an answer."""
        if self.select or not self.refers:
            return self.select
        return "(first: 100) { nodes { id name } }" if self.shape.unordered else "{ id name }"

    @property
    def called(self) -> str:
        """Its name in the mutation."""
        return self.input or self.name

    def parsed(self, node: Mapping[str, object]) -> object:
        """The object's value: for references, ids with what they are called."""
        value = _at(node, self.place)
        if self.refers:
            rows = _rows(value if self.shape.unordered else [value] if value else ())
            return {row["id"]: row.get("email") or row.get("name") or row["id"] for row in rows}
        found = self._plain(self.read(value))
        return unproven(found) if self.secret == "may" else found

    def wanted(self, value: object, resolve: Resolve) -> object:
        """The manifest's value in the form in which it is compared and recorded: for references, ids."""
        if self.refers:
            # One object may be named in several ways: a user by name and by address.
            return sorted({resolve(Ref(a)) for a in addresses(value)}, key=str)
        return self._plain(self.form(value))

    def known(self, found: object) -> object:
        """The object's value in that same form."""
        return sorted(found, key=str) if self.refers and isinstance(found, Iterable) else found

    def sent(self, value: object, resolve: Resolve, fields: Mapping[str, object]) -> object:
        """The manifest's value, among these `fields`, as the mutation takes it."""
        if self.stands_for is not None and (ref := self.stands_for(fields)) is not None:
            return resolve(ref)
        if self.refers:
            ids = {resolve(Ref(a)): a.name for a in addresses(value)}
            found = [self.each(one, name) for one, name in ids.items()]
            return found if self.shape.unordered else next(iter(found), None)
        return self.write(self.shape.empty if value is None else value)

    def shown(self, value: object) -> object:
        """A value as people read it: of references, what they are called."""
        if not self.refers:
            return wrapped(value, self.shape.empty) if self.secret == "always" else value
        names = list(value.values()) if isinstance(value, Mapping) else [a.name for a in addresses(value)]
        return sorted(names) if self.shape.unordered else next(iter(names), None)

    def _plain(self, value: object) -> object:
        if self.shape.unordered:
            return sorted(set(value), key=str) if isinstance(value, Iterable) else []
        if self.secret == "always":
            return wrapped(value, self.shape.empty)
        return self.shape.empty if value is None else value


def lowered(value: object) -> str:
    """A text whose case does not matter."""
    return str(value or "").lower()


def description(doc: str, example: str) -> Row:
    """The row of a description."""
    return Row("description", TEXT, doc, example)


def url(doc: str) -> Row:
    """The row of where something is sent: whoever knows the URL may send there, too."""
    example = {"secret": {"env": "OPS_WEBHOOK_URL"}}
    return Row("url", URL, doc, example, to_create=True, secret="always")


def addresses(value: object) -> Sequence[Address]:
    """What a reference, or a list of them, names."""
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def wrapped(value: object, empty: object) -> object:
    """Every text of a value as a Secret, since any may be one; absent as `empty`."""
    if value in (None, "", {}):
        return empty
    if isinstance(value, Mapping):
        return {key: wrapped(inner, "") for key, inner in value.items()}
    return value if isinstance(value, Secret | Hidden) else Secret(str(value), sure=False)


def revealed(value: object) -> object:
    """A value with its secrets in plain text, to be compared."""
    if isinstance(value, Secret):
        return value.reveal()
    return {k: revealed(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def secrets_beside(given: object, found: object) -> Iterator[tuple[Secret, object]]:
    """Each secret of a manifest's value, with what the object has in its place."""
    if isinstance(given, Mapping):
        there = found if isinstance(found, Mapping) else {}
        for key, inner in sorted(given.items()):
            yield from secrets_beside(inner, there.get(key))
    elif isinstance(given, Secret):
        yield given, found


def _rows(value: object) -> Iterator[Mapping[str, object]]:
    """The objects of a connection, or of a plain list."""
    found = value.get("nodes") if isinstance(value, Mapping) else value
    for one in found if isinstance(found, list | tuple) else ():
        if isinstance(one, Mapping):
            yield one


def _at(node: object, place: Sequence[str]) -> object:
    """What stands there in an answer; None where a level above it is missing."""
    if not place:
        return None
    for part in place:
        node = node.get(part) if isinstance(node, Mapping) else None
    return node
