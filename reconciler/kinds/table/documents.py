"""Makes the GraphQL documents of a kind from its rows: list, one object, search, and the mutations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from reconciler.kinds.dated import IDS, NEWEST, SINCE
from reconciler.kinds.table.row import Row

_ERRORS = "errors { field messages }"
_PAGE = "totalCount pageInfo { hasNextPage endCursor }"


class Search(Struct, frozen=True):
    """How a list is searched: by which argument, of which type, and whether several may be found, of which
    the newest come first. It is by the resource's key, or by its mark.
    """

    argument: str = "name_Icontains"
    type: str = "String"
    order: str = "CREATED_AT"
    by_mark: bool = False

    @property
    def variable(self) -> str:
        """What is searched for."""
        return "mark" if self.by_mark else "key"


class Api(Struct, frozen=True):
    """What the API calls a kind's objects, and what its lists can do.

    `many` is the list, and `order` what it is sorted by (empty: it comes whole, without pages); `where` are
    arguments that always go along. `allows` are the permissions that it tells, `also` is asked for beside the
    rows. `mutations` are those that make, change and delete an object; None: create, update and delete.
    `within` is the argument by which the list is cut down to what lies in another object, `sought` those by
    which single objects are found in it, by a text. A list that is `dated` tells what changed since a moment.
    """

    one: str
    many: str
    order: str = "CREATED_AT"
    where: str = ""
    search: Search | None = Search()
    allows: tuple[str, ...] = ("allowUpdate", "allowRemove")
    also: str = ""
    mutations: tuple[str, ...] | None = None
    within: str = ""
    sought: tuple[str, ...] = ()
    dated: bool = False

    @property
    def type(self) -> str:
        """The API's type of the objects."""
        return self.one[:1].upper() + self.one[1:]

    @property
    def changes(self) -> tuple[str, ...]:
        """The names of its mutations."""
        if self.mutations is not None:
            return self.mutations
        return tuple(f"{verb}{self.type}" for verb in ("create", "update", "delete"))


def made(api: Api, rows: Iterable[Row]) -> dict[str, str]:
    """The documents by name: the list's, one object's, `find`, and each mutation's."""
    shown = " ".join(filter(None, ("id", *_levels(rows), api.also, *api.allows)))
    found = {api.many: _list(api, shown)}
    if api.one:
        found[api.one] = f"query {api.one}($id: ID!) {{ {api.one}(id: $id) {{ {shown} }} }}"
    if api.search is not None:
        found["find"] = _find(api, api.search, shown)
    if api.within:
        found["within"] = _within(api, shown)
    found |= _dated(api, shown) if api.dated else {}
    found |= {f"by {argument}": _sought(api, argument, shown) for argument in api.sought}
    return found | {name: _mutation(api, name, shown) for name in api.changes}


def _list(api: Api, shown: str) -> str:
    if not api.order:
        return f"query {api.many} {{ {api.many} {{ {shown} }} }}"
    return (
        f"query {api.many}($first: Int, $offset: Int) "
        f"{{ {api.many}({_and(api.where, _paging(api))}) {{ {_PAGE} nodes {{ {shown} }} }} }}"
    )


def _within(api: Api, shown: str) -> str:
    arguments = _and(api.where, f"{api.within}: $outer", _paging(api))
    return (
        f"query within($outer: ID, $first: Int, $offset: Int) "
        f"{{ {api.many}({arguments}) {{ {_PAGE} nodes {{ {shown} }} }} }}"
    )


def _sought(api: Api, argument: str, shown: str) -> str:
    arguments = _and(api.where, f"{argument}: $text", _paging(api))
    return (
        f"query sought($text: String, $first: Int, $offset: Int) "
        f"{{ {api.many}({arguments}) {{ {_PAGE} nodes {{ {shown} createdAt }} }} }}"
    )


def _dated(api: Api, shown: str) -> dict[str, str]:
    """The documents by which it is found out what changed."""
    latest = _and(api.where, "first: $first", "sortBy: [{field: UPDATED_AT, direction: DESC}]")
    changed, paged = _and(api.where, "updatedAt_Gte: $since", _paging(api)), _and(api.where, _paging(api))
    page = "$first: Int, $offset: Int"
    return {
        NEWEST: (
            f"query newest($first: Int) {{ {api.many}({latest}) {{ totalCount nodes {{ id updatedAt }} }} }}"
        ),
        SINCE: (
            f"query since($since: DateTime, {page}) "
            f"{{ {api.many}({changed}) {{ {_PAGE} nodes {{ {shown} createdAt }} }} }}"
        ),
        IDS: f"query ids({page}) {{ {api.many}({paged}) {{ {_PAGE} nodes {{ id }} }} }}",
    }


def _paging(api: Api) -> str:
    return f"first: $first, offset: $offset, sortBy: [{{field: {api.order}, direction: ASC}}]"


def _find(api: Api, search: Search, shown: str) -> str:
    key = f"{search.argument}: ${search.variable}" if search.argument else ""
    order = f"sortBy: [{{field: {search.order}, direction: DESC}}]" if search.order else ""
    given = f"(${search.variable}: {search.type})" if key else ""
    arguments = _and(api.where, key, "first: 100", order)
    return f"query find{given} {{ {api.many}({arguments}) {{ nodes {{ {shown} }} }} }}"


def _mutation(api: Api, name: str, shown: str) -> str:
    shown = "id" if name.startswith("delete") else shown
    return (
        f"mutation {name}($input: {name[:1].upper()}{name[1:]}Input!) "
        f"{{ {name}(input: $input) {{ {api.one} {{ {shown} }} {_ERRORS} }} }}"
    )


def _and(*arguments: str) -> str:
    return ", ".join(filter(None, arguments))


def _levels(rows: Iterable[Row]) -> Iterator[str]:
    """What the rows read, each level once."""
    return _level([(row.place, row.asked_for) for row in rows if row.place])


def _level(ways: list[tuple[tuple[str, ...], str]]) -> Iterator[str]:
    for name in dict.fromkeys(place[0] for place, _ in ways):
        below = [(place[1:], select) for place, select in ways if place[0] == name and place[1:]]
        select = next((select for place, select in ways if place == (name,)), "")
        yield f"{name} {{ {' '.join(_level(below))} }}" if below else f"{name} {select}".strip()
