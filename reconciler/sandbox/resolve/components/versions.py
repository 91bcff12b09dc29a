"""Why this exists: definitions and connections ask which components and versions this tenant has.

Public components come from the catalogue, their numbers moved by the tenant's shift (tenants count apart) and
by a drift that the rule component_versions_shift feeds; private ones are rows of the store. So are those that
were invented because a definition names them; one that is named later does not become the latest.
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
from ...tables import TIMES
from .. import definitions
from ..frame import rows
from ..frame.context import Context
from ..frame.ids import named

INVENTED = "invented"  # a key of the body of such a component
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


def _digest(key: str, number: int) -> str:
    return sha1(f"{key}/{number}".encode()).hexdigest()


@lru_cache(maxsize=4096)
def _public(tenant: str, shift: int, drift: int, key: str) -> tuple[Version, ...]:
    body = _catalogue().get(key)
    if body is None:
        return ()
    numbers = [number + shift for number in body["versions"]]
    numbers += [numbers[-1] + step for step in range(1, drift + 1)]
    return tuple(
        Version(
            body,
            number,
            named(tenant, f"component/public/{key}/{number}"),
            _digest(key, number),
            number == numbers[-1],
            named(tenant, f"component/public/{key}"),
            RELEASED,
        )
        for number in numbers
    )


TABLES = {
    "invented_component": f"""
  id TEXT PRIMARY KEY, key TEXT NOT NULL, public INTEGER NOT NULL, number INTEGER NOT NULL,
  signature TEXT NOT NULL, {TIMES}"""
}


class Components:
    """The components of one tenant at one moment."""

    def __init__(
        self, tenant: str, shift: int, drift: int, private: Sequence[Row], invented: Sequence[Row]
    ) -> None:
        self._tenant, self._shift, self._drift = tenant, shift, drift
        self._rows: dict[str, list[Row]] = {}
        for row in private:
            self._rows.setdefault(row["key"], []).append(row)
        self._invented: dict[tuple[str, bool], list[Row]] = {}
        for row in invented:
            self._invented.setdefault((row["key"], bool(row["public"])), []).append(row)
        self._known: dict[tuple[str, bool], Sequence[Version]] = {}

    def versions(self, key: str, public: bool) -> Sequence[Version]:
        """All versions of one component, the latest last; empty for one that the tenant does not have."""
        found = self._known.get((key, public))
        if found is None:
            found = self._known[key, public] = self._read(key, public)
        return found

    def _read(self, key: str, public: bool) -> Sequence[Version]:
        own: Sequence[Version]
        if public:
            own = _public(self._tenant, self._shift, self._drift, key)
        else:
            rows = self._rows.get(key, [])
            own = [self.of_row(row, json.loads(row["body"]), is_latest=row is rows[-1]) for row in rows]
        invented = self._invented.get((key, public))
        if not invented:
            return own
        body = own[-1].body if own else _unknown(key, public)
        taken = {version.number for version in own}
        sort = "public" if public else "private"
        made = [
            Version(
                body,
                row["number"],
                row["id"],
                row["signature"],
                not own and row is invented[-1],
                named(self._tenant, f"component/{sort}/{key}"),
                row["created_at"],
            )
            for row in invented
            if row["number"] not in taken
        ]
        return [*made, *own]

    def of_row(self, row: Row, body: dict[str, Any], *, is_latest: bool = True) -> Version:
        """A version of a private component, which need not show yet."""
        sequence = named(self._tenant, f"component/private/{row['key']}")
        return Version(
            body, row["number"], row["id"], row["signature"], is_latest, sequence, row["created_at"]
        )

    def version(self, key: str, public: bool, number: int | None = None) -> Version | None:
        """One version, the newest if no number is given."""
        found = self.versions(key, public)
        if number is None:
            return found[-1] if found else None
        return next((version for version in found if version.number == number), None)

    def lookup(self, key: str, public: bool, version: int | str | None, signature: str | None) -> int | None:
        """The number that a definition's reference stands for."""
        if signature:
            signed = (one for one in reversed(self.versions(key, public)) if one.signature == signature)
            found = next(signed, None)
        elif version is None or isinstance(version, int):
            found = self.version(key, public, version)
        else:
            found = self.version(key, public) if version == "LATEST" else None
        return found.number if found else None

    def all(self, *, every_version: bool) -> Iterator[Version]:
        """Every component: its newest version, or each."""
        keys = [*((key, True) for key in _catalogue()), *((key, False) for key in self._rows)]
        for key, public in dict.fromkeys([*keys, *self._invented]):
            yield from self.versions(key, public)[0 if every_version else -1 :]

    def invented(self, key: str, public: bool, number: int, *, signed: bool = True) -> Version:
        """A version as a definition that names it would find it; one that is not signed is of any package."""
        versions = self.versions(key, public)
        body = versions[-1].body if versions else _unknown(key, public)
        sort = "public" if public else "private"
        return Version(
            body,
            number,
            named(self._tenant, f"component/{sort}/{key}/{number}"),
            _digest(key, number) if signed else "",
            not versions,
            named(self._tenant, f"component/{sort}/{key}"),
            RELEASED,
        )

    def by_id(self, identifier: str) -> Version | None:
        """The version with this id."""
        return next((version for version in self.all(every_version=True) if version.id == identifier), None)

    def connection(self, reference: dict[str, Any] | None) -> dict[str, Any] | None:
        """The connection that a config variable refers to, as its component's newest version describes it."""
        newest = self.version(reference["component_key"], reference["is_public"]) if reference else None
        parts = newest.body.get("connections", ()) if newest else ()
        return next((part for part in parts if reference and part["key"] == reference["key"]), None)


def of(context: Context) -> Components:
    """The components of the tenant as they are now."""

    def read() -> Components:
        rows = context.store.all("SELECT * FROM component WHERE signature <> '' ORDER BY key, number")
        invented = context.store.all("SELECT * FROM invented_component ORDER BY key, number")
        meta = context.store.meta()
        shift = int(meta.get("component_shift", "0"))
        return Components(context.meta["tenant"], shift, int(meta["drift"]), rows, invented)

    found: Components = context.once(Components, read)
    return found


def _unknown(key: str, public: bool) -> dict[str, Any]:
    """What is known of a component that only a definition names."""
    body = {"key": key, "label": key, "description": "", "category": "", "public": public, INVENTED: True}
    return body | {"actions": [], "connections": [], "data_sources": []}


def lookup(
    context: Context, key: str, public: bool, version: int | str | None, signature: str | None
) -> int | None:
    """The number that a definition's reference stands for; what the tenant lacks may be invented for it."""
    known = of(context)
    found = known.lookup(key, public, version, signature)
    if found is not None or context.rules["unknown_components"] == "refused":
        return found
    numbers = [one.number for one in known.versions(key, public)]
    number = version if isinstance(version, int) else max(numbers, default=0) + 1
    row = {"key": key, "public": int(public), "number": number}
    rows.create(context, "invented_component", row | {"signature": signature or _digest(key, number)})
    return number


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
