"""Which published version an instance is to run."""

from __future__ import annotations

from reconciler.kinds.base import Request
from reconciler.kinds.labelled import ignored
from reconciler.model.address import Ref
from reconciler.model.state import Resource


def release_ref(resource: Resource) -> Ref:
    """The published version that the instance is to run, by its release or its number."""
    fields = resource.fields
    named = f"version-number:{fields['version']}" if "version" in fields else f"release:{fields['release']}"
    return Ref(fields["integration"], named)


def release_of(resource: Resource) -> str:
    """What the instance is to run, in words: a release, or "version 12"."""
    fields = resource.fields
    return f"version {fields['version']}" if "version" in fields else str(fields["release"])


def moves_to(request: Request) -> str | None:
    """The version that an update brings the instance to; None where it stays on its own. What is only adopted
    has no name, since nothing but the mark is to be written.
    """
    live, resource = request.live, request.resource
    version = request.resolve(release_ref(resource)) if "integration" in resource.fields else None
    if live is None:
        return version if isinstance(version, str) else None
    if "name" not in resource.fields or ignored(resource, "release") or version == live.fields["version"]:
        return None
    return version if isinstance(version, str) else None
