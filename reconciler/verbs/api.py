"""`api`: any GraphQL document, sent as it is, for what no other verb does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.model.errors import ApiError, InvalidInput
from reconciler.verbs.api_input import Document, check_text
from reconciler.verbs.session import Session, connect

if TYPE_CHECKING:
    from reconciler.api import Client


class Answered(Struct, frozen=True):
    """What came back: the `whole` answer as it is (all pages of it in one), and the texts of its errors, a
    mutation's too.
    """

    whole: dict[str, Any]
    errors: tuple[str, ...]


async def api(
    session: Session, document: Document, variables: Mapping[str, Any], *, paginate: bool = False
) -> Answered:
    """Sends the document; with `paginate`, again for each page of its one list. Mutations are carried out.

    Raises InvalidInput, NotAuthenticated, Unreachable or ApiError; errors in the answer are returned.
    """
    check_text(variables)
    if paginate:
        _check_pages(document)
    async with connect(session, read_only=False) as client:
        if paginate:
            return await _pages(client, document.query, variables)
        return _answered(await client.raw(document.query, variables))


def _check_pages(document: Document) -> None:
    """Raises InvalidInput for a document that cannot be asked page by page."""
    if not document.reads:
        raise InvalidInput.of("bad-pages", "only queries have pages", hint="leave --paginate out")
    query = document.query
    if "after" not in document.variables or "endCursor" not in query or "hasNextPage" not in query:
        hint = "declare $after: String, pass it on, and ask for pageInfo { hasNextPage endCursor }"
        raise InvalidInput.of("bad-pages", "the query cannot be asked page by page", hint=hint)


async def _pages(client: Client, query: str, variables: Mapping[str, Any]) -> Answered:
    """The pages put together: the lists beside pageInfo grow, all else is the first page's."""
    part = whole = await client.raw(query, variables)
    path = _connection(whole.get("data"))
    cursors: set[str] = set()
    while path is not None and not part.get("errors"):
        info = _at(part["data"], path)["pageInfo"]
        cursor = info.get("endCursor")
        if not info.get("hasNextPage"):
            break
        if not cursor or cursor in cursors:
            raise ApiError(
                "the server says that there are more pages, but not where they begin", operation="api"
            )
        cursors.add(cursor)
        part = await client.raw(query, {**variables, "after": cursor})
        if _connection(part.get("data")) != path:
            break
        _join(_at(whole["data"], path), _at(part["data"], path))
    if part.get("errors"):
        whole = {**whole, "errors": part["errors"]}
    return _answered(whole)


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


def _answered(whole: dict[str, Any]) -> Answered:
    data = whole.get("data")
    errors = [_message(error) for error in whole.get("errors") or ()]
    for name, part in (data if isinstance(data, dict) else {}).items():
        for error in (part.get("errors") if isinstance(part, dict) else None) or ():
            if isinstance(error, dict) and error.get("messages"):
                errors.append(f"{name}: {_refusal(error)}")
    return Answered(whole, tuple(errors))


def _message(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    path = ".".join(map(str, error.get("path") or ()))
    return f"{path}: {error.get('message')}" if path else str(error.get("message"))


def _refusal(error: Mapping[str, Any]) -> str:
    texts = " ".join(map(str, error["messages"]))
    name = error.get("field")
    return texts if name in (None, "", "__all__") else f"{name}: {texts}"
