"""Tokens, tenants and the process's environment: what a run does with them, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.projects import Folder
from tests.sandbox.served import ServedSandbox

SERVED = """\
apiVersion: reconciler/v1
kind: Project
metadata: {{name: shop}}
spec:
  manifests: [manifests/]
  environments:
    first: {{url: "{0}", auth: {{refreshToken: {{env: TOKEN}}}}, rate: 1000}}
  default: first
"""


def test_one_exchange_of_the_refresh_token_lasts_for_a_run(
    project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.shop()
    database = str(tmp_path / "served.db")
    with ServedSandbox(database, factory="tests.sandbox.rotating:rotating") as served:
        project.write("reconciler.yaml", SERVED.format(served.url))
        monkeypatch.setenv("TOKEN", served.refresh_token)
        code, out, err = project("apply", "--yes")
        assert code == 0, out + err
        code, _, err = project("plan")  # the token in the environment was used up
        assert code == 4
        assert "refresh token" in err


def test_a_saved_plan_is_for_one_tenant(
    project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.shop()
    saved = tmp_path / "plan.json"
    with ServedSandbox(str(tmp_path / "one.db")) as one, ServedSandbox(str(tmp_path / "two.db")) as two:
        project.write("reconciler.yaml", SERVED.format(one.url))
        monkeypatch.setenv("TOKEN", one.refresh_token)
        assert project("plan", "-o", str(saved))[0] == 0
        assert json.loads(saved.read_text())["tenant"] == one.tenant
        project.write("reconciler.yaml", SERVED.format(two.url))
        monkeypatch.setenv("TOKEN", two.refresh_token)
        code, _, err = project("apply", str(saved), "--yes")
        assert code == 5
        assert one.tenant in err
        assert two.tenant in err
        assert project("get", "customers", "--format", "ids")[1] == ""


ENVIRONMENTS = """\
apiVersion: reconciler/v1
kind: Project
metadata: {{name: shop}}
spec:
  manifests: [manifests/]
{0}
"""
PRODUCTION = """\
  environments:
    production: {url: https://app.prismatic.io, variables: {region: eu}}
"""


@pytest.mark.parametrize(
    ("environments", "checked"),
    [
        (PRODUCTION, ["production"]),
        (PRODUCTION + "    sandbox: {variables: {region: test}}\n", ["production", "sandbox"]),
        ("", ["sandbox"]),
    ],
)
def test_validate_checks_the_environments_of_the_project_file(
    project: Folder, environments: str, checked: list[str]
) -> None:
    project.write("reconciler.yaml", ENVIRONMENTS.format(environments))
    name = "${var.region}" if environments else "Acme"
    project.manifest("Customer", "acme", name=name, externalId="acme-1")
    code, out, err = project("validate", "--format", "json")
    assert code == 0, err
    assert json.loads(out)["environments"] == checked


def test_validate_checks_the_sandbox_where_it_is_the_default(project: Folder) -> None:
    project.manifest("Customer", "acme", name="${var.region}", externalId="acme-1")
    project.write("reconciler.yaml", ENVIRONMENTS.format(PRODUCTION + "  default: sandbox\n"))
    code, _, err = project("validate")
    assert code == 3
    assert 'environment "sandbox" has no variable "region"' in err
    assert project("validate", "-e", "production")[0] == 0


@pytest.fixture
def production(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    project.write("reconciler.yaml", SERVED.format("https://stack.invalid"))
    monkeypatch.setenv("TOKEN", "t0ken")
    return project


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HTTPS_PROXY", "socks5://127.0.0.1:1080", "socks"),
        ("ALL_PROXY", "socks5h://127.0.0.1:1080", "socks"),
        ("all_proxy", "ftp://127.0.0.1", "not the address"),
        ("https_proxy", "http://user:hunter2@[::1", "not the address"),
        ("HTTP_PROXY", "http://127.0.0.1:port", "not the address"),
        ("HTTPS_PROXY", "http://", "not the address"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "no such file"),
        ("SSL_CERT_FILE", __file__, "certificates"),
        ("SSL_CERT_DIR", "/nowhere", "no such"),
    ],
)
def test_what_the_network_needs_of_the_environment_is_named(
    production: Folder, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    for arguments in (["plan"], ["get", "customers"], ["api", "{ authenticatedUser { id } }"]):
        code, _, err = production(*arguments)
        assert code == 3, err
        assert name in err
        assert told in err.lower()
        assert "hunter2" not in err


def test_the_network_is_not_asked_for_where_there_is_none(
    project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1080")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    assert project("get", "customers")[0] == 0


def test_bytes_of_the_environment_that_are_no_text_have_a_place(
    project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORD", "caf\udce9")
    project.manifest("Customer", "acme", name="${env.WORD}", externalId="acme-1")
    for verb in ("validate", "plan"):
        code, _, err = project(verb, "--format", "json")
        (error,) = json.loads(err)["errors"]
        found: dict[str, Any] = error
        assert (code, found["file"], bool(found["line"])) == (3, "manifests/customer-acme.yaml", True)
        assert "WORD" in found["message"]
        assert "UTF-8" in found["message"]


@pytest.mark.parametrize(
    "empty", [["-e", ""], ["--project", ""], ["--select", ""], ["--exclude", ""]], ids=lambda given: given[0]
)
def test_an_empty_option_never_means_the_default(project: Folder, empty: list[str]) -> None:
    project.shop()
    code, _, err = project("plan", *empty)
    assert code == 3
    assert empty[0].strip("-") in err
    assert "it is empty" in err
