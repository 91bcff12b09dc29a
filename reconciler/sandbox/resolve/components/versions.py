"""Why this exists: definitions and connections ask which components and versions this tenant has.

Public components come from the catalogue, their numbers moved by the tenant's shift (tenants count apart) and
by a drift that the rule component_versions_shift feeds; private ones are rows of the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from typing import Any

from ... import catalogue
from ...definition_check import component_refs
from ...store import Row
from .. import definitions
from ..frame.context import Context
from ..frame.ids import named

RELEASED = "2025-01-01T00:00:00.000000+00:00"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a component."""

    body: dict[str, Any]
    number: int
    id: str
    signature: str
    is_latest: bool
    sequence: str
    created_at: str

    @property
    def key(self) -> str:
        """The component's key."""
        return str(self.body["key"])

    @property
    def public(self) -> bool:
        """Whether it is the vendor's and not the organization's own."""
        return bool(self.body["public"])


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, dict[str, Any]]:
    return {body["key"]: body for body in catalogue.load()}


class Components:
    """The components of one tenant at one moment."""

    def __init__(self, tenant: str, shift: int, drift: int, private: Sequence[Row]) -> None:
        self._tenant, self._shift, self._drift = tenant, shift, drift
        self._private: dict[str, list[Row]] = {}
        for row in private:
            self._private.setdefault(row["key"], []).append(row)

    def body(self, key: str, public: bool) -> dict[str, Any] | None:
        """What a component offers, in its newest version."""
        if public:
            return _catalogue().get(key)
        rows = self._private.get(key)
        return json.loads(rows[-1]["body"]) if rows else None

    def numbers(self, key: str, public: bool) -> list[int]:
        """The versions that this tenant has, oldest first; empty for an unknown component."""
        if not public:
            return [row["number"] for row in self._private.get(key, ())]
        body = _catalogue().get(key)
        if body is None:
            return []
        numbers = [number + self._shift for number in body["versions"]]
        return numbers + [numbers[-1] + step for step in range(1, self._drift + 1)]

    def lookup(self, key: str, public: bool, version: int | str | None, signature: str | None) -> int | None:
        """The number that a definition's reference stands for."""
        numbers = self.numbers(key, public)
        if not numbers:
            return None
        if signature:
            return next((n for n in reversed(numbers) if self.signature(key, public, n) == signature), None)
        if version is None or version == "LATEST":
            return numbers[-1]
        return version if isinstance(version, int) and version in numbers else None

    def signature(self, key: str, public: bool, number: int) -> str:
        """The digest of a version's package."""
        if public:
            return sha1(f"{key}/{number}".encode()).hexdigest()
        return str(next(row["signature"] for row in self._private[key] if row["number"] == number))

    def version(self, key: str, public: bool, number: int | None = None) -> Version | None:
        """One version, the newest if no number is given."""
        numbers = self.numbers(key, public)
        number = numbers[-1] if number is None and numbers else number
        if number is None or number not in numbers:
            return None
        if not public:
            row = next(row for row in self._private[key] if row["number"] == number)
            return self.of_row(row, json.loads(row["body"]), is_latest=number == numbers[-1])
        return Version(
            _catalogue()[key],
            number,
            named(self._tenant, f"component/public/{key}/{number}"),
            self.signature(key, public, number),
            number == numbers[-1],
            named(self._tenant, f"component/public/{key}"),
            RELEASED,
        )

    def of_row(self, row: Row, body: dict[str, Any], *, is_latest: bool = True) -> Version:
        """A version of a private component, which need not show yet."""
        sequence = named(self._tenant, f"component/private/{row['key']}")
        return Version(
            body, row["number"], row["id"], row["signature"], is_latest, sequence, row["created_at"]
        )

    def versions(self, key: str, public: bool) -> list[Version]:
        """All versions of one component, oldest first."""
        return [version for n in self.numbers(key, public) if (version := self.version(key, public, n))]

    def all(self, *, every_version: bool) -> Iterator[Version]:
        """Every component: its newest version, or each."""
        for public, keys in ((True, _catalogue()), (False, self._private)):
            for key in keys:
                if every_version:
                    yield from self.versions(key, public)
                elif newest := self.version(key, public):
                    yield newest

    def by_id(self, identifier: str) -> Version | None:
        """The version with this id."""
        return next((version for version in self.all(every_version=True) if version.id == identifier), None)

    def connection(self, reference: dict[str, Any] | None) -> dict[str, Any] | None:
        """The connection that a config variable refers to, as its component describes it."""
        return self._part("connections", reference)

    def data_source(self, reference: dict[str, Any] | None) -> dict[str, Any] | None:
        """The data source that a config variable refers to."""
        return self._part("data_sources", reference)

    def _part(self, kind: str, reference: dict[str, Any] | None) -> dict[str, Any] | None:
        if not reference:
            return None
        body = self.body(reference["component_key"], reference["is_public"])
        parts = (body or {}).get(kind, ())
        return next((part for part in parts if part["key"] == reference["key"]), None)


def of(context: Context) -> Components:
    """The components of the tenant as they are now."""

    def read() -> Components:
        rows = context.store.all("SELECT * FROM component WHERE signature <> '' ORDER BY key, number")
        meta = context.store.meta()
        return Components(
            context.meta["tenant"], int(meta.get("component_shift", "0")), int(meta["drift"]), rows
        )

    found: Components = context.once(Components, read)
    return found


def used_by(context: Context, record: Row) -> list[Version]:
    """The component versions that an integration's definition refers to."""
    references = component_refs(definitions.of(context, record).body)
    wanted = dict.fromkeys(
        (ref["key"], bool(ref.get("isPublic")), ref.get("version"))
        for ref in references
        if isinstance(ref.get("version"), int)
    )
    versions = (of(context).version(*reference) for reference in wanted)
    return [found for found in versions if found is not None]
