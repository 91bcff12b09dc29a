"""The project's own rules through the command line, on the embedded sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import anyio
import pytest
import yaml

from reconciler.cli.waivers import under_rules
from reconciler.manifests.schemas import validator
from reconciler.model.errors import Refused
from reconciler.model.policy import Waivers
from reconciler.verbs.apply import apply
from reconciler.verbs.machine import Machine
from reconciler.verbs.plan import Planned, plan
from reconciler.verbs.session import Options, Session, open_session
from tests.cli.projects import Folder

DENY = {"name": "no-acme", "each": "Customer", "when": 'resource.name == "acme"', "deny": "not for Acme"}
WARN = {
    "name": "described",
    "each": "Integration",
    "when": 'resource.spec.category == ""',
    "warn": "every integration has a category",
}
APPROVE = {
    "name": "deploys",
    "when": "plan.summary.deploy > 0",
    "needs-approval": 2,
    "message": "there are deploys",
}
ALWAYS = {"name": "forever", "from": "2000-01-01", "to": "2999-01-01", "zone": "UTC", "message": "not now"}


def ruled(project: Folder, *rules: dict[str, Any], **policy: Any) -> Folder:
    """A shop with these rules."""
    spec = {"manifests": ["manifests/"], "policy": {"rules": list(rules), **policy}}
    document = {"apiVersion": "reconciler/v1", "kind": "Project", "metadata": {"name": "shop"}, "spec": spec}
    project.write("reconciler.yaml", yaml.safe_dump(document, sort_keys=False))
    project.shop()
    return project


def history(project: Folder) -> list[dict[str, Any]]:
    """The runs, the newest first."""
    code, out, _ = project("history", "--format", "json")
    assert code == 0
    runs: list[dict[str, Any]] = json.loads(out)["runs"]
    return runs


def test_the_plan_shows_what_the_rules_say_in_every_format(project: Folder) -> None:
    ruled(project, DENY, WARN, APPROVE)
    code, out, _ = project("plan", "--format", "json")
    plan = json.loads(out)
    validator("plan").validate(plan)
    assert code == 5
    assert plan["refused"]
    assert [(one["rule"], one["effect"], one["addresses"]) for one in plan["policy"]] == [
        ("no-acme", "deny", ["Customer/acme"]),
        ("described", "warn", ["Integration/orders"]),
        ("deploys", "needs-approval", []),
    ]
    assert [one["code"] for one in plan["refusals"]] == ["policy-denied"]
    warning = next(one for one in plan["warnings"] if one["code"] == "policy-warning")
    assert (warning["address"], warning["file"]) == (
        "Integration/orders",
        "manifests/integration-orders.yaml",
    )
    assert "needs 2 approvals" in next(n for n in plan["notes"] if n["code"] == "needs-approval")["message"]
    for name in ("text", "markdown", "github", "html", "junit"):
        code, out, _ = project("plan", "--format", name)
        assert code == 5
        assert "not for Acme" in out
        assert "--override-policy no-acme --reason TEXT" in out.replace("&#34;", '"').replace("\n", " ")
        assert name == "junit" or "every integration has a category" in out
        assert name == "junit" or "needs 2 approvals" in out


def test_a_warning_is_an_error_where_that_is_asked_for(project: Folder) -> None:
    ruled(project, WARN)
    assert project("plan")[0] == 0
    assert project("plan", "--strict")[0] == 3


def test_what_is_denied_is_not_done_fresh_or_saved(project: Folder) -> None:
    ruled(project, DENY)
    saved = str(project.root / "plan.json")
    assert project("plan", "-o", saved)[0] == 5
    for arguments in (["--yes"], [saved]):
        code, out, err = project("apply", *arguments)
        assert code == 5
        assert "not for Acme" in out + err
    assert project("plan", "--format", "json")[1].count('"create"') >= 1
    assert next(one["status"] for one in history(project)) == "refused"


def test_a_rule_is_asked_anew_when_a_saved_plan_is_carried_out(project: Folder) -> None:
    ruled(project)
    saved = str(project.root / "plan.json")
    assert project("plan", "-o", saved)[0] == 0
    ruled(project, freezes=[ALWAYS])
    code, _, err = project("apply", saved)
    assert code == 5
    assert 'not now (rule "forever")' in err
    ruled(project)
    assert project("apply", saved)[0] == 0
    ruled(project, freezes=[ALWAYS])
    assert project("plan")[0] == 0  # a freeze has nothing against a plan with nothing to do


def test_what_was_denied_when_it_was_saved_may_be_allowed_now(project: Folder) -> None:
    ruled(project, freezes=[ALWAYS])
    saved = str(project.root / "plan.json")
    assert project("plan", "-o", saved)[0] == 5
    checksum = json.loads(Path(saved).read_text())["checksum"]
    ruled(project)
    assert project("apply", saved, "--checksum", checksum)[0] == 0


@pytest.mark.parametrize("names", [(), ("alice",), ("alice", "Alice "), ("alice", "alice")])
def test_each_who_approves_counts_once(project: Folder, names: tuple[str, ...]) -> None:
    ruled(project, APPROVE)
    given = [word for name in names for word in ("--approved-by", name)]
    code, _, err = project("apply", "--yes", "--format", "json", *given)
    assert code == 5
    error = json.loads(err)["errors"][0]
    assert error["code"] == "needs-approval"
    assert f"has {min(len(names), 1)}" in error["message"]
    assert "--approved-by NAME" in error["hint"]


def test_approvals_enter_the_journal_and_the_outcome(project: Folder) -> None:
    ruled(project, APPROVE)
    assert project("plan", "--detailed-exitcode")[0] == 2
    saved = str(project.root / "plan.json")
    project("plan", "-o", saved)
    assert project("apply", saved)[0] == 5
    code, out, _ = project(
        "apply", saved, "--approved-by", "alice", "--approved-by", "bob", "--format", "json"
    )
    outcome = json.loads(out)
    validator("outcome").validate(outcome)
    assert code == 0
    assert outcome["policy"][0]["approvedBy"] == ["alice", "bob"]
    assert history(project)[0]["approvedBy"] == ["alice", "bob"]
    assert "alice, bob" in project("history", "show", "latest")[1]


def test_an_override_enters_the_journal_with_its_reason(project: Folder) -> None:
    ruled(project, DENY, {**APPROVE, "name": "two"}, freezes=[ALWAYS])
    waived = [word for name in ("no-acme", "two", "forever") for word in ("--override-policy", name)]
    assert project("apply", "--yes", *waived)[0] == 3
    assert project("apply", "--yes", "--reason", "why")[0] == 3
    code, _, err = project("apply", "--yes", "--override-policy", "no-acne", "--reason", "why")
    assert code == 3
    assert 'did you mean "no-acme"?' in err
    assert project("apply", "--yes", *waived[:4], "--reason", "why")[0] == 5
    code, out, _ = project("apply", "--yes", *waived, "--reason", "the tenant burns", "--format", "json")
    assert code == 0
    assert {one["overridden"] for one in json.loads(out)["policy"]} == {"the tenant burns"}
    told = history(project)[0]["overridden"]
    assert {one["rule"] for one in told} == {"no-acme", "two", "forever"}
    assert "no-acme: the tenant burns" in project("history", "show", "latest")[1]


def test_a_rule_that_cannot_be_asked_stops_the_plan_and_nothing_else(project: Folder) -> None:
    ruled(project, {**WARN, "each": "Customer", "when": 'resource.labels.tier == "gold"'})
    code, _, err = project("plan")
    assert code == 3
    assert "reconciler.yaml:" in err
    assert 'the rule "described" cannot be asked of Customer/acme' in err
    assert project("apply", "--yes")[0] == 3
    assert project("drift")[0] == 0
    assert project("validate")[0] == 0


def test_no_secret_reaches_a_rule(project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "hush-env")
    when = 'resource.text.contains("hu" + "sh-")'
    seen = {"name": "leak", "each": "resource", "when": when, "deny": "a secret was seen"}
    hidden = {**seen, "name": "hidden", "when": 'resource.text.contains("(secret)")', "deny": "it is hidden"}
    ruled(project, seen, hidden)
    key = {"secret": {"env": "SHOP_KEY"}}
    project.shop(config={"Channel": "#orders", "Shop": {"inputs": {"apiKey": key}}})
    hook = {"url": "https://hooks.example/hush-url", "headers": {"Authorization": "hush-header"}}
    project.manifest(
        "EventWebhook", "hook", name="Hook", eventTypes=["customer.created"], secret="hush", **hook
    )
    project.manifest("LogStream", "logs", name="Logs", payloadTemplate="{}", severityLevels=["ERROR"], **hook)
    project.manifest("AlertWebhook", "alerts", name="Alerts", payloadTemplate="{}", **hook)
    inputs = {
        "component": "http",
        "connection": "apiKey",
        "scope": "org",
        "inputs": {"apiKey": "hush-input"},
    }
    project.manifest("Connection", "shared", name="Shared", stableKey="shared", **inputs)
    code, out, err = project("plan", "--format", "json")
    assert code == 5, err
    assert "hush" not in out + err
    assert [(one["rule"], one["addresses"]) for one in json.loads(out)["policy"]] == [
        (
            "hidden",
            [
                "Connection/shared",
                "Instance/acme/orders",
                "AlertWebhook/alerts",
                "EventWebhook/hook",
                "LogStream/logs",
            ],
        )
    ]


def test_a_rehearsal_shows_what_the_rules_say(project: Folder) -> None:
    ruled(project, APPROVE, WARN)
    code, out, _ = project("rehearse")
    assert code == 0
    assert "needs 2 approvals" in out
    assert "every integration has a category" in out
    ruled(project, DENY)
    code, out, _ = project("rehearse")
    assert code == 1
    assert "not for Acme" in out


HEAD = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: shop}
spec:
  manifests: [manifests/]
  policy:
    rules:
"""
SLIP = "plan.summary.deplyo > 2"
LINES = f"          true ||\n          {SLIP}\n        deny: x"
NAMED = 'name "plan", "project", "environment", "now"'


def looked(project: Folder, now: str) -> tuple[Session, Planned]:
    """A plan through Python, made at this moment."""
    machine = Machine(now=lambda: datetime.fromisoformat(now))
    opened = open_session(project.root / "reconciler.yaml", None, os.environ, project.root)
    session = replace(opened, machine=machine)
    return session, anyio.run(plan, session, Options())


def test_a_freeze_may_begin_while_the_question_is_answered(project: Folder) -> None:
    ruled(project, freezes=[{**ALWAYS, "from": "2026-12-20T18:00"}])
    session, planned = looked(project, "2026-12-20T17:59:59Z")
    assert not under_rules(session, planned, Waivers()).plan.vetoes
    later = replace(session, machine=Machine(now=lambda: datetime(2026, 12, 20, 18, tzinfo=UTC)))
    assert [one.code for one in under_rules(later, planned, Waivers()).plan.vetoes] == ["policy-denied"]
    waived = under_rules(later, planned, Waivers(overridden=("forever",), reason="why")).plan
    assert (waived.vetoes, waived.checksum) == ((), planned.plan.checksum)


def test_nobody_carries_out_through_python_what_rules_hold_up(project: Folder) -> None:
    ruled(project, APPROVE)
    session, planned = looked(project, "2026-12-20T17:59:59Z")

    async def send() -> None:
        await apply(session, planned, listener=lambda _: None, say=lambda _: None)

    with pytest.raises(Refused, match="needs 2 to approve"):
        anyio.run(send)


PROBLEMS = [
    (f"when: {SLIP}\n        deny: x", "9:27", "deplyo", 'did you mean "deploy"?'),
    (f'when: "{SLIP}"\n        deny: x', "9:28", "deplyo", 'did you mean "deploy"?'),
    (f"when: |\n{LINES}", "11:23", "deplyo", 'did you mean "deploy"?'),
    (f"when: >-\n{LINES}", "9:15", "deplyo", 'did you mean "deploy"?'),
    ("when: action.verb == 'x'\n        deny: x", "9:21", "action", NAMED),
    ("when: plan.project ==\n        deny: x", "9:30", "syntax error", ""),
    ("when: 'true'\n        deny: x\n        warn: y", "8:9", "exactly one of deny", ""),
    ("when: 'true'\n        deny: x\n        environments: [a]", "11:24", '"a" does not exist', "sandbox"),
    ("when: 'true'\n        deny: x\n      - {name: r, when: 'true', deny: y}", "11:16", 'called "r"', ""),
    ("when: 'true'\n        denny: x", "10:9", "denny", "deny"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "message", "hint"), PROBLEMS)
def test_what_is_wrong_with_a_rule_is_told_when_it_is_loaded(
    project: Folder, text: str, place: str, message: str, hint: str
) -> None:
    project.write("reconciler.yaml", f"{HEAD}      - name: r\n        {text}\n")
    code, _, err = project("validate")
    assert code == 3
    assert f"reconciler.yaml:{place}" in err
    assert message in err
    assert hint in err


@pytest.mark.parametrize(
    ("freeze", "message"),
    [
        ({"zone": "Mars/Olympus"}, 'there is no time zone "Mars/Olympus"'),
        ({"to": "1999-01-01"}, "ends before it begins"),
        ({"from": "2026-02-30"}, '"2026-02-30" does not exist'),
        ({"from": "soon"}, "must be a date"),
        ({"from": "16:00"}, '"from" of the freeze "forever" must be a date'),
        ({"days": ["fri"]}, '"from" of the freeze "forever" must be a time of the day'),
        ({"days": ["friday"]}, 'must be one of "mon"'),
    ],
)
def test_what_is_wrong_with_a_freeze(project: Folder, freeze: dict[str, Any], message: str) -> None:
    ruled(project, freezes=[{**ALWAYS, **freeze}])
    code, _, err = project("validate")
    assert code == 3
    assert message in err


TEST: dict[str, Any] = {
    "name": "Acme waits",
    "given": {"actions": [{"address": "Instance/acme/orders", "verb": "deploy"}]},
    "expect": [{"rule": "deploys"}],
}


def outcome_of(project: Folder, *tests: dict[str, Any], form: str = "json") -> tuple[int, str, str]:
    """What comes of these tests of the rules."""
    project.write("policy/tests.yaml", yaml.safe_dump_all(tests, sort_keys=False))
    return project("policy", "test", "--format", form)


def test_small_plans_test_the_rules(project: Folder) -> None:
    ruled(project, DENY, APPROVE, freezes=[{**ALWAYS, "to": "2020-01-01"}])
    acme = {"resources": [{"address": "Customer/acme"}]}
    code, out, _ = outcome_of(
        project,
        TEST,
        {**TEST, "now": "2010-01-01T00:00Z", "expect": [{"rule": "forever"}, {"rule": "deploys"}]},
        {"name": "denied", "given": acme, "expect": [{"rule": "no-acme", "addresses": ["Customer/acme"]}]},
    )  # fmt: skip
    found = json.loads(out)
    assert (code, found["summary"]) == (0, {"tests": 3, "passed": 3, "failed": 0})
    assert "errors" not in found
    wrong = {"name": "denied", "given": acme, "expect": [{"rule": "no-acme", "addresses": ["Customer/b"]}]}
    code, out, _ = outcome_of(project, {**TEST, "expect": []}, {**TEST, "given": {}}, wrong)
    found = json.loads(out)
    assert (code, found["summary"]["failed"]) == (1, 3)
    assert [one["message"] for one in found["errors"]] == [
        'Acme waits: the rule "deploys" is not expected to say anything',
        'Acme waits: the rule "deploys" says nothing',
        'denied: the rule "no-acme" is about Customer/acme, not Customer/b',
    ]
    assert {one["file"] for one in found["errors"]} == {"policy/tests.yaml"}


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ({"expect": [{"rule": "deplois"}]}, 'there is no rule "deplois"'),
        ({"given": {"actions": [{"verbb": "x"}]}}, 'has no field "verbb"'),
        ({"given": {"resources": [{"address": "Customer/a", "spec": {}, "lables": {}}]}}, '"lables"'),
        ({"given": {"acttions": []}}, '"acttions"'),
        ({"now": "2026-02-30T10:00Z"}, '"2026-02-30T10:00Z" does not exist'),
        ({"now": "2026-02-20"}, "must be a moment with its zone"),
        ({"expects": []}, "expects"),
    ],
)
def test_what_is_wrong_with_a_test_of_rules(project: Folder, test: dict[str, Any], message: str) -> None:
    ruled(project, APPROVE)
    code, _, err = outcome_of(project, {**TEST, **test}, form="text")
    assert code == 3
    assert message in err
    assert "policy/tests.yaml:" in err


def test_without_a_test_there_is_an_error_of_input(project: Folder) -> None:
    code, _, err = ruled(project, APPROVE)("policy", "test")
    assert code == 3
    assert "reconciler schema policytest" in err


@pytest.mark.parametrize("expect", [[{"rule": "deploys"}], [], [{"rule": "unknown"}]])
def test_tests_of_rules_are_well_formed_in_every_format(project: Folder, expect: list[Any]) -> None:
    ruled(project, APPROVE)
    test = {**TEST, "expect": expect}
    bad = not expect
    assert Xml.fromstring(outcome_of(project, test, form="junit")[1])[0].get("failures") == (
        "0" if expect and expect[0]["rule"] == "deploys" else "1"
    )
    for name in ("markdown", "html", "github", "text"):
        code, out, err = outcome_of(project, test, form=name)
        assert code == (1 if bad else 0 if expect[0]["rule"] == "deploys" else 3)
        assert not bad or "is not expected to say anything" in out
        assert code != 3 or 'no rule "unknown"' in (out + err).replace("&#34;", '"').replace("&quot;", '"')


def test_who_has_no_rules_does_not_load_what_asks_them(project: Folder) -> None:
    project.shop()
    script = (
        "import sys; from reconciler.cli.main import run; run(sys.argv[1:]);"
        "sys.exit(any(name.startswith(('cel_expr_python', 'google.protobuf')) for name in sys.modules))"
    )
    words = [sys.executable, "-c", script, "--project", str(project.root / "reconciler.yaml"), "validate"]
    assert subprocess.run(words, capture_output=True, timeout=60).returncode == 0


@pytest.mark.parametrize(("rules", "freezes"), [([DENY], []), ([], [ALWAYS])], ids=["rules", "freezes"])
def test_without_the_library_rules_are_an_error(
    project: Folder,
    monkeypatch: pytest.MonkeyPatch,
    rules: list[dict[str, Any]],
    freezes: list[dict[str, Any]],
) -> None:
    ruled(project, *rules, freezes=freezes)
    monkeypatch.setattr("reconciler.manifests.rules.find_spec", lambda name: None)
    code, _, err = project("plan", "--format", "json")
    assert code == 3
    assert [one["code"] for one in json.loads(err)["errors"]] == ["rules-need-cel"]
    assert "reconciler[policy]" in err
