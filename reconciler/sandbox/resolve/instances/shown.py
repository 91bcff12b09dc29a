"""Why this exists: instances, as they are read."""

from __future__ import annotations

import json
from typing import Any

from ...store import Row
from ..content.completeness import unfilled
from ..executions.last_run import failed_filter, in_failed_state, last_executed
from ..frame import filters, paging
from ..frame.context import Context
from ..frame.filters import Condition, Filter
from ..frame.ids import from_global
from ..frame.kinds import Kind
from ..frame.lists import Arguments, Rows, of_parent, where
from ..frame.resolvers import constants
from .flow_configs import flow_configs
from .profiles import profile_of
from .values import values


def _integration(context: Context, value: str) -> Condition | None:
    """The id of a version finds the instances of every version, unless the rule is exact."""
    if not value:
        return None
    identifier = from_global("Integration", value)
    if context.rules["integration_filter"] == "exact":
        return "integration = ?", [identifier]
    return "sequence = (SELECT i.sequence FROM integration i WHERE i.id = ?)", [identifier]


def _only(word: str) -> Filter:
    """Here all are alike in this."""
    return lambda _, value: ("1" if value == word else "0", [])


_WORKFLOWS = "(SELECT instance FROM workflow)"
_OF_CUSTOMER = "customer IN (SELECT c.id FROM customer c WHERE c.external_id = ?)"
_FILTERS: dict[str, Filter] = {
    **filters.on("name", "description", integration_VersionSequenceId="sequence"),
    **filters.flags("enabled", "needsDeploy", "isSystem", globalDebug="debug"),
    "inFailedState": failed_filter("instance", "instance.id"),
    "instanceType": lambda _, value: (f"id {'NOT ' * (value == 'INTEGRATION')}IN {_WORKFLOWS}", []),
    "designedBy": _only("ORG"),
    "customer": filters.reference("customer", "Customer"),
    "customer_ExternalId": lambda _, value: (_OF_CUSTOMER, [value]),
    "integration": _integration,
    "id_In": filters.ids("id", "Instance"),
    **filters.LABELS,
    **filters.TIMES,
}
_OF_INTEGRATION = "(SELECT i.{} FROM integration i WHERE i.id = integration)"
_ORDER = {
    "CUSTOMER": "(SELECT c.name FROM customer c WHERE c.id = customer)",
    "INTEGRATION": _OF_INTEGRATION.format("name"),
    "CATEGORY": _OF_INTEGRATION.format("category"),
    "VERSION": _OF_INTEGRATION.format("number"),
    "INSTANCE_TYPE": "NULL",
    "LAST_EXECUTED_AT": "(SELECT max(e.created_at) FROM execution e WHERE e.instance = instance.id)",
}


def without_system(context: Context, arguments: Arguments) -> list[str]:
    """Lists that do not ask for system objects may leave them out."""
    hidden = arguments.get("isSystem") is None and context.rules["system_hidden"] == "true"
    return ["NOT is_system"] if hidden else []


def _integration_of(row: Row, info: Any, **_: Any) -> Row:
    found: Row = info.context.row("integration", row["integration"])
    return found


def _type(row: Row, info: Any) -> str:
    """What it is an instance of: an integration, or a workflow."""
    found = info.context.store.count("workflow", ["instance = ?"], [row["id"]])
    return "WORKFLOW" if found else "INTEGRATION"


def _deployed_version(row: Row, info: Any) -> int:
    """The live version's number; before the first deploy it is a rule."""
    if row["deployed_version"] is not None:
        return int(row["deployed_version"])
    return 0 if info.context.rules["undeployed_version"] == "0" else -1


def _config_state(row: Row, info: Any) -> str:
    return "NEEDS_INSTANCE_CONFIGURATION" if unfilled(info.context, row) else "FULLY_CONFIGURED"


def _upgradeable(row: Row, info: Any) -> bool:
    """Whether a newer version is in the marketplace."""
    offered = ["NOT is_draft", "marketplace = 'AVAILABLE_AND_DEPLOYABLE'", "available"]
    newer = ["sequence = ?", "number > ?", *offered]
    now = _integration_of(row, info)["number"]
    return int(info.context.store.count("integration", newer, [row["sequence"], now])) > 0


def _customer_deployable(row: Row, info: Any) -> bool:
    return bool(_integration_of(row, info)["marketplace"] == "AVAILABLE_AND_DEPLOYABLE")


def _bound(row: Row) -> str:
    """The customers' values that an instance is bound to."""
    return json.dumps([entry.get("customer_variable") for entry in json.loads(row["config"]).values()])


KINDS = (
    Kind(
        "Instance",
        "instance",
        lists=Rows("instance", _FILTERS, _ORDER, shown=without_system).listed,
        fields={
            "deployedVersion": _deployed_version,
            "lastExecutedAt": last_executed("instance"),
            "inFailedState": in_failed_state("instance"),
            "globalDebug": "debug",
            "stepResultsDisabled": "results_disabled",
            "configState": _config_state,
            "isCustomerUpgradeable": _upgradeable,
            "isCustomerDeployable": _customer_deployable,
            "integration": _integration_of,
            "configVariables": values,
            "flowConfigs": flow_configs,
            "profile": profile_of,
            "customerConfigVariables": where("id IN (SELECT value FROM json_each(?))", _bound),
            "executionResults": of_parent("instance"),
            "logs": of_parent("instance"),
            "monitors": of_parent("instance"),
            **dict.fromkeys(
                ("scopedConfigVariables", "userLevelConfigVariables", "userLevelConfigs"), paging.empty
            ),
            "instanceType": _type,
            **constants("ORG", "designedBy"),
            **constants(False, "listeningMode", "systemSuspended"),
            **constants(None, "workflow"),
        },
    ),
)
