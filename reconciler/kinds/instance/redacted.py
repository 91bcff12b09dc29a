"""An instance of an answer without what is or may be a secret in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import ValidationError, convert
from msgspec.structs import fields

from reconciler.kinds.instance.config_values import ALWAYS_SHOWN, UNTYPED, ValueType
from reconciler.kinds.instance.node import Required
from reconciler.kinds.instance.parsed import type_of_required
from reconciler.model.stand_in import resembles

PLAIN = frozenset(one.encode_name for one in fields(Required)) | {"default"}
"""What a version says of its variables: no secrets are in it."""
INSTANCE = "Instance"
_VARIABLE, _CONFIG, _FLOWS = "requiredConfigVariable", "configVariables", "flowConfigs"

Node = Mapping[str, Any]
Inner = Callable[[Any, str, frozenset[str]], Any]
"""Redacts a value of this name, but for those names that are plain."""


class Cover(Protocol):
    """Makes what stands in the place of a value of a type."""

    def __call__(self, value: Any, kind: ValueType, /) -> str:
        """It."""
        ...


def is_instance(node: Node) -> bool:
    """Whether a node is an instance as a whole."""
    return "labels" in node and _CONFIG in node


def redacted(
    node: Node, plain: frozenset[str], secret: frozenset[str], cover: Cover, inner: Inner
) -> dict[str, Any]:
    """The node; `plain` are the paths of the texts that are proven to be so, `secret` of those that are not
    whatever their type.
    """

    def variable(one: Node) -> dict[str, Any]:
        kind, key = type_of(one)
        rest = {name: inner(value, name, frozenset()) for name, value in one.items() if name != "value"}
        value = one.get("value")
        path, shown = f"config.{key}", kind.data in ALWAYS_SHOWN and not kind.collection
        told = not value or ((path in plain or (shown and path not in secret)) and not resembles(value))
        return {name: value if told else cover(value, kind) for name in one if name == "value"} | rest

    def flow(one: Node) -> dict[str, Any]:
        called = (one.get("flow") or {}).get("name")
        known = frozenset(name for name in one if f"flows.{called}.{name}" in plain)
        return {name: inner(value, name, known) for name, value in one.items()}

    parts = {_CONFIG: variable, _FLOWS: flow}
    return {
        name: _each(value, parts[name]) if name in parts else inner(value, name, frozenset())
        for name, value in node.items()
    }


def type_of(variable: Node) -> tuple[ValueType, str]:
    """The type and the key of a config variable of an answer; of what is none, no type."""
    try:
        required = convert(variable.get(_VARIABLE), Required)
    except ValidationError:
        return UNTYPED, ""
    return type_of_required(required), required.key


def _each(page: Any, change: Callable[[Node], dict[str, Any]]) -> Any:
    if not isinstance(page, Mapping) or not isinstance(page.get("nodes"), list):
        return page if page is None else {}
    nodes = [change(one) if isinstance(one, Mapping) else None for one in page["nodes"]]
    return {**page, "nodes": nodes}
