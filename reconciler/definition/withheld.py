"""Which parts of a definition are never shown: connections are preset with client secrets, and flows hold the
keys that callers must send (definition format notes: "ConfigVar"); and what a component calls a password.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.definition.holes import COVERED
from reconciler.definition.meaning import UNREADABLE
from reconciler.definition.tree import Tree
from reconciler.model.problem import Where
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


def places(root: Tree, inputs: Inputs | None = None) -> Iterator[Where]:
    """Where in a definition, as it is written, the scalars stand that are withheld."""
    yield from _marked(root, _within(root, inputs), ())


def covered(root: Tree, inputs: Inputs | None = None) -> Tree:
    """A definition as it is written, with all that is withheld covered."""
    return covered_at(root, frozenset(places(root, inputs)), lambda _: COVERED)


def covered_at(root: Tree, where: frozenset[Where], cover: Callable[[Any], Any]) -> Tree:
    """A definition in which what stands in these places is what `cover` makes of it."""
    found = _changed(root, (), where, cover)
    return found if isinstance(found, Mapping) else root


def withheld_alike(root: Tree, other: Tree, text: str) -> Tree:
    """A definition in which what is this text in the other is so, too."""
    return covered_at(root, frozenset(_places_of(text, other, ())), lambda _: text)


def _places_of(text: str, value: Any, path: Where) -> Iterator[Where]:
    if value == text:
        yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _places_of(text, inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places_of(text, inner, (*path, index))


def _changed(value: Any, path: Where, where: frozenset[Where], cover: Callable[[Any], Any]) -> Any:
    if path in where:
        return cover(value)
    if isinstance(value, Mapping):
        return {key: _changed(inner, (*path, key), where, cover) for key, inner in value.items()}
    if isinstance(value, list):
        return [_changed(inner, (*path, index), where, cover) for index, inner in enumerate(value)]
    return value


def _marked(value: Any, shown: Any, path: Where) -> Iterator[Where]:
    if isinstance(shown, Secret):
        yield from _values(value, path)
    elif isinstance(value, Mapping) and isinstance(shown, Mapping):
        for key, inner in value.items():
            yield from _marked(inner, shown.get(key), (*path, key))
    elif isinstance(value, list) and isinstance(shown, list):
        for index, (one, other) in enumerate(zip(value, shown, strict=True)):
            yield from _marked(one, other, (*path, index))


def _values(value: Any, path: Where) -> Iterator[Where]:
    """The scalars of what is withheld as a whole: of inputs what is given, not of which sort it is."""
    if isinstance(value, Mapping):
        if path[-1:] == ("inputs",):
            for name, given in value.items():
                yield from _values_of_input(given, (*path, name))
            return
        for key, inner in value.items():
            yield from _values(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _values(inner, (*path, index))
    elif value not in (None, ""):
        yield path


def _values_of_input(given: Any, path: Where) -> Iterator[Where]:
    if not isinstance(given, Mapping):
        yield from _values(given, path)
    elif given.get("type") not in _NAMES:
        yield from _values(given.get("value"), (*path, "value"))


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
