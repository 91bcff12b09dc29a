"""Which published version an instance is to run."""

from __future__ import annotations

from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.fields import integration_of
from reconciler.kinds.protocol import Request, ignored
from reconciler.model.address import Ref
from reconciler.model.refs import ReleaseRef, VersionNumberRef
from reconciler.model.state import Resource


def release_ref(resource: Resource) -> Ref:
    """The published version that the instance is to run, by its release or its number."""
    fields = resource.fields
    if "version" in fields:
        return VersionNumberRef(integration_of(resource), fields["version"])
    return ReleaseRef(integration_of(resource), fields["release"])


def names_version(resource: Resource) -> bool:
    """Whether it says what the instance is to run: one that is only adopted may not."""
    return "release" in resource.fields or "version" in resource.fields


def release_of(resource: Resource) -> str:
    """What the instance is to run, in words: a release, or "version 12"."""
    fields = resource.fields
    return f"version {fields['version']}" if "version" in fields else str(fields["release"])


def is_moving(request: Request) -> bool:
    """Whether it is to run another version than it does, be that published already or not."""
    live, resource = request.live, request.resource
    if live is None or ignored(resource, "release") or not names_version(resource):
        return False
    return request.resolve(release_ref(resource)) != facts_of(live).version_id


def moves_to(request: Request) -> str | None:
    """The version that an update brings the instance to; None where it stays on its own."""
    live, resource = request.live, request.resource
    version = request.resolve(release_ref(resource)) if names_version(resource) else None
    if live is not None and (ignored(resource, "release") or version == facts_of(live).version_id):
        return None
    return version if isinstance(version, str) else None
