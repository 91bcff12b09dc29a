"""Which parts of a definition are never shown: connections are preset with client secrets, and flows hold the
keys that callers must send (definition format notes: "ConfigVar").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.definition.meaning import UNREADABLE
from reconciler.definition.tree import Tree
from reconciler.definition.variables import VARIABLES
from reconciler.model.secret import Secret

_API_KEYS = "organizationApiKeys"


def as_shown(keys: list[Any], value: Any, root: Tree) -> Any:
    """What differs at the path `keys` of the meaning `root`, with a Secret for each part that is withheld."""
    if _API_KEYS in keys or UNREADABLE in keys[:1]:
        return None if value is None else Secret(str(value))
    if len(keys) > 2 and keys[0] == VARIABLES and keys[2] == "inputs":
        variables = root.get(VARIABLES)
        variable = variables.get(keys[1]) if isinstance(variables, Mapping) else None
        if value is not None and not (isinstance(variable, Mapping) and "dataSource" in variable):
            return Secret(str(value))
    return _within(value)


def _within(value: Any) -> Any:
    if isinstance(value, Mapping):
        secret = "connection" in value and "inputs" in value
        return {
            k: Secret(str(v)) if k == _API_KEYS or (secret and k == "inputs") else _within(v)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_within(item) for item in value]
    return value
