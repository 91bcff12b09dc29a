"""Why this exists: integrations and their versions, as they are read.

A draft and each published version are rows of one table that share a sequence. The draft's row keeps the
number that was published last; what a draft shows of it is a rule.
"""

from __future__ import annotations

import json
from typing import Any

from ...address import link
from ...store import Row
from .. import definitions
from ..components.shown import pick
from ..components.versions import used_by
from ..content import versions
from ..executions.last_run import last_executed
from ..frame import filters, paging
from ..frame.context import Context
from ..frame.filters import Condition, Filter
from ..frame.ids import from_global, named, to_global
from ..frame.kinds import Kind
from ..frame.lists import Arguments, Rows, Those
from ..frame.resolvers import Resolver, column, constants, json_column
from ..instances.profiles import default_of
from ..instances.values import values
from .flows import actions, flows
from .variables import required

_NOT_OFFERED = "NOT_AVAILABLE_IN_MARKETPLACE"
_INSTANCES = "EXISTS (SELECT 1 FROM instance x WHERE x.sequence = integration.sequence AND NOT x.is_system)"


def _is_outdated(row: Row, info: Any) -> bool:
    """Whether a newer version of a used component is there."""
    return any(not used.is_latest for used in used_by(info.context, row))


def _outdated(context: Context, value: bool) -> Condition:
    """Components move under the records, so it is worked out when asked."""
    rows = context.store.select("integration", [], [])
    found = [row["id"] for row in rows if any(not v.is_latest for v in used_by(context, row)) is value]
    return filters.among("id", found)


_FILTERS: dict[str, Filter] = {
    **filters.on("name", "description", "category", versionSequenceId="sequence"),
    **filters.on(marketplaceConfiguration="marketplace", templateConfiguration="template"),
    "customer": filters.reference("customer", "Customer"),
    "customer_Isnull": filters.is_null("customer"),
    **filters.flags("useAsTemplate", flows_IsAgentFlow="agent", hasInstances=_INSTANCES),
    **filters.flags(hasUnpublishedChanges="unpublished", isCodeNative="code_native"),
    **filters.flags(allowMultipleMarketplaceInstances="multiple"),
    **filters.flags(marketplace=f"marketplace <> '{_NOT_OFFERED}'"),
    "hasOutdatedComponents": _outdated,
    "versionIsAvailable": lambda context, value: (f"{versions.available_sql(context)} = ?", [int(value)]),
    "versionNumber": lambda context, value: (f"{versions.number_sql(context)} = ?", [value]),
    **filters.LABELS,
    **filters.TIMES,
}


def _drafts_alone(_: Context, arguments: Arguments) -> list[str]:
    """One record an integration, unless every version is asked for."""
    return [] if arguments.get("allVersions") else ["is_draft"]


_ROWS = Rows(
    "integration",
    _FILTERS,
    {
        "CUSTOMER": "(SELECT c.name FROM customer c WHERE c.id = customer)",
        "VERSION_NUMBER": versions.number_sql,
    },
    shown=_drafts_alone,
)


def _marketplace(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """What customers are offered: of each integration the newest version that is in the marketplace."""
    offered = f"marketplace <> '{_NOT_OFFERED}' AND NOT is_draft AND available"
    newest = (
        "number = (SELECT max(i.number) FROM integration i WHERE i.sequence = integration.sequence"
        f" AND i.marketplace <> '{_NOT_OFFERED}' AND NOT i.is_draft AND i.available)"
    )
    more = [offered] if arguments.get("allVersions") else [offered, newest]
    return _ROWS.select(info, arguments | {"allVersions": True}, more)


# versions


def _sequence(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    more = ["sequence = ?"]
    if info.context.rules["draft_in_sequence"] == "false":
        more.append("NOT is_draft")
    return _ROWS.select(info, arguments | {"allVersions": True}, more, [row["sequence"]])


def _is_latest(row: Row, info: Any) -> bool:
    context = info.context
    if context.rules["version_is_latest"] == "draft":
        return bool(row["is_draft"])
    newest = context.draft(row["sequence"])["number"]
    return bool(row["number"] == newest and bool(row["is_draft"]) == (newest == 0))


def _is_available(row: Row, info: Any) -> bool:
    return versions.is_available(info.context, row)


def _version_at(row: Row, info: Any, **wanted: Any) -> Row | None:
    context = info.context
    if wanted.get("latestAvailable"):
        return versions.newest_published(context, row["sequence"], available=True)
    conditions, parameters = ["sequence = ?"], [row["sequence"]]
    if wanted.get("id"):
        conditions.append("id = ?")
        parameters.append(from_global("Integration", wanted["id"]))
    elif wanted.get("versionNumber") is not None:
        conditions += ["NOT is_draft", "number = ?"]
        parameters.append(wanted["versionNumber"])
    else:
        return versions.newest_published(context, row["sequence"])
    return next(iter(context.store.select("integration", conditions, parameters)), None)


def _versions(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    columns = {"PUBLISHED_AT": "published_at", "PUBLISHED_BY": "published_by", "VERSION_NUMBER": "number"}
    wanted = arguments.get("orderBy")
    order = f"{columns[wanted['field']]} {wanted['direction']}" if wanted else "number DESC"
    of_sequence = ["sequence = ?", "NOT is_draft"]
    return paging.of_table(info, "integration", of_sequence, [row["sequence"]], order, arguments)


def _metadata(row: Row, info: Any) -> Any:
    """One for the whole integration, unless the rule lets each version keep its own."""
    if row["is_draft"] or info.context.rules["metadata_per_version"] == "true":
        return row["metadata"]
    return info.context.draft(row["sequence"])["metadata"]


# what the definition says


def _body(name: str) -> Resolver:
    return lambda row, info: definitions.of(info.context, row).body.get(name)


def _definition(row: Row, info: Any, **arguments: Any) -> str:
    latest = bool(arguments.get("useLatestComponentVersions"))
    return definitions.read_back(info.context, row, latest=latest)


def _endpoint_type(row: Row, info: Any) -> str:
    kind: str = definitions.of(info.context, row).body.get("endpointType") or "flow_specific"
    return kind.upper()


def _config_pages(row: Row, info: Any) -> str:
    return json.dumps(definitions.of(info.context, row).body.get("configPages") or [])


def _user_level(row: Row, info: Any) -> bool:
    return any(v["user_level_configured"] for v in definitions.of(info.context, row).variables)


def _components(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    found = used_by(info.context, row)
    if arguments.get("outdated") is not None:
        found = [v for v in found if v.is_latest is not arguments["outdated"]]
    return pick(info, found, arguments)


# its instances


def _instances(row: Row, info: Any) -> tuple[list[str], list[str]]:
    if info.context.rules["integration_filter"] == "exact":
        return ["integration = ?"], [row["id"]]
    return ["sequence = ?"], [row["sequence"]]


def _test_values(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    return values(info.context.system_instance(row["sequence"]), info, **arguments)


def _deployed(row: Row, info: Any, more: str = "1") -> list[Row]:
    conditions = ["sequence = ?", "NOT is_system", "last_deployed_at IS NOT NULL", more]
    found: list[Row] = info.context.store.select("instance", conditions, [row["sequence"]], "created_at", 2)
    return found


def _deployment_status(row: Row, info: Any) -> str:
    if not _deployed(row, info):
        return "UNCONFIGURED"
    return "ACTIVATED" if _deployed(row, info, "enabled") else "PAUSED"


def _total_instances(row: Row, info: Any) -> int:
    total: int = info.context.store.count("instance", ["sequence = ?", "NOT is_system"], [row["sequence"]])
    return total


def _distribution(row: Row, info: Any) -> dict[str, Any]:
    sql = (
        "SELECT i.number AS number, count(*) AS n FROM instance x JOIN integration i ON i.id = x.integration"
        " WHERE x.sequence = ? AND NOT x.is_system GROUP BY i.number ORDER BY i.number"
    )
    return {"nodes": info.context.store.all(sql, [row["sequence"]])}


KINDS = (
    Kind(
        "Integration",
        "integration",
        lists=_ROWS.listed,
        fields={
            "metadata": _metadata,
            "parent": lambda row, info: (
                info.context.store.get("integration", row["parent"]) if row["parent"] else None
            ),
            "lastExecutedAt": lambda row, info: last_executed("sequence")({"id": row["sequence"]}, info),
            "definition": _definition,
            "documentation": _body("documentation"),
            "externalVersion": _body("version"),
            "preprocessFlowName": _body("preprocessFlowName"),
            "endpointType": _endpoint_type,
            "configPages": _config_pages,
            "userLevelConfigured": _user_level,
            "isCodeNative": "code_native",
            "defaultInstanceProfile": default_of,
            "flows": flows,
            "actions": actions,
            "requiredConfigVariables": required,
            "testConfigVariables": _test_values,
            "systemInstance": lambda row, info: info.context.system_instance(row["sequence"]),
            "instances": Those(_instances),
            "instanceStats": lambda row, _: row,
            "deployedInstances": lambda row, info: ("ZERO", "ONE", "MULTIPLE")[len(_deployed(row, info))],
            "firstDeployedInstance": lambda row, info: next(iter(_deployed(row, info)), None),
            "deploymentStatus": _deployment_status,
            "components": _components,
            "hasOutdatedComponents": _is_outdated,
            "hasUnpublishedChanges": "unpublished",
            "marketplaceConfiguration": "marketplace",
            "marketplaceTabConfiguration": json_column("marketplace_tabs"),
            "allowMultipleMarketplaceInstances": "multiple",
            "isCustomerDeployable": lambda row, _: row["marketplace"] == "AVAILABLE_AND_DEPLOYABLE",
            "storeConfiguration": lambda row, _: row["marketplace"].replace("IN_MARKETPLACE", "IN_STORE"),
            "templateConfiguration": "template",
            "agentFlowsUrl": lambda row, _: link("trigger", "agent", to_global("Integration", row["id"])),
            "endpointConfigTestUrl": lambda row, _: link("trigger", to_global("Integration", row["id"])),
            "endpointConfigTestPayload": "test_payload",
            "endpointConfigTestHeaders": "test_headers",
            "endpointConfigTestContentType": "test_content_type",
            "customerConfigVariables": paging.empty,
            "scopedConfigVariables": paging.empty,
            "attachments": lambda _, __: [],
            **constants(None, "ulcDeploymentStatus"),
            "versionSequence": _sequence,
            "versionSequenceId": "sequence",
            "versionNumber": lambda row, info: versions.number(info.context, row),
            "versionIsAvailable": _is_available,
            "versionIsLatest": _is_latest,
            "versionAttributes": "attributes",
            "versionComment": "comment",
            "versionCreatedAt": "published_at",
            "versionCreatedBy": "published_by",
            "versionAt": _version_at,
            "versions": _versions,
        },
    ),
    Kind(
        "Version",
        "integration",
        fields={
            "id": lambda row, _: to_global("Version", named(row["id"], "version")),
            "versionNumber": "number",
            "isAvailable": _is_available,
        },
    ),
    Kind(
        "InstanceStats", fields={"totalInstanceCount": _total_instances, "versionDistribution": _distribution}
    ),
    Kind("VersionDistributionConnection", mapping=True),
    Kind("VersionInstanceCount", fields={"instanceCount": column("n"), "versionNumber": column("number")}),
)
ROOT: dict[str, Resolver] = {"marketplaceIntegrations": _marketplace}
