"""What a bundle adds to an integration: its definition refers to a component that is published with it.

A definition names the component by the package's signature, which is the same in all tenants; what is sent
and compared names the number that this tenant gave that package.
"""

from __future__ import annotations

from reconciler.definition import Definition
from reconciler.kinds.integration.facts import asked_of, draft_of
from reconciler.kinds.protocol import Request
from reconciler.model.address import Address, Ref
from reconciler.model.digest import sha256
from reconciler.model.plan import Cause, Change
from reconciler.model.refs import PackageRef, SignatureRef
from reconciler.model.state import LiveObject, Resource

PREFIX = "reconciler-"


def component_key(project: str, integration: str) -> str:
    """The key of an integration's component, as long as the UUIDs that the official tool draws at random."""
    return f"{PREFIX}{sha256([project, 'Integration', integration])[:25]}"


def wanted_definition(request: Request) -> Definition | None:
    """The manifest's definition as this tenant is to be sent it."""
    wanted = asked_of(request.resource)
    if wanted is None or wanted.component is None:
        return wanted
    number = request.resolve(PackageRef(wanted.component, wanted.signature))
    return wanted if isinstance(number, Ref) else wanted.numbered(number)


def needed_component(resource: Resource) -> tuple[Ref, ...]:
    """The published package that a bundle's definition refers to."""
    definition = asked_of(resource)
    if definition is None or definition.component is None:
        return ()
    return (PackageRef(definition.component, definition.signature),)


def bundle_change(request: Request, live: LiveObject, why: Cause) -> Change | None:
    """The package that the draft runs and the one that it should, where they differ."""
    wanted = wanted_definition(request)
    if wanted is None or wanted.component is None:
        return None
    found = draft_of(live).versions_of(wanted.key)
    if found == wanted.versions_of(wanted.key):
        return None
    before = [_signature(request, wanted.component, one) for one in sorted(found, key=str)]
    return Change("bundle", ", ".join(before) or None, wanted.signature, why)


def _signature(request: Request, component: Address, version: object) -> str:
    found = request.resolve(SignatureRef(component, version))
    return f"version {version}" if isinstance(found, Ref) else str(found)


def replaces(wanted: Definition, live: LiveObject) -> bool:
    """Whether an import puts code in the place of low code, or the reverse, which must be said."""
    return wanted.is_code_native != draft_of(live).is_code_native
