"""Why this exists: the variables that a definition requires, and the values that an instance has for them."""

from __future__ import annotations

import json
from typing import Any

from ..store import Row
from . import ordering, paging
from .component import Part, part_of
from .fields import Resolver, attribute, attribute_id, bind, body, constant
from .flow import Expression
from .ids import from_global, to_global
from .parts import Value, Variable, instance_of, values_of, variables_of
from .scoped_variable import by_stable_key

AUTHORIZE = "https://oauth2.sandbox.localhost/authorize"


def _visible(meta: dict[str, Any] | None, arguments: dict[str, Any]) -> bool:
    """Whether an input is shown to those asked for; it is unless the definition says otherwise."""
    asked = ("visibleToCustomerDeployer", "visibleToOrgDeployer")
    return all(
        arguments.get(name) is None or bool((meta or {}).get(name, True)) == arguments[name] for name in asked
    )


def inputs(value: Value, info: Any, **arguments: Any) -> paging.Connection:
    """An instance's inputs of a connection or data source; what may not be read back is blank."""
    hide = info.context.rules["secrets_read_back"] == "hidden"
    found = []
    for known in value.variable.inputs.values():
        kind, text = value.input_value(known.name)
        made = Expression(value.id, known.name, kind, text, known.meta)
        if known.write_only or (hide and known.secret):
            made.value = ""  # hasValue still tells
        found.append(made)
    return paging.of_list(info, [i for i in found if _visible(i.meta, arguments)], arguments)


def _defaults(variable: Variable, info: Any, **arguments: Any) -> paging.Connection:
    blank = {"id": variable.record["id"]}
    return inputs(Value(blank, variable, {}), info, **arguments)


def _meta(value: Value, info: Any) -> str | None:
    token = value.entry.get("token")
    if token is None:
        return None
    return json.dumps({} if info.context.rules["secrets_read_back"] == "hidden" else {"token": token})


def _authorize_url(value: Value, _: Any, **__: Any) -> str | None:
    return f"{AUTHORIZE}/{to_global('InstanceConfigVariable', value.id)}" if value.variable.is_oauth else None


def _customer_variable(value: Value, info: Any) -> Row | None:
    identifier = value.entry.get("customer_variable")
    found: Row | None = info.context.store.get("customer_variable", identifier) if identifier else None
    return found


def _entry(name: str, fallback: str | None = None) -> Resolver:
    def resolve(value: Value, _: Any) -> Any:
        return value.entry.get(name, value.variable.body[fallback] if fallback else None)

    return resolve


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


def test_values(record: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The values of an integration's test instance."""
    return values(info.context.system_instance(record["sequence"]), info, **arguments)


def value_by_id(context: Any, identifier: str) -> Value | None:
    """The value with this uuid."""
    instance = instance_of(context, identifier)
    return next((v for v in values_of(context, instance) if v.id == identifier), None) if instance else None


def required(record: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The variables that an integration requires, in the wizard's order."""
    found = sorted(variables_of(info.context, record), key=lambda variable: variable.body["sort_order"])
    one_of = set(arguments["dataType_In"] or ()) if arguments.get("dataType_In") is not None else None
    keys = arguments.get("key_In")
    for name, test in (
        ("key", lambda v, wanted: v.key == wanted),
        ("dataType", lambda v, wanted: v.body["data_type"] == wanted.upper()),
        ("orgOnly", lambda v, wanted: v.body["org_only"] == wanted),
        ("hasDivider", lambda _, wanted: not wanted),
        ("integration", lambda v, wanted: v.record["id"] == from_global("Integration", wanted)),
        (
            "dataSource",
            lambda v, wanted: (s := _data_source(v, info)) is not None and s.id == _action_id(wanted),
        ),
    ):
        if arguments.get(name) is not None:
            found = [v for v in found if test(v, arguments[name])]
    if one_of is not None:
        found = [v for v in found if v.body["data_type"] in {name.upper() for name in one_of}]
    if keys is not None:
        found = [v for v in found if v.key in keys]
    readers = {"SORT_ORDER": lambda variable: variable.body["sort_order"]}
    return paging.of_list(info, ordering.ordered(found, readers, arguments), arguments)


def _action_id(value: str) -> str:
    return from_global("Action", value)


def _connection(variable: Variable, info: Any) -> Part | None:
    return part_of(info, "connections", variable.body["connection"])


def _data_source(variable: Variable, info: Any) -> Part | None:
    return part_of(info, "data_sources", variable.body["data_source"])


def _variable_meta(variable: Variable, _: Any) -> str | None:
    return None if variable.body["meta"] is None else json.dumps(variable.body["meta"])


_REQUIRED: dict[str, Resolver] = {
    "id": attribute_id("RequiredConfigVariable"),
    "key": attribute("key"),
    "stableId": attribute("stable_id"),
    "stableKey": body("stable_key"),
    "description": body("description"),
    "dataType": body("data_type"),
    "collectionType": body("collection_type"),
    "codeLanguage": body("code_language"),
    "defaultValue": body("default_value"),
    "orgOnly": body("org_only"),
    "pickList": body("pick_list"),
    "scheduleType": body("schedule_type"),
    "timeZone": body("time_zone"),
    "onPremiseConnectionConfig": body("on_premise_connection_config"),
    "userLevelConfigured": body("user_level_configured"),
    "sortOrder": body("sort_order"),
    "meta": _variable_meta,
    "connection": _connection,
    "connectionTemplate": constant(None),
    "credentialTypes": paging.empty,
    "dataSource": _data_source,
    "scopedConfigVariable": lambda v, info: by_stable_key(info.context, v.body["scoped"]),
    "hasDivider": constant(False),
    "header": constant(None),
    "inputs": _defaults,
    "integration": attribute("record"),
}
_VALUE: dict[str, Resolver] = {
    "id": attribute_id("InstanceConfigVariable"),
    "value": attribute("text"),
    "status": attribute("status"),
    "scheduleType": _entry("schedule_type", "schedule_type"),
    "timeZone": _entry("time_zone", "time_zone"),
    "meta": _meta,
    "authorizeUrl": _authorize_url,
    "refreshAt": _entry("refresh_at"),
    "lastSuccessfulRefreshAt": constant(None),
    "inputs": inputs,
    "requiredConfigVariable": attribute("variable"),
    "instance": attribute("instance"),
    "customerConfigVariable": _customer_variable,
    "onPremiseResource": constant(None),
    "logs": paging.empty,
    **dict.fromkeys(("contentUrl", "contentMetadataUrl", "supplementalDataUrl"), constant(None)),
    "supplementalDataMetadataUrl": constant(None),
}
BINDINGS = [bind("RequiredConfigVariable", _REQUIRED), bind("InstanceConfigVariable", _VALUE)]
