"""The same manifests in two tenants, in which components and versions bear other numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.remote import Remote
from tests.cli.projects import DEFINITION
from tests.sandbox.served import ServedSandbox

ENVIRONMENTS = ("staging", "production")


@pytest.fixture(scope="module")
def tenants() -> Iterator[tuple[ServedSandbox, ServedSandbox]]:
    with (
        ServedSandbox(component_shift=0, version_shift=0) as staging,
        ServedSandbox(component_shift=9, version_shift=40) as production,
    ):
        yield staging, production


def test_a_release_is_the_same_where_numbers_are_not(
    remote: Callable[..., Remote],
    tenants: tuple[ServedSandbox, ServedSandbox],
    monkeypatch: pytest.MonkeyPatch,
):
    project = remote(tenants[0])
    settings = {name: project.environment(tenant) for name, tenant in zip(ENVIRONMENTS, tenants, strict=True)}
    for name, tenant in zip(ENVIRONMENTS, tenants, strict=True):
        monkeypatch.setenv(f"TOKEN_{name}", tenant.token)
        settings[name]["auth"] = {"accessToken": {"env": f"TOKEN_{name}"}}
    project.project("shop", settings)
    _release(project, "1.4.0")

    for release in ("1.4.0", "1.5.0"):
        if release != "1.4.0":
            project.write(
                "definitions/orders.yml", DEFINITION.replace("example.com/orders", "example.com/v2")
            )
            _release(project, release)
        plans = [project.json("plan", "-e", name) for name in ENVIRONMENTS]
        assert [a["id"] for a in plans[0]["actions"]] == [a["id"] for a in plans[1]["actions"]]
        for name in ENVIRONMENTS:
            code, _, err = project("apply", "--yes", "-e", name)
            assert code == 0, err
        for name in ENVIRONMENTS:
            code, out, err = project("plan", "--detailed-exitcode", "-e", name)
            assert code == 0, out + err
            assert project.json("drift", "-e", name)["drift"] == []
        numbers, components = zip(*(_running(project, tenant) for tenant in tenants), strict=True)
        assert numbers[0] != numbers[1]
        assert components[0] != components[1]


def test_a_saved_plan_is_for_its_own_tenant(
    remote: Callable[..., Remote],
    tenants: tuple[ServedSandbox, ServedSandbox],
    monkeypatch: pytest.MonkeyPatch,
):
    project = remote(tenants[0], name="other")
    here, there = project.environment(tenants[0]), project.environment(tenants[1])
    monkeypatch.setenv("TOKEN_THERE", tenants[1].token)
    there["auth"] = {"accessToken": {"env": "TOKEN_THERE"}}
    project.project("other", {"staging": here, "production": there})
    project.manifest("Customer", "solo", name="Solo")
    saved = project.root / "saved.json"
    assert project("plan", "-o", str(saved))[0] == 0
    code, _, err = project("apply", str(saved), "-e", "production")
    assert (code, "staging" in err) == (5, True), err
    # A token of one tenant in the environment of another.
    there["auth"] = here["auth"]
    project.project("other", {"staging": here, "production": there})
    assert project("plan", "-e", "production")[0] == 4
    there["url"] = here["url"]
    project.project("other", {"staging": here, "production": there})
    code, _, err = project("plan", "-e", "production")
    assert (code, "tenant" in err) == (4, True), err


def _release(project: Remote, release: str) -> None:
    project.shop(release=release)
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release=release
    )


def _running(project: Remote, tenant: ServedSandbox) -> tuple[int, str]:
    """The version number that the instance runs, and a component's in its definition."""
    project.served = tenant
    instance = project.named(
        "instances", "Orders for Acme", "deployedVersion integration { versionNumber definition }"
    )
    assert instance["deployedVersion"] == instance["integration"]["versionNumber"]
    definition: str = instance["integration"]["definition"]
    return instance["deployedVersion"], definition
