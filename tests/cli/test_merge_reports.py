"""merge-reports: several runs' documents are shown as one run's, or it is said why they are not."""

from __future__ import annotations

import json
import shlex
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from reconciler.cli.main import run
from reconciler.cli.settings import FORMATS
from reconciler.manifests.schemas import validator
from tests.cli.projects import Folder

Document = dict[str, Any]
HEAD = {"project": "shop", "environment": "production", "createdAt": "2026-01-31T12:00:00Z"}
DIGEST = f"sha256:{'0' * 64}"


def action(address: str, verb: str = "update", **more: Any) -> Document:
    return {
        "id": f"{address}#{verb}",
        "address": address,
        "verb": verb,
        "reason": "description differs",
        "dependsOn": [],
        "changes": [],
        **more,
    }


def plan(*addresses: str, **more: Any) -> Document:
    """A plan with no more than the contract promises."""
    return {
        "format": "reconciler.plan/v1",
        **HEAD,
        **dict.fromkeys(("desired", "live", "checksum"), DIGEST),
        "summary": {"actions": len(addresses), "update": len(addresses), "unchanged": 20},
        "requests": {"read": 7, "write": len(addresses), "seconds": 0.3},
        "actions": [action(address) for address in addresses],
        "drift": [],
        "warnings": [],
        **more,
    }


def outcome(**ends: str) -> Document:
    actions = [action(f"Customer/{name}", status=status) for name, status in ends.items()]
    return {
        "format": "reconciler.outcome/v1",
        **HEAD,
        "summary": {"done": sum(one["status"] == "done" for one in actions), "unchanged": 3},
        "seconds": 1.5,
        "interrupted": False,
        "actions": actions,
    }


def drift(*addresses: str, **more: Any) -> Document:
    fields = [
        {"address": one, "path": "description", "applied": "a", "live": "b", "cause": "drift"}
        for one in addresses
    ]
    return {
        "format": "reconciler.drift/v1",
        **HEAD,
        "summary": {"fields": len(fields), "resources": len(fields), "missing": 0},
        "drift": fields,
        "warnings": [],
        **more,
    }


def refused(address: str = "", code: str = "guard-update") -> Document:
    return {"refusals": [{"code": code, "message": "too much", "address": address, "hint": "look at it"}]}


class Files:
    """Reports in a folder, and the verb on them."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys

    def write(self, *documents: Document) -> list[str]:
        files = []
        for number, document in enumerate(documents, 1):
            path = self.root / f"{number} of {len(documents)}.json"
            path.write_text(json.dumps(document), encoding="utf-8")
            files.append(str(path))
        return files

    def typed(self, *words: str) -> tuple[int, str, str]:
        code = run(words)
        return code, *self._capsys.readouterr()

    def __call__(self, *documents: Document, shape: str = "json") -> str:
        code, out, err = self.typed("merge-reports", *self.write(*documents), "--format", shape)
        assert code == 0, err
        return out

    def json(self, *documents: Document) -> Document:
        found: Document = json.loads(self(*documents))
        kind = found["format"].split(".")[1].removesuffix("/v1")
        assert [one.message for one in validator(kind).iter_errors(found)] == []
        return found

    def wrong(self, *documents: Document) -> list[Document]:
        code, out, err = self.typed("merge-reports", *self.write(*documents), "--format", "json")
        assert (code, out) == (3, "")
        found: list[Document] = json.loads(err)["errors"]
        return found


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.chdir(tmp_path)
    return Files(tmp_path, capsys)


def test_lists_are_put_together_and_counts_add_up(files: Files) -> None:
    warning = {"code": "unused-field", "message": "it has no effect", "address": "", "hint": ""}
    found = files.json(
        plan("Customer/a", warnings=[warning], orphans=["Customer/z"]),
        plan("Customer/b", "Customer/c", warnings=[warning], createdAt="2026-01-31T12:00:05Z"),
    )
    assert [one["address"] for one in found["actions"]] == ["Customer/a", "Customer/b", "Customer/c"]
    assert found["summary"] == {"actions": 3, "update": 3, "unchanged": 40}
    assert found["requests"] == {"read": 14, "write": 3, "seconds": 0.6}
    assert found["warnings"] == [warning]
    assert found["orphans"] == ["Customer/z"]
    assert found["createdAt"] == "2026-01-31T12:00:05Z"
    assert found["desired"] == DIGEST


def test_what_refuses_one_stands_for_all_and_once(files: Files) -> None:
    found = files.json(plan("Customer/a", **refused(), refused=True), plan("Customer/b", **refused()))
    assert found["refused"]
    assert [one["code"] for one in found["refusals"]] == ["guard-update"]
    out = files(plan("Customer/a", **refused(), refused=True), plan("Customer/b"), shape="text")
    assert out.splitlines()[-1].endswith("Refused.")


def test_what_failed_stays_failed(files: Files) -> None:
    stopped = {**outcome(c="skipped"), "interrupted": True}
    documents = outcome(a="done"), {**outcome(b="failed"), **refused("Customer/x")}, stopped
    found = files.json(*documents)
    ends = {"done": 1, "failed": 1, "stale": 0, "skipped": 1}
    assert found["summary"] == {"actions": 3, **ends, "unchanged": 9}
    assert found["interrupted"]
    assert found["seconds"] == 4.5
    assert len(found["refusals"]) == 1
    (suite,) = Xml.fromstring(files(*documents, shape="junit"))
    assert suite.attrib["failures"] == "2"
    assert "Interrupted: 1 done, 1 failed, 1 skipped, 1 refused in 4.5 s." in files(*documents, shape="text")


def test_what_drifted_and_is_missing_is_told_of_all(files: Files) -> None:
    gone = [{"address": "Customer/c", "why": "deleted", "told": None}]
    stranger = {"unmanaged": [{"address": "Customer/other", "id": "1", "name": "Other"}]}
    since = {"createdAt": "2026-01-01T00:00:00Z", "mended": {"drift": [], "missing": []}}
    since |= {"new": {"drift": drift("Customer/a")["drift"], "missing": []}, "remaining": since["mended"]}
    one = drift("Customer/a", **stranger, since=since)
    other = drift("Customer/b", **stranger, missing=gone)
    found = files.json(one, other)
    assert found["summary"]["fields"] == 2
    assert [entry["address"] for entry in found["drift"]] == ["Customer/a", "Customer/b"]
    assert found["missing"] == gone
    assert len(found["unmanaged"]) == 1
    assert [entry["address"] for entry in found["since"]["new"]["drift"]] == ["Customer/a"]
    said = files(one, other, shape="text")
    assert "Drift: 2 fields of 2 resources not as last applied, 1 resource missing." in said


@pytest.mark.parametrize("shape", FORMATS)
@pytest.mark.parametrize(
    "documents",
    [
        (plan("Customer/a", **refused("Customer/q")), plan("Customer/b")),
        (outcome(a="failed"), outcome(b="done")),
        (drift("Customer/a"), drift("Customer/b")),
    ],
    ids=["plan", "outcome", "drift"],
)
def test_each_format_shows_all_of_it(files: Files, shape: str, documents: tuple[Document, ...]) -> None:
    said = unescape(files(*documents, shape=shape)).replace("\u200b", "")
    if shape == "github":
        assert "reconciler" in said.splitlines()[-1]
    elif shape == "text" and documents[0]["format"] == "reconciler.outcome/v1":
        assert "Customer/a" in said
        assert "1 done, 1 failed" in said
    else:
        assert [name for name in ("Customer/a", "Customer/b") if name not in said] == []


def test_a_run_that_failed_before_it_had_a_plan_is_told_beside_the_others(files: Files) -> None:
    failed = {"errors": [{"code": "unreachable", "message": "no answer", "address": "", "hint": "wait"}]}
    found = files.json(plan("Customer/a"), failed)
    assert found["errors"] == failed["errors"]
    assert "error: no answer" in files(failed, plan("Customer/a"), shape="text")
    assert json.loads(files(failed, failed))["errors"] == failed["errors"] * 2


def test_what_was_selected_is_told_where_all_selected(files: Files) -> None:
    chosen = [
        plan(options={"select": [name], "exclude": ["Customer/x", name], "prune": True}) for name in "ab"
    ]
    assert files.json(*chosen)["options"] == {"select": ["a", "b"], "exclude": ["Customer/x"]}
    assert "options" not in files.json(plan(options={"select": ["a"]}), plan())


def test_nothing_is_applied_by_a_merged_plan(project: Folder) -> None:
    project.shop()
    saved = [str(project.root / f"{name}.json") for name in ("one", "two", "all")]
    project("plan", "--select", "Customer/*", "-o", saved[0])
    project("plan", "--select", "Integration/*", "-o", saved[1])
    code, _, err = project("merge-reports", *saved[:2], "--report", f"json={saved[2]}")
    assert code == 0, err
    found = {one["id"] for one in json.loads(Path(saved[2]).read_text())["actions"]}
    assert found == {one["id"] for one in project.json("plan", "--exclude", "Instance/*")["actions"]}
    code, _, err = project("apply", saved[2], "--yes")
    assert code == 3
    assert "is not a saved plan of this version" in err


@pytest.mark.parametrize(
    ("documents", "said", "kept"),
    [
        (
            (plan("Customer/a"), drift("Customer/b")),
            '"{1}" is a report of drift, and "{0}" is one of plan',
            "merge what belongs together: reconciler merge-reports {0}",
        ),
        (
            (plan("Customer/a"), {**plan("Customer/b"), "project": "stall"}),
            '"{1}" is about the project "stall", and "{0}" about "shop"',
            "merge what belongs together: reconciler merge-reports {0}",
        ),
        (
            (drift("Customer/a"), {**drift("Customer/b"), "environment": "staging"}, drift("Customer/c")),
            '"{1}" is about the environment "staging", and "{0}" about "production"',
            "merge what belongs together: reconciler merge-reports {0} {2}",
        ),
        (
            (drift("Customer/a", tenant="T1"), drift("Customer/b", tenant="T2")),
            '"{1}" is about the tenant "T2", and "{0}" about "T1"',
            "merge what belongs together: reconciler merge-reports {0}",
        ),
        (
            (plan("Customer/a"), plan("Customer/b"), plan("Customer/a", "Customer/b", "Customer/c")),
            '"{0}" and "{2}" both tell of Customer/a',
            "each resource stands in one report: reconciler merge-reports {0} {1}",
        ),
        (
            (plan("Customer/a"), plan(leftOut=[{"address": "Customer/a", "reason": "needs more"}])),
            '"{0}" and "{1}" both tell of Customer/a',
            "each resource stands in one report: reconciler merge-reports {0}",
        ),
    ],
    ids=["kinds", "projects", "environments", "tenants", "addresses", "left out"],
)
def test_what_does_not_go_together_is_said_with_what_does(
    files: Files, documents: tuple[Document, ...], said: str, kept: str
) -> None:
    names = [
        str(files.root / f"{number} of {len(documents)}.json") for number in range(1, len(documents) + 1)
    ]
    error = files.wrong(*documents)[0]
    assert error["message"] == said.format(*names)
    assert error["hint"] == kept.format(*map(shlex.quote, names))
    code, _, err = files.typed(*shlex.split(error["hint"].partition("reconciler ")[2]))
    assert code == 0, err


def test_a_report_is_given_once(files: Files) -> None:
    (name,) = files.write(plan())
    code, _, err = files.typed("merge-reports", name, str(Path(name).name))
    assert code == 3
    assert f'"{name}" is given twice' in err
    assert err.endswith(f"reconciler merge-reports {shlex.quote(name)}\n")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"errors": []}', '{"errors": [1]}', '{"format": "reconciler.plan/v1"}', "\x00"]
)
def test_what_is_no_report_is_named(files: Files, text: str) -> None:
    (name,) = files.write(plan())
    odd = files.root / "odd.json"
    odd.write_text(text)
    code, _, err = files.typed("merge-reports", name, str(odd))
    assert code == 3
    assert f'"{odd}" is no report of plan, apply or drift' in err
    code, _, err = files.typed("merge-reports", name, "gone.json")
    assert code == 3
    assert 'cannot read "gone.json": no such file or directory' in err
