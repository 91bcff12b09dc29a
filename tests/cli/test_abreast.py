"""plan, drift and list of several environments side by side."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.manifests import schemas
from tests.cli.projects import Folder


@pytest.fixture
def shop(project: Folder) -> Folder:
    """The embedded sandbox as one environment, and one that cannot answer as another."""
    away = 'away: {url: "http://127.0.0.1:9", auth: {accessToken: {env: NO_TOKEN}}}'
    text = (project.root / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", text.replace("[manifests/]", f"[manifests/], environments: {{{away}}}"))
    project.shop()
    assert project("apply", "--yes")[0] == 0
    return project


def document(project: Folder, verb: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, err = project(verb, "-e", "sandbox,away", *arguments, "--format", "json")
    assert out, err
    found: dict[str, Any] = json.loads(out)
    Draft202012Validator(schemas.load("environments")).validate(found)
    assert found["verb"] == verb
    return code, found


@pytest.mark.parametrize("verb", ["plan", "drift", "list"])
def test_one_that_does_not_answer_hides_no_other(shop: Folder, verb: str):
    code, found = document(shop, verb)
    assert code == 3
    here, away = found["environments"]
    assert (here["name"], here["errors"], away["name"], away["summary"]) == ("sandbox", [], "away", None)
    assert [one["code"] for one in away["errors"]] == ["secret-missing"]
    (row,) = found["resources"]
    assert row["address"] == "Integration/orders"
    assert row["environments"] == {
        "sandbox": {
            "asked": "1.0.0",
            "published": "1.0.0",
            "instances": [{"release": "1.0.0", "version": 1, "count": 1}],
            "undeployed": 0,
            "missing": 0,
            "pending": 0,
            "refused": 0,
            "drift": 0,
        }
    }


def test_they_stand_on_one_page(shop: Folder):
    shop.shop(name="Other name")
    code, out, _ = shop("plan", "-e", "sandbox,away", "--format", "html")
    assert (code, out.startswith("<!doctype html>"), out.endswith("</html>\n")) == (3, True, True)
    assert "sandbox: 1 action." in out
    assert "NO_TOKEN" in out
    assert '<option value="away">' in out
    assert "<strong>sandbox</strong> 1.0.0; 1 on 1.0.0; 1 action pending" in out
    assert "<strong>away</strong> not known" in out


def test_what_is_pending_and_what_drifted_is_counted(shop: Folder):
    shop.behind("updateCustomer", {"id": shop.id_of("customers"), "description": "Theirs"})
    shop.shop(name="Other name")
    shop.behind("updateInstance", {"id": shop.id_of("instances"), "enabled": False})
    _, found = document(shop, "plan")
    cell = found["resources"][0]["environments"]["sandbox"]
    assert (cell["pending"] > 0, cell["drift"]) == (True, 1)
    summary = found["environments"][0]["summary"]
    assert (summary["drift"], summary["refusals"]) == (2, 0)


def test_without_secrets_each_is_planned(shop: Folder, monkeypatch: pytest.MonkeyPatch):
    shop.shop(config={"Shop": {"inputs": {"apiKey": {"secret": {"env": "SHOP_KEY"}}}}})
    monkeypatch.delenv("SHOP_KEY", raising=False)
    _, found = document(shop, "plan")
    assert [one["code"] for one in found["environments"][0]["errors"]] == ["secret-missing"]
    _, found = document(shop, "plan", "--no-secrets")
    assert found["environments"][0]["errors"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("plan", "-o", "p.json"), "-o is for one environment"),
        (("plan", "--live", "live.gz"), "--live is for one environment"),
        (("drift", "--live", "live.gz"), "--live is for one environment"),
        (("list", "--live", "live.gz"), "--live is for one environment"),
        (("drift", "--unmanaged"), "--unmanaged is for one environment"),
        (("list", "--owned"), "--owned is for one environment"),
        (("plan", "--format", "junit"), "environments side by side cannot be shown as junit"),
        (("list", "--format", "csv"), "environments side by side cannot be shown as csv"),
        (("apply", "--yes"), 'this is about one environment, and "sandbox,away" names several'),
        (("pull",), 'this is about one environment, and "sandbox,away" names several'),
        (("get", "customers"), 'this is about one environment, and "sandbox,away" names several'),
    ],
)
def test_what_is_about_one_environment_is_refused(shop: Folder, arguments: tuple[str, ...], message: str):
    writes = shop.writes()
    code, out, err = shop(*arguments, "-e", "sandbox,away")
    assert (code, message in err) == (3, True)
    assert ("<failure" in out) if "junit" in arguments else out == ""
    assert shop.writes() == writes


@pytest.mark.parametrize("named", ["sandbox,nowhere", "sandbox,", ",sandbox"])
def test_a_name_of_no_environment_is_an_error_at_once(shop: Folder, named: str):
    code, out, err = shop("plan", "-e", named)
    assert (code, out) == (3, "")
    assert "unknown-environment" in shop("plan", "-e", named, "--format", "json")[2]
    assert "environment" in err


def test_one_name_twice_is_one_environment(shop: Folder):
    assert shop("plan", "-e", "sandbox,sandbox")[1] == shop("plan", "-e", "sandbox")[1]


def test_what_is_said_of_one_names_it(shop: Folder):
    code, _, err = shop("plan", "-e", "sandbox,away", "--refresh", "delta")
    assert code == 3
    said = [line for line in err.splitlines() if "read in full" in line]
    assert said == [
        "sandbox: The tenant is read in full: nobody knows whether updatedAt moves with every change there; "
        "find out with: reconciler probe -o FILE -e sandbox"
        f" --project {shop.root}/reconciler.yaml, and name that file as the environment's rules."
    ]
