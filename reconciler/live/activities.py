"""The tenant's own log, where it keeps one: a sentence for each change. What it says is quoted, as its own
words; only that something was deleted is read out of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from reconciler.api.client import Client
from reconciler.kinds import all_kinds
from reconciler.kinds.table.kind import TabledKind
from reconciler.model.errors import ApiError
from reconciler.model.operation import Operation

MOST = 7
"""Names that are asked for in one request: some tenants answer ten questions of one at most."""
_ENTRIES = "{ nodes { description userName timestamp } }"
_PAGE = 50
_NEWEST = f"first: {_PAGE}, sortBy: [{{field: TIMESTAMP, direction: DESC}}]"
_OLDEST = "first: 1, sortBy: [{field: TIMESTAMP, direction: ASC}]"
_FIRST = "first: 1, sortBy: [{field: CREATED_AT, direction: ASC}]) { nodes { createdAt } }"
_SLACK = timedelta(seconds=5)
"""Between a change and the sentence about it."""


class Activity(Struct, frozen=True):
    """One sentence of the log, who is named beside it, and when (as the tenant writes it)."""

    sentence: str
    who: str
    at: str

    def __str__(self) -> str:
        by = "" if not self.who or self.who in self.sentence else f"{self.who}: "
        return f"{by}{self.sentence} ({self.at})"


class Log(Struct, frozen=True):
    """What the log says of each name, the newest first. `since` is the moment that it goes back to, where
    that is before all that the tenant has; empty where it may have begun later.
    """

    entries: Mapping[str, Sequence[Activity]] = {}
    since: str = ""


async def read_log(client: Client, names: Iterable[str]) -> Log:
    """Asks the log, in one query, for what it says of a few names. A tenant that has no log, or does not show
    it, says nothing. Raises NotAuthenticated or Unreachable.
    """
    op = _asking(list(dict.fromkeys(name for name in names if name))[:MOST])
    wanted = list(op.variables.values())
    try:
        answer = await client.answer(op)
    except ApiError:
        return Log()
    data = answer.data if isinstance(answer.data, Mapping) and not answer.faults else {}
    entries = {name: activities_of(data.get(f"n{index}")) for index, name in enumerate(wanted)}
    return Log(entries, _since(data)) if data else Log()


def whole_log(first: int, offset: int) -> Operation:
    """Reads all that the log says, page by page."""
    page = "pageInfo { hasNextPage endCursor } nodes { id description userName timestamp }"
    query = (
        "query activities($first: Int, $offset: Int) { activities(first: $first, offset: $offset, "
        f"sortBy: [{{field: TIMESTAMP, direction: DESC}}]) {{ totalCount {page} }} }}"
    )
    return Operation("activities", query, {"first": first, "offset": offset})


def told_by(
    nodes: Sequence[Mapping[str, Any]], nothing: Mapping[str, Any], wanted: Sequence[str]
) -> dict[str, Any]:
    """What a log of which all entries are known would answer about some names, and `nothing` about none."""
    found = {
        f"n{index}": {
            "nodes": [one for one in nodes if name.lower() in str(one["description"]).lower()][:_PAGE]
        }
        for index, name in enumerate(wanted)
    }
    return {**found, **nothing}


def asks_log(query: str, variables: Mapping[str, Any]) -> list[str] | None:
    """The names that a question to the log is about; None where it is no such question."""
    wanted = [str(one) for one in variables.values()]
    return wanted if query == _asking(wanted).document else None


def _asking(wanted: Sequence[str]) -> Operation:
    given = ", ".join(f"$n{index}: String" for index in range(len(wanted)))
    asked = [
        f"n{index}: activities(description_Icontains: $n{index}, {_NEWEST}) {_ENTRIES}"
        for index in range(len(wanted))
    ]
    asked.append(f"oldest: activities({_OLDEST}) {_ENTRIES}")
    asked += [f"customers(isSystem: false, {_FIRST}", f"integrations({_FIRST}"]
    query = f"query activities{f'({given})' if given else ''} {{ {' '.join(asked)} }}"
    variables = {f"n{index}": name for index, name in enumerate(wanted)}
    return Operation("activities", query, variables)


def about(activity: Activity, kind: str, name: str) -> bool:
    """Whether a sentence speaks of the object of a kind that is called so, and of no other whose name only
    holds that text.
    """
    text, called = activity.sentence, re.escape(name)
    if not re.search(rf"[\"'“‘«]{called}[\"'”’»]|\b{called}\.?$", text):
        return False
    rest = re.sub(called, " ", text).lower()
    return any(re.search(rf"\b{words}\b", rest) for words in _words(kind))


def tells_deletion(activity: Activity) -> bool:
    """Whether a sentence says that something was deleted."""
    return bool(re.search(r"\b(delet|remov)", activity.sentence.lower()))


def tells_publication(activity: Activity) -> bool:
    """Whether a sentence says that something was published."""
    return bool(re.search(r"\bpublish", activity.sentence.lower()))


def _words(kind: str) -> set[str]:
    """What a kind is called in sentences: by our name, and by the API's."""
    found = all_kinds()[kind]
    names = {kind, *([found.api.type] if isinstance(found, TabledKind) else [])}
    return {re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower() for name in names}


def activities_of(connection: Any) -> tuple[Activity, ...]:
    """The sentences of one list of an answer, in its order."""
    nodes = connection.get("nodes") if isinstance(connection, Mapping) else None
    return tuple(
        Activity(str(node.get("description") or ""), str(node.get("userName") or ""), str(node["timestamp"]))
        for node in nodes or ()
        if isinstance(node, Mapping) and node.get("timestamp")
    )


def _since(data: Mapping[str, Any]) -> str:
    """When the log begins, if the tenant has nothing that is older."""
    oldest = next(iter(activities_of(data.get("oldest"))), None)
    first = [
        node.get("createdAt")
        for name in ("customers", "integrations")
        for node in (data.get(name) or {}).get("nodes") or ()
        if node
    ]
    if oldest is None or not first:
        return ""
    begins = _moment(oldest.at)
    covers = all((made := _moment(one)) and begins and begins - _SLACK <= made for one in first)
    return oldest.at if covers else ""


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
