"""All that a sandbox holds, value by value, to be held against what it held before."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

Place = tuple[str, str, str]
"""A table, a row's id and a column."""
_RUNNING = ("meta", "activity")


def rows_of(database: Path) -> dict[Place, Any]:
    """Every value, but for what tells when something was changed, or asked for."""
    found: dict[Place, Any] = {}
    with sqlite3.connect(database) as db:
        names = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
        for table in names:
            cursor = db.execute(f"select * from {table}")
            columns = [one[0] for one in cursor.description]
            for number, row in enumerate(cursor) if table not in _RUNNING else ():
                values = dict(zip(columns, row, strict=True))
                place = (table, str(values.get("id", number)))
                found |= {(*place, name): _meant(name, values[name]) for name in columns}
    return {place: value for place, value in found.items() if place[2] != "updated_at"}


def _meant(column: str, value: Any) -> Any:
    """A value without what means nothing: the order of labels, and in which way a field is empty."""
    if column == "labels":
        return sorted(json.loads(value or "[]"))
    return None if value in ("", "{}", "[]") else value
