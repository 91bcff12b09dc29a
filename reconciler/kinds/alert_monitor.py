"""AlertMonitor: what is watched (an instance, or one of its flows), what raises an alert, and who is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.kinds.base import Request
from reconciler.kinds.field import Field
from reconciler.kinds.tabled import TabledKind
from reconciler.model.address import Ref
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.state import Resource


def _flow(value: Any) -> str:
    return str(value["flow"]["name"]) if isinstance(value, Mapping) else ""


class AlertMonitorKind(TabledKind):
    """The field table of `AlertMonitor`, which has no place for a mark."""

    name = "AlertMonitor"
    noun = "alertMonitor"
    list_name = "alertMonitors"
    fields = (
        Field("name"),
        Field("instance", empty=None, refers="Instance"),
        Field("flow", input="flowConfig", path="flowConfig", read=_flow),
        Field("triggers", refers="AlertTrigger", many=True),
        Field("users", refers="User", many=True),
        Field("groups", refers="AlertGroup", many=True),
        Field("webhooks", refers="AlertWebhook", many=True),
        Field("durationSecondsCondition", empty=None),
        Field("executionOverdueMinutesCondition", empty=None),
        Field("logSeverityLevelCondition", empty=None),
    )

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """Also the flow's settings in the instance, which are what a monitor of a flow watches."""
        flow = _flow_config(resource)
        return [*super().needs(resource), *([flow] if flow else [])]

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """The flow goes out as the id of its settings in the instance."""
        op = super().operation(step, verb, request)
        flow = _flow_config(request.resource)
        if flow is None or verb is Verb.DELETE:
            return op
        values = {**op.variables["input"], "flowConfig": request.resolve(flow)}
        return replace(op, variables={"input": values})


def _flow_config(resource: Resource) -> Ref | None:
    flow, instance = resource.fields.get("flow"), resource.fields.get("instance")
    return Ref(instance, f"flowConfig:{flow}") if flow and instance else None
