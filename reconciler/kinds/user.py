"""User: a person of the organization, or of one customer. The address of email is what identifies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from reconciler.kinds.capabilities import GoesWith, LookedUp, PartlyProvided, Tie
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.documents import Api, Search
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.row import Row, lowered
from reconciler.kinds.table.shape import KEY, NAME, TEXT, text
from reconciler.model.address import Ref
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject

PEOPLE = "(first: 100) { nodes { id email } }"
"""What is asked for where an object refers to users, who are called by their address."""


CUSTOMER = Tie("Customer", Ref)


class UserKind(TabledKind, GoesWith, LookedUp, PartlyProvided):
    """A person of the organization, or of one customer."""

    name = "User"
    api = Api(
        "user",
        "users",
        search=Search("email", order=""),
        mutations=("createOrganizationUser", "createCustomerUser", "updateUser", "deleteUser"),
        within="customer",
    )
    keys = (("email",),)
    lookup = "email"
    lies_in: tuple[Tie, ...] = (CUSTOMER,)
    example = "ada"
    fields = (
        Row(
            "email",
            text(pattern=r"^[^@\s]+@[^@\s]+$", must="must be an address of email"),
            "The address of email, which identifies the user and cannot be changed.",
            "ada@example.com",
            required=True,
            fixed=True,
            read=lowered,
            form=lowered,
        ),
        Row(
            "customer",
            NAME,
            "The customer whose user this is, by metadata.name; absent: a user of the organization.",
            "acme",
            refers="Customer",
            fixed=True,
        ),
        Row(
            "role",
            NAME,
            "The role, by the platform's own name.",
            "Admin",
            required=True,
            refers="OrganizationRole",
        ),
        Row("name", TEXT, "The name that is shown.", "Ada Lovelace"),
        Row("phone", TEXT, "A telephone number."),
        Row("externalId", KEY, "Your own id of the user.", "u-17"),
    )

    def is_provided(self, live: LiveObject) -> bool:
        """The organization's own people, of whom there always is one."""
        return not live.fields["customer"]

    def deleted_with(self, live: LiveObject) -> Sequence[tuple[Tie, object]]:
        """The customer whose user it is (api notes: "Customers")."""
        return [(CUSTOMER, customer) for customer in live.fields["customer"]]

    def within(self, tie: Tie, value: object) -> Operation:
        """The users of a customer."""
        return Operation(self.list_name, self._documents["within"], {"outer": value})

    def lookup_form(self, name: str) -> str:
        """Addresses of email are the same in any case."""
        return lowered(name)

    def refers_to(self, row: Row, fields: Mapping[str, object]) -> str:
        """Users of customers have roles of their own."""
        return "CustomerRole" if row.name == "role" and "customer" in fields else row.refers

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """Whom a user belongs to decides which call creates them."""
        op = super().operation(step, verb, request)
        if verb is not Verb.CREATE:
            return op
        name = "createCustomerUser" if "customer" in request.resource.fields else "createOrganizationUser"
        return structs.replace(op, name=name, document=self._documents[name])
