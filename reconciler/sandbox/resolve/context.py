"""Why this exists: what one request knows: the tenant, its rules, who asks, and rows already read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ..rules import Rules
from ..store import Row, Store
from .components import Components
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
        self._components: Components | None = None
        self._rows: dict[str, dict[str, Row]] = {}
        self._expected: dict[str, set[str]] = {}
        self._drafts: dict[str, Row] = {}
        self._systems: dict[str, Row] = {}

    @property
    def may_write(self) -> bool:
        """Whether the role permits changes."""
        return self.role != "guest"

    @property
    def first_number(self) -> int:
        """The number of an integration's first published version in this tenant."""
        return 1 + int(self.meta.get("version_shift", "0"))

    @property
    def components(self) -> Components:
        """The components of the tenant as they are now."""
        if self._components is None:
            drift = int(self.store.meta()["drift"])
            self._components = Components(
                self.meta["tenant"],
                int(self.meta.get("component_shift", "0")),
                drift,
                self.store.all("SELECT * FROM component WHERE signature <> '' ORDER BY key, number"),
            )
        return self._components

    def forget(self) -> None:
        """Drop rows that a write may have changed."""
        self._rows.clear()
        self._expected.clear()
        self._drafts.clear()
        self._systems.clear()
        self._components = None

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
        if sequence not in self._drafts:
            rows = self.store.select("integration", ["sequence = ?", "is_draft"], [sequence])
            if not rows:
                raise NotFoundError
            self._drafts[sequence] = rows[0]
        return self._drafts[sequence]

    def system_instance(self, sequence: str) -> Row:
        """The hidden instance that tests an integration's draft."""
        if sequence not in self._systems:
            rows = self.store.select("instance", ["sequence = ?", "is_system"], [sequence])
            if not rows:
                raise NotFoundError
            self._systems[sequence] = rows[0]
        return self._systems[sequence]

    def labels(self, stored: str) -> list[str] | None:
        """Labels as they are read back."""
        if stored == "[]":
            return [] if self.rules["empty_labels"] == "list" else None
        labels: list[str] = json.loads(stored)
        rule = self.rules["labels_read_back"]
        if rule == "sorted":
            return sorted(labels)
        return list(dict.fromkeys(labels)) if rule == "deduplicated" else labels
