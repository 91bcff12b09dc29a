"""CustomerConnection: what one customer (or the test runner) fills into a connection of customers' scope.

The API calls it a customer config variable (api notes: section 8). It has no place for a mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.kinds.base import Request, Resolve, Step
from reconciler.kinds.connection import INPUTS, new_inputs, redeployed
from reconciler.kinds.field import Field
from reconciler.kinds.tabled import TabledKind
from reconciler.model.address import Address, Ref
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject, Resource


class CustomerConnectionKind(TabledKind):
    """The field table of `CustomerConnection`: one for each connection and customer."""

    name = "CustomerConnection"
    noun = "customerConfigVariable"
    list_name = "customerConfigVariables"
    keys = ("connection", "customer")
    fields = (
        Field("connection", refers="Connection", fixed=True, input="scopedConfigVariable"),
        Field("customer", empty=None, refers="Customer", fixed=True),
        Field("isTest", empty=False, fixed=True),
        INPUTS,
    )

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """The object, called after its customer."""
        return super().parse({**node, "connection": node["scopedConfigVariable"]})

    def find(self, request: Request) -> Operation:
        """All of the connection's, as there is one for each customer at most."""
        connection = request.resolve(Ref(request.resource.fields["connection"], "id"))
        key = connection if isinstance(connection, str) else None
        return Operation(self.list_name, self._documents["find"], {"key": key})

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, Any]]:
        """The connection and the customer; none for the test runner's."""
        rows = [row for row in self.fields if row.name in self.keys]
        values = tuple(tuple(row.wanted(resource.fields.get(row.name), resolve)) for row in rows)
        return [(" and ".join(self.keys), values)]

    def redeploys(self, resource: Resource, step: Step) -> tuple[str, tuple[Address, ...]]:
        """The customer's instances that use it, for new inputs."""
        named = [resource.fields.get(name) for name in self.keys]
        return ("Instance", tuple(filter(None, named))) if new_inputs(step) else ("", ())

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """Instances that use it are deployed again for new inputs."""
        return redeployed(super().operation(step, verb, request), request, self)
