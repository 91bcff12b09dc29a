"""drift --since: what is new, what is mended, and what remains since an earlier report."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifests.schemas import validator
from tests.cli.projects import Folder


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A shop as it was applied, with a customer that someone renames."""
    project.shop()
    project.manifest("Customer", "beta", name="Beta", externalId="beta", description="Second")
    assert project("apply", "--yes")[0] == 0
    return project


def described(project: Folder, name: str, text: str) -> None:
    query = "query { customers { nodes { id name } } }"
    found = {one["name"]: one["id"] for one in project.ask(query)["customers"]["nodes"]}
    project.behind("updateCustomer", {"id": found[name], "description": text})


def saved(project: Folder, *words: str) -> str:
    path = project.write("report.json", project("drift", "--format", "json", *words)[1])
    return str(path)


def code(project: Folder, report: str) -> int:
    return project("drift", "--since", report, "--detailed-exitcode")[0]


def said(found: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: [
            f"{one['address']} {one.get('path', '')}".strip() for part in found[name].values() for one in part
        ]
        for name in ("new", "mended", "remaining")
    }


def test_what_was_known_is_not_new(shop: Folder) -> None:
    described(shop, "Acme", "theirs")
    report = saved(shop)
    assert code(shop, report) == 0
    document = shop.json("drift", "--since", report)
    assert said(document["since"]) == {"new": [], "mended": [], "remaining": ["Customer/acme description"]}
    assert document["since"]["createdAt"] == json.loads(Path(report).read_text())["createdAt"]
    assert [one.message for one in validator("drift").iter_errors(document)] == []
    assert shop("drift", "--detailed-exitcode")[0] == 2


def test_new_and_mended_are_told_apart_in_each_format(shop: Folder) -> None:
    described(shop, "Acme", "theirs")
    report = saved(shop)
    described(shop, "Acme", "First")
    described(shop, "Beta", "other")
    shop.behind("deleteInstance", {"id": shop.id_of("instances")})
    assert code(shop, report) == 2
    found = said(shop.json("drift", "--since", report)["since"])
    new = ["Customer/beta description", "Instance/acme/orders"]
    assert found == {"new": new, "mended": ["Customer/acme description"], "remaining": []}
    _, out, _ = shop("drift", "--since", report)
    last = out.splitlines()[-4:]
    assert last[0].endswith(": 2 new, 1 mended, 0 remaining.")
    assert last[1:] == [
        "  new: Customer/beta description",
        "  new: Instance/acme/orders: missing, deleted",
        "  mended: Customer/acme description",
    ]
    _, out, _ = shop("drift", "--since", report, "--format", "markdown")
    plain = unescape(out).replace("\u200b", "")
    assert [
        one
        for one in ("2 new, 1 mended", "New: 2", "Mended: 1", "- Customer/acme description")
        if one not in plain
    ] == []


def test_another_change_of_the_same_field_is_new(shop: Folder) -> None:
    described(shop, "Acme", "theirs")
    report = saved(shop)
    described(shop, "Acme", "theirs again")
    assert code(shop, report) == 2
    described(shop, "Acme", "First")
    assert code(shop, report) == 0
    assert said(shop.json("drift", "--since", report)["since"])["mended"] == ["Customer/acme description"]


def test_a_report_of_something_else_is_refused(shop: Folder, tmp_path: Path) -> None:
    described(shop, "Acme", "theirs")
    whole = saved(shop)
    text = Path(whole).read_text()
    cases = {
        "cannot read": str(tmp_path / "missing.json"),
        "is no report of drift": str(shop.write("a.json", "{}")),
        "is about other in sandbox": str(shop.write("b.json", text.replace('"shop"', '"other"'))),
        "is about other resources": str(
            shop.write("c.json", shop("drift", "--select", "Customer/acme", "--format", "json")[1])
        ),
    }
    for words, path in cases.items():
        found, out, err = shop("drift", "--since", path)
        assert (found, out) == (3, ""), words
        assert words in err
    assert shop("drift", "--since", cases["is about other resources"], "--select", "Customer/acme")[0] == 0
