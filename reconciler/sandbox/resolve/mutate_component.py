"""Why this exists: private components are published here as on the platform: described first, uploaded after.

Publishing makes a version and hands out addresses for its files. The version has no signature and does not
show until its package is there (see doors); the package's digest then is the signature.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from ..address import link
from . import rows
from .component import starred_of
from .components import Version
from .context import Context
from .errors import NotFoundError, RefusedError, required
from .fields import Resolver, bind, column
from .ids import from_global, to_global
from .mutation import json_text, mutation
from .version import used_components


def _inputs(given: list[dict[str, Any] | None] | None) -> list[dict[str, Any]]:
    return [
        {
            "key": one["key"],
            "label": one["label"],
            "type": one["type"].lower(),
            "required": bool(one.get("required")),
            "default": one.get("default")
            if isinstance(one.get("default"), str)
            else json.dumps(one.get("default")),
            "write_only": False,
            "org_only": False,
        }
        for one in given or ()
        if one
    ]


def _action(one: dict[str, Any], *, trigger: bool) -> dict[str, Any]:
    return {
        "key": one["key"],
        "label": one["display"]["label"],
        "is_trigger": trigger,
        "is_polling_trigger": bool(one.get("isPollingTrigger")),
        "inputs": _inputs(one.get("inputs")),
    }


def _connection(one: dict[str, Any]) -> dict[str, Any]:
    oauth = (one.get("oauth2Type") or "").lower() or None
    return {
        "key": one["key"],
        "label": one["label"],
        "oauth2_type": oauth,
        "inputs": _inputs(one.get("inputs")),
    }


def _source(one: dict[str, Any]) -> dict[str, Any]:
    kind = one["dataSourceType"].lower()
    return {
        "key": one["key"],
        "label": one["display"]["label"],
        "type": kind,
        "inputs": _inputs(one["inputs"]),
    }


def _body(given: dict[str, Any]) -> dict[str, Any]:
    """The component as the catalogue describes its own."""
    described = given["definition"]
    display = described["display"]

    def each(name: str) -> list[dict[str, Any]]:
        return [one for one in given.get(name) or () if one]

    actions = [_action(one, trigger=False) for one in each("actions")]
    return {
        "key": described["key"],
        "label": display["label"],
        "description": display["description"],
        "category": display.get("category") or "",
        "public": False,
        "actions": actions + [_action(one, trigger=True) for one in each("triggers")],
        "connections": [_connection(one) for one in each("connections")],
        "data_sources": [_source(one) for one in each("dataSources")],
        "code_native": bool(described.get("forCodeNativeIntegration")),
        "documentation_url": described.get("documentationUrl"),
        "comment": given.get("comment"),
        "attributes": json_text("attributes")(given.get("attributes")),
    }


def _publish(context: Context, given: dict[str, Any]) -> dict[str, Any]:
    body = _body(given)
    if not body["key"].strip():
        raise required("key")
    if given["definition"].get("public"):
        raise RefusedError("public", "Only the platform's own components are public.")
    customer = rows.referred(context, "customer", "Customer", given.get("customer"), "customer")
    body |= {"customer": customer, "published_by": context.meta["user"]}
    last = context.store.select("component", ["key = ?"], [body["key"]], "number DESC", 1)
    identifier, now = str(uuid.uuid4()), context.store.now()
    row = {"id": identifier, "key": body["key"], "number": last[0]["number"] + 1 if last else 1}
    context.store.insert("component", {**row, "signature": "", "body": json.dumps(body), "created_at": now})
    icons = [
        {"connectionKey": one["key"], "iconUploadUrl": link("uploads", identifier, f"{kind}-{one['key']}")}
        for kind in ("icon", "avatar")
        for one in body["connections"]
    ]
    half = len(icons) // 2
    return {
        "component": context.components.of_row(row | {"signature": "", "created_at": now}, body),
        "packageUploadUrl": link("uploads", identifier, "package"),
        "iconUploadUrl": link("uploads", identifier, "icon"),
        "sourceUploadUrl": link("uploads", identifier, "source"),
        "connectionIconUploadUrls": icons[:half],
        "connectionAvatarIconUploadUrls": icons[half:],
    }


def receive_package(context: Context, identifier: str, signature: str) -> bool:
    """Make a version show now that its package is there; False when there is none that waits for it."""
    if context.store.get("component", identifier) is None:
        return False
    context.store.update("component", identifier, {"signature": signature})
    return True


def _private(context: Context, given: dict[str, Any]) -> Version:
    found = context.components.by_id(from_global("Component", given.get("id") or ""))
    if found is None:
        raise NotFoundError
    if found.public:
        raise RefusedError("id", "A public component is the platform's own.")
    return found


def _delete(context: Context, given: dict[str, Any]) -> Version:
    """All versions of a component go at once, unless an integration uses one."""
    found = _private(context, given)
    for draft in context.store.select("integration", [], []):
        if any(used.sequence == found.sequence for used in used_components(context, draft)):
            raise RefusedError("__all__", f"The component is in use by integration {draft['name']!r}.")
    context.store.delete("component", "key", found.key)
    return found


def _update(context: Context, given: dict[str, Any]) -> Version | None:
    found = context.components.by_id(from_global("Component", given.get("id") or ""))
    if found is None:
        raise NotFoundError
    if given.get("starred") is not None:
        context.store.set_meta({starred_of(found): "1" if given["starred"] else ""})
    return found


_RESULT = (
    "component",
    "packageUploadUrl",
    "iconUploadUrl",
    "sourceUploadUrl",
    "connectionIconUploadUrls",
    "connectionAvatarIconUploadUrls",
)
_MEDIA = ("contentType", "error", "objectUrl", "uploadUrl")
BINDINGS = [
    bind("PublishComponentResult", {name: column(name) for name in _RESULT}),
    bind("ConnectionIconUploadUrl", {name: column(name) for name in ("connectionKey", "iconUploadUrl")}),
    bind("UploadMedia", {name: column(name) for name in _MEDIA}),
]


def _upload_media(_: Any, info: Any, **given: Any) -> dict[str, Any]:
    name = to_global(info.context.meta["tenant"], given["fileName"])
    url = link("uploads", "media", name)
    return {"uploadUrl": url, "objectUrl": url, "contentType": None, "error": None}


ROOT: dict[str, Resolver] = {"uploadMedia": _upload_media}
MUTATIONS: dict[str, Resolver] = {
    "publishComponent": mutation("publishResult", _publish),
    "updateComponent": mutation("component", _update),
    "deleteComponent": mutation("component", _delete),
}
