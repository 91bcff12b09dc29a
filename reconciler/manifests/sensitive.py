"""`metadata.sensitive`: values that stand in a manifest and are secrets all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.definition import Definition
from reconciler.kinds.instance.config_values import has_secret, is_connection, text
from reconciler.model.secret import SHORT, Secret

_LEVELS = {"config": 1, "flows": 2}
"""How far below a field its values stand, each of which is sent as one text: a secret in it makes it one."""


def veiled(fields: Mapping[str, Any], named: Sequence[str]) -> dict[str, Any]:
    """The fields of a resource with what these paths name as Secret. A definition is sent as it is: what is
    secret in it is kept out of what is said of it.
    """
    return {
        name: value if isinstance(value, Definition) else _below(name, value, named, _LEVELS.get(name, 0))
        for name, value in fields.items()
    }


def _below(path: str, value: Any, named: Sequence[str], levels: int) -> Any:
    if not any(_holds(path, one) or _holds(one, path) for one in named):
        return value
    if levels and isinstance(value, Mapping):
        return {key: _below(f"{path}.{key}", inner, named, levels - 1) for key, inner in value.items()}
    if is_connection(value):
        return {"inputs": _each(f"{path}.inputs", value["inputs"], named)}
    return _secret(value) if path.split(".")[0] in _LEVELS else _each(path, value, named)


def _each(path: str, value: Any, named: Sequence[str]) -> Any:
    """A text, or a map of texts of which each is a value of its own."""
    if isinstance(value, Mapping):
        return {key: _each(f"{path}.{key}", inner, named) for key, inner in value.items()}
    return _secret(value) if any(_holds(one, path) for one in named) else value


def _holds(path: str, other: str) -> bool:
    """Whether `other` is the path, or stands below it."""
    return other == path or other.startswith((f"{path}.", f"{path}["))


def _secret(value: Any) -> Any:
    """A value as the text that is sent; what is empty stays, and what holds a secret is one already."""
    if value in (None, "") or has_secret(value):
        return value
    return Secret(text(value), "manifest", tuple(_texts(value)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)
    elif isinstance(value, str) and len(value) >= SHORT:
        yield value
