"""Why this exists: private components are published here as on the platform: described first, uploaded after.

Publishing makes a version and hands out addresses for its files. The version has no signature and does not
show until its package is there (see doors); the package's digest then is the signature.
"""

from __future__ import annotations

import json
from typing import Any

from ...address import link
from ..frame import rows
from ..frame.context import Context
from ..frame.errors import NotFoundError, RefusedError, required
from ..frame.ids import from_global, to_global
from ..frame.inputs import json_text
from ..frame.kinds import Kind
from ..frame.mutation import Run
from ..frame.resolvers import Resolver
from .shown import starred_of
from .versions import Version, of, used_by


def _each(given: list[dict[str, Any] | None] | None) -> list[dict[str, Any]]:
    return [one for one in given or () if one]


def _input(one: dict[str, Any]) -> dict[str, Any]:
    default = one.get("default")
    return {
        "key": one["key"],
        "label": one["label"],
        "type": one["type"].lower(),
        "required": bool(one.get("required")),
        "default": default if isinstance(default, str) else json.dumps(default),
        "write_only": False,
        "org_only": False,
    }


def _part(one: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An action, a connection or a data source as the catalogue describes its own."""
    inputs = [_input(given) for given in _each(one.get("inputs"))]
    return {"key": one["key"], "label": (one.get("display") or one)["label"], **more, "inputs": inputs}


def _action(one: dict[str, Any], *, trigger: bool) -> dict[str, Any]:
    return _part(one, is_trigger=trigger, is_polling_trigger=bool(one.get("isPollingTrigger")))


def _body(given: dict[str, Any]) -> dict[str, Any]:
    """The component as the catalogue describes its own."""
    described = given["definition"]
    display = described["display"]
    return {
        "key": described["key"],
        "label": display["label"],
        "description": display["description"],
        "category": display.get("category") or "",
        "public": False,
        "actions": [
            *(_action(one, trigger=False) for one in _each(given.get("actions"))),
            *(_action(one, trigger=True) for one in _each(given.get("triggers"))),
        ],
        "connections": [
            _part(one, oauth2_type=(one.get("oauth2Type") or "").lower() or None)
            for one in _each(given.get("connections"))
        ],
        "data_sources": [
            _part(one, type=one["dataSourceType"].lower()) for one in _each(given.get("dataSources"))
        ],
        "code_native": bool(described.get("forCodeNativeIntegration")),
        "documentation_url": described.get("documentationUrl"),
        "comment": given.get("comment"),
        "attributes": json_text("attributes", given.get("attributes")),
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
    row = {
        "id": context.store.new_id(),
        "key": body["key"],
        "number": last[0]["number"] + 1 if last else 1,
        "signature": "",
        "created_at": context.store.now(),
    }
    context.store.insert("component", row | {"body": json.dumps(body)})

    def icons(kind: str) -> list[dict[str, str]]:
        keys = [one["key"] for one in body["connections"]]
        return [
            {"connectionKey": key, "iconUploadUrl": link("uploads", row["id"], f"{kind}-{key}")}
            for key in keys
        ]

    return {
        "component": of(context).of_row(row, body),
        "packageUploadUrl": link("uploads", row["id"], "package"),
        "iconUploadUrl": link("uploads", row["id"], "icon"),
        "sourceUploadUrl": link("uploads", row["id"], "source"),
        "connectionIconUploadUrls": icons("icon"),
        "connectionAvatarIconUploadUrls": icons("avatar"),
    }


def receive_package(context: Context, identifier: str, signature: str) -> bool:
    """Make a version show now that its package is there; False when there is none that waits for it."""
    if context.store.get("component", identifier) is None:
        return False
    context.store.update("component", identifier, {"signature": signature})
    return True


def _meant(context: Context, given: dict[str, Any]) -> Version:
    found = of(context).by_id(from_global("Component", given.get("id") or ""))
    if found is None:
        raise NotFoundError
    return found


def _delete(context: Context, given: dict[str, Any]) -> Version:
    """All versions of a component go at once, unless an integration uses one."""
    found = _meant(context, given)
    if found.public:
        raise RefusedError("id", "A public component is the platform's own.")
    for draft in context.store.select("integration", [], []):
        if any(used.sequence == found.sequence for used in used_by(context, draft)):
            raise RefusedError("__all__", f"The component is in use by integration {draft['name']!r}.")
    context.store.delete("component", "key", found.key)
    for row in context.store.select("invented_component", ["key = ?", "NOT public"], [found.key]):
        context.store.delete("invented_component", "id", row["id"])
    return found


def _update(context: Context, given: dict[str, Any]) -> Version:
    found = _meant(context, given)
    if given.get("starred") is not None:
        context.store.set_meta({starred_of(found): "1" if given["starred"] else ""})
    return found


def _upload_media(_: Any, info: Any, **given: Any) -> dict[str, Any]:
    url = link("uploads", "media", to_global(info.context.meta["tenant"], given["fileName"]))
    return {"uploadUrl": url, "objectUrl": url, "contentType": None, "error": None}


KINDS = (
    Kind("PublishComponentResult", mapping=True),
    Kind("ConnectionIconUploadUrl", mapping=True),
    Kind("UploadMedia", mapping=True),
)
ROOT: dict[str, Resolver] = {"uploadMedia": _upload_media}
MUTATIONS: dict[str, Run] = {
    "publishComponent": _publish,
    "updateComponent": _update,
    "deleteComponent": _delete,
}
