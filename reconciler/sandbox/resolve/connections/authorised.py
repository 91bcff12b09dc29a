"""Why this exists: connections are authorised by people; a script can hand in tokens, or take them away."""

from __future__ import annotations

from typing import Any

from ..content.variables import Value
from ..frame.context import Context
from ..frame.errors import NotFoundError, RefusedError
from ..frame.ids import from_global
from ..frame.inputs import json_object, one_of
from ..frame.mutation import Run
from ..instances.changed import save_entry
from ..instances.values import value_by_id

NOBODY: dict[str, Any] = {"status": "PENDING", "token": None, "refresh_at": None}
_TOKEN = {"accessToken": "access_token", "refreshToken": "refresh_token", "tokenType": "token_type"}
_status = one_of(("ACTIVE", "ERROR", "FAILED", "PENDING"))


def _connection(context: Context, given: dict[str, Any]) -> Value:
    value = value_by_id(context, from_global("InstanceConfigVariable", given.get("id") or ""))
    if value is None:
        raise NotFoundError
    if not value.variable.is_connection:
        raise RefusedError("id", f"Config variable {value.variable.key!r} is no connection.")
    return value


def _save(context: Context, value: Value, entry: dict[str, Any]) -> Value | None:
    save_entry(context, value.instance, value.variable.stable_id, entry)
    context.forget()
    return value_by_id(context, value.id)


def _disconnect(context: Context, given: dict[str, Any]) -> Value | None:
    """Back to waiting for somebody."""
    value = _connection(context, given)
    return _save(context, value, {**value.entry, **NOBODY})


def _update_oauth2(context: Context, given: dict[str, Any]) -> Value | None:
    value = _connection(context, given)
    if not value.variable.is_oauth:
        raise RefusedError("id", f"Connection {value.variable.key!r} is not an OAuth connection.")
    return _save(context, value, oauth_changes({**value.entry, "status": value.status}, given))


def oauth_changes(before: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What a connection knows after somebody handed in tokens."""
    token = dict(before.get("token") or {})
    token |= {key: given[name] for name, key in _TOKEN.items() if given.get(name) is not None}
    if given.get("expiresIn") is not None:
        token["expires_in"] = given["expiresIn"]
    for name in ("additionalTokenFields", "context"):
        token |= json_object(name, given.get(name))
    status = _status("status", given.get("status") or before.get("status") or "PENDING")
    entry = {**before, "status": status, "token": token or None}
    if given.get("refreshAt"):
        entry["refresh_at"] = given["refreshAt"]
    return entry


MUTATIONS: dict[str, Run] = {
    "disconnectConnection": _disconnect,
    "updateOAuth2Connection": _update_oauth2,
}
