"""The rows of which a table of fields is made, and how what one holds is read, compared and sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.kinds.base import Resolve
from reconciler.kinds.proof import unproven
from reconciler.model.address import Address, Ref
from reconciler.model.secret import Hidden, Secret

Secrecy = Literal["never", "may", "always"]
"""Whether a field's live value is shown: always; where it is proven to be plain text; or not at all."""


def same(value: Any) -> Any:
    """The value itself."""
    return value


@dataclass(frozen=True, slots=True)
class Field:
    """One row: a field of the manifest, of the object, and of the mutation's input.

    `empty` is the value that absent counts as; `refers` the kind whose resources are named; `many` a list
    whose order does not matter; `fixed` can be set at creation alone; `secret` says whether it may hold
    secrets; `parts` is a map of which each key stands for itself, and those that are not mentioned are left
    alone; `input` and `path` are its names in the mutation and in the answer where they differ. `read`
    translates the answer's value, `form` brings the manifest's to that form, `write` makes of it what the
    mutation takes, and `each` does so of a reference's id and name.
    """

    name: str
    empty: Any = ""
    refers: str = ""
    many: bool = False
    fixed: bool = False
    secret: Secrecy = "never"
    parts: bool = False
    input: str = ""
    path: str = ""
    read: Callable[[Any], Any] = same
    form: Callable[[Any], Any] = same
    write: Callable[[Any], Any] = same
    each: Callable[[Any, str], Any] = lambda object_id, _: object_id

    def parsed(self, node: Mapping[str, Any]) -> Any:
        """The object's value: for references, ids with what they are called."""
        value = node.get(self.path or self.name)
        if self.refers:
            rows = _rows(value) if self.many else [value] if value else ()
            return {row["id"]: row.get("email") or row.get("name") or row["id"] for row in rows}
        found = self._plain(self.read(value))
        return unproven(found) if self.secret == "may" else found

    def wanted(self, value: Any, resolve: Resolve) -> Any:
        """The manifest's value in the form in which it is compared and recorded: for references, ids."""
        if self.refers:
            return sorted((resolve(Ref(a, "id")) for a in addresses(value)), key=str)
        return self._plain(self.form(value))

    def known(self, found: Any) -> Any:
        """The object's value in that same form."""
        return sorted(found, key=str) if self.refers else found

    def sent(self, value: Any, resolve: Resolve) -> Any:
        """The manifest's value as the mutation takes it."""
        if self.refers:
            found = [self.each(resolve(Ref(a, "id")), a.name) for a in addresses(value)]
            return found if self.many else next(iter(found), None)
        return self.write(value)

    def shown(self, value: Any) -> Any:
        """A value as people read it: of references, what they are called."""
        if not self.refers:
            return wrapped(value, self.empty) if self.secret == "always" else value
        names = list(value.values()) if isinstance(value, Mapping) else [a.name for a in addresses(value)]
        return sorted(names) if self.many else next(iter(names), None)

    def _plain(self, value: Any) -> Any:
        if self.many:
            return sorted(value or ())
        if self.secret == "always":
            return wrapped(value, self.empty)
        return self.empty if value is None else value


def stripped(value: Any) -> str:
    """A text without the blanks and lines around it: block texts of YAML end in a line break."""
    return (value or "").strip()


def lowered(value: Any) -> str:
    """A text whose case does not matter."""
    return str(value or "").lower()


DESCRIPTION = Field("description", read=stripped, form=stripped)


def addresses(value: Any) -> Sequence[Address]:
    """What a reference, or a list of them, names."""
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def wrapped(value: Any, empty: Any) -> Any:
    """Every text of a value as a Secret, since any may be one; absent as `empty`."""
    if value in (None, "", {}):
        return empty
    if isinstance(value, Mapping):
        return {key: wrapped(inner, "") for key, inner in value.items()}
    return value if isinstance(value, Secret | Hidden) else Secret(str(value), sure=False)


def revealed(value: Any) -> Any:
    """A value with its secrets in plain text, to be compared."""
    if isinstance(value, Secret):
        return value.reveal()
    return {k: revealed(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def secrets_beside(given: Any, found: Any) -> Iterator[tuple[Secret, Any]]:
    """Each secret of a manifest's value, with what the object has in its place."""
    if isinstance(given, Mapping):
        there = found if isinstance(found, Mapping) else {}
        for key, inner in sorted(given.items()):
            yield from secrets_beside(inner, there.get(key))
    elif isinstance(given, Secret):
        yield given, found


def _rows(value: Any) -> Sequence[Mapping[str, Any]]:
    """The objects of a connection, or of a plain list."""
    return value.get("nodes") or () if isinstance(value, Mapping) else value or ()
