"""Who changed what drifted, and when, in the tenant's own words."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.manifests import schemas
from reconciler.sandbox import Sandbox
from tests.cli.projects import Folder


@pytest.fixture
def shop(project: Folder) -> Folder:
    project.shop()
    assert project("apply", "--yes")[0] == 0
    age(project)
    return project


def age(project: Folder) -> None:
    """Lets all sentences that there are be of long ago."""
    rewrite(project, "UPDATE activity SET created_at = '2020-01-01T00:00:00.000000+00:00'")


def rewrite(project: Folder, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(project.root / ".reconciler" / "sandbox.db")) as database, database:
        assert database.execute(statement, values).rowcount > 0


def edit(project: Folder, text: str = "Theirs") -> None:
    project.behind("updateCustomer", {"id": project.id_of("customers"), "description": text})


def entry(project: Folder, verb: str = "drift") -> dict[str, Any]:
    document = project.json(verb)
    Draft202012Validator(schemas.load(verb)).validate(document)
    (found,) = document["drift"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("verb", ["drift", "plan"])
def test_one_sentence_is_quoted(shop: Folder, verb: str):
    edit(shop)
    found = entry(shop, verb)
    (said,) = found["activities"]
    assert (found["who"], said["sentence"], said["who"]) == (
        "known",
        'Sandbox Owner updated the customer "Acme".',
        "Sandbox Owner",
    )
    assert found["updatedAt"][:4] == said["at"][:4]
    out = shop(verb)[1]
    assert 'the tenant\'s log: “Sandbox Owner updated the customer "Acme"”' in " ".join(out.split())


def test_two_candidates_are_both_told_as_perhaps(shop: Folder):
    edit(shop, "First of two")
    edit(shop)
    found = entry(shop)
    assert (found["who"], len(found["activities"])) == ("perhaps", 2)
    assert "log: perhaps “Sandbox Owner updated" in " ".join(shop("drift")[1].split())


def test_what_the_log_does_not_tell_is_not_known(shop: Folder):
    edit(shop)
    age(shop)
    found = entry(shop)
    assert (found["who"], found["activities"], bool(found["updatedAt"])) == ("not known", [], True)
    assert "by whom is not known" in shop("drift")[1]


def test_a_sentence_about_another_object_is_no_candidate(shop: Folder):
    edit(shop)
    shop.behind("createCustomer", {"name": "Acme Inc"})
    (said,) = entry(shop)["activities"]
    assert said["sentence"] == 'Sandbox Owner updated the customer "Acme".'


def test_a_secret_in_a_sentence_is_not_shown(project: Folder, monkeypatch: pytest.MonkeyPatch):
    secret = "k-0123456789abcdef"
    monkeypatch.setenv("KEY", secret)
    shop = {"inputs": {"apiKey": {"secret": {"env": "KEY"}}}}
    project.shop(config={"Channel": "#orders", "Shop": shop}, description="Ours")
    assert project("apply", "--yes")[0] == 0
    age(project)
    project.behind("updateInstance", {"id": project.id_of("instances"), "description": "Theirs"})
    sentence = f'Somebody set the key of instance "Orders for Acme" to {secret}.'
    rewrite(project, "UPDATE activity SET description = ? WHERE created_at > '2021'", sentence)
    for verb in ("drift", "plan"):
        found = entry(project, verb)
        assert found["activities"][0]["sentence"].endswith("to (secret).")
        assert secret not in json.dumps(found) + project(verb)[1]


def test_a_tenant_without_a_log_tells_when_alone(project: Folder):
    (project.root / ".reconciler").mkdir()
    Sandbox(project.root / ".reconciler" / "sandbox.db", rules={"activity_log": "off"}).close()
    project.shop()
    assert project("apply", "--yes")[0] == 0
    edit(project)
    assert entry(project)["who"] == "not known"


def test_nothing_is_asked_where_nothing_drifted_and_little_where_something_did(shop: Folder):
    before = requests(shop, "plan")
    edit(shop)
    assert requests(shop, "plan") <= before + 3
    shop.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Theirs")
    shop("apply", "--yes")
    assert requests(shop, "plan") == before


def requests(project: Folder, verb: str) -> int:
    """How many requests a verb takes."""
    with project.sandbox() as sandbox:
        before = sandbox.requests()
    project(verb)
    with project.sandbox() as sandbox:
        return sandbox.requests() - before


def test_the_list_says_who_deleted_what_is_missing(shop: Folder):
    shop.behind("deleteInstance", {"id": shop.id_of("instances")})
    (row,) = shop.json("list", "--missing")["resources"]
    assert row["told"].startswith('Sandbox Owner deleted the instance "Orders for Acme". (')
    assert 'Instance/acme/orders: Sandbox Owner deleted the instance "Orders for Acme".' in shop("list")[1]
