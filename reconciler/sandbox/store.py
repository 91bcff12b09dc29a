"""Why this exists: everything a tenant remembers is in one SQLite file, which two processes may use at once.

The store knows tables and transactions, not what their contents mean. Values that are only ever read together
with their row (labels, configuration, flows) are kept as JSON in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from .nature import Nature
from .tables import statements

Row = dict[str, Any]

DEFAULT_PROFILE = "Default Instance Profile"
OWNER_SINCE = "2025-01-01T00:00:00.000000+00:00"


class Store:
    """One tenant's tables. Not safe for two threads at once: its owner holds a lock."""

    def __init__(self, path: str | Path, tables: Mapping[str, str], nature: Nature | None = None) -> None:
        self._tables = tables
        self.nature = nature or Nature()
        self._db = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False, timeout=30)
        self._db.row_factory = _as_dict
        self._plain = self._db.cursor()
        self._plain.row_factory = None
        self._db.create_function("fold", 1, _fold, deterministic=True)
        for pragma in (
            "busy_timeout = 30000",
            "foreign_keys = ON",
            "journal_mode = WAL",
            "synchronous = OFF",
            "cache_size = -32000",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        self._last = 0
        self._prepare()

    def _prepare(self) -> None:
        """Make the tables unless the file bears the mark of just these; the lock is taken before looking
        which of them there are.
        """
        wanted = list(statements(self._tables))
        form = crc32("\n".join(wanted).encode()) & 0x7FFFFFFF
        if self._db.execute("PRAGMA user_version").fetchone()["user_version"] == form:
            return
        with self.writing():
            for statement in wanted:
                self._db.execute(statement)
            if not self.meta():
                fresh = {name: self.new_id() for name in ("tenant", "org", "user")}
                fresh |= {name: self.nature.new_token() for name in ("token", "refresh_token")}
                self.set_meta({**fresh, "org_name": "Sandbox"})
                self._reset_meta()
            self._create_own()
            self._db.execute(f"PRAGMA user_version = {form}")

    def _reset_meta(self) -> None:
        """Counters and clock of a tenant that has done nothing yet."""
        self.set_meta({"requests": "0", "writes": "0", "clock": "0", "drift": "0"})

    def _create_own(self) -> None:
        """What every tenant has: an owner of the designer's test instances, a profile, an owner of tokens."""
        own: dict[str, Row] = {
            "customer": {"name": "System Customer", "description": "", "labels": "[]", "is_system": 1},
            "profile": {"name": DEFAULT_PROFILE, "is_default": 1},
            "person": {"name": "Sandbox Owner", "email": "owner@sandbox.localhost", "role": "owner"},
        }
        for table, row in own.items():
            if not self.all(f"SELECT 1 FROM {table} LIMIT 1"):
                person = table == "person"
                identifier = self.meta()["user"] if person else self.new_id()
                now = OWNER_SINCE if person else self.now()
                self.insert(table, {"id": identifier, **row, "created_at": now, "updated_at": now})

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def copy_to(self, other: Store) -> None:
        """Make the other store equal to this one."""
        self._db.backup(other._db)

    # transactions

    def begin(self, *, write: bool) -> None:
        """Open a transaction; a writing one waits for other writers here and not in its middle."""
        self._db.execute("BEGIN IMMEDIATE" if write else "BEGIN")

    def commit(self) -> None:
        """Keep what was done."""
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the whole transaction."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._last = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A writing transaction of its own, undone where anything is raised."""
        self.begin(write=True)
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def savepoint(self) -> None:
        """Mark the place that undo() goes back to."""
        self._db.execute("SAVEPOINT mutation")

    def release(self) -> None:
        """Keep what was done since savepoint(), for now."""
        self._db.execute("RELEASE mutation")

    def undo(self) -> None:
        """Go back to savepoint()."""
        self._db.execute("ROLLBACK TO mutation")
        self._db.execute("RELEASE mutation")

    # settings and counters

    def meta(self) -> dict[str, str]:
        """All settings and counters."""
        return dict(self._plain.execute("SELECT key, value FROM meta").fetchall())

    def setting(self, name: str) -> str | None:
        """One of them; None where it was never written."""
        row = self._plain.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Write settings."""
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def count_up(self, counter: str) -> int:
        """Add one to a counter; its new value."""
        sql = "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = ? RETURNING value"
        return int(self._db.execute(sql, (counter,)).fetchone()["value"])

    def now(self) -> str:
        """The time, later than any this tenant has given out, in microseconds."""
        last = max(self._last, int(self.setting("clock") or 0))
        self._last = max(int(self.nature.clock() * 1_000_000), last + 1)
        self.set_meta({"clock": str(self._last)})
        return timestamp(self._last)

    def new_id(self) -> str:
        """An id for a new row."""
        return self.nature.new_id()

    # rows

    def all(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Rows of a query."""
        found = self._plain.execute(sql, parameters)
        names = [column[0] for column in found.description]
        return [dict(zip(names, values, strict=True)) for values in found.fetchall()]

    def get(self, table: str, identifier: str) -> Row | None:
        """The row with this id."""
        row: Row | None = self._db.execute(f"SELECT * FROM {table} WHERE id = ?", (identifier,)).fetchone()
        return row

    def get_many(self, table: str, identifiers: Iterable[str]) -> dict[str, Row]:
        """The rows with these ids, by id."""
        wanted = list(identifiers)
        marks = ",".join("?" * len(wanted))
        return {row["id"]: row for row in self.all(f"SELECT * FROM {table} WHERE id IN ({marks})", wanted)}

    def by_prefix(self, table: str, prefix: str) -> Row | None:
        """The row whose id begins so; ids of what a row holds are derived from its own."""
        sql = f"SELECT * FROM {table} WHERE id >= ? AND id < ?"
        row: Row | None = self._db.execute(sql, (prefix, prefix + "~")).fetchone()
        return row

    def select(
        self,
        table: str,
        where: Sequence[str],
        parameters: Sequence[Any],
        order: str = "created_at",
        limit: int = -1,
        offset: int = 0,
    ) -> list[Row]:
        """Rows that fulfil all conditions, in order."""
        sql = f"SELECT * FROM {table}{_where(where)} ORDER BY {order} LIMIT ? OFFSET ?"
        return self.all(sql, [*parameters, limit, offset])

    def count(self, table: str, where: Sequence[str], parameters: Sequence[Any]) -> int:
        """How many rows fulfil all conditions."""
        return int(self.all(f"SELECT count(*) AS n FROM {table}{_where(where)}", parameters)[0]["n"])

    def insert(self, table: str, row: Row) -> None:
        """Add a row."""
        self.insert_many(table, [row])

    def insert_many(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows that all have the same columns."""
        if rows:
            names = list(rows[0])
            sql = f"INSERT INTO {table} ({','.join(names)}) VALUES ({','.join('?' * len(names))})"
            self._db.executemany(sql, [[row[name] for name in names] for row in rows])

    def update(self, table: str, identifier: str, changes: Row) -> None:
        """Change columns of the row with this id."""
        names = ", ".join(f"{name} = ?" for name in changes)
        self._db.execute(f"UPDATE {table} SET {names} WHERE id = ?", [*changes.values(), identifier])

    def delete(self, table: str, column: str, value: str) -> None:
        """Remove the rows with this value."""
        self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (value,))

    def keep_definition(self, digest: str, body: str) -> None:
        """Store a definition once."""
        self._db.execute("INSERT OR IGNORE INTO definition VALUES (?, ?)", (digest, body))

    def definition(self, digest: str) -> str:
        """A stored definition."""
        return str(self.all("SELECT body FROM definition WHERE digest = ?", (digest,))[0]["body"])

    def add_component(self, key: str, number: int, signature: str, body: str) -> None:
        """Add a version of a private component."""
        row = {"id": self.new_id(), "key": key, "number": number, "signature": signature, "body": body}
        self.insert("component", row | {"created_at": self.now()})

    def clear(self) -> None:
        """Empty every table; settings stay."""
        for table in reversed(list(self._tables)):
            if table != "meta":
                self._db.execute(f"DELETE FROM {table}")
        self._reset_meta()
        self._last = 0
        self._create_own()


def columns_of(tables: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """What each table has."""
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in statements(tables):
            db.execute(statement)
        return {
            table: frozenset(row[0] for row in db.execute("SELECT name FROM pragma_table_info(?)", (table,)))
            for table in tables
        }


def timestamp(microseconds: int) -> str:
    """A moment as the API writes it; equal lengths make the texts sort like the moments."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}+00:00"


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _as_dict(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return dict(zip([column[0] for column in cursor.description], values, strict=True))


def _fold(value: str | None) -> str | None:
    return None if value is None else value.casefold()
