"""What an object that is taken over is found to agree with: all that a record may say of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from reconciler.kinds.base import Kind, Request
from reconciler.kinds.config_values import has_secret
from reconciler.kinds.labelled import named
from reconciler.kinds.tabled import TabledKind
from reconciler.model.state import Resource

_LEVELS = {"config": 1, "flows": 2}
"""How far below a field its values stand, each of which may agree by itself."""
_WRITTEN_LATER = ("tests", "comment")


def baseline(kind: Kind, request: Request) -> Resource:
    """The resource as far as the object is as it says, secrets left out: to write it changes nothing, and
    what is then recorded was there.
    """
    resource = request.resource
    found = kind.steps(request, adopt=False)
    changes = (*found.changes, *(change for step in found.steps for change in step.changes))
    differing = {change.path for change in changes}
    hidden = (
        {row.name for row in kind.fields if row.secret == "always"} if isinstance(kind, TabledKind) else set()
    )
    fields = {
        name: _agreeing(name, value, differing, _LEVELS.get(name, 0))
        for name, value in resource.fields.items()
        if name in kind.structural
        or not (
            name in hidden or name in _WRITTEN_LATER or _is_out(name, value, differing, _LEVELS.get(name, 0))
        )
    }
    ignore = (*resource.ignore, *(["release"] if "release" in differing else []))
    return replace(resource, fields=fields, ignore=ignore)


def _agreeing(path: str, value: Any, differing: Collection[str], levels: int) -> Any:
    if not levels or not isinstance(value, Mapping):
        return value
    return {
        key: _agreeing(f"{path}.{key}", inner, differing, levels - 1)
        for key, inner in value.items()
        if not _is_out(f"{path}.{key}", inner, differing, levels - 1)
    }


def _is_out(path: str, value: Any, differing: Collection[str], levels: int) -> bool:
    """Whether a value differs or is a secret; a map of values is looked into."""
    if levels and isinstance(value, Mapping):
        return False
    return has_secret(value) or any(named(one, [path]) for one in differing)
