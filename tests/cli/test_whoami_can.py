"""whoami --can: what a token may do."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.verbs.whoami import can_of
from tests.cli.projects import Folder

NOTHING: dict[str, Any] = {"nodes": []}
READABLE = {"nodes": [{"allowUpdate": False, "allowRemove": False}]}
WRITABLE = {"nodes": [{"allowUpdate": True, "allowRemove": False}]}


@pytest.mark.parametrize(
    ("role", "seen", "write"),
    [
        ("Owner", (READABLE, READABLE, READABLE), False),
        ("Owner", (READABLE, WRITABLE, NOTHING), True),
        ("Guest", (NOTHING, WRITABLE, NOTHING), True),
        ("Guest", (NOTHING, NOTHING, NOTHING), False),
        ("guest", (READABLE, NOTHING, READABLE), False),
        ("Integrator", (READABLE, NOTHING, READABLE), None),
        ("Integrator", (NOTHING, NOTHING, NOTHING), None),
    ],
)
def test_what_the_tenant_allows_tells_and_the_role_where_nothing_does(
    role: str, seen: tuple[Any, ...], write: bool | None
):
    can = can_of(role, dict(zip(("customers", "integrations", "instances"), seen, strict=True)))
    assert can.write is write


def test_whoami_says_that_a_token_can_write_and_what(project: Folder):
    assert project.json("whoami", "--can")["can"]["write"] is None
    assert "no object yet" in project("whoami", "--can")[1]
    project.shop()
    assert project("apply", "--yes")[0] == 0
    can = project.json("whoami", "--can")["can"]
    assert can["write"] is True
    assert "publish" in can["integrations"]
    assert "deploy" in can["instances"]
    text = project("whoami", "--can")[1]
    assert "write (customers: add an instance, remove, update; integrations:" in text
    assert "can" not in project.json("whoami")
