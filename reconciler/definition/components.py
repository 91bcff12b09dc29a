"""The components that a definition refers to: in steps, connections, data sources, and wherever else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from reconciler.definition.tree import Tree, text
from reconciler.model.problem import Where

_HOLDERS = ("component", "supplementalComponents")
# What stands in these is the author's own, whatever it looks like.
_FREE = frozenset({"schemas", "configuration", "importMetadata"})


class ComponentReference(Struct, frozen=True):
    """One reference: the version is a number or LATEST; a package's signature may stand in its place."""

    key: str
    is_public: bool
    version: int | str | None
    signature: str | None
    path: Where

    @property
    def wanted(self) -> int | str | None:
        """The version, or the signature where there is none."""
        return self.signature if self.version is None else self.version


def references(value: Any, path: Where = (), holder: str = "") -> Iterator[ComponentReference]:
    """Every reference in a tree, in the order in which they stand."""
    if isinstance(value, Mapping):
        if _is_reference(value, holder):
            public, version, signature = value.get("isPublic"), value.get("version"), value.get("signature")
            number = version if isinstance(version, int | str) else None
            yield ComponentReference(value["key"], bool(public), number, text(signature) or None, path)
        for name, inner in value.items():
            if name not in _FREE:
                yield from references(inner, (*path, name), name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from references(inner, (*path, index), holder)


def replaced(value: Any, change: Callable[[Tree], Tree], holder: str = "") -> Any:
    """A copy of a tree with `change` made to each reference."""
    if isinstance(value, Mapping):
        if _is_reference(value, holder):
            value = change(value)
        return {
            name: inner if name in _FREE else replaced(inner, change, name) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [replaced(inner, change, holder) for inner in value]
    return value


def _is_reference(value: Tree, holder: str) -> bool:
    return isinstance(value.get("key"), str) and ("isPublic" in value or holder in _HOLDERS)
