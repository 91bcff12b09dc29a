"""CustomerConnection: what one customer (or the test runner) fills into a connection of customers' scope.

The API calls it a customer config variable (api notes: section 8). It has no place for a mark.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.kinds.capabilities import Redeploys
from reconciler.kinds.connection import INPUTS, guarded, new_inputs, redeployed
from reconciler.kinds.protocol import Request, Step, Steps
from reconciler.kinds.table.documents import Api, Search
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.row import Row
from reconciler.kinds.table.shape import NAME, truth
from reconciler.model.address import Address, Ref
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.state import Resource

EITHER: Mapping[str, object] = {
    "oneOf": [
        {"required": ["customer"]},
        {
            "required": ["isTest"],
            "properties": {"isTest": {"const": True, "description": "The values are for the test runner."}},
        },
    ],
    "errorMessage": "must have either a customer, or isTest: true",
}
"""That the values are either a customer's, or for the test runner."""


class CustomerConnectionKind(TabledKind, Redeploys):
    """What one customer fills into a connection of customers' scope."""

    name = "CustomerConnection"
    api = Api(
        "customerConfigVariable", "customerConfigVariables", search=Search("scopedConfigVariable", "ID")
    )
    keys = (("connection", "customer"),)
    example = "crm-acme"
    fields = (
        Row(
            "connection",
            NAME,
            "The Connection, by metadata.name. It cannot be changed.",
            "crm",
            required=True,
            refers="Connection",
            fixed=True,
            path="scopedConfigVariable",
            select="{ id name: key }",
            input="scopedConfigVariable",
        ),
        Row(
            "customer",
            NAME,
            "The customer, by metadata.name. It cannot be changed.",
            "acme",
            refers="Customer",
            fixed=True,
        ),
        Row(
            "isTest",
            truth(),
            "Whether these are the values for the test runner, which belong to no customer. It cannot be "
            "changed.",
            True,
            apart=True,
            fixed=True,
        ),
        replace(INPUTS, to_create=True),
    )
    rules = EITHER

    def find(self, request: Request) -> Operation:
        """All of the connection's, as there is one for each customer at most."""
        connection = request.resolve(Ref(request.resource.fields["connection"]))
        key = connection if isinstance(connection, str) else None
        return Operation(self.list_name, self._documents["find"], {"key": key})

    def redeploys(self, resource: Resource, step: Step) -> tuple[str, tuple[Address, ...]]:
        """The customer's instances that use it, for new inputs."""
        named = [resource.fields.get(name) for name in ("connection", "customer")]
        return ("Instance", tuple(filter(None, named))) if new_inputs(step) else ("", ())

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """One call, unless it may reset what nobody knows."""
        return guarded(super().steps(request, adopt=adopt), request)

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """Instances that use it are deployed again for new inputs."""
        return redeployed(super().operation(step, verb, request), request, self)
