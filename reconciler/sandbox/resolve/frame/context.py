"""Why this exists: what one request knows: the tenant, its rules, who asks, and rows already read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...rules import Rules
from ...store import Row, Store
from .errors import NotFoundError

_EXPECTED = {"instance": ("integration", "customer"), "integration": ("customer",)}


class Context:
    """State of one request; forget() after every write."""

    def __init__(self, store: Store, rules: Rules, meta: Mapping[str, str], role: str) -> None:
        self.store = store
        self.rules = rules
        self.meta = meta
        self.role = role
        self.requests = int(meta["requests"])
        self.failed = False  # a mutation of this request was refused
        self._known: dict[Any, Any] = {}
        self._rows: dict[str, dict[str, Row]] = {}
        self._expected: dict[str, set[str]] = {}

    @property
    def may_write(self) -> bool:
        """Whether the role permits changes."""
        return self.role != "guest"

    @property
    def first_number(self) -> int:
        """The number of an integration's first published version in this tenant."""
        return 1 + int(self.meta.get("version_shift", "0"))

    def forget(self) -> None:
        """Drop what a write may have changed."""
        self._known.clear()
        self._rows.clear()
        self._expected.clear()

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What is made, the same until the next write."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def expect(self, table: str, rows: Sequence[Row]) -> None:
        """Tell which rows a page will ask for, so that the first that is asked for brings the others."""
        for column in _EXPECTED.get(table, ()):
            wanted = self._expected.setdefault(column, set())
            wanted.update(row[column] for row in rows if row[column])

    def row(self, table: str, identifier: str) -> Row:
        """A row by id, with those that are expected to be asked for next."""
        known = self._rows.setdefault(table, {})
        if identifier not in known:
            wanted = (self._expected.pop(table, set()) | {identifier}) - known.keys()
            found = self.store.get_many(table, wanted)
            self.expect(table, list(found.values()))
            known.update(found)
        if identifier not in known:
            raise NotFoundError
        return known[identifier]

    def draft(self, sequence: str) -> Row:
        """The editable record of an integration."""
        return self._of_sequence("integration", "is_draft", sequence)

    def system_instance(self, sequence: str) -> Row:
        """The hidden instance that tests an integration's draft."""
        return self._of_sequence("instance", "is_system", sequence)

    def _of_sequence(self, table: str, condition: str, sequence: str) -> Row:
        def find() -> Row:
            rows = self.store.select(table, ["sequence = ?", condition], [sequence])
            if not rows:
                raise NotFoundError
            return rows[0]

        found: Row = self.once((table, sequence), find)
        return found

    def text(self, value: str) -> str:
        """A text as it is kept."""
        return value.strip() if self.rules["texts_read_back"] == "trimmed" else value

    def labels(self, stored: str) -> list[str] | None:
        """Labels as they are read back."""
        if stored == "[]":
            return [] if self.rules["empty_labels"] == "list" else None
        labels: list[str] = json.loads(stored)
        rule = self.rules["labels_read_back"]
        if rule == "sorted":
            return sorted(labels)
        return list(dict.fromkeys(labels)) if rule == "deduplicated" else labels
