"""What a list of the API is, and the documents that ask for one.

A document names only what is asked for, since an argument that a tenant does not know fails even when it is
null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from reconciler.model.operation import Operation

Row = dict[str, Any]
Page = Callable[[int, str | None], Operation]
"""Gives the operation for a page of a list: at most how many rows, and behind which cursor."""


class Column(Struct, frozen=True):
    """One column: where it stands in an answer, and whether it is shown without being asked for."""

    name: str
    selection: str
    shown: bool = False
    moment: bool = False
    read: Callable[[Any], Any] | None = None
    """Makes the value out of what stands at the selection."""
    sequence: bool = False
    """Whether what stands there ties versions together, and stands for the integration's own id."""

    def value(self, node: Mapping[str, Any]) -> Any:
        """The column's value in a node; None where anything on the way is."""
        found: Any = node
        for part in self.selection.replace("{", " ").replace("}", " ").split():
            found = found.get(part) if isinstance(found, Mapping) else None
        return self.read(found) if self.read else found


class Filter(Struct, frozen=True):
    """One argument of a list, as an option. `refers` names the list that its value is of, by name or id.

    `by_sequence` is a plainer argument for an integration's id: it takes the versionSequenceId, and so
    surely means all versions.
    """

    argument: str
    option: str
    type: str
    help: str
    refers: str = ""
    choices: tuple[str, ...] = ()
    by_sequence: str = ""
    read: Callable[[str], Any] | None = None
    """Makes the argument out of the option's text, where the API wants more than a plain value."""

    @property
    def named(self) -> bool:
        """Whether a name will do where the API wants an id."""
        return self.argument == "flow" or self.refers in ("customers", "integrations", "instances")


class Listing(Struct, frozen=True):
    """One list of the API.

    `root` is the field that answers with it, within an integration where `nested`; `single` the field that
    gives one by its id. `named` is the argument that finds by name, "" where the API has none; `name` is the
    column of the name. `fixed` holds arguments that apply unless the filter is given.
    """

    kind: str
    singular: str
    help: str
    root: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    single: str = ""
    named: str = ""
    name: str = "name"
    fixed: Mapping[str, Any] | None = None
    sort: str = ""
    nested: bool = False
    also_named: tuple[str, ...] = ()
    """Further columns that a name may stand in, where the API does not look for names itself."""
    node: str = ""
    """The type of its objects, which their ids begin with; and the kind of their addresses."""

    def column(self, name: str) -> Column | None:
        """The column with this name; case, hyphens and underscores do not matter."""
        return next((column for column in self.columns if _plain(column.name) == _plain(name)), None)

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns that are shown where none are asked for."""
        return tuple(column for column in self.columns if column.shown)


class Place(Struct, frozen=True):
    """Where the rows of one page lie in their list; None where the server did not say."""

    start: str | None
    end: str | None
    more_before: bool
    more_behind: bool
    total: int | None

    @classmethod
    def of(cls, connection: Mapping[str, Any]) -> Place:
        """What the server tells of a page."""
        info = connection.get("pageInfo") or {}
        return cls(
            info.get("startCursor"),
            info.get("endCursor"),
            bool(info.get("hasPreviousPage")),
            bool(info.get("hasNextPage")),
            connection.get("totalCount"),
        )


PAGING = {"first": "Int", "after": "String", "last": "Int", "before": "String", "offset": "Int"}


def page_of(
    listing: Listing,
    columns: Iterable[Column],
    arguments: Mapping[str, Any],
    paging: Mapping[str, Any],
    parent: str = "",
) -> Operation:
    """The operation for one page. `parent` is the id of the integration that a nested list belongs to."""
    given = {**(listing.fixed or {}), **arguments}
    types = {filter.argument: filter.type for filter in listing.filters}
    values = {
        **{k: (types[k], v) for k, v in given.items()},
        **{k: (PAGING[k], v) for k, v in paging.items()},
    }
    passed = [f"{name}: ${name}" for name in values] + ([f"sortBy: {listing.sort}"] if listing.sort else [])
    nodes = f"nodes {{ {_selections(columns)} }}"
    total = "totalCount pageInfo { hasNextPage endCursor hasPreviousPage startCursor }"
    field = f"{listing.root}{_in_brackets(passed)} {{ {total} {nodes} }}"
    declared = [f"${name}: {kind}" for name, (kind, _) in values.items()]
    variables = {name: value for name, (_, value) in values.items()}
    if listing.nested:
        declared.append("$parent: ID!")
        variables["parent"] = parent
        field = f"integration(id: $parent) {{ {field} }}"
    name = "integration" if listing.nested else listing.root
    return Operation(name, f"query {listing.kind}{_in_brackets(declared)} {{ {field} }}", variables)


def one_of(listing: Listing, columns: Iterable[Column], identifier: str) -> Operation:
    """The operation for the one object with this id; for the user, the one whose token it is."""
    selection = f"{{ {_selections(columns)} }}"
    if not listing.named and not listing.nested:
        return Operation(listing.root, f"query {listing.kind} {{ {listing.root} {selection} }}")
    document = f"query {listing.single}($id: ID!) {{ {listing.single}(id: $id) {selection} }}"
    return Operation(listing.single, document, {"id": identifier})


def row_of(columns: Iterable[Column], node: Mapping[str, Any]) -> Row:
    """A node's values by the columns' names."""
    return {column.name: column.value(node) for column in columns}


def _in_brackets(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)})" if parts else ""


def _selections(columns: Iterable[Column]) -> str:
    return " ".join(dict.fromkeys(["id", *(column.selection for column in columns)]))


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")
