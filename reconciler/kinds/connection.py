"""Connection: one that many integrations share, for the organization or for each customer.

Definitions name it by its stable key (`useScopedConfigVar`), so it must exist before they are imported. The
API calls it a scoped config variable (api notes: section 8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.kinds.base import Request
from reconciler.kinds.component import reference
from reconciler.kinds.field import DESCRIPTION, Field, lowered
from reconciler.kinds.places import Description
from reconciler.kinds.tabled import TabledKind
from reconciler.model.address import Address, Ref
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.secret import Hidden, Secret
from reconciler.model.state import LiveObject, Resource


def inputs_read(value: Any) -> dict[str, Any]:
    """The inputs in an answer by name. One that holds a value and does not show it is Hidden."""
    nodes = (value or {}).get("nodes") or ()
    return {
        node["name"]: Secret(node["value"], "live", sure=False)
        if node.get("value")
        else Hidden(present=bool(node.get("hasValue")))
        for node in nodes
        if node
    }


def inputs_sent(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The inputs as a mutation takes them."""
    return [
        {"name": name, "type": "value", "value": given if isinstance(given, Secret) else str(given)}
        for name, given in sorted(value.items())
    ]


INPUTS = Field("inputs", empty={}, secret="always", parts=True, read=inputs_read, write=inputs_sent)


class ConnectionKind(TabledKind):
    """The field table of `Connection`. The server keeps stable keys unique."""

    name = "Connection"
    noun = "scopedConfigVariable"
    list_name = "scopedConfigVariables"
    keys = ("stableKey",)
    place = Description()
    key_is_unique = True
    held_by: tuple[str, ...] = ("Integration", "Instance")
    fields = (
        Field("name", input="key", path="key"),
        Field("stableKey", fixed=True),
        DESCRIPTION,
        Field("scope", fixed=True, input="variableScope", path="variableScope", read=lowered),
        Field("managedBy", fixed=True, read=lowered),
        Field("component", fixed=True),
        Field("isPublic", empty=True, fixed=True),
        Field("connection", fixed=True),
        INPUTS,
    )

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """The object, its component's connection by key."""
        connection = node.get("connection") or {}
        component = connection.get("component") or {}
        named = {"component": component.get("key"), "isPublic": component.get("public")}
        return super().parse({**node, **named, "connection": connection.get("key")})

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """The component's connection, by which the server knows the inputs."""
        return [_connection(resource)] if "connection" in resource.fields else []

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """The connection goes out as an id. Instances that use it are deployed again for new inputs."""
        op = super().operation(step, verb, request)
        values = dict(op.variables["input"])
        for name in ("component", "isPublic"):
            values.pop(name, None)
        if "connection" in values:
            values["connection"] = request.resolve(_connection(request.resource))
        return redeployed(replace(op, variables={"input": values}), request, self)


def redeployed(op: Operation, request: Request, kind: TabledKind) -> Operation:
    """The call, asking that instances be deployed again where inputs change under them."""
    values = op.variables["input"]
    if request.live is None or "inputs" not in values:
        return op
    if not any(change.path.startswith("inputs.") for change in kind.changes(request)):
        return op
    return replace(op, variables={"input": {**values, "redeploy": True}})


def _connection(resource: Resource) -> Ref:
    fields = resource.fields
    component = Address("Component", reference(fields["component"], fields.get("isPublic", True)))
    return Ref(component, f"connection:{fields['connection']}")
