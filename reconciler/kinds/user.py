"""User: a person of the organization, or of one customer. The address of email is what identifies them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.kinds.base import Request
from reconciler.kinds.field import Field, lowered
from reconciler.kinds.tabled import TabledKind
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb


class UserKind(TabledKind):
    """The field table of `User`, which has no place for a mark; others may name users by their address."""

    name = "User"
    noun = "user"
    list_name = "users"
    keys = ("email",)
    lookup = "email"
    fields = (
        Field("email", fixed=True, read=lowered, form=lowered),
        Field("customer", empty=None, refers="Customer", fixed=True),
        Field("role", refers="OrganizationRole"),
        Field("name"),
        Field("phone"),
        Field("externalId"),
    )

    def called(self, name: str) -> str:
        """Addresses of email are the same in any case."""
        return lowered(name)

    def refers_to(self, row: Field, fields: Mapping[str, Any]) -> str:
        """Users of customers have roles of their own."""
        return "CustomerRole" if row.name == "role" and "customer" in fields else row.refers

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """Whom a user belongs to decides which call creates them."""
        op = super().operation(step, verb, request)
        if verb is not Verb.CREATE:
            return op
        name = "createCustomerUser" if "customer" in request.resource.fields else "createOrganizationUser"
        return replace(op, name=name, document=self._documents[name])
