"""Connection: one that many integrations share, for the organization or for each customer.

Definitions name it by its stable key (`useScopedConfigVar`), so it must exist before they are imported. The
API calls it a scoped config variable (api notes: section 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from reconciler.kinds.capabilities import Held, KeepsUnique, Redeploys, Supplies
from reconciler.kinds.component import bare, reference
from reconciler.kinds.nodes import Input, Page, every, fitted
from reconciler.kinds.protocol import Request, Step, Steps, address_of
from reconciler.kinds.table.documents import Api, Search
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.places import Description
from reconciler.kinds.table.row import Row, description, lowered
from reconciler.kinds.table.shape import MAYBE_SECRET, NAME, by_name, truth, words
from reconciler.model.address import Address, Ref
from reconciler.model.needs import Need, Shared
from reconciler.model.operation import Operation
from reconciler.model.plan import Refusal, Verb
from reconciler.model.refs import ConnectionRef
from reconciler.model.secret import Hidden, Secret
from reconciler.model.state import Resource


def inputs_read(value: Mapping[str, Any] | None) -> dict[str, object]:
    """The inputs in an answer by name. One that holds a value and does not show it is Hidden."""
    return {one.name: one.held for one in every(fitted(Page[Input], value or {}, "Connection"))}


def inputs_sent(value: Mapping[str, object]) -> list[dict[str, object]]:
    """The inputs as a mutation takes them."""
    return [
        {"name": name, "type": "value", "value": given if isinstance(given, Secret) else str(given)}
        for name, given in sorted(value.items())
    ]


INPUTS = Row(
    "inputs",
    by_name(MAYBE_SECRET, by_key=True),
    "The connection's inputs by key. Values may be secrets. Inputs that are not named here are left alone.",
    {"clientId": "1234", "clientSecret": {"secret": {"env": "SLACK_CLIENT_SECRET"}}},
    secret="always",
    select="(first: 100) { nodes { name value hasValue } }",
    wire=Page[Input],
    read=inputs_read,
    write=inputs_sent,
)


def connection_ref(fields: Mapping[str, object]) -> Ref:
    """The component's connection, by which the server knows the inputs."""
    is_public = bool(fields.get("isPublic", True))
    component = Address("Component", reference(str(fields["component"]), is_public))
    return ConnectionRef(component, str(fields["connection"]))


class ConnectionKind(TabledKind, Held, KeepsUnique, Redeploys, Supplies):
    """A connection that many integrations share, named by their definitions through its stable key."""

    name = "Connection"
    # allowRemove is not asked for: it also says whether anything uses the connection, which a plan may be
    # about to end. The server keeps stable keys unique.
    api = Api(
        "scopedConfigVariable",
        "scopedConfigVariables",
        search=Search("stableKey", order=""),
        allows=("allowUpdate",),
    )
    keys = (("stableKey",),)
    place = Description()
    key_is_unique = True
    unique: Mapping[str, str] = {"stableKey": "definitions name it"}
    surely_unique = True
    held_by: tuple[str, ...] = ("Integration", "Instance")
    example = "company-slack"
    fields = (
        Row(
            "name",
            NAME,
            "The display name, which the API calls the key.",
            "Slack of the company",
            required=True,
            path="key",
            input="key",
        ),
        Row(
            "stableKey",
            NAME,
            "What definitions name (useScopedConfigVar). It cannot be changed.",
            "company-slack",
            required=True,
            fixed=True,
        ),
        description("A description. The mark of ownership stands below it.", "The company's own workspace"),
        Row(
            "scope",
            words("org", "customer"),
            "Whether all share its values, or each customer has its own (CustomerConnection). It cannot be "
            "changed.",
            "org",
            required=True,
            fixed=True,
            path="variableScope",
            input="variableScope",
            read=lowered,
        ),
        Row(
            "managedBy",
            words("org", "customer"),
            "Who fills it in, where each customer has its own values. It cannot be changed.",
            "org",
            fixed=True,
            read=lowered,
        ),
        Row(
            "component",
            NAME,
            "The key of the component whose connection it is. It cannot be changed.",
            "slack",
            required=True,
            fixed=True,
            path="connection.component.key",
            input=None,
            form=bare,
        ),
        Row(
            "isPublic",
            truth(absent=True),
            "Whether the component is a public one. It cannot be changed.",
            True,
            default=True,
            fixed=True,
            path="connection.component.public",
            input=None,
        ),
        Row(
            "connection",
            NAME,
            "The key of the connection in that component. It cannot be changed.",
            "oauth2",
            required=True,
            fixed=True,
            path="connection.key",
            stands_for=connection_ref,
        ),
        INPUTS,
    )

    def supplies(self, resource: Resource) -> Need:
        """The shared connection."""
        return Shared(str(resource.fields["stableKey"]))

    def redeploys(self, resource: Resource, step: Step) -> tuple[str, tuple[Address, ...]]:
        """The instances that use it, for new inputs."""
        return ("Instance", (resource.address,)) if new_inputs(step) else ("", ())

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """One call, unless it may reset what nobody knows."""
        return guarded(super().steps(request, adopt=adopt), request)

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """Instances that use it are deployed again for new inputs."""
        return redeployed(super().operation(step, verb, request), request, self)


def new_inputs(step: Step) -> bool:
    """Whether a step changes inputs that instances may run with."""
    changed = any(change.path.startswith("inputs.") for change in step.changes)
    return changed and step.verb is not Verb.CREATE


def redeployed(op: Operation, request: Request, kind: TabledKind) -> Operation:
    """The call, asking that instances be deployed again where inputs change under them."""
    values = op.variables["input"]
    if request.live is None or "inputs" not in values:
        return op
    if not any(change.path.startswith("inputs.") for change in kind.changes(request)):
        return op
    return structs.replace(op, variables={"input": {**values, "redeploy": True}})


def guarded(found: Steps, request: Request) -> Steps:
    """The steps; a refusal for each input that a call of them may reset, and that nobody can read."""
    if not any(map(new_inputs, found.steps)):
        return found
    refusals = [
        Refusal(
            "write-only-input",
            f'the input "{name}" cannot be read back, is not in the manifest, and may be reset when other '
            "inputs of the connection are sent",
            address_of(request.resource),
            f"give inputs.{name} in the manifest, from where its secret is kept",
        )
        for name, one in _unmentioned(request).items()
        if isinstance(one, Hidden) and one.present
    ]
    return structs.replace(found, refusals=(*found.refusals, *refusals))


def _unmentioned(request: Request) -> Mapping[str, object]:
    """The live inputs that the manifest does not mention."""
    assert request.live is not None
    live: Mapping[str, object] = request.live.fields.get("inputs") or {}
    return {name: one for name, one in live.items() if name not in request.resource.fields.get("inputs", {})}
