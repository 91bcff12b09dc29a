"""A release goes from one tenant to another, in which versions and components bear other numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests.acceptance.remote import Remote
from tests.cli.projects import DEFINITION
from tests.sandbox.served import ServedSandbox

PROJECT = """\
# the shop's project
apiVersion: reconciler/v1
kind: Project
metadata: {{name: {name}}}
spec:
  manifests: [manifests/]
  environments:
    staging:
      url: {staging}
      auth: {{accessToken: {{env: TOKEN_STAGING}}}}
      rate: 500
      variables: {{orders: '{new}', region: eu}}
    production:
      url: {production}
      auth: {{accessToken: {{env: TOKEN_PRODUCTION}}}}
      rate: 500
      variables:
        region: us
        orders: "{old}"   # what the customers run
  default: staging
"""
INTEGRATION = """\
apiVersion: reconciler/v1
kind: Integration
metadata: {name: orders}
spec:
  name: Orders
  definition: ../definitions/orders.yml
  release: ${var.orders}
"""
CUSTOMERS = """\
apiVersion: reconciler/v1
kind: Customer
metadata: {name: acme, labels: {tier: gold}}
spec: {name: Acme, externalId: acme-1}
"""
SET = """\
apiVersion: reconciler/v1
kind: InstanceSet
metadata: {name: orders}
spec:
  customers: {labels: {tier: gold}}
  template: {integration: orders, name: Orders for Acme, enabled: true}
"""


@pytest.fixture(scope="module")
def tenants() -> Iterator[tuple[ServedSandbox, ServedSandbox]]:
    with (
        ServedSandbox(component_shift=0, version_shift=0) as staging,
        ServedSandbox(component_shift=5, version_shift=5) as production,
    ):
        yield staging, production


@pytest.fixture
def shop(
    remote: Callable[..., Remote],
    tenants: tuple[ServedSandbox, ServedSandbox],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Shop:
    """A project of the test's own in both tenants."""
    for name, tenant in zip(("STAGING", "PRODUCTION"), tenants, strict=True):
        monkeypatch.setenv(f"TOKEN_{name}", tenant.token)
    return Shop(remote(tenants[0]), tenants, re.sub("[^a-z0-9]", "-", request.node.name.lower())[-30:])


class Shop:
    """One integration, one customer and one instance in two tenants."""

    def __init__(self, project: Remote, tenants: tuple[ServedSandbox, ServedSandbox], name: str) -> None:
        self.project, self.tenants, self.name = project, tenants, name.strip("-")
        self.write(INTEGRATION, CUSTOMERS, SET)

    def write(self, *manifests: str, new: str = "1.0.0", old: str = "1.0.0") -> None:
        """The files. Names of objects are the test's own, since the tenants are shared."""
        text = "---\n".join(manifests)
        for word in ("name: Orders", "name: Acme", "externalId: acme"):
            text = text.replace(word, f"{word} {self.name}")
        self.project.write("manifests/all.yaml", text)
        self.settings(new, old)

    def settings(self, new: str, old: str) -> None:
        """The project file with these releases of staging and production."""
        urls = {"staging": self.tenants[0].url, "production": self.tenants[1].url}
        self.project.write("reconciler.yaml", PROJECT.format(name=self.name, new=new, old=old, **urls))

    def release(self, path: str) -> None:
        """Another definition."""
        self.project.write("definitions/orders.yml", DEFINITION.replace("example.com/orders", path))

    def apply(self, environment: str) -> None:
        """All that git asks for."""
        code, out, err = self.project("apply", "--yes", "-e", environment)
        assert code == 0, out + err

    def text(self, file: str = "reconciler.yaml") -> str:
        """A file as it stands on the disk."""
        return (self.project.root / file).read_bytes().decode()

    def running(self, tenant: int) -> tuple[int, str | None]:
        """The number and the release of the version that the instance runs."""
        self.project.served = self.tenants[tenant]
        found = self.project.named(
            "instances",
            f"Orders {self.name} for Acme",
            "deployedVersion integration { versionNumber versionAttributes }",
        )
        assert found["deployedVersion"] == found["integration"]["versionNumber"]
        attributes = json.loads(found["integration"]["versionAttributes"])
        return found["deployedVersion"], attributes["reconciler"]["release"]

    def refused(self, *arguments: str) -> list[str]:
        """The codes of what is refused, or wrong."""
        code, out, err = self.project("promote", *arguments, "--format", "json")
        assert code in (3, 5), out + err
        return [error["code"] for error in json.loads(err)["errors"]]


def test_what_staging_runs_goes_to_production(shop: Shop):
    for environment in ("staging", "production"):
        shop.apply(environment)
    assert shop.project("promote", "staging", "production")[0] == 0
    shop.release("example.com/v2")
    shop.settings("1.1.0", "1.0.0")
    shop.apply("staging")

    before = shop.text()
    code, out, _ = shop.project("promote", "staging", "production", "--check")
    assert code == 2
    assert '-        orders: "1.0.0"   # what the customers run' in out
    assert '+        orders: "1.1.0"   # what the customers run' in out
    (change,) = shop.project.json("promote", "staging", "production", "--check")["changes"]
    assert (change["file"], change["line"], change["column"]) == ("reconciler.yaml", 19, 17)
    assert (change["before"], change["after"], change["variable"]) == ("1.0.0", "1.1.0", "orders")
    assert change["address"] == "Integration/orders"
    code, _, err = shop.project("promote", "staging", "production")
    assert (code, "--yes" in err) == (3, True)  # there is no terminal to ask
    assert shop.text() == before

    assert shop.project("promote", "staging", "production", "--yes")[0] == 0
    assert shop.text() == before.replace('"1.0.0"', '"1.1.0"')
    shop.apply("production")
    (here, name), (there, same) = shop.running(0), shop.running(1)
    assert (name, same) == ("1.1.0", "1.1.0")
    assert here != there

    written = shop.text()
    assert shop.project("promote", "staging", "production", "--yes")[0] == 0
    assert shop.text() == written


def test_an_instance_goes_back_to_an_earlier_release(shop: Shop):
    shop.apply("staging")
    shop.release("example.com/v2")
    shop.settings("2.0.0", "1.0.0")
    shop.apply("staging")
    assert shop.running(0)[1] == "2.0.0"
    shop.write(
        INTEGRATION, CUSTOMERS, SET.replace("integration: orders", "integration: orders, release: 1.0.0")
    )
    shop.settings("2.0.0", "1.0.0")
    plan = shop.project.json("plan", "-e", "staging")
    assert [(action["verb"], action["changes"]) for action in plan["actions"]][:1] == [
        ("update", [{"path": "release", "before": "2.0.0", "after": "1.0.0", "cause": "pending"}])
    ]
    assert "deploy" in [action["verb"] for action in plan["actions"]]
    shop.apply("staging")
    assert shop.running(0)[1] == "1.0.0"
    assert shop.project("plan", "--detailed-exitcode", "-e", "staging")[0] == 0


def test_a_release_of_another_definition_is_not_promoted(shop: Shop):
    shop.apply("staging")
    shop.settings("1.0.0", "0.9.0")
    shop.release("example.com/not-yet-in-staging")
    assert shop.refused("staging", "production", "--yes") == ["definition-differs"]
    assert "0.9.0" in shop.text()


def test_what_counts_for_both_is_not_rewritten(shop: Shop):
    literal = INTEGRATION.replace("${var.orders}", "1.0.0")
    shop.write(literal, CUSTOMERS, SET)
    shop.apply("staging")
    code, out, err = shop.project("promote", "staging", "production", "--yes")
    assert (code, out) == (0, "")
    assert "Nothing to promote" in err
    shop.write(literal.replace("1.0.0", "1.1.0"), CUSTOMERS, SET)
    assert shop.refused("staging", "production", "--yes") == ["shared-release"]


def test_manifests_of_production_alone_are_rewritten_in_their_own_style(shop: Shop):
    def only(text: str, environment: str) -> str:
        return text.replace(
            "metadata: {name: orders", f"metadata: {{environments: [{environment}], name: orders"
        )

    pinned = SET.replace("integration: orders", "integration: orders, release: '1.0.0'")
    ours = only(INTEGRATION.replace("${var.orders}", "1.0.0  # pinned, see above"), "production")
    shop.release("example.com/v2")
    shop.write(
        only(INTEGRATION, "staging"),
        ours,
        CUSTOMERS,
        only(SET, "staging"),
        only(pinned, "production"),
        new="1.2.0",
    )
    shop.apply("staging")
    before = shop.text("manifests/all.yaml")
    assert shop.project("promote", "staging", "production", "--yes")[0] == 0
    expected = before.replace("release: 1.0.0  # pinned", "release: 1.2.0  # pinned").replace(
        "'1.0.0'", "'1.2.0'"
    )
    assert shop.text("manifests/all.yaml") == expected


def test_versions_without_a_release_are_refused(shop: Shop):
    shop.apply("staging")
    shop.settings("1.0.0", "0.9.0")
    integration = shop.project.named("integrations", f"Orders {shop.name}", "id")["id"]
    number = shop.project.behind("publishIntegration", {"id": integration, "comment": "by hand"})["id"]
    instance = shop.project.named("instances", f"Orders {shop.name} for Acme")["id"]
    shop.project.behind("updateInstance", {"id": instance, "integration": number})
    shop.project.behind("deployInstance", {"id": instance})
    assert shop.refused("staging", "production") == ["unnamed-release"]


def test_tests_that_have_not_passed_hold_a_release_back(shop: Shop):
    tests: list[dict[str, Any]] = [{"flow": "Receive order", "payload": {}, "expect": {"status": 418}}]
    tested = SET.replace(
        "enabled: true", f"enabled: true, tests: {yaml.safe_dump(tests, default_flow_style=True)}"
    )
    shop.write(INTEGRATION, CUSTOMERS, tested, old="0.9.0")
    assert shop.project("apply", "--yes", "-e", "staging")[0] == 1
    assert "tests-outstanding" in shop.refused("staging", "production")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("staging", "staging"), "same-environment"),
        (("staging", "prod"), "unknown-environment"),
        (("staging", "production", "-e", "staging"), "usage"),
    ],
)
def test_two_environments_are_named(shop: Shop, arguments: tuple[str, ...], code: str):
    assert shop.refused(*arguments) == [code]


def test_what_else_changes_with_a_variable_is_told(shop: Shop):
    used = CUSTOMERS.replace("externalId: acme-1", "externalId: acme-1, description: 'Runs ${var.orders}'")
    shop.write(INTEGRATION, used, SET, old="0.9.0")
    shop.apply("staging")
    notes = shop.project.json("promote", "staging", "production", "--check")["notes"]
    assert notes == ["Customer/acme changes, too, since it uses the same variable: description"]


def test_a_definition_may_follow_the_release(shop: Shop):
    path = INTEGRATION.replace("definitions/orders.yml", "definitions/orders-${var.orders}.yml")
    for release in ("1.0.0", "2.0.0"):
        text = DEFINITION.replace("example.com/orders", f"example.com/{release}")
        shop.project.write(f"definitions/orders-{release}.yml", text)
    shop.write(path, CUSTOMERS, SET, new="2.0.0", old="1.0.0")
    shop.apply("staging")
    code, _, err = shop.project("promote", "staging", "production", "--yes")
    assert code == 0, err
    assert 'orders: "2.0.0"   # what' in shop.text()


@pytest.mark.parametrize(
    ("release", "code"),
    [("${env.RELEASE}", "not-editable"), ("${var.orders}${var.region}", "not-editable")],
)
def test_what_is_not_written_out_cannot_be_rewritten(
    shop: Shop, release: str, code: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RELEASE", "1.0.0")
    shop.write(INTEGRATION.replace("${var.orders}", release), CUSTOMERS, SET)
    shop.apply("staging")
    monkeypatch.setenv("RELEASE", "0.9.0")
    shop.settings("1.0.0", "0.9.0")
    assert shop.refused("staging", "production") == [code]


def test_a_part_of_the_release_may_be_the_variable(shop: Shop):
    shop.write(INTEGRATION.replace("${var.orders}", "v${var.orders}-eu"), CUSTOMERS, SET, old="0.9.0")
    shop.apply("staging")
    assert shop.project("promote", "staging", "production", "--yes")[0] == 0
    assert 'orders: "1.0.0"   # what' in shop.text()


def test_one_more_member_of_a_set_follows_the_others(shop: Shop):
    pinned = SET.replace("integration: orders", "integration: orders, release: '${var.orders}'")
    other = CUSTOMERS.replace("name: acme", "environments: [production], name: beta").replace("cme", "cmeB")
    ours = CUSTOMERS.replace("name: acme", "environments: [staging], name: acme")
    shop.write(INTEGRATION, ours, other, pinned, old="0.9.0")
    shop.apply("staging")
    (change,) = shop.project.json("promote", "staging", "production", "--check")["changes"]
    assert change["addresses"] == ["Integration/orders", "Instance/beta/orders"]


def test_the_release_of_an_override_is_rewritten_in_it(shop: Shop):
    both = CUSTOMERS + "---\n" + CUSTOMERS.replace("name: acme", "name: beta").replace("cme", "cmeB")
    pinned = SET.replace("integration: orders", "integration: orders, release: '${var.orders}'")
    held = pinned.replace("name: orders}", "name: orders, environments: [production]}")
    held += "  overrides:\n    beta: {release: 0.9.0}  # waits for their holidays\n"
    elsewhere = pinned.replace("name: orders}", "name: orders, environments: [staging]}")
    shop.write(INTEGRATION, both, elsewhere, held, old="0.9.0")
    shop.apply("staging")
    before = shop.text("manifests/all.yaml")
    assert shop.project("promote", "staging", "production", "--yes")[0] == 0
    expected = before.replace("beta: {release: 0.9.0}", "beta: {release: 1.0.0}")
    assert shop.text("manifests/all.yaml") == expected
    assert 'orders: "1.0.0"   # what' in shop.text()


def test_one_more_member_of_a_set_does_not_follow_an_override(shop: Shop):
    pinned = SET.replace("integration: orders", "integration: orders, release: '${var.orders}'")
    new = CUSTOMERS.replace("name: acme", "environments: [production], name: beta").replace("cme", "cmeB")
    held = CUSTOMERS.replace("name: acme", "environments: [staging], name: gamma").replace("cme", "cmeC")
    shop.write(INTEGRATION, CUSTOMERS, held, new, pinned, old="1.0.0")
    shop.apply("staging")
    shop.release("example.com/v3")
    override = "  overrides: {gamma: {release: 1.0.0}}\n"
    shop.write(INTEGRATION, CUSTOMERS, held, new, pinned + override, new="1.3.0", old="1.0.0")
    shop.apply("staging")
    (change,) = shop.project.json("promote", "staging", "production", "--check")["changes"]
    assert change["addresses"] == ["Integration/orders", "Instance/acme/orders", "Instance/beta/orders"]
