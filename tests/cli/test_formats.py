"""Every format is that format, whatever becomes of a run; and one run serves all readers."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from reconciler.api.retries import Patience
from reconciler.cli.settings import FORMATS
from reconciler.verbs.machine import Machine
from tests.cli.projects import PROJECT, Folder

VERBS = ("plan", "apply --yes", "drift", "validate", "list", "test Instance/acme/orders", "whoami", "history")
VOID = {"meta", "input", "br", "hr", "link", "img"}
NOWHERE = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: shop}
spec:
  manifests: [manifests/]
  environments:
    far: {url: "http://127.0.0.1:9", auth: {accessToken: {env: FAR_TOKEN}}}
  default: far
"""


class Balanced(HTMLParser):
    """Whether each element that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += 1
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"], attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def is_json(out: str, err: str) -> None:
    assert json.loads(out or err)
    if out and err.startswith("{"):
        assert json.loads(err)["errors"]


def is_junit(out: str, _: str) -> None:
    (suite,) = Xml.fromstring(out)
    cases = suite.findall("testcase")
    assert int(suite.attrib["tests"]) == len(cases)
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))


def is_markdown(out: str, _: str) -> None:
    assert out.startswith("### ")
    assert out.count("<details") == out.count("</details>")
    assert len(re.findall(r"^```", out, re.MULTILINE)) % 2 == 0


def is_github(out: str, err: str) -> None:
    lines = [line for line in (out + err).splitlines() if line.startswith("::")]
    assert lines
    assert set(out.splitlines()) <= set(lines)
    assert all(re.match(r"::(error|warning|notice) [^:]*::.", line) for line in lines)


def is_html(out: str, _: str) -> None:
    page = Balanced()
    page.feed(out)
    page.close()
    assert out.startswith("<!doctype html>")
    assert (page.open, page.seen > 5) == ([], True)


def is_text(out: str, err: str) -> None:
    assert (out + err).strip()


CHECKS = {
    "text": is_text,
    "json": is_json,
    "junit": is_junit,
    "markdown": is_markdown,
    "github": is_github,
    "html": is_html,
}


def nothing_to_do(folder: Folder) -> None:
    folder.shop()
    assert folder("apply", "--yes")[0] == 0


def invalid(folder: Folder) -> None:
    folder.shop()
    folder.manifest("Customer", "bad", nome="Bad")


def refused(folder: Folder) -> None:
    folder.shop()
    assert folder("apply", "--yes")[0] == 0
    folder.behind("createCustomer", {"name": "Twin", "externalId": "t-1"})
    folder.behind("createCustomer", {"name": "Twin ", "externalId": "t-2"})
    folder.manifest("Customer", "twin", name="Twin", externalId="t-1")


def unreachable(folder: Folder) -> None:
    folder.shop()
    (folder.root / "reconciler.yaml").write_text(NOWHERE)


SITUATIONS = (nothing_to_do, invalid, refused, unreachable)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.__name__)
def test_each_output_is_what_was_asked_for(
    project: Folder, situation: Callable[[Folder], None], monkeypatch: pytest.MonkeyPatch
):
    situation(project)
    monkeypatch.setenv("FAR_TOKEN", "x")
    monkeypatch.setattr(Machine, "patience", lambda _: Patience(attempts=1))  # nobody comes back
    for verb in VERBS:
        for name in FORMATS:
            code, out, err = project(*verb.split(" "), "--format", name)
            try:
                CHECKS[name](out, err)
            except Exception as error:
                raise AssertionError(f"{verb} as {name}, exit {code}: {out!r} {err!r}") from error
            if name == "junit" and code in (3, 4, 5):
                assert "<failure" in out, verb


def test_one_run_serves_all_readers(project: Folder):
    project.shop()
    names = ("text", "json", "junit", "markdown", "github", "html")
    asked = [word for name in names for word in ("--report", f"{name}={project.root / name}.out")]
    code, out, _ = project("plan", *asked)
    assert code == 0
    assert "3 to create" in out
    for name in names:
        path = project.root / f"{name}.out"
        CHECKS[name](path.read_text("utf-8"), "")
        mask = os.umask(0)
        os.umask(mask)
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
        assert "3 to create" in path.read_text("utf-8") or name in ("json", "junit")
    assert not [
        one for one in project.root.iterdir() if one.name.startswith(".") and one.name != ".reconciler"
    ]


@pytest.mark.parametrize("verb", ["plan", "apply --yes", "drift", "rehearse", "list", "validate"])
def test_a_report_is_written_also_when_the_run_fails(project: Folder, verb: str):
    invalid(project)
    path = project.root / "report.xml"
    path.write_text("of the run before")
    code, _, err = project(*verb.split(), "--report", f"junit={path}")
    if verb == "list":
        assert code in (0, 3)
    else:
        assert (code, "nome" in err) == (3, True)
        assert "nome" in path.read_text()
    is_junit(path.read_text(), "")


def test_a_refusal_is_in_the_report(project: Folder):
    refused(project)
    path = project.root / "report.md"
    code, _, _ = project("apply", "--yes", "--report", f"markdown={path}")
    assert code == 5
    assert "Refused" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["pdf=x"], 'there is no report format "pdf"'),
        (["junit"], "is not FORMAT=FILE"),
        (["junit="], "is not FORMAT=FILE"),
        (["junit=a.xml", "json=./a.xml"], "two reports cannot be written to one file"),
        (["json=manifests"], "is a folder"),
        (["json=nowhere/x.json"], "does not exist"),
    ],
)
def test_a_report_that_cannot_be_is_an_error_before_anything_is_done(
    project: Folder, given: list[str], said: str, monkeypatch: pytest.MonkeyPatch
):
    project.shop()
    monkeypatch.chdir(project.root)
    code, out, err = project("apply", "--yes", *[word for one in given for word in ("--report", one)])
    assert (code, out, said in err) == (3, "", True), err
    assert not (project.root / ".reconciler/sandbox.db").exists()


def test_a_report_that_cannot_be_written_is_told(project: Folder):
    project.shop()
    folder = project.root / "out"
    folder.mkdir()
    loop = folder / "plan.md"
    loop.symlink_to(folder / "gone" / "plan.md")
    code, out, err = project("plan", "--report", f"markdown={loop}")
    assert (code, "3 to create" in out, "cannot be written" in err) == (1, True, True)


def test_findings_stand_at_lines_of_the_repository(project: Folder):
    """The project is a folder of a repository: the platform knows paths from its root."""
    whole = project.root / "repository"
    inner = Folder.__new__(Folder)
    inner.__dict__.update(project.__dict__)
    inner.root = whole / "infra" / "prismatic"
    (inner.root / "manifests").mkdir(parents=True)
    (inner.root / "definitions").mkdir()
    (whole / ".git").mkdir()
    inner.write("reconciler.yaml", PROJECT)
    inner.write("definitions/orders.yml", (project.root / "definitions/orders.yml").read_text())
    invalid(inner)
    _, _, err = inner("validate", "--format", "github")
    assert "::error file=infra/prismatic/manifests/customer-bad.yaml,line=" in err
    (inner.root / "manifests/customer-bad.yaml").unlink()
    refused(inner)
    _, out, _ = inner("plan", "--format", "github")
    assert "::error file=infra/prismatic/manifests/customer-twin.yaml,line=" in out


def test_a_past_run_is_a_page(project: Folder):
    project.shop()
    assert project("apply", "--yes", "-q")[0] == 0
    is_html(project("history", "show", "latest", "--format", "html")[1], "")


def test_values_that_may_be_secrets_go_into_no_report(project: Folder):
    from reconciler.cli.settings import Settings

    class Screen:
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    here = Settings()
    here.__dict__["out"] = type("Console", (), {"file": Screen()})()
    assert here.on_terminal
    project.shop()
    from reconciler.cli.reports import Report

    here.reports = (Report("json", Path("x")),)
    assert not here.on_terminal
