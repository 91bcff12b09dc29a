"""Walks through values that may hold others: maps and lists of whatever manifests and answers say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reconciler.model.address import Address

_PLAIN = frozenset({str, bool, int, type(None), Address})
"""What holds nothing, and is asked for so often that to ask for the abstract types is slow."""


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """What stands in a value and is neither a map nor a list, with its path; the order of a map's keys does
    not matter.
    """
    if isinstance(value, str):  # most are, and to ask for the abstract type is slow
        yield path, value
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from leaves(value[key], f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def holds(value: object, sort: type) -> bool:
    """Whether what stands in a value is anywhere of a sort that is neither text nor a map nor a list."""
    if type(value) is dict or isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return isinstance(value, sort)
    return any([holds(one, sort) for one in value if type(one) not in _PLAIN])  # most are


def with_leaves(value: object, change: Callable[[object], object]) -> object:
    """The value with each of its leaves changed."""
    if isinstance(value, Mapping):
        return {key: with_leaves(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        changed = [with_leaves(inner, change) for inner in value]
        return changed if isinstance(value, list) else tuple(changed)
    return change(value)
