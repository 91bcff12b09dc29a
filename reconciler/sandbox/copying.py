"""Why this exists: a copy of a tenant is made of what answers showed; here is what all its kinds share."""

from __future__ import annotations

import json
import uuid
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from . import definition
from .resolve.components.versions import lookup
from .resolve.definitions import Parsed, keep
from .resolve.frame.context import Context
from .store import Row, timestamp

Node = Mapping[str, Any]
_START = 1_704_067_200_000_000  # 2024-01-01, so that what is made later is later
_SPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
HIDDEN = "(a value that the tenant does not give back)"


class Copying:
    """One copy on its way; what is made later is later."""

    def __init__(
        self, context: Context, definitions: Mapping[str, str], listings: Mapping[str, Node]
    ) -> None:
        self.context, self.definitions, self.listings = context, definitions, listings
        self._made = 0

    def moment(self) -> str:
        """The next one."""
        self._made += 1
        return timestamp(_START + self._made)

    def put(self, table: str, node: Node, row: Row) -> None:
        """A row with the id of its node."""
        moment = self.moment()
        times = {"created_at": node.get("createdAt") or moment, "updated_at": moment}
        self.context.store.insert(table, {"id": uuid_of(node["id"]), **row, **times})

    def content(self, text: str) -> Parsed:
        """A definition as it reads: its components are there, whatever the sandbox knows of them."""
        body = definition.load(text) if text.strip() else {"name": "", "flows": []}
        with suppress(definition.DefinitionError):
            definition.resolve_components(body, partial(lookup, self.context))
        return keep(self.context.store, body)


def input_of(row: Node) -> dict[str, str]:
    """An input of a connection, as rows keep it; one that is not shown stays hidden."""
    return {"type": (row.get("type") or "VALUE").upper(), "value": row.get("value") or HIDDEN}


def has_value(row: Node) -> bool:
    """Whether an input holds anything."""
    return bool(row.get("value") or row.get("hasValue"))


def rows(page: Any) -> list[Node]:
    """The objects of a page."""
    found = page.get("nodes") if isinstance(page, Mapping) else None
    return [one for one in found or () if one]


def ids(page: Any) -> str:
    """Their ids, as rows keep them."""
    return json.dumps([uuid_of(one["id"]) for one in rows(page)])


def labels(node: Node) -> str:
    """The labels, as rows keep them."""
    return json.dumps(list(node.get("labels") or ()))


def text(value: Any) -> str | None:
    """A text, or the JSON text of what a scalar of JSON holds."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def uuid_of(identifier: str) -> str:
    """The uuid within an id, so that the copy shows the same id; another one where there is none."""
    with suppress(ValueError):
        return str(uuid.UUID(identifier))
    with suppress(ValueError):
        return str(uuid.UUID(b64decode(identifier, validate=True).decode().partition(":")[2]))
    return str(uuid.uuid5(_SPACE, identifier))
