"""Which parts of a definition are never shown: connections are preset with client secrets, and flows hold the
keys that callers must send (definition format notes: "ConfigVar"); and what a component calls a password.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconciler.definition.meaning import UNREADABLE
from reconciler.definition.tree import Tree
from reconciler.model.secret import Secret, Unproven

_PASSWORD = "password"
_NAMES = ("configVar", "reference")
"""Types of inputs that name something else, and hold nothing themselves."""
_API_KEYS = "organizationApiKeys"

Inputs = Callable[[str, bool, str], Mapping[str, str] | None]
"""The types of an action's inputs, by the component's key, whether that is public, and the action's key; None
where they are not known.
"""


def as_shown(keys: Sequence[Any], value: Any, root: Tree, inputs: Inputs | None = None) -> Any:
    """What differs at the path `keys` of the meaning `root`, a Secret for each part that is withheld, and an
    Unproven where nobody told whether the component calls it a password.
    """
    if UNREADABLE in keys[:1]:
        return _secret(value)
    above: Any = root
    for index, key in enumerate(keys):
        if key == _API_KEYS:
            return _secret(value)
        if key == "inputs" and isinstance(above, Mapping):
            return _below_inputs(keys[index + 1 :], value, above, inputs)
        above = _step(above, key)
    return _within(value, inputs)


def _step(above: Any, key: Any) -> Any:
    if isinstance(above, Mapping):
        return above.get(key)
    return above[key] if isinstance(above, list) and isinstance(key, int) and key < len(above) else None


def _within(value: Any, inputs: Inputs | None) -> Any:
    if isinstance(value, Mapping):
        return {key: _inner(key, inner, value, inputs) for key, inner in value.items()}
    if isinstance(value, list):
        return [_within(item, inputs) for item in value]
    return value


def _inner(key: str, value: Any, holder: Mapping[str, Any], inputs: Inputs | None) -> Any:
    if key == _API_KEYS:
        return _secret(value)
    return _below_inputs((), value, holder, inputs) if key == "inputs" else _within(value, inputs)


def _below_inputs(keys: Sequence[Any], value: Any, holder: Mapping[str, Any], inputs: Inputs | None) -> Any:
    """A value within the inputs of `holder`: of a connection, or of what runs an action."""
    action = holder.get("action") or holder.get("dataSource")
    if not isinstance(action, Mapping):
        return _secret(value)
    component = action.get("component")
    component = component if isinstance(component, Mapping) else {}
    types = inputs and inputs(
        str(component.get("key")), bool(component.get("isPublic")), str(action.get("key"))
    )
    if not keys:
        given = value if isinstance(value, Mapping) else {}
        return {name: _input(one, types, name) for name, one in given.items()} if given else value
    whole = _step(_step(holder, "inputs"), keys[0])
    if len(keys) == 1:
        return _input(value, types, keys[0])
    told = keys[1] != "value" or (isinstance(whole, Mapping) and whole.get("type") in _NAMES)
    return value if told else _hidden(value, types, keys[0])


def _input(given: Any, types: Mapping[str, str] | None, name: str) -> Any:
    if not isinstance(given, Mapping):
        return _hidden(given, types, name)
    told = given.get("type") in _NAMES
    return {key: v if told or key != "value" else _hidden(v, types, name) for key, v in given.items()}


def _hidden(value: Any, types: Mapping[str, str] | None, name: str) -> Any:
    if value in (None, "", []):
        return value
    if types is None:
        return Unproven(str(value), sure=False)
    return Secret(str(value)) if types.get(name, "").lower() == _PASSWORD else value


def _secret(value: Any) -> Any:
    return None if value is None else Secret(str(value))
