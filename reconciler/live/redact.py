"""Answers of a tenant without what is or may be a secret in them, and with it again.

What stands here by name is known to be none; every other text is taken for one. So a field that is asked for
one day, and that nobody thought of here, is withheld.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from msgspec import Struct, structs

from reconciler.definition.withheld import Inputs, covered_at, places
from reconciler.kinds import all_kinds
from reconciler.kinds.answers import understood
from reconciler.kinds.instance.config_values import UNTYPED, ValueType
from reconciler.kinds.instance.redacted import INSTANCE, is_instance, redacted, type_of
from reconciler.kinds.instance.redacted import PLAIN as OF_VARIABLES
from reconciler.kinds.integration.metadata import KEY
from reconciler.kinds.protocol import Kind
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.marks import is_ours
from reconciler.kinds.table.rotation import SECRETS
from reconciler.kinds.table.secrets import proven_plain
from reconciler.live.read_back import read_back
from reconciler.live.recording import Heard
from reconciler.model.errors import NotUnderstood
from reconciler.model.nested import holds, leaves, with_leaves
from reconciler.model.secret import Secret
from reconciler.model.stand_in import resembles
from reconciler.model.state import Desired, LiveObject

PLAIN = OF_VARIABLES | frozenset(
    {
        "allowMultipleMarketplaceInstances",
        "category",
        "collectionType",
        "configState",
        "createdAt",
        "dataType",
        "description",
        "email",
        "endCursor",
        "eventTypes",
        "externalId",
        "id",
        "instanceBillingType",
        "key",
        "label",
        "labels",
        "lastDeployedAt",
        "managedBy",
        "marketplaceConfiguration",
        "marketplaceTabConfiguration",
        "message",
        "name",
        "overview",
        "phone",
        "scheduleType",
        "signature",
        "stableKey",
        "status",
        "timeZone",
        "type",
        "updatedAt",
        "userName",
        "tenantId",
        "timestamp",
        "variableScope",
        "versionComment",
        "versionSequenceId",
    }
)
"""The fields whose texts are no secrets."""
AS_THEY_ARE = frozenset({"__schema"})
"""What describes the API."""
_OURS_WITHIN = ("metadata", "versionAttributes")
"""Where our record stands beside whatever people keep there."""
_MAPS = ("headers", "testHeaders")
_DEFINITION = "definition"
_JSON = ValueType("json")


Places = Mapping[str, frozenset[str]]
"""Paths of fields, by kind."""


def called_secret(desired: Desired) -> Places:
    """Where git has secrets. Which object is whose is not asked: what one resource of a kind calls secret is
    none of the others' to show.
    """
    found: dict[str, set[str]] = {}
    for resource in desired.resources.values():
        if holds(resource.fields, Secret):
            found.setdefault(resource.kind, set()).update(_secret_places(resource.fields))
    return {kind: frozenset(paths) for kind, paths in found.items()}


def _secret_places(fields: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in fields.items():
        if holds(value, Secret):
            yield f"{above}{name}"
            if isinstance(value, Mapping):
                yield from _secret_places(value, f"{above}{name}.")


class Cover(Protocol):
    """Makes what stands in the place of a value."""

    def of(self, value: Any, kind: ValueType = UNTYPED, recorded: Collection[str] = (), /) -> str:
        """It, whose type is given where it is a config variable's; `recorded` are those of its object that
        the record is of.
        """
        ...

    def recorded_in(self, secrets: Sequence[str], record: str, /) -> frozenset[str]:
        """Those of an object's secrets that its record is of."""
        ...


class Redaction(Struct, frozen=True):
    """Takes them out of one project's answers. `inputs` tells what components call passwords, and
    `called_secret` what git calls so, whatever it was when it was recorded.
    """

    project: str
    cover: Cover
    inputs: Inputs
    called_secret: Places = {}

    def of(self, heard: Heard) -> Heard:
        """The answer without them."""
        return replace(heard, body=self._inner(heard.body, "", _kind_of(heard.name), frozenset()))

    def of_object(self, node: Mapping[str, Any], live: LiveObject) -> dict[str, Any]:
        """One object's node without them; `live` is what it is understood as."""
        kind = all_kinds()[live.kind]
        if is_instance(node) or not isinstance(kind, TabledKind):
            return self._instance(node, self._proven(live))
        return self._tabled(node, kind, live)

    def _inner(self, value: Any, name: str, kind: Kind | None, plain: frozenset[str]) -> Any:
        if name in AS_THEY_ARE:
            return value
        if name in _OURS_WITHIN:
            return self._around_ours(value)
        if isinstance(value, list):
            return [self._inner(one, name, kind, plain) for one in value]
        if isinstance(value, Mapping):
            return self._node(value, kind, plain)
        if not isinstance(value, str) or not value:
            return value
        if (name in PLAIN or name in plain) and not resembles(value):
            return value
        if name == _DEFINITION:
            return self._definition(value)
        return self._map(value) if name in _MAPS else self.cover.of(value, _type_at(name))

    def _node(self, node: Mapping[str, Any], kind: Kind | None, plain: frozenset[str]) -> dict[str, Any]:
        if is_instance(node):
            return self._instance(node, self._proven(_instance_of(node)))
        if "id" not in node or not isinstance(kind, TabledKind):
            return {name: self._inner(value, name, kind, plain) for name, value in node.items()}
        live = _understood(kind, node)
        if live is None:
            return {name: self._inner(value, name, kind, plain) for name, value in node.items()}
        return self._tabled(node, kind, live)

    def _instance(self, node: Mapping[str, Any], proven: frozenset[str]) -> dict[str, Any]:
        return redacted(
            node,
            proven,
            self.called_secret.get(INSTANCE, frozenset()),
            self.cover.of,
            lambda value, name, known: self._inner(value, name, None, known),
        )

    def _proven(self, live: LiveObject | None) -> frozenset[str]:
        """The paths of an object's texts that are proven to be plain."""
        if live is None:
            return frozenset()
        return proven_plain(live, self.project) - self.called_secret.get(live.kind, frozenset())

    def _tabled(self, node: Mapping[str, Any], kind: TabledKind, live: LiveObject) -> dict[str, Any]:
        recorded = self.cover.recorded_in(list(_secrets(kind, live)), live.applied.get(SECRETS, ""))
        inner, proven = structs.replace(self, cover=_Among(self.cover, recorded)), self._proven(live)
        return {name: inner._inner(value, name, None, proven) for name, value in node.items()}

    def _around_ours(self, value: Any) -> Any:
        """The record, and all else withheld."""
        found = _map_in(value) if isinstance(value, str) else value
        if not isinstance(found, Mapping):
            return self.cover.of(value) if isinstance(value, str) and value else None
        kept = {name: one if name == KEY else with_leaves(one, self._leaf) for name, one in found.items()}
        return json.dumps(kept) if isinstance(value, str) else kept

    def _leaf(self, leaf: object) -> object:
        return self.cover.of(leaf) if isinstance(leaf, str) and leaf else leaf

    def _map(self, text: str) -> str:
        """Headers: their names are told, and the one that holds our mark."""
        found = _map_in(text)
        if found is None:
            return self.cover.of(text, UNTYPED)
        return json.dumps({name: self._header(value) for name, value in found.items()})

    def _header(self, value: Any) -> Any:
        if isinstance(value, str) and (not value or all(map(is_ours, value.split()))):
            return value
        return self.cover.of(value, UNTYPED)

    def _definition(self, text: str) -> str:
        try:
            tree = read_back(text)
            where = frozenset(places(tree, self.inputs))
        except Exception:  # what cannot be understood is not told either
            return self.cover.of(text, UNTYPED)
        if not where:
            return text
        return json.dumps(covered_at(tree, where, self.cover.of), ensure_ascii=False)


def restored(body: Any, found: Callable[[str, ValueType], Any]) -> Any:
    """An answer in which each stand-in is what was `found` for it."""
    return _restored(body, "", UNTYPED, found)


def _restored(value: Any, name: str, kind: ValueType, found: Callable[[str, ValueType], Any]) -> Any:
    if isinstance(value, list):
        return [_restored(one, name, kind, found) for one in value]
    if isinstance(value, Mapping):
        kind, _ = type_of(value)
        return {
            key: _restored(one, key, _type_at(key) if kind == UNTYPED else kind, found)
            for key, one in value.items()
        }
    if not isinstance(value, str) or not resembles(value):
        return value
    if name in (*_MAPS, _DEFINITION) and (inner := _map_in(value)) is not None:
        return json.dumps(_restored(inner, "", UNTYPED, found), ensure_ascii=False)
    return found(value, kind)


def _type_at(name: str) -> ValueType:
    return _JSON if name == "testPayload" else UNTYPED


def _instance_of(node: Mapping[str, Any]) -> LiveObject | None:
    return _understood(all_kinds()[INSTANCE], node)


def _understood(kind: Kind, node: Mapping[str, Any]) -> LiveObject | None:
    with suppress(NotUnderstood):
        return understood(kind, node)
    return None


def _secrets(kind: TabledKind, live: LiveObject) -> Iterator[str]:
    """An object's secrets, in the order in which its record is of them."""
    for row in kind.fields:
        if row.secret != "never":
            found = leaves(live.fields.get(row.name))
            yield from (leaf.reveal() for _, leaf in found if isinstance(leaf, Secret))


class _Among(Struct, frozen=True):
    """A cover for one object, of whose secrets these are recorded."""

    cover: Cover
    recorded: frozenset[str]

    def of(self, value: Any, kind: ValueType = UNTYPED, recorded: Collection[str] = ()) -> str:
        return self.cover.of(value, kind, recorded or self.recorded)

    def recorded_in(self, secrets: Sequence[str], record: str) -> frozenset[str]:
        return self.cover.recorded_in(secrets, record)


def _map_in(text: str) -> dict[str, Any] | None:
    with suppress(ValueError, RecursionError):
        found = json.loads(text)
        return found if isinstance(found, dict) else None
    return None


def _kind_of(name: str) -> Kind | None:
    """The kind whose objects an answer of this name shows, as far as a record of theirs may stand in it."""
    for kind in all_kinds().values():
        if isinstance(kind, TabledKind) and kind.marked and name in (kind.list_name, kind.api.one):
            return kind
    return None
