"""Why this exists: logs go to streams; here the streams are kept, and nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...store import Row
from ...tables import TIMES
from ..frame import filters, rows
from ..frame.errors import RefusedError, required
from ..frame.inputs import Columns, filled, into, json_text
from ..frame.kinds import Kind
from ..frame.lists import Rows
from ..frame.mutation import Run
from .streams import SEVERITIES, severity


def _levels(name: str, given: Sequence[dict[str, Any] | None] | None) -> str:
    """The levels that an input names, which must be known by number and name alike."""
    found = []
    for one in given or ():
        if one is None:
            continue
        if not 0 <= one["id"] < len(SEVERITIES) or SEVERITIES[one["id"]] != one["name"].upper():
            raise RefusedError(name, f"{one['name']!r} with id {one['id']} is not a log severity.")
        found.append(one["id"])
    if not found:
        raise required(name)
    return json.dumps(sorted(set(found)))


def _severities(row: Row, _: Any) -> list[dict[str, Any]]:
    return [severity(number) for number in json.loads(row["severities"])]


_COLUMNS: Columns = {
    **into(filled, "name", "url", "payloadTemplate"),
    **into(json_text, "headers"),
    **into(_levels, severityLevels="severities"),
}
TABLES = {
    "log_stream": f"""
  id TEXT PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL, headers TEXT, payload_template TEXT NOT NULL,
  severities TEXT NOT NULL DEFAULT '[]', {TIMES}"""
}
KINDS = (
    Kind(
        "ExternalLogStream",
        "log_stream",
        lists=Rows("log_stream", {**filters.on("name"), **filters.TIMES}).listed,
        fields={"severityLevels": _severities},
    ),
)
MUTATIONS: dict[str, Run] = rows.mutations("ExternalLogStream", "log_stream", rows.by(_COLUMNS))
