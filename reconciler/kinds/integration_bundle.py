"""What a bundle adds to an integration: its definition refers to a component that is published with it.

A definition names the component by the package's signature, which is the same in all tenants; what is sent
and compared names the number that this tenant gave that package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.kinds.base import Request
from reconciler.model.address import Address, Ref
from reconciler.model.digest import sha256
from reconciler.model.plan import Cause, Change
from reconciler.model.state import Definition, LiveObject

PREFIX = "reconciler-"


def component_key(project: str, integration: str) -> str:
    """The key of an integration's component, as long as the UUIDs that the official tool draws at random."""
    return f"{PREFIX}{sha256([project, 'Integration', integration])[:25]}"


def rewritten(value: Any, key: str, reference: Mapping[str, Any]) -> Any:
    """A copy of a definition in which each reference to the private component `key` is this one."""
    if isinstance(value, Mapping):
        own = value.get("key") == key and value.get("isPublic") is False
        if own and ("version" in value or "signature" in value):
            return dict(reference)
        return {name: rewritten(inner, key, reference) for name, inner in value.items()}
    if isinstance(value, list):
        return [rewritten(inner, key, reference) for inner in value]
    return value


def wanted_definition(request: Request) -> Definition | None:
    """The manifest's definition as this tenant is to be sent it."""
    wanted: Definition | None = request.resource.fields.get("definition")
    if wanted is None or wanted.component is None:
        return wanted
    number = request.resolve(Ref(wanted.component, f"version:{wanted.signature}"))
    if isinstance(number, Ref):
        return wanted
    reference = {"key": wanted.key, "isPublic": False, "version": number}
    text = wanted.text.replace(f'"signature": "{wanted.signature}"', f'"version": {number}')
    return replace(wanted, text=text, data=rewritten(wanted.data, wanted.key, reference))


def needed_component(definition: Any) -> tuple[Ref, ...]:
    """The published package that a bundle's definition refers to."""
    if not isinstance(definition, Definition) or definition.component is None:
        return ()
    return (Ref(definition.component, f"version:{definition.signature}"),)


def without_versions(data: Mapping[str, Any], definition: Definition) -> Mapping[str, Any]:
    """A definition in which the bundle's own component has no version: that is one difference, not many."""
    if definition.component is None:
        return data
    bare: Mapping[str, Any] = rewritten(data, definition.key, {"key": definition.key, "isPublic": False})
    return bare


def bundle_change(request: Request, live: LiveObject, why: Cause) -> Change | None:
    """The package that the draft runs and the one that it should, where they differ."""
    wanted = wanted_definition(request)
    if wanted is None or wanted.component is None:
        return None
    found = _versions(live.fields["definition"].data, wanted.key)
    if found == _versions(wanted.data, wanted.key):
        return None
    before = [_signature(request, wanted.component, one) for one in sorted(found, key=str)]
    return Change("bundle", ", ".join(before) or None, wanted.signature, why)


def _signature(request: Request, component: Address, version: Any) -> str:
    found = request.resolve(Ref(component, f"signature:{version}"))
    return f"version {version}" if isinstance(found, Ref) else str(found)


def _versions(data: Any, key: str) -> set[Any]:
    """The versions (or signatures) under which a definition refers to its own component."""
    if isinstance(data, Mapping):
        if data.get("key") == key and data.get("isPublic") is False:
            return {data.get("version", data.get("signature"))}
        return {version for inner in data.values() for version in _versions(inner, key)}
    if isinstance(data, list):
        return {version for inner in data for version in _versions(inner, key)}
    return set()


def replaces(wanted: Definition, live: LiveObject) -> bool:
    """Whether an import puts code in the place of low code, or the reverse, which must be said."""
    found = live.fields["definition"].data
    return bool(wanted.data.get("isCodeNative")) != bool(found.get("isCodeNative"))
