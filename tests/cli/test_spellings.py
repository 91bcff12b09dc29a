"""One object that is named in two ways is one object, and lists that are sets are sets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.projects import Folder


def settle(project: Folder) -> dict[str, Any]:
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    code, out, err = project("plan", "--detailed-exitcode")
    assert code == 0, out + err
    return project.json("plan")


def test_a_user_by_name_and_by_address_is_in_a_group_once(project: Folder) -> None:
    project.manifest("User", "ada", email="Ada@example.com", role="Admin")
    project.manifest("AlertGroup", "night", name="Night", users=["ada", "ADA@example.com", "ada@example.com"])
    settle(project)
    group = "alertGroups { nodes { users { nodes { email } } } }"
    (found,) = project.ask(f"{{ {group} }}")["alertGroups"]["nodes"]
    assert [one["email"].lower() for one in found["users"]["nodes"]] == ["ada@example.com"]
    project.manifest("AlertGroup", "night", name="Night", users=["ada@example.com"])
    settle(project)


@pytest.mark.parametrize("component", ["slack", "public/slack"])
def test_a_component_by_its_key_and_by_what_others_call_it(project: Folder, component: str) -> None:
    spec = {"name": "Slack", "stableKey": "slack-1", "scope": "org", "connection": "oauth2", "inputs": {}}
    project.manifest("Connection", "slack", **spec, component="slack")
    settle(project)
    project.manifest("Connection", "slack", **spec, component=component)
    settle(project)


def test_labels_in_another_order_or_twice_are_the_same(project: Folder) -> None:
    project.manifest("Customer", "acme", name="Acme", labels=["b", "a"])
    settle(project)
    before = project.writes()
    project.manifest("Customer", "acme", name="Acme", labels=["A", "b", "a", "B"])
    settle(project)
    assert project.writes() == before
