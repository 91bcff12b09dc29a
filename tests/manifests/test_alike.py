"""What manifests have in common is checked once, and nothing of what is wrong with one of them is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.manifests import manifest as manifests
from reconciler.manifests import project as projects
from reconciler.manifests.config import Check
from reconciler.manifests.load import load
from reconciler.manifests.stencil import Alike
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import Desired

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: demo}
spec: {manifests: [manifests], environments: {sandbox: {variables: {place: west}}}}
"""
DEFINITION = """\
definitionVersion: 7
name: Sync
requiredConfigVars:
  - {key: Folder, dataType: string}
  - {key: Size, dataType: number, defaultValue: "1"}
  - {key: Kept, dataType: string}
flows:
  - name: Main
    steps:
      - name: Start
        isTrigger: true
        action: {key: webhook, component: {key: webhook-triggers, version: LATEST, isPublic: true}}
"""
SET = """\
apiVersion: reconciler/v1
kind: Integration
metadata: {name: sync}
spec: {definition: ../sync.yml, release: 1.0.0}
---
apiVersion: reconciler/v1
kind: InstanceSet
metadata: {name: sync, labels: {team: a}}
spec:
  customers: {all: true}
  template:
    integration: sync
    name: Sync of ${customer.name}
    description: ${customer.description}
    config:
      Folder: /${var.place}/${customer.key}
      Size: ${customer.labels.size}
  overrides:
    c2: {config: {Folder: /own}}
"""
COUNT = 12


def customer(number: int, size: object = 25, spec: str = "") -> str:
    return (
        "apiVersion: reconciler/v1\nkind: Customer\n"
        f"metadata: {{name: c{number}, labels: {{size: '{size}'}}}}\n"
        f"spec: {{name: Customer {number}, description: D{number}{spec}}}\n"
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    (tmp_path / "sync.yml").write_text(DEFINITION)
    (tmp_path / "manifests/sync.yaml").write_text(SET)
    for number in range(COUNT):
        (tmp_path / f"manifests/c{number}.yaml").write_text(customer(number))
    return tmp_path


def loaded(root: Path) -> tuple[Desired, list[Diagnostic]]:
    project, problems = projects.load(root / "reconciler.yaml")
    assert project is not None, problems
    return load(project, "sandbox", environ={})


def test_the_instances_of_a_set_have_their_own_texts_and_one_check(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    run = Check.run

    def counted(self: Check) -> list[Diagnostic]:
        checked.append(self.address)
        return run(self)

    monkeypatch.setattr(Check, "run", counted)
    desired, problems = loaded(root)
    assert checked == ["Instance/c0/sync", "Instance/c2/sync"], "the first, and the one that has an override"
    found = desired.resources[Address("Instance", "c7/sync")]
    assert found.fields == {
        "integration": Address("Integration", "sync"),
        "name": "Sync of Customer 7",
        "description": "D7",
        "config": {"Folder": "/west/c7", "Size": "25"},
        "customer": Address("Customer", "c7"),
        "release": "1.0.0",
    }
    assert found.labels == {"team": "a", "size": "25"}
    assert str(found.positions["spec.config.Folder"]) == "manifests/sync.yaml:16:15"
    assert desired.resources[Address("Instance", "c2/sync")].fields["config"]["Folder"] == "/own"
    [told] = problems
    assert told.message.endswith(
        f'"Kept" of integration "sync" has no default and is not set (here and in {COUNT - 1} more instances)'
    )


def test_all_of_a_set_is_as_if_each_were_made_by_itself(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = SET.replace(
        "/${var.place}/${customer.key}", "a$${b} ${ customer.externalId } ${customer.labels.size}"
    )
    (root / "manifests/sync.yaml").write_text(odd)
    for number in range(COUNT):
        more = f", externalId: '{number}$${{b}}'" if number % 3 else ""
        (root / f"manifests/c{number}.yaml").write_text(
            customer(number, ["1", "many", "~"][number % 3], more)
        )
    found = loaded(root)
    monkeypatch.setattr(Alike, "learn", lambda *_: None)
    assert found == loaded(root)
    assert {one.code for one in found[1]} >= {"config-type", "unknown-variable"}
    assert found[0].resources[Address("Instance", "c2/sync")].fields["name"] == "Sync of Customer 2"


def test_what_is_wrong_with_the_texts_of_one_customer_is_told_of_that_one(root: Path) -> None:
    (root / "manifests/c5.yaml").write_text(customer(5, size="many"))
    (root / "manifests/c6.yaml").write_text(customer(6).replace(", description: D6", ""))
    desired, problems = loaded(root)
    wrong = [(one.code, one.address, str(one.source)) for one in problems if one.severity == "error"]
    assert wrong == [
        ("unknown-variable", "Instance/c6/sync", "manifests/sync.yaml:14:18"),
        ("config-type", "Instance/c5/sync", "manifests/sync.yaml:17:13"),
    ]
    assert desired.resources[Address("Instance", "c4/sync")].fields["config"]["Size"] == "25"


def test_the_first_one_may_be_the_wrong_one(root: Path) -> None:
    (root / "manifests/c0.yaml").write_text(customer(0, size="many"))
    desired, problems = loaded(root)
    wrong = [one for one in problems if one.severity == "error"]
    assert [one.address for one in wrong] == ["Instance/c0/sync"]
    assert desired.resources[Address("Instance", "c11/sync")].fields["name"] == "Sync of Customer 11"


def test_manifests_of_one_shape_are_held_against_the_schema_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []
    judge: Callable[..., list[Diagnostic]] = manifests.schema_problems

    def counted(*given: object, **named: object) -> list[Diagnostic]:
        held.append(str(named["address"]))
        return judge(*given, **named)

    monkeypatch.setattr(manifests, "schema_problems", counted)
    (root / "manifests/c4.yaml").write_text(customer(4, spec=", externalId: ''"))
    (root / "manifests/c5.yaml").write_text(customer(5, spec=", labels: [a, b]"))
    manifests.known.cache_clear()
    loaded(root)
    customers = [address for address in held if address.startswith("Customer/")]
    assert customers == ["Customer/c0", "Customer/c4", "Customer/c5"]
    held.clear()
    (root / "manifests/c9.yaml").write_text(customer(9).replace("name: c9", "name: C9"))
    _, problems = loaded(root)
    assert "Customer/C9" in held
    assert [one.code for one in problems if one.address == "Customer/C9"]
