"""Who changed an object last, and when, where the tenant tells: the moment that it keeps with each object,
and the sentences of its own log that name the object and lie close to that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from msgspec import Struct

from reconciler.api.client import Client
from reconciler.kinds import all_kinds
from reconciler.live.activities import Activity, about, activities_of
from reconciler.model.errors import ApiError
from reconciler.model.operation import Operation

TOGETHER = 10
"""Objects that are asked about in one request: some tenants answer ten questions of one at most."""
MOST = 2 * TOGETHER
"""Objects that are asked about in one run."""
_CLOSE = timedelta(seconds=5)
"""Between a change and the sentence about it."""
_SHOWN = 3
"""Candidates that are told of one object."""
_ROOT = re.compile(r"\{\s*(\w+)\(id: \$id\)")
_QUOTED = re.compile(r"[\"“«‘]([^\"”»’]*)[\"”»’]")
_ENTRIES = "first: 10, sortBy: [{field: TIMESTAMP, direction: DESC}]"


class Asked(Struct, frozen=True):
    """An object of which somebody asks: its kind, its id, and what it is or was called."""

    kind: str
    id: str
    names: tuple[str, ...]


class Told(Struct, frozen=True):
    """What the tenant tells of an object: when it changed last, as the tenant writes it, and the sentences
    that may be about that.
    """

    updated_at: str = ""
    entries: tuple[Activity, ...] = ()


async def touched(client: Client, asked: Sequence[Asked]) -> list[Told]:
    """What the tenant tells of these objects, in their order; of the first MOST alone, in two requests for
    each ten. What it does not tell is empty. Raises NotAuthenticated or Unreachable.
    """
    found: list[Told] = []
    for start in range(0, min(len(asked), MOST), TOGETHER):
        some = asked[start : min(start + TOGETHER, MOST)]
        moments = await _moments(client, some)
        logs = await _logs(client, some, moments) if any(moments) else [()] * len(some)
        found += [Told(at, entries) for at, entries in zip(moments, logs, strict=True)]
    return found


async def _moments(client: Client, asked: Sequence[Asked]) -> list[str]:
    """When each changed last; empty where the tenant does not tell."""
    roots = {index: root for index, one in enumerate(asked) if (root := _root(one.kind))}
    if not roots:
        return [""] * len(asked)
    given = ", ".join(f"$o{index}: ID!" for index in roots)
    fields = " ".join(f"o{index}: {root}(id: $o{index}) {{ updatedAt }}" for index, root in roots.items())
    query = f"query touched({given}) {{ {fields} }}"
    data = await _data(client, Operation("touched", query, {f"o{index}": asked[index].id for index in roots}))
    nodes = [data.get(f"o{index}") for index in range(len(asked))]
    return [str(node.get("updatedAt") or "") if isinstance(node, Mapping) else "" for node in nodes]


def _root(name: str) -> str:
    """The field of a query that gives one object of a kind; empty for what is set on another one's object."""
    kind = all_kinds()[name]
    found = _ROOT.search(kind.get("").document) if kind.stands_alone else None
    return found[1] if found else ""


async def _logs(client: Client, asked: Sequence[Asked], moments: Sequence[str]) -> list[tuple[Activity, ...]]:
    """The sentences that name each object and lie close to when it changed."""
    known = {index: at for index, text in enumerate(moments) if (at := _moment(text))}
    variables: dict[str, Any] = {}
    given, fields = list[str](), list[str]()
    for index, at in known.items():
        variables |= {
            f"n{index}": asked[index].names[0] if asked[index].names else "",
            f"a{index}": (at - _CLOSE).isoformat(),
            f"b{index}": (at + _CLOSE).isoformat(),
        }
        given.append(f"$n{index}: String, $a{index}: DateTime, $b{index}: DateTime")
        close = f"timestamp_Gte: $a{index}, timestamp_Lte: $b{index}"
        fields.append(
            f"e{index}: activities(description_Icontains: $n{index}, {close}, {_ENTRIES}) "
            "{ nodes { description userName timestamp } }"
        )
    query = f"query activities({', '.join(given)}) {{ {' '.join(fields)} }}"
    data = await _data(client, Operation("activities", query, variables)) if known else {}
    return [
        tuple(_close(activities_of(data.get(f"e{index}")), one, known.get(index)))
        for index, one in enumerate(asked)
    ]


async def _data(client: Client, op: Operation) -> Mapping[str, Any]:
    """What a tenant answers; nothing where it does not know what is asked for, or does not show it."""
    try:
        answer = await client.answer(op)
    except ApiError:
        return {}
    return answer.data if isinstance(answer.data, Mapping) else {}


def _close(entries: Sequence[Activity], asked: Asked, at: datetime | None) -> Iterator[Activity]:
    """Those that name the object and lie close, the first one first; if some say what kind of object they
    are about, these alone.
    """
    found = [one for one in entries if at and _is_close(one, at) and _names(one, asked.names)]
    sure = [one for one in found if any(about(one, asked.kind, name) for name in asked.names)]
    yield from sorted(islice(sure or found, _SHOWN), key=lambda one: one.at)


def _is_close(entry: Activity, at: datetime) -> bool:
    moment = _moment(entry.at)
    return moment is not None and abs(moment - at) <= _CLOSE


def _names(entry: Activity, names: Sequence[str]) -> bool:
    """Whether a sentence holds one of the names, and not another one that only holds its text."""
    quoted = _QUOTED.findall(entry.sentence)
    for name in names:
        if any(name in one for one in quoted):
            return name in quoted
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", entry.sentence):
            return True
    return False


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
