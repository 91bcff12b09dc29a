"""Why this exists: the variables that a definition requires, as they are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ...store import Row
from ..components.shown import part_of
from ..content.variables import Value, Variable, in_order, variables_of
from ..frame import paging
from ..frame.ids import from_global
from ..frame.kinds import Kind
from ..frame.lists import ordered
from ..frame.resolvers import Resolver, alike, attribute, body, constants
from ..instances.values import inputs

_TESTS: dict[str, Callable[[Variable, Any, Any], bool]] = {
    "key": lambda v, wanted, _: bool(v.key == wanted),
    "key_In": lambda v, wanted, _: v.key in wanted,
    "dataType": lambda v, wanted, _: bool(v.body["data_type"] == wanted.upper()),
    "dataType_In": lambda v, wanted, _: v.body["data_type"] in {name.upper() for name in wanted},
    "orgOnly": lambda v, wanted, _: bool(v.body["org_only"] == wanted),
    "hasDivider": lambda _, wanted, __: not wanted,
    "integration": lambda v, wanted, _: bool(v.record["id"] == from_global("Integration", wanted)),
    "dataSource": lambda v, wanted, info: (
        (found := _source(v, info)) is not None and found.id == from_global("Action", wanted)
    ),
}


def required(record: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The variables that an integration requires, in the wizard's order."""
    asked = [(test, arguments[name]) for name, test in _TESTS.items() if arguments.get(name) is not None]
    found = [
        variable
        for variable in in_order(variables_of(info.context, record))
        if all(test(variable, wanted, info) for test, wanted in asked)
    ]
    readers = {"SORT_ORDER": lambda variable: variable.body["sort_order"]}
    return paging.of_list(info, ordered(found, readers, arguments), arguments)


def _defaults(variable: Variable, info: Any, **arguments: Any) -> paging.Connection:
    return inputs(Value({"id": variable.record["id"]}, variable, {}), info, **arguments)


def _part(kind: str, name: str) -> Resolver:
    return lambda variable, info: part_of(info, kind, variable.body[name])


_source: Resolver = _part("data_sources", "data_source")


def _meta(variable: Variable, _: Any) -> str | None:
    return None if variable.body["meta"] is None else json.dumps(variable.body["meta"])


def _scoped(variable: Variable, info: Any) -> Row | None:
    """The shared connection that the definition names."""
    key = variable.body["scoped"]
    found = info.context.store.select("scoped_variable", ["stable_key = ?"], [key]) if key else []
    return found[0] if found else None


KINDS = (
    Kind(
        "RequiredConfigVariable",
        fields={
            **alike(attribute, "key", "stableId"),
            **alike(body, "stableKey", "description", "dataType", "collectionType", "codeLanguage"),
            **alike(body, "defaultValue", "orgOnly", "pickList", "scheduleType", "timeZone", "sortOrder"),
            **alike(body, "onPremiseConnectionConfig", "userLevelConfigured"),
            "meta": _meta,
            "connection": _part("connections", "connection"),
            "credentialTypes": paging.empty,
            "dataSource": _source,
            "scopedConfigVariable": _scoped,
            "inputs": _defaults,
            "integration": attribute("record"),
            **constants(None, "connectionTemplate", "header"),
            **constants(False, "hasDivider"),
        },
    ),
)
