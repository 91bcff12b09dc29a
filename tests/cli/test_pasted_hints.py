"""Hints are commands that can be pasted: they name the environment and the project that were given."""

from __future__ import annotations

import json
import shlex
from html import unescape
from pathlib import Path

import pytest

from reconciler.cli.hints import with_options
from reconciler.cli.main import COMMANDS, run
from tests.cli.projects import Folder

BOTH = "-e prod --project 'a b.yaml'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see: reconciler validate", f"see: reconciler validate {BOTH}"),
        (
            "do reconciler plan -o F, then reconciler apply F.",
            f"do reconciler plan -o F {BOTH}, then reconciler apply F {BOTH}.",
        ),
        ("finish it: reconciler apply -e other", "finish it: reconciler apply -e other --project 'a b.yaml'"),
        ("what `reconciler get instances` shows", f"what `reconciler get instances {BOTH}` shows"),
        ("`reconciler schema` prints", "`reconciler schema` prints"),
        ("start one with: reconciler init", "start one with: reconciler init"),
        ("give --yes", "give --yes"),
        ("see them: reconciler sandbox fault", f"see them: reconciler sandbox fault {BOTH}"),
        ("with reconciler:shop/customer/acme", "with reconciler:shop/customer/acme"),
        ("reconciler promote FROM TO", "reconciler promote FROM TO --project 'a b.yaml'"),
    ],
)
def test_options_stand_behind_the_command(text: str, expected: str) -> None:
    assert with_options(text, "prod", Path("a b.yaml")) == expected
    assert with_options(text, None, None) == text


@pytest.mark.parametrize(
    "verb",
    sorted(set(COMMANDS) - {"init", "schema", "explain", "scaffold", "completion", "sandbox", "promote"}),
)
def test_each_verb_that_works_on_an_environment_is_known(verb: str) -> None:
    assert with_options(f"see: reconciler {verb}", "prod", None) == f"see: reconciler {verb} -e prod"


@pytest.fixture
def shop(project: Folder) -> Folder:
    project.shop()
    text = (project.root / "reconciler.yaml").read_text()
    project.write(
        "reconciler.yaml", text.replace("manifests/]}", "manifests/], environments: {sandbox: {}}}")
    )
    return project


def test_the_hint_of_an_error_runs_as_it_stands(shop: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = shop("disable", "Instance/acme/orders", "-e", "sandbox", "--yes")
    assert code == 3
    command = err.partition("reconciler ")[2].splitlines()[0]
    assert run([*shlex.split(command), "--yes"]) == 0, capsys.readouterr()
    capsys.readouterr()
    _, _, err = shop("get", "customers", "Nobody", "-e", "sandbox", "--format", "json")
    (error,) = json.loads(err)["errors"]
    assert run(shlex.split(error["hint"].partition("reconciler ")[2])) == 0


def test_hints_of_plans_and_what_is_said_beside_name_them_too(shop: Folder) -> None:
    made = shop.behind("createIntegration", {"name": "Orders"})["id"]
    project = str(shop.root / "reconciler.yaml")
    for shape in ("text", "json", "markdown"):
        _, out, err = shop("plan", "-e", "sandbox", "--format", shape)
        command = f"reconciler adopt Integration/orders {made} -e sandbox --project {project}"
        assert command in unescape(out + err), shape
    plain = shop("plan", "--format", "json", "-o", str(shop.root / "one.json"))[1]
    named = shop("plan", "-e", "sandbox", "--format", "json", "-o", str(shop.root / "two.json"))[1]
    assert json.loads(plain)["checksum"] == json.loads(named)["checksum"]
    saved = [json.loads((shop.root / name).read_text()) for name in ("one.json", "two.json")]
    assert saved[0]["refusals"] == saved[1]["refusals"]
    assert "-e sandbox" in shop("plan", "-e", "sandbox", "-o", str(shop.root / "three.json"))[2]
