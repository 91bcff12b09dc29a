"""Why this exists: creating, changing, deploying and deleting instances."""

from __future__ import annotations

import json
from typing import Any

from ...store import Row
from ..content import headless, versions
from ..content.completeness import unfilled
from ..content.merging import merge, merge_flows, stored
from ..content.variables import values_of
from ..executions import markers
from ..executions.run import after_deploy
from ..frame import rows
from ..frame.context import Context
from ..frame.errors import RefusedError, missing
from ..frame.ids import from_global
from ..frame.inputs import Columns, as_given, filled, flag, into, text, with_labels
from ..frame.mutation import Run
from ..frame.rows import target

_COLUMNS: Columns = {
    **into(filled, "name"),
    **into(text, "description"),
    **into(flag, "enabled", "logsDisabled", "starred", globalDebug="debug"),
    **into(flag, stepResultsDisabled="results_disabled"),
    **into(as_given, "configMode"),
}
_ASK_FOR_DEPLOY = ("integration", "config", "flow_configs")
_GRANTED = ("status", "token", "refresh_at")
_NEVER_ASK = ("starred", "needs_deploy", "config_mode")


def _version(context: Context, value: str | None) -> Row:
    """The version meant by an id: a draft's stands for its newest published one."""
    row = context.store.get("integration", from_global("Integration", value or ""))
    if row is None:
        raise missing("integration")
    strict = context.rules["unavailable_version"] == "refused"
    if row["is_draft"]:
        newest = versions.newest_published(context, row["sequence"], available=strict)
        if newest is None:
            raise RefusedError("integration", "The integration has no published version that is available.")
        return newest
    return row


def _require_available(context: Context, row: Row) -> None:
    if context.rules["unavailable_version"] == "refused" and not versions.is_available(context, row):
        raise RefusedError("integration", f"Version {row['number']} of the integration is not available.")


def _check_name(context: Context, name: str, customer: str, own: str) -> None:
    if context.rules["instance_name_unique"] == "per_customer":
        where = ["customer = ?", "name = ?", "id <> ?"]
        if context.store.select("instance", where, [customer, name, own]):
            raise RefusedError("name", "Instance with this name and customer already exists.")


def _create(context: Context, given: dict[str, Any]) -> Row:
    customer = context.store.get("customer", from_global("Customer", given.get("customer") or ""))
    if customer is None:
        raise missing("customer")
    record = _version(context, given.get("integration"))
    _require_available(context, record)
    identifier, now = context.store.new_id(), context.store.now()
    row: Row = {
        "id": identifier,
        "description": "",
        "labels": "[]",
        "integration": record["id"],
        "sequence": record["sequence"],
        "customer": customer["id"],
        "enabled": int(context.rules["new_instance_enabled"] == "true"),
        "config": "{}",
        "flow_configs": "{}",
        **with_labels(context, _COLUMNS, given),
        "created_at": now,
        "updated_at": now,
    }
    _check_name(context, row["name"], customer["id"], identifier)
    row["config"] = merge(context, row, given.get("configVariables") or ())
    row["flow_configs"] = merge_flows(context, row, given.get("flowConfigs") or ())
    context.store.insert("instance", row)
    return rows.read(context, "instance", identifier)


def _move(context: Context, row: Row, value: str | None) -> Row:
    """The columns of a change of version; values that were saved and not deployed may be lost by it."""
    if row["is_system"]:
        raise RefusedError("integration", "A test instance follows its draft.")
    record = _version(context, value)
    if record["id"] == row["integration"]:
        return {}
    if record["sequence"] != row["sequence"]:
        raise RefusedError("integration", "An instance cannot change to another integration.")
    _require_available(context, record)
    headless.refuse_move(context, row, record)
    changes = {"integration": record["id"]}
    if context.rules["version_change_drops_pending_config"] == "true":
        changes["config"] = _deployed_config(row)
    return changes


def _deployed_config(row: Row) -> str:
    """The values as they were deployed; who authorised a connection since then need not do it again."""
    config = json.loads(row["deployed_config"] or "{}")
    for stable_id, entry in json.loads(row["config"]).items():
        granted = {name: entry[name] for name in _GRANTED if name in entry}
        if granted:
            config[stable_id] = {**config.get(stable_id, {}), **granted}
    return stored(config)


def _update(context: Context, given: dict[str, Any]) -> Row:
    """The version first, then values; configVariables replaces all that the instance had."""
    row = target(context, "instance", "Instance", given)
    changes = with_labels(context, _COLUMNS, given)
    if "name" in changes:
        _check_name(context, changes["name"], row["customer"], row["id"])
    if given.get("integration"):
        changes |= _move(context, row, given["integration"])
    moved = {**row, **changes}
    if "configVariables" in given:
        changes["config"] = merge(context, moved, given["configVariables"] or (), reset=True)
    if "flowConfigs" in given:
        changes["flow_configs"] = merge_flows(context, moved, given["flowConfigs"] or ())
    if not given.get("preserveDeployState"):
        asked = {"integration", "configVariables", "flowConfigs"} & given.keys()
        changes |= _deploy_state(context, row, changes, named=bool(asked))
    return rows.change(context, "instance", row, changes)


def _deploy_state(context: Context, row: Row, changes: Row, *, named: bool) -> Row:
    """Whether an update asks for a deploy: by what it changes, or, as a rule, by what it merely names."""
    watched = set(_ASK_FOR_DEPLOY)
    if context.rules["needs_deploy_on"] == "anything":
        watched = changes.keys() - set(_NEVER_ASK)
        named = bool(watched)
    differs = any(changes[name] != row[name] for name in watched & changes.keys())
    if differs or (named and context.rules["needs_deploy_on_same"] == "true"):
        return {"needs_deploy": 1}
    return {}


def _update_values(context: Context, given: dict[str, Any]) -> Row:
    """Only the variables that are named change."""
    row = target(context, "instance", "Instance", given)
    changes: Row = {"config": merge(context, row, given.get("configVariables") or ())}
    if given.get("configMode"):
        changes["config_mode"] = given["configMode"]
    changes |= _deploy_state(context, row, changes, named=True)
    return rows.change(context, "instance", row, changes)


def _deploy(context: Context, given: dict[str, Any]) -> Row:
    return deploy(context, target(context, "instance", "Instance", given), force=bool(given.get("force")))


def deploy(context: Context, row: Row, *, force: bool = False) -> Row:
    """An instance with what it is configured with now in force; force skips some of the checks."""
    record = context.row("integration", row["integration"])
    if not row["is_system"]:
        _require_available(context, record)
    if not force:
        _check_deployable(context, row)
    if "deploy-fails" in markers.of_deploy(context, row):
        raise RefusedError(
            "__all__", "The instance could not be deployed: the sandbox was asked to refuse it."
        )
    first = row["last_deployed_at"] is None
    changes: Row = {
        "needs_deploy": 0,
        "deployed_version": versions.number(context, record),
        "deployed_config": row["config"],
    }
    if first or row["needs_deploy"] or context.rules["deploy_touches"] == "always":
        changes["last_deployed_at"] = context.store.now()
    enables = context.rules["deploy_enables"]
    if enables == "true" or (enables == "only_first" and first):
        changes["enabled"] = 1
    after_deploy(context, rows.change(context, "instance", row, changes))
    return rows.read(context, "instance", row["id"])


def _check_deployable(context: Context, row: Row) -> None:
    """What force skips."""
    if context.rules["deploy_incomplete"] == "refused" and (names := unfilled(context, row)):
        raise RefusedError("__all__", f"The instance is not fully configured: {', '.join(names)}.")
    if context.rules["oauth_pending"] == "blocks":
        pending = [
            v.variable.key for v in values_of(context, row) if v.variable.is_oauth and v.status != "ACTIVE"
        ]
        if pending:
            raise RefusedError("__all__", f"Connections are not authorised: {', '.join(pending)}.")


def _delete(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "instance", "Instance", given)
    if row["is_system"]:
        raise RefusedError("__all__", "A test instance cannot be deleted.")
    context.store.delete("instance", "id", row["id"])
    return row


def save_entry(context: Context, instance: Row, stable_id: str, entry: dict[str, Any]) -> None:
    """Put one variable's entry into an instance."""
    config = json.loads(instance["config"])
    config[stable_id] = {name: value for name, value in entry.items() if value is not None}
    rows.change(context, "instance", instance, {"config": stored(config)})


MUTATIONS: dict[str, Run] = {
    "createInstance": _create,
    "updateInstance": _update,
    "updateInstanceConfigVariables": _update_values,
    "deployInstance": _deploy,
    "deleteInstance": _delete,
}
