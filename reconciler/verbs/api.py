"""`api`: any GraphQL document, sent as it is, for what no other verb does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.model.errors import ApiError, InvalidInput
from reconciler.verbs.session import Session, connect

if TYPE_CHECKING:
    from reconciler.api import Client

_KEY = re.compile(r"\A([^\[\]=]+)((?:\[[^\[\]]*\])*)\Z")


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: `data` as it is (all pages of it in one), and the errors' texts, a mutation's too."""

    data: Any
    errors: tuple[str, ...]


async def api(
    session: Session, query: str, variables: Mapping[str, Any], *, paginate: bool = False
) -> Answered:
    """Sends the document; with `paginate`, again for each page of its one list. Mutations are carried out.

    Raises InvalidInput, NotAuthenticated, Unreachable or ApiError; errors in the answer are returned.
    """
    if paginate:
        _check_pages(query)
    async with connect(session, read_only=False) as client:
        if paginate:
            return await _pages(client, query, variables)
        return _answered(await client.raw(query, variables))


def variables_of(texts: Iterable[str], values: Iterable[str], read: Callable[[str], str]) -> dict[str, Any]:
    """Variables out of `name=value` pairs: `texts` as they stand, `values` as JSON where they are JSON and
    as text otherwise. `@file` in a value is the file's content, by `read`. `a[b]=` and `a[]=` fill objects
    and lists. Raises InvalidInput.
    """
    found: dict[str, Any] = {}
    for pair in texts:
        name, value = _pair(pair)
        _put(found, name, value)
    for pair in values:
        name, value = _pair(pair)
        _put(found, name, _typed(read(value[1:])) if value.startswith("@") else _typed(value))
    return found


def read_text(name: str, stdin: Callable[[], str]) -> str:
    """A file's text; that of `stdin` for `-`. Raises InvalidInput."""
    if name == "-":
        return stdin()
    try:
        return Path(name).read_text("utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise InvalidInput.of("file-unreadable", f'"{name}" cannot be read: {reason.lower()}') from error


def _pair(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals or not _KEY.match(name):
        raise InvalidInput.of(
            "bad-field", f'"{pair}" is not NAME=VALUE', hint="write name=value, a[b]=value or a[]=value"
        )
    return name, value


def _typed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    match = _KEY.match(name)
    assert match is not None
    path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    place: Any = found
    for key, following in zip(path, [*path[1:], None], strict=True):
        fresh: Any = value if following is None else [] if following == "" else {}
        if key == "" and isinstance(place, list):
            place.append(fresh)
            place = fresh
        elif key != "" and isinstance(place, dict):
            place[key] = fresh if following is None else place.get(key, fresh)
            place = place[key]
        else:
            raise InvalidInput.of("bad-field", f'"{name}" is a list in one place and an object in another')


def _check_pages(query: str) -> None:
    """Raises InvalidInput for a document that cannot be asked page by page."""
    from graphql import GraphQLSyntaxError, OperationDefinitionNode, OperationType, parse

    hint = "declare $after: String, pass it on, and ask for pageInfo { hasNextPage endCursor }"
    try:
        definitions = parse(query, no_location=True).definitions
    except GraphQLSyntaxError:
        return  # the server says what is wrong with it
    operations = [d for d in definitions if isinstance(d, OperationDefinitionNode)]
    if any(operation.operation is not OperationType.QUERY for operation in operations):
        raise InvalidInput.of("bad-pages", "only queries have pages", hint="leave --paginate out")
    names = {v.variable.name.value for o in operations for v in o.variable_definitions or ()}
    if "after" not in names or "endCursor" not in query or "hasNextPage" not in query:
        raise InvalidInput.of("bad-pages", "the query cannot be asked page by page", hint=hint)


async def _pages(client: Client, query: str, variables: Mapping[str, Any]) -> Answered:
    """The pages put together: the lists beside pageInfo grow, all else is the first page's."""
    whole = _answered(await client.raw(query, variables))
    path = _connection(whole.data)
    cursors: set[str] = set()
    part = whole
    while path is not None and not part.errors:
        info = _at(part.data, path)["pageInfo"]
        cursor = info.get("endCursor")
        if not info.get("hasNextPage"):
            break
        if not cursor or cursor in cursors:
            raise ApiError(
                "the server says that there are more pages, but not where they begin", operation="api"
            )
        cursors.add(cursor)
        part = _answered(await client.raw(query, {**variables, "after": cursor}))
        if _connection(part.data) != path:
            break
        _join(_at(whole.data, path), _at(part.data, path))
    return Answered(whole.data, part.errors)


def _join(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, list) and isinstance(into.get(name), list):
            into[name] += value
    into["pageInfo"] = more["pageInfo"]


def _connection(data: Any, path: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """Where the first pageInfo stands, not looking into lists."""
    if not isinstance(data, dict):
        return None
    if isinstance(data.get("pageInfo"), dict):
        return path
    found = (_connection(value, (*path, name)) for name, value in data.items())
    return next((one for one in found if one is not None), None)


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        data = data[name]
    return data


def _answered(whole: Mapping[str, Any]) -> Answered:
    data = whole.get("data")
    errors = [_message(error) for error in whole.get("errors") or ()]
    for name, part in (data if isinstance(data, dict) else {}).items():
        for error in (part.get("errors") if isinstance(part, dict) else None) or ():
            if isinstance(error, dict) and error.get("messages"):
                errors.append(f"{name}: {_refusal(error)}")
    return Answered(data, tuple(errors))


def _message(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    path = ".".join(map(str, error.get("path") or ()))
    return f"{path}: {error.get('message')}" if path else str(error.get("message"))


def _refusal(error: Mapping[str, Any]) -> str:
    texts = " ".join(map(str, error["messages"]))
    name = error.get("field")
    return texts if name in (None, "", "__all__") else f"{name}: {texts}"
