"""A tenant's place, taken by what it answered: no request leaves the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx

from reconciler.api.joined import together
from reconciler.kinds import all_kinds
from reconciler.kinds.instance.config_values import ValueType
from reconciler.kinds.protocol import Kind
from reconciler.live.activities import asks_log, told_by, whole_log
from reconciler.live.recording import Heard, asked
from reconciler.live.redact import restored
from reconciler.model.errors import InvalidInput

BASE_URL = "http://snapshot.localhost"
UNKNOWN = "the snapshot does not hold this"
_AGAIN = "take a new one with the present manifests: reconciler snapshot -o FILE"
GONE = "Record not found"
_KEYS = "keys"
_KEY_FIELDS = ("key", "stableKey")


class Replay(httpx.AsyncBaseTransport):
    """Answers as it was answered. `found` gives the values that stand-ins are of. What was looked up by keys
    is found by other sets of the same keys, too.
    """

    def __init__(self, answers: Iterable[Heard], found: Callable[[str, ValueType], Any]) -> None:
        self._known = {one.key: one for one in answers}
        self._found = found

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer that is known. Of what can be done without, an error of GraphQL where none is; else
        raises InvalidInput.
        """
        if parts := request.extensions.get("parts"):
            bodies = [
                self._answer(op.document, json.loads(json.dumps(dict(op.variables))))[1] for op in parts
            ]
            return httpx.Response(200, json=together(parts, bodies), request=request)
        asked_for = json.loads(await request.aread())
        status, body = self._answer(asked_for.get("query", ""), asked_for.get("variables") or {})
        return httpx.Response(status, json=body, request=request)

    def _answer(self, query: str, variables: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        heard = self._known.get(asked(query, variables))
        if heard is not None:
            return heard.status, restored(heard.body, self._found)
        ways = (self._by_keys, self._by_id, self._of_log)
        body = next((body for way in ways if (body := way(query, variables))), None)
        # By its id something is asked for that decides what is planned for an object that is there.
        if body is None and set(variables) == {"id"}:
            message = "the snapshot does not hold what a plan with these manifests asks of an object"
            raise InvalidInput.of("not-in-snapshot", message, hint=_AGAIN)
        return 200, body or {"errors": [{"message": UNKNOWN}]}

    def _by_keys(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any] | None:
        """The rows of some keys, out of all answers to that question; None unless each key was asked for."""
        wanted = variables.get(_KEYS)
        if not isinstance(wanted, list):
            return None
        others = {name: value for name, value in variables.items() if name != _KEYS}
        alike = [
            one
            for one in self._known.values()
            if one.query == query and {n: v for n, v in one.variables.items() if n != _KEYS} == others
        ]
        looked_up = {key for one in alike for key in one.variables[_KEYS]}
        rows = [row for one in alike for row in _rows(one)]
        if not alike or not set(wanted) <= looked_up or not all(map(_is_whole, alike)):
            return None
        unique = {json.dumps(row, sort_keys=True): row for row in rows if _key(row) in wanted}
        nodes = list(unique.values())
        page = {"totalCount": len(nodes), "pageInfo": {"hasNextPage": False, "endCursor": None}}
        return {"data": {alike[0].name: {**page, "nodes": nodes}}}

    def _by_id(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any] | None:
        """An object of a list that was read whole; that it is not there, where it is not in the list."""
        kind = next((one for one in all_kinds().values() if _gets(one, query)), None)
        if kind is None or set(variables) != {"id"}:
            return None
        document = kind.list_page(1, 0).document
        pages = [one for one in self._known.values() if one.query == document]
        rows = {row["id"]: row for one in pages for row in _rows(one) if "id" in row}
        whole = all(
            (one.body.get("data") or {}).get(one.name, {}).get("totalCount") == len(rows) for one in pages
        )
        if not pages or not whole:
            return None
        name = kind.get("").name
        if (row := rows.get(variables["id"])) is None:
            return {"data": None, "errors": [{"message": GONE, "path": [name]}]}
        found: dict[str, Any] = restored({"data": {name: row}}, self._found)
        return found

    def _of_log(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the tenant's log says of other names, where all of it was read."""
        wanted, whole = asks_log(query, variables), whole_log(0, 0).document
        pages = [one for one in self._known.values() if one.query == whole]
        nothing = next(
            (one for one in self._known.values() if asks_log(one.query, one.variables) == []), None
        )
        nodes = list({row["id"]: row for one in pages for row in _rows(one)}.values())
        if wanted is None or nothing is None or not pages or nothing.body.get("errors"):
            return None
        if any((one.body.get("data") or {})["activities"]["totalCount"] != len(nodes) for one in pages):
            return None
        nodes.sort(key=lambda one: str(one["timestamp"]), reverse=True)
        return {"data": told_by(nodes, nothing.body["data"], wanted)}


def _gets(kind: Kind, query: str) -> bool:
    """Whether a question is what reads one object of a kind."""
    try:
        return kind.get("").document == query
    except KeyError:  # the API cannot be asked for one of them
        return False


def _rows(heard: Heard) -> list[Mapping[str, Any]]:
    data = heard.body.get("data") or {}
    found = (data.get(heard.name) or {}).get("nodes") or ()
    return [row for row in found if isinstance(row, Mapping)]


def _is_whole(heard: Heard) -> bool:
    """Whether an answer shows all rows of its keys."""
    page = (heard.body.get("data") or {}).get(heard.name)
    if not isinstance(page, Mapping) or heard.body.get("errors"):
        return False
    return not (page.get("pageInfo") or {}).get("hasNextPage")


def _key(row: Mapping[str, Any]) -> Any:
    return next((row[name] for name in _KEY_FIELDS if name in row), None)
