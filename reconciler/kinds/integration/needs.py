"""What a definition needs of the tenant that it is sent to: components, in a version or a package, and shared
connections. An import is refused where one of them is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct

from reconciler.definition import Definition
from reconciler.kinds.component import MISSING, reference
from reconciler.kinds.nodes import Page, every, fitted
from reconciler.kinds.protocol import ignored
from reconciler.model import documents
from reconciler.model.needs import Component, Need, Shared
from reconciler.model.operation import Operation
from reconciler.model.state import Resource

_TEXTS = documents.load("needs", __package__)


class Version(Struct, rename="camel"):
    """A version of a component, in an answer."""

    key: str
    public: bool
    version_number: int
    signature: str | None = None


class Variable(Struct, rename="camel"):
    """A shared connection, in an answer."""

    stable_key: str | None


class _Versions(Struct):
    nodes: list[Version | None]


class _Variables(Struct):
    nodes: list[Variable | None]


class Found(Struct):
    """What the tenant has, as far as it was asked."""

    newest: dict[tuple[str, bool], Version] = {}
    numbers: set[tuple[tuple[str, bool], int]] = set()
    signatures: set[tuple[tuple[str, bool], str]] = set()
    connections: set[str] = set()

    def take_newest(self, answer: Mapping[str, Any]) -> None:
        """Takes the newest version of each component."""
        self.newest |= {(one.key, one.public): one for one in self._versions(answer)}

    def take(self, answer: Mapping[str, Any]) -> None:
        """Takes further versions."""
        self._versions(answer)

    def take_connections(self, answer: Mapping[str, Any]) -> None:
        """Takes shared connections."""
        page = Page(fitted(_Variables, answer, "Connection").nodes)
        self.connections |= {one.stable_key for one in every(page) if one.stable_key}

    def _versions(self, answer: Mapping[str, Any]) -> list[Version]:
        versions = every(Page(fitted(_Versions, answer, "Component").nodes))
        self.numbers |= {((one.key, one.public), one.version_number) for one in versions}
        self.signatures |= {((one.key, one.public), one.signature or "") for one in versions}
        return versions

    def knows(self, component: Component) -> bool:
        """Whether any version of the component is there."""
        return component.name in self.newest

    def settles(self, need: Component) -> bool:
        """Whether its newest version already tells that it is there, or that nothing of it is."""
        newest = self.newest.get(need.name)
        return newest is None or not self.lacks(need)

    def lacks(self, need: Need) -> tuple[str, str, str] | None:
        """Why what is needed is not there: a code, a message, a hint. None where it is."""
        if isinstance(need, Shared):
            return None if need.stable_key in self.connections else _no_connection(need)
        newest = self.newest.get(need.name)
        if newest is None:
            hint = "publish it first, or correct the key; see: reconciler get components"
            return MISSING, f'component "{_called(need)}" is not in this tenant', hint
        if need.signature:
            # A package that is still on its way has no signature: it may be the one.
            told = {(need.name, need.signature), (need.name, "")}
            return None if told & self.signatures else _no_package(need, newest)
        if need.number is None or (need.name, need.number) in self.numbers:
            return None
        return _no_number(need, newest)


def definition_needs(resource: Resource) -> tuple[Need, ...]:
    """All that the definition of an integration's manifest names, each once. What a bundle publishes along
    with it is no need.
    """
    wanted = resource.fields.get("definition")
    if not isinstance(wanted, Definition) or ignored(resource, "definition"):
        return ()
    named: list[Need] = []
    for one in wanted.components:
        if wanted.key and one.key == wanted.key and not one.is_public:
            continue
        number = one.version if isinstance(one.version, int) and not one.signature else None
        named.append(Component(one.key, one.is_public, number, one.signature or ""))
    named += [Shared(key) for key in wanted.shared_connections]
    return tuple(dict.fromkeys(named))


def newest(keys: Collection[str]) -> Operation:
    """Reads the newest versions of the components of these keys, public or not."""
    return Operation("components", _TEXTS["newest"], {"keys": sorted(keys)})


def numbered(keys: Collection[str], number: int) -> Operation:
    """Reads the versions that bear this number."""
    return Operation("components", _TEXTS["numbered"], {"keys": sorted(keys), "number": number})


def signed(keys: Collection[str], first: int, offset: int) -> Operation:
    """Reads `first` of all the versions from position `offset`: no filter asks for a signature."""
    variables = {"keys": sorted(keys), "first": first, "offset": offset}
    return Operation("components", _TEXTS["signed"], variables)


def connections(keys: Collection[str]) -> Operation:
    """Reads the shared connections of these stable keys."""
    return Operation("scopedConfigVariables", _TEXTS["connections"], {"keys": sorted(keys)})


def keys_of(needed: Iterable[Need]) -> set[str]:
    """The keys of the components among them."""
    return {one.key for one in needed if isinstance(one, Component)}


def _called(need: Component) -> str:
    return reference(need.key, need.is_public)


def _no_connection(need: Shared) -> tuple[str, str, str]:
    message = f'connection "{need.stable_key}", which many integrations share, is not in this tenant'
    return "not-there", message, "declare it (kind: Connection), or make it in the web app first"


def _no_number(need: Component, newest: Version) -> tuple[str, str, str]:
    message = f'component "{_called(need)}" has no version {need.number} in this tenant'
    hint = "publish that version first, or name LATEST or a signature: numbers differ between tenants"
    return MISSING, f"{message}; the newest is {newest.version_number}", hint


def _no_package(need: Component, newest: Version) -> tuple[str, str, str]:
    message = f'component "{_called(need)}" has no version with the signature "{need.signature}"'
    there = f'the newest, {newest.version_number}, has "{newest.signature or ""}"'
    return MISSING, f"{message} in this tenant; {there}", "publish that version first"
