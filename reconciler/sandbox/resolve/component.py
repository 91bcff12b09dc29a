"""Why this exists: components, their actions, connections and inputs, as they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError

from . import ordering, paging
from .components import Version
from .fields import Resolver, attribute, attribute_id, bind, body, constant, not_found
from .ids import from_global, named

Test = Callable[[Version, Any], bool]


class Part:
    """An action, data source, connection or input of a version of a component."""

    __slots__ = ("body", "id", "owner")

    def __init__(self, owner: Any, kind: str, described: dict[str, Any]) -> None:
        self.owner, self.body = owner, described
        self.id = named(owner.id, f"{kind}/{described['key']}")


def _icontains(text: str | None, part: str) -> bool:
    return part.casefold() in (text or "").casefold()


def _offers(kind: str, test: Callable[[dict[str, Any]], bool] = lambda _: True) -> Test:
    return lambda v, value: any(test(part) for part in v.body.get(kind, ())) == value


FILTERS: dict[str, Test] = {
    "key": lambda v, value: v.key == value,
    "key_Icontains": lambda v, value: _icontains(v.key, value),
    "key_In": lambda v, value: v.key in value,
    "label_Icontains": lambda v, value: _icontains(v.body["label"], value),
    "description_Icontains": lambda v, value: _icontains(v.body["description"], value),
    "searchTerms_Icontains": lambda v, value: _icontains(f"{v.key} {v.body['label']}", value),
    "searchTerms_Fulltext": lambda v, value: _icontains(f"{v.key} {v.body['label']}", value),
    "category": lambda v, value: bool(v.body["category"] == value),
    "public": lambda v, value: v.public == value,
    "versionNumber": lambda v, value: v.number == value,
    "versionIsAvailable": lambda _, value: bool(value),
    "versionSequenceId": lambda v, value: v.sequence == value,
    "versionCreatedAt_Gte": lambda v, value: v.created_at >= value,
    "versionCreatedAt_Lte": lambda v, value: v.created_at <= value,
    "customer": lambda v, value: not value or v.body.get("customer") == from_global("Customer", value),
    "customer_Isnull": lambda v, value: (v.body.get("customer") is None) == value,
    "labels_Contains": lambda _, __: False,  # components bear no labels here
    "labels_Icontains": lambda _, __: False,
    "hasActions": _offers("actions", lambda part: not part["is_trigger"]),
    "hasTriggers": _offers("actions", lambda part: bool(part["is_trigger"])),
    "hasCommonTriggers": lambda v, value: bool((v.key in ("webhook-triggers", "schedule-triggers")) == value),
    "hasConnections": _offers("connections"),
    "hasConnectionTemplates": lambda _, value: not value,
    "hasOauth2Connections": _offers("connections", lambda part: bool(part["oauth2_type"])),
    "hasSimpleConnections": _offers("connections", lambda part: not part["oauth2_type"]),
    "hasDataSources": _offers("data_sources"),
    "hasDataSourcesOfType": lambda v, value: any(
        part["type"].upper() == value.upper() for part in v.body.get("data_sources", ())
    ),
}
_ORDER: dict[str, Callable[[Version], Any]] = {
    "CATEGORY": lambda v: v.body["category"],
    "CUSTOMER": lambda _: None,
    "DESCRIPTION": lambda v: v.body["description"],
    "LABEL": lambda v: v.body["label"].casefold(),
    "VERSION_CREATED_AT": lambda v: (v.created_at, v.key, v.number),
    "VERSION_NUMBER": lambda v: v.number,
}


def _query(expression: Any, version: Version) -> bool:
    """A filterQuery: ``["or", ["in", FIELD, TEXT], …]``, as the vendor's CLI writes it, or named filters."""
    if isinstance(expression, dict):
        return all(FILTERS[name](version, value) for name, value in expression.items())
    operator, *rest = expression
    if operator in ("or", "and"):
        return (any if operator == "or" else all)(_query(part, version) for part in rest)
    name, text = rest
    found = str(version.body[name])
    return _icontains(found, text) if operator == "in" else {"equal": found == text}[operator]


def pick(info: Any, versions: Sequence[Version], arguments: dict[str, Any]) -> paging.Connection:
    """Those of the versions that the arguments ask for, in the order that they ask for."""
    tests = [
        (FILTERS[name], value) for name, value in arguments.items() if name in FILTERS and value is not None
    ]
    found: Sequence[Version] = [v for v in versions if all(test(v, value) for test, value in tests)]
    if arguments.get("filterQuery") is not None:
        try:
            found = [v for v in found if _query(arguments["filterQuery"], v)]
        except (KeyError, ValueError, TypeError) as error:
            raise GraphQLError(f"filterQuery is not understood: {arguments['filterQuery']!r}") from error
    return paging.of_list(info, ordering.ordered(found, _ORDER, arguments), arguments)


def components(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """The list of components: the newest version of each, or all."""
    every = bool(arguments.get("allVersions"))
    found = list(
        info.context.components.all(every_version=every or arguments.get("versionNumber") is not None)
    )
    if not arguments.get("includeComponentsForCodeNativeIntegrations"):
        found = [version for version in found if not version.body.get("code_native")]
    return pick(info, found, arguments)


def nested(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """The components that an organization or a customer may use: those of the tenant."""
    return components(None, info, **arguments)


def _component(_: Any, info: Any, id: str) -> Version | None:
    found: Version | None = info.context.components.by_id(from_global("Component", id))
    return found or not_found(info)


def _sequence(version: Version, info: Any, **arguments: Any) -> paging.Connection:
    return pick(info, info.context.components.versions(version.key, version.public), arguments)


def _version_at(version: Version, info: Any, **wanted: Any) -> Version | None:
    versions = info.context.components.versions(version.key, version.public)
    if wanted.get("id"):
        return next((v for v in versions if v.id == from_global("Component", wanted["id"])), None)
    number = wanted.get("versionNumber")
    return versions[-1] if number is None else next((v for v in versions if v.number == number), None)


def part_of(info: Any, kind: str, reference: dict[str, Any] | None) -> Part | None:
    """The action, connection or data source that a definition refers to."""
    if not reference:
        return None
    version = info.context.components.version(
        reference["component_key"], reference["is_public"], reference["version"]
    )
    parts = version.body.get(kind, ()) if version else ()
    described = next((part for part in parts if part["key"] == reference["key"]), None)
    if described is None and version and kind == "actions":
        # Definitions may name an action that our selection lacks; it has the name it is called by.
        described = {"key": reference["key"], "label": reference["key"], "is_trigger": False}
    return Part(version, kind, described) if described else None


def _parts(kind: str, tests: dict[str, Callable[[dict[str, Any], Any], bool]]) -> Resolver:
    def resolve(version: Version, info: Any, **arguments: Any) -> paging.Connection:
        described = version.body.get(kind, ())
        if kind == "actions":
            described = [
                *described,
                *({**part, "source": part["type"]} for part in version.body["data_sources"]),
            ]
        asked = [
            (tests[name], value) for name, value in arguments.items() if name in tests and value is not None
        ]
        found = [
            Part(version, kind, part) for part in described if all(test(part, value) for test, value in asked)
        ]
        readers = {
            "KEY": lambda part: part.body["key"],
            "LABEL": lambda part: part.body["label"],
            "ORDER": lambda _: 0,
            "IS_TRIGGER": lambda part: part.body.get("is_trigger", False),
            "IS_POLLING_TRIGGER": lambda part: part.body.get("is_polling_trigger", False),
            "IS_DATA_SOURCE": lambda part: "source" in part.body,
            "IS_COMMON_TRIGGER": lambda _: 0,
        }
        return paging.of_list(info, ordering.ordered(found, readers, arguments), arguments)

    return resolve


def _inputs(part: Part, info: Any, **arguments: Any) -> paging.Connection:
    found = [Part(part, "input", described) for described in part.body.get("inputs", ())]
    keys = [arguments["key"]] if arguments.get("key") else arguments.get("key_In")
    return paging.of_list(info, [i for i in found if not keys or i.body["key"] in keys], arguments)


_KEYS: dict[str, Callable[[dict[str, Any], Any], bool]] = {
    "key": lambda part, value: bool(part["key"] == value),
    "key_Icontains": lambda part, value: _icontains(part["key"], value),
    "key_In": lambda part, value: part["key"] in value,
    "label_Icontains": lambda part, value: _icontains(part["label"], value),
    "isTrigger": lambda part, value: bool(part.get("is_trigger", False)) == value,
    "isPollingTrigger": lambda part, value: bool(part.get("is_polling_trigger", False)) == value,
    "isDataSource": lambda part, value: ("source" in part) == value,
    "oauth2Type": lambda part, value: bool(part["oauth2_type"] == value.lower()),
    "oauth2Type_Isnull": lambda part, value: (part["oauth2_type"] is None) == value,
}


def starred_of(version: Version) -> str:
    """The setting that keeps whether a component is starred."""
    return f"starred/{version.sequence}"


def _private(name: str) -> Resolver:
    """What only a component that was published here has."""
    return lambda version, _: version.body.get(name)


def _by(table: str, name: str) -> Resolver:
    def resolve(version: Version, info: Any) -> Any:
        identifier = version.body.get(name)
        return info.context.store.get(table, identifier) if identifier else None

    return resolve


_COMPONENT: dict[str, Resolver] = {
    "id": attribute_id("Component"),
    "key": attribute("key"),
    "label": body("label"),
    "description": body("description"),
    "category": body("category"),
    "public": attribute("public"),
    "signature": attribute("signature"),
    "versionNumber": attribute("number"),
    "versionSequenceId": attribute("sequence"),
    "versionIsLatest": attribute("is_latest"),
    "versionIsAvailable": lambda v, _: v.signature != "",
    "versionCreatedAt": attribute("created_at"),
    "versionCreatedBy": _by("person", "published_by"),
    "versionComment": _private("comment"),
    "versionAttributes": _private("attributes"),
    "versionSequence": _sequence,
    "versionAt": _version_at,
    "allowManageAttachments": constant(False),
    "allowRemove": lambda v, info: not v.public and info.context.may_write,
    "allowUpdate": lambda v, info: not v.public and info.context.may_write,
    "attachments": constant([]),
    "customer": _by("customer", "customer"),
    "documentationUrl": _private("documentation_url"),
    "forCodeNativeIntegration": lambda v, _: bool(v.body.get("code_native")),
    "iconUrl": constant(None),
    "labels": lambda _, info: info.context.labels("[]"),
    "searchTerms": constant(None),
    "sourceDownloadUrl": constant(None),
    "starred": lambda v, info: bool(info.context.store.meta().get(starred_of(v))),
    "actions": _parts("actions", _KEYS),
    "connections": _parts("connections", _KEYS),
}
_ACTION: dict[str, Resolver] = {
    "id": attribute_id("Action"),
    "key": body("key"),
    "label": body("label"),
    "description": body("label"),
    "component": attribute("owner"),
    "isTrigger": lambda part, _: bool(part.body.get("is_trigger", False)),
    "isPollingTrigger": lambda part, _: bool(part.body.get("is_polling_trigger", False)),
    "isDataSource": lambda part, _: "type" in part.body,
    "dataSourceType": lambda part, _: part.body["type"].upper() if "type" in part.body else None,
    "isDetailDataSource": constant(False),
    "isCommonTrigger": lambda part, _: part.owner.key in ("webhook-triggers", "schedule-triggers"),
    "scheduleSupport": lambda part, _: _schedule_support(part),
    "inputs": _inputs,
    "allowRemove": constant(False),
    "allowUpdate": constant(False),
}


def _schedule_support(part: Part) -> str:
    if part.owner.key == "schedule-triggers" or part.body.get("is_polling_trigger"):
        return "REQUIRED"
    return "INVALID"


_CONNECTION: dict[str, Resolver] = {
    "id": attribute_id("Connection"),
    "key": body("key"),
    "label": body("label"),
    "comments": constant(None),
    "component": attribute("owner"),
    "default": constant(False),
    "oauth2Type": lambda part, _: (part.body["oauth2_type"] or "").upper() or None,
    "onPremiseAvailable": constant(False),
    "order": constant(None),
    "avatarIconUrl": constant(None),
    "iconUrl": constant(None),
    "templates": paging.empty,
    "inputs": _inputs,
    "allowRemove": constant(False),
    "allowUpdate": constant(False),
}
_INPUT: dict[str, Resolver] = {
    "id": attribute_id("InputField"),
    "key": body("key"),
    "label": body("label"),
    "type": lambda part, _: part.body["type"].upper(),
    "required": body("required"),
    "default": body("default"),
    "connection": lambda part, _: part.owner if "oauth2_type" in part.owner.body else None,
    "shown": constant(True),
    "onPremiseControlled": constant(False),
    "allowRemove": constant(False),
    "allowUpdate": constant(False),
    **dict.fromkeys(
        ("action", "collection", "comments", "dataSource", "example", "keyLabel"), constant(None)
    ),
    **dict.fromkeys(("language", "model", "placeholder"), constant(None)),
}
BINDINGS = [
    bind("Component", _COMPONENT),
    bind("Action", _ACTION),
    bind("Connection", _CONNECTION),
    bind("InputField", _INPUT),
]
ROOT: dict[str, Resolver] = {"component": _component, "components": components}
