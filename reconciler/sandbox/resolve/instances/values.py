"""Why this exists: the values that an instance has for the variables of its version, as they are read."""

from __future__ import annotations

import json
from typing import Any

from ...store import Row
from ..content.expressions import Expression
from ..content.flows import instance_of
from ..content.variables import Value, values_of
from ..frame import paging
from ..frame.context import Context
from ..frame.ids import from_global, to_global
from ..frame.kinds import Kind
from ..frame.resolvers import Resolver, attribute, constants

AUTHORIZE = "https://oauth2.sandbox.localhost/authorize"


def _visible(meta: dict[str, Any], arguments: dict[str, Any]) -> bool:
    """Whether an input is shown to those asked for; it is unless the definition says otherwise."""
    asked = ("visibleToCustomerDeployer", "visibleToOrgDeployer")
    return all(arguments.get(name) is None or bool(meta.get(name, True)) == arguments[name] for name in asked)


def inputs(value: Value, info: Any, **arguments: Any) -> paging.Connection:
    """An instance's inputs of a connection or data source; what may not be read back is blank."""
    hide = info.context.rules["secrets_read_back"] == "hidden"
    found = []
    for known in value.variable.inputs.values():
        if _visible(known.meta, arguments):
            made = Expression(value.id, known.name, *value.input_value(known.name), known.meta)
            if known.write_only or (hide and known.secret):
                made.value = ""  # hasValue still tells
            found.append(made)
    return paging.of_list(info, found, arguments)


def values(instance: Row, info: Any, **arguments: Any) -> paging.Connection:
    """An instance's values; a status is given in lower case and read back in upper."""
    found = values_of(info.context, instance)
    if arguments.get("status"):
        found = [value for value in found if value.status == arguments["status"].upper()]
    if arguments.get("status_In") is not None:
        wanted = {status.upper() for status in arguments["status_In"] if status}
        found = [value for value in found if value.status in wanted]
    if arguments.get("instance"):
        found = found if instance["id"] == from_global("Instance", arguments["instance"]) else []
    return paging.of_list(info, found, arguments)


def value_by_id(context: Context, identifier: str) -> Value | None:
    """The value with this uuid."""
    instance = instance_of(context, identifier)
    return next((v for v in values_of(context, instance) if v.id == identifier), None) if instance else None


def tokens_shown(token: dict[str, Any] | None, info: Any) -> str | None:
    """What a connection shows of the tokens that it has."""
    if token is None:
        return None
    return json.dumps({} if info.context.rules["secrets_read_back"] == "hidden" else {"token": token})


def _authorize_url(value: Value, _: Any, **__: Any) -> str | None:
    return f"{AUTHORIZE}/{to_global('InstanceConfigVariable', value.id)}" if value.variable.is_oauth else None


def _customer_variable(value: Value, info: Any) -> Row | None:
    identifier = value.entry.get("customer_variable")
    found: Row | None = info.context.store.get("customer_variable", identifier) if identifier else None
    return found


def _or_default(name: str) -> Resolver:
    return lambda value, _: value.entry.get(name, value.variable.body[name])


KINDS = (
    Kind(
        "InstanceConfigVariable",
        fields={
            "value": attribute("text"),
            "status": attribute("status"),
            "scheduleType": _or_default("schedule_type"),
            "timeZone": _or_default("time_zone"),
            "meta": lambda value, info: tokens_shown(value.entry.get("token"), info),
            "authorizeUrl": _authorize_url,
            "refreshAt": lambda value, _: value.entry.get("refresh_at"),
            "inputs": inputs,
            "requiredConfigVariable": attribute("variable"),
            "instance": attribute("instance"),
            "customerConfigVariable": _customer_variable,
            "logs": paging.empty,
            **constants(None, "lastSuccessfulRefreshAt", "onPremiseResource", "contentUrl"),
            **constants(None, "contentMetadataUrl", "supplementalDataUrl", "supplementalDataMetadataUrl"),
        },
    ),
)
