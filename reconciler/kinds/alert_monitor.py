"""AlertMonitor: what is watched (an instance, or one of its flows), what raises an alert, and who is told."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.capabilities import TakenBack
from reconciler.kinds.table.documents import Api
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.row import Row
from reconciler.kinds.table.shape import NAME, names, number
from reconciler.kinds.user import PEOPLE
from reconciler.model.address import Address, Ref
from reconciler.model.refs import FlowConfigRef


def _flow_config(fields: Mapping[str, object]) -> Ref | None:
    """The flow's settings in the instance, which are what a monitor of a flow watches."""
    flow, instance = fields.get("flow"), fields.get("instance")
    return FlowConfigRef(instance, str(flow)) if flow and isinstance(instance, Address) else None


class AlertMonitorKind(TabledKind, TakenBack):
    """What is watched, what raises an alert, and who is told."""

    name = "AlertMonitor"
    api = Api("alertMonitor", "alertMonitors", also="createdAt")
    example = "failed-runs"
    fields = (
        Row(
            "name",
            NAME,
            "The display name, by which the monitor is found: there is no place for a mark on it. Two of one "
            "name are refused.",
            "Acme: failed runs",
            required=True,
        ),
        Row(
            "instance",
            NAME,
            "The instance that is watched: CUSTOMER/NAME, as in its address.",
            "acme/slack-sync",
            refers="Instance",
        ),
        Row(
            "flow",
            NAME,
            "The flow of the instance that is watched; absent: all of them.",
            "Receive order",
            path="flowConfig.flow.name",
            input="flowConfig",
            stands_for=_flow_config,
        ),
        Row(
            "triggers",
            names(),
            "What raises an alert, by the platform's own names.",
            ["Execution Failed"],
            required=True,
            refers="AlertTrigger",
        ),
        Row(
            "users",
            names(),
            "Users to tell, by metadata.name or email address.",
            ["ada@example.com"],
            refers="User",
            select=PEOPLE,
        ),
        Row("groups", names(), "AlertGroups to tell, by metadata.name.", ["on-call"], refers="AlertGroup"),
        Row(
            "webhooks",
            names(),
            "AlertWebhooks to post to, by metadata.name.",
            ["operations"],
            refers="AlertWebhook",
        ),
        Row(
            "durationSecondsCondition",
            number(1),
            "For triggers on duration: how many seconds are too long.",
            60,
        ),
        Row(
            "executionOverdueMinutesCondition",
            number(1),
            "For triggers on overdue executions: after how many minutes without one.",
            30,
        ),
        Row(
            "logSeverityLevelCondition",
            number(0),
            "For triggers on logs: the least severity, as the platform numbers it.",
            3,
        ),
    )
