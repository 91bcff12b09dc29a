"""Users of the organization and of customers, and the roles they can have."""

from __future__ import annotations

from typing import Any

import pytest
from things import Things


def roles(w: Things, field: str) -> dict[str, str]:
    return {role["name"]: role["id"] for role in w.ask(f"{{ {field} {{ id name level }} }}")[field]}


def member(w: Things, email: str = "ada@acme.example", **given: Any) -> dict[str, Any]:
    fields = "id name email phone externalId role { name } customer { id } org { id } allowRemove"
    role = roles(w, "organizationRoles")["Integrator"]
    found: dict[str, Any] = w.make(
        "createOrganizationUser", "user", fields, **{"email": email, "role": role, **given}
    )
    return found


def test_a_user_of_the_organization() -> None:
    w = Things()
    made = member(w, name="Ada", phone="1", externalId="x")
    assert (made["name"], made["phone"], made["externalId"], made["customer"]) == ("Ada", "1", "x", None)
    assert (made["role"], made["allowRemove"], made["org"] is not None) == (
        {"name": "Integrator"},
        True,
        True,
    )
    admin = roles(w, "organizationRoles")["Admin"]
    changed = w.make("updateUser", "user", "name phone role { name }", id=made["id"], role=admin, phone="2")
    assert changed == {"name": "Ada", "phone": "2", "role": {"name": "Admin"}}
    assert w.ask('{ userExists(email: "ADA@acme.example") }') == {"userExists": True}
    w.make("deleteUser", "user", id=made["id"])
    assert [node["name"] for node in w.nodes("users")] == ["Sandbox Owner"]


def test_a_user_of_a_customer_goes_with_it() -> None:
    w = Things()
    customer = w.customer()
    given = {"email": "bob@acme.example", "customer": customer, "role": roles(w, "customerRoles")["Member"]}
    made = w.make("createCustomerUser", "user", "id customer { id } org { id } role { name }", **given)
    assert (made["customer"]["id"], made["org"], made["role"]["name"]) == (customer, None, "Member")
    assert w.get("customer", customer, "users { nodes { email } }")["users"]["nodes"] == [
        {"email": "bob@acme.example"}
    ]
    assert len(w.nodes("users", "email")) == 2
    assert len(w.ask("{ organization { users { nodes { id } } } }")["organization"]["users"]["nodes"]) == 1
    w.call("deleteCustomer", id=customer)
    assert len(w.nodes("users", "email")) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "OWNER@sandbox.localhost"}, "email"),
        ({"role": "customer"}, "role"),
    ],
)
def test_what_is_refused(given: dict[str, str], field: str) -> None:
    w = Things()
    role = roles(w, "customerRoles")["Admin"] if "role" in given else roles(w, "organizationRoles")["Admin"]
    assert w.no("createOrganizationUser", "user", **{"email": "a@b.example", **given, "role": role}) == field


def test_a_customer_user_needs_a_customer_and_a_role_of_customers() -> None:
    w = Things()
    role = roles(w, "customerRoles")["Admin"]
    assert w.no("createCustomerUser", "user", email="a@b.example", role=role) == "customer"
    wrong = roles(w, "organizationRoles")["Admin"]
    given = {"email": "a@b.example", "customer": w.customer(), "role": wrong}
    assert w.no("createCustomerUser", "user", **given) == "role"


def test_whoever_asks_stays_what_they_are() -> None:
    w = Things()
    me = w.ask("{ authenticatedUser { id allowRemove } }")["authenticatedUser"]
    assert me["allowRemove"] is False
    assert w.no("deleteUser", "user", id=me["id"]) == "__all__"
    assert w.no("updateUser", "user", id=me["id"], role=roles(w, "organizationRoles")["Guest"]) == "role"
    assert w.make("updateUser", "user", "name", id=me["id"], name="Me") == {"name": "Me"}
    w.sandbox.reset()
    assert w.nodes("users") == [{"name": "Sandbox Owner"}]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ('email: "ada@acme.example"', ["Ada"]),
        ('name_Icontains: "O"', ["Sandbox Owner", "Bo"]),
        ("externalId_Isnull: false", ["Bo"]),
        ('externalId: "b"', ["Bo"]),
        ("sortBy: [{field: EMAIL, direction: ASC}]", ["Ada", "Bo", "Sandbox Owner"]),
        ("first: 1, offset: 1", ["Ada"]),
    ],
)
def test_users_are_found_by(arguments: str, found: list[str]) -> None:
    w = Things()
    member(w, name="Ada")
    member(w, "bo@acme.example", name="Bo", externalId="b")
    assert [node["name"] for node in w.nodes(f"users({arguments})")] == found
