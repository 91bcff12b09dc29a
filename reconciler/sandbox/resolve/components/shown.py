"""Why this exists: components, their actions, connections and inputs, as they are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from graphql import GraphQLError

from ..frame import paging
from ..frame.context import Context
from ..frame.errors import missing
from ..frame.ids import from_global, named
from ..frame.kinds import Kind
from ..frame.lists import ordered
from ..frame.resolvers import Resolver, alike, attribute, body, constants, not_found
from .versions import INVENTED, Version, of

Test = Callable[[Any, Any], bool]
_COMMON = ("webhook-triggers", "schedule-triggers")


class Part:
    """An action, data source, connection or input of a version of a component."""

    __slots__ = ("body", "id", "owner")

    def __init__(self, owner: Any, kind: str, described: dict[str, Any]) -> None:
        self.owner, self.body = owner, described
        self.id = named(owner.id, f"{kind}/{described['key']}")


_UNKNOWN: dict[str, dict[str, Any]] = {
    "actions": {"is_trigger": False},
    "connections": {"oauth2_type": None},
    "data_sources": {"type": "string"},
}


def part_of(info: Any, kind: str, reference: dict[str, Any] | None) -> Part | None:
    """The action, connection or data source that a definition refers to."""
    if not reference:
        return None
    version = of(info.context).version(
        reference["component_key"], reference["is_public"], reference["version"]
    )
    parts = version.body.get(kind, ()) if version else ()
    described = next((part for part in parts if part["key"] == reference["key"]), None)
    if described is None and version and (kind == "actions" or INVENTED in version.body):
        # Definitions may name an action that our selection lacks; it has the name it is called by.
        described = {"key": reference["key"], "label": reference["key"], **_UNKNOWN[kind]}
    return Part(version, kind, described) if described else None


def connection_of(context: Context, value: str) -> str:
    """The connection of a component that an id in a mutation means, as rows keep it for `part_of`."""
    wanted = from_global("Connection", value)
    for version in of(context).all(every_version=True):
        for described in version.body.get("connections", ()):
            if Part(version, "connections", described).id == wanted:
                named = {"component_key": version.key, "is_public": version.public, "version": version.number}
                return json.dumps(named | {"key": described["key"], "component_label": version.body["label"]})
    raise missing("connection")


# lists of components


def _contains(read: Callable[[Any], str | None]) -> Test:
    return lambda value, part: part.casefold() in (read(value) or "").casefold()


def _same(read: Callable[[Any], Any]) -> Test:
    return lambda value, wanted: bool(read(value) == wanted)


def _offers(kind: str, test: Callable[[dict[str, Any]], Any] = lambda _: True) -> Test:
    return lambda v, value: any(test(part) for part in v.body.get(kind, ())) == value


def _search_terms(version: Version) -> str:
    return f"{version.key} {version.body['label']}"


FILTERS: dict[str, Test] = {
    "key": _same(lambda v: v.key),
    "key_Icontains": _contains(lambda v: v.key),
    "key_In": lambda v, value: v.key in value,
    "label_Icontains": _contains(lambda v: v.body["label"]),
    "description_Icontains": _contains(lambda v: v.body["description"]),
    **dict.fromkeys(("searchTerms_Icontains", "searchTerms_Fulltext"), _contains(_search_terms)),
    "category": _same(lambda v: v.body["category"]),
    "public": _same(lambda v: v.public),
    "versionNumber": _same(lambda v: v.number),
    "versionIsAvailable": lambda _, value: bool(value),
    "versionSequenceId": _same(lambda v: v.sequence),
    "versionCreatedAt_Gte": lambda v, value: v.created_at >= value,
    "versionCreatedAt_Lte": lambda v, value: v.created_at <= value,
    "customer": lambda v, value: not value or v.body.get("customer") == from_global("Customer", value),
    "customer_Isnull": _same(lambda v: v.body.get("customer") is None),
    **dict.fromkeys(("labels_Contains", "labels_Icontains"), lambda _, __: False),  # they bear none here
    "hasActions": _offers("actions", lambda part: not part["is_trigger"]),
    "hasTriggers": _offers("actions", lambda part: part["is_trigger"]),
    "hasCommonTriggers": _same(lambda v: v.key in _COMMON),
    "hasConnections": _offers("connections"),
    "hasConnectionTemplates": lambda _, value: not value,
    "hasOauth2Connections": _offers("connections", lambda part: part["oauth2_type"]),
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


def _passing(tests: dict[str, Test], found: Sequence[Any], arguments: dict[str, Any]) -> list[Any]:
    """Those that every filter lets through which was asked for."""
    asked = [(tests[name], value) for name, value in arguments.items() if name in tests and value is not None]
    return [one for one in found if all(test(one, value) for test, value in asked)]


def _query(expression: Any, version: Version) -> bool:
    """A filterQuery: ``["or", ["in", FIELD, TEXT], …]``, as the vendor's CLI writes it, or named filters."""
    if isinstance(expression, dict):
        return all(FILTERS[name](version, value) for name, value in expression.items())
    operator, *rest = expression
    if operator in ("or", "and"):
        return (any if operator == "or" else all)(_query(part, version) for part in rest)
    name, text = rest
    found = str(version.body[name])
    return text.casefold() in found.casefold() if operator == "in" else {"equal": found == text}[operator]


def pick(info: Any, versions: Sequence[Version], arguments: dict[str, Any]) -> paging.Connection:
    """Those of the versions that the arguments ask for, in the order that they ask for."""
    found = _passing(FILTERS, versions, arguments)
    if arguments.get("filterQuery") is not None:
        try:
            found = [v for v in found if _query(arguments["filterQuery"], v)]
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise GraphQLError(f"filterQuery is not understood: {arguments['filterQuery']!r}") from error
    return paging.of_list(info, ordered(found, _ORDER, arguments), arguments)


def _components(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """The newest version of each, or all."""
    every = bool(arguments.get("allVersions")) or arguments.get("versionNumber") is not None
    found = list(of(info.context).all(every_version=every))
    if not arguments.get("includeComponentsForCodeNativeIntegrations"):
        found = [version for version in found if not version.body.get("code_native")]
    return pick(info, [*found, *_to_be_invented(info, every, arguments)], arguments)


def _to_be_invented(info: Any, every: bool, arguments: dict[str, Any]) -> Iterator[Version]:
    """What a definition may name, and is looked for by its key: it is there, as soon as one names it."""
    several, key = arguments.get("key_In"), arguments.get("key")
    if info.context.rules["unknown_components"] == "refused" or not (several or key):
        return
    if not several and info.context.store.count("component", ["key = ?"], [key]):
        return  # somebody publishes it, and it shows once its package is there
    known, public, number = of(info.context), arguments.get("public"), arguments.get("versionNumber")
    for one in several or [key]:
        there = {sort: [version.number for version in known.versions(one, sort)] for sort in (True, False)}
        either = [True, False] if several else [] if any(there.values()) else [True]
        for sort in either if public is None else [public]:
            if number is None and not there[sort]:
                yield known.invented(one, sort, 1)
            if number is not None and number not in there[sort]:
                yield known.invented(one, sort, number)
            if number is None and several and every:
                # Of which package it will be, no filter tells us.
                yield known.invented(one, sort, 0, signed=False)


def _component(_: Any, info: Any, id: str) -> Version | None:
    found: Version | None = of(info.context).by_id(from_global("Component", id))
    return found or not_found(info)


def _sequence(version: Version, info: Any, **arguments: Any) -> paging.Connection:
    return pick(info, of(info.context).versions(version.key, version.public), arguments)


def _version_at(version: Version, info: Any, **wanted: Any) -> Version | None:
    versions = of(info.context).versions(version.key, version.public)
    if wanted.get("id"):
        return next((v for v in versions if v.id == from_global("Component", wanted["id"])), None)
    number = wanted.get("versionNumber")
    return versions[-1] if number is None else next((v for v in versions if v.number == number), None)


# lists of their parts

_PART_FILTERS: dict[str, Test] = {
    "key": _same(lambda part: part.body["key"]),
    "key_Icontains": _contains(lambda part: part.body["key"]),
    "key_In": lambda part, value: part.body["key"] in value,
    "label_Icontains": _contains(lambda part: part.body["label"]),
    "isTrigger": _same(lambda part: bool(part.body.get("is_trigger"))),
    "isPollingTrigger": _same(lambda part: bool(part.body.get("is_polling_trigger"))),
    "isDataSource": _same(lambda part: "source" in part.body),
    "oauth2Type": lambda part, value: bool(part.body["oauth2_type"] == value.lower()),
    "oauth2Type_Isnull": _same(lambda part: part.body["oauth2_type"] is None),
}
_PART_ORDER: dict[str, Callable[[Part], Any]] = {
    "KEY": lambda part: part.body["key"],
    "LABEL": lambda part: part.body["label"],
    "ORDER": lambda _: 0,
    "IS_TRIGGER": lambda part: part.body.get("is_trigger", False),
    "IS_POLLING_TRIGGER": lambda part: part.body.get("is_polling_trigger", False),
    "IS_DATA_SOURCE": lambda part: "source" in part.body,
    "IS_COMMON_TRIGGER": lambda _: 0,
}


def _parts(kind: str, described: Callable[[Version], Sequence[dict[str, Any]]]) -> Resolver:
    def resolve(version: Version, info: Any, **arguments: Any) -> paging.Connection:
        found = [Part(version, kind, part) for part in described(version)]
        found = _passing(_PART_FILTERS, found, arguments)
        return paging.of_list(info, ordered(found, _PART_ORDER, arguments), arguments)

    return resolve


def _actions(version: Version) -> list[dict[str, Any]]:
    """Data sources are listed among them."""
    sources = ({**part, "source": part["type"]} for part in version.body["data_sources"])
    return [*version.body.get("actions", ()), *sources]


def _inputs(part: Part, info: Any, **arguments: Any) -> paging.Connection:
    found = [Part(part, "input", described) for described in part.body.get("inputs", ())]
    keys = [arguments["key"]] if arguments.get("key") else arguments.get("key_In")
    return paging.of_list(info, [i for i in found if not keys or i.body["key"] in keys], arguments)


# fields


def starred_of(version: Version) -> str:
    """The setting that keeps whether a component is starred."""
    return f"starred/{version.sequence}"


def _own(name: str) -> Resolver:
    """What only a component that was published here has."""
    return lambda version, _: version.body.get(name)


def _by(table: str, name: str) -> Resolver:
    def resolve(version: Version, info: Any) -> Any:
        identifier = version.body.get(name)
        return info.context.store.get(table, identifier) if identifier else None

    return resolve


def _may_change(version: Version, info: Any) -> bool:
    return not version.public and info.context.may_write


def _schedule_support(part: Part, _: Any) -> str:
    needed = part.owner.key == "schedule-triggers" or part.body.get("is_polling_trigger")
    return "REQUIRED" if needed else "INVALID"


KINDS = (
    Kind(
        "Component",
        lists=lambda _: _components,
        fields={
            **alike(attribute, "key", "public", "signature"),
            **alike(body, "label", "description", "category"),
            "versionNumber": attribute("number"),
            "versionSequenceId": attribute("sequence"),
            "versionIsLatest": attribute("is_latest"),
            "versionIsAvailable": lambda v, _: v.signature != "",
            "versionCreatedAt": attribute("created_at"),
            "versionCreatedBy": _by("person", "published_by"),
            "versionComment": _own("comment"),
            "versionAttributes": _own("attributes"),
            "versionSequence": _sequence,
            "versionAt": _version_at,
            **alike(_own, "documentationUrl"),
            "customer": _by("customer", "customer"),
            "forCodeNativeIntegration": lambda v, _: bool(v.body.get("code_native")),
            "labels": lambda _, info: info.context.labels("[]"),
            "starred": lambda v, info: bool(info.context.store.setting(starred_of(v))),
            "actions": _parts("actions", _actions),
            "connections": _parts("connections", lambda version: version.body.get("connections", ())),
            "attachments": lambda _, __: [],
            **constants(None, "iconUrl", "searchTerms", "sourceDownloadUrl"),
            **dict.fromkeys(("allowRemove", "allowUpdate"), _may_change),
            **constants(False, "allowManageAttachments"),
        },
    ),
    Kind(
        "Action",
        fields={
            **alike(body, "key", "label"),
            "description": body("label"),
            "component": attribute("owner"),
            "isTrigger": lambda part, _: bool(part.body.get("is_trigger")),
            "isPollingTrigger": lambda part, _: bool(part.body.get("is_polling_trigger")),
            "isDataSource": lambda part, _: "type" in part.body,
            "dataSourceType": lambda part, _: part.body["type"].upper() if "type" in part.body else None,
            "isCommonTrigger": lambda part, _: part.owner.key in _COMMON,
            "scheduleSupport": _schedule_support,
            "inputs": _inputs,
            **constants(False, "isDetailDataSource", "allowRemove", "allowUpdate"),
        },
    ),
    Kind(
        "Connection",
        fields={
            **alike(body, "key", "label"),
            "component": attribute("owner"),
            "oauth2Type": lambda part, _: (part.body["oauth2_type"] or "").upper() or None,
            "templates": paging.empty,
            "inputs": _inputs,
            **constants(None, "comments", "order", "avatarIconUrl", "iconUrl"),
            **constants(False, "default", "onPremiseAvailable", "allowRemove", "allowUpdate"),
        },
    ),
    Kind(
        "InputField",
        fields={
            **alike(body, "key", "label", "required", "default"),
            "type": lambda part, _: part.body["type"].upper(),
            "connection": lambda part, _: part.owner if "oauth2_type" in part.owner.body else None,
            **constants(None, "action", "collection", "comments", "dataSource", "example", "keyLabel"),
            **constants(None, "language", "model", "placeholder"),
            **constants(True, "shown"),
            **constants(False, "onPremiseControlled", "allowRemove", "allowUpdate"),
        },
    ),
)
ROOT: dict[str, Resolver] = {"component": _component}
