"""What rules may name, and what they find in a plan's document, as tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.manifests.rules import vocabulary
from reconciler.model.policy import Effect, Finding, Freeze, Rule
from reconciler.policy.freeze import is_frozen
from reconciler.policy.rules import RuleFailed, findings, wrong
from reconciler.policy.types import Misfit

FRIDAY = datetime(2026, 11, 27, 9, tzinfo=UTC)
PLAN: dict[str, Any] = {
    "project": "shop",
    "environment": "production",
    "summary": {"actions": 2, "deploy": 1, "create": 1},
    "actions": [
        {
            "id": "Instance/acme/orders#deploy",
            "address": "Instance/acme/orders",
            "verb": "deploy",
            "reason": "its configuration changes",
            "changes": [
                {"path": "config.Url", "before": None, "after": "https://example.com", "cause": "pending"}
            ],
        },
        {"id": "Customer/acme#create", "address": "Customer/acme", "verb": "create"},
    ],
    "resources": [
        {
            "address": "Instance/acme/orders",
            "kind": "Instance",
            "customer": {"address": "Customer/acme", "labels": {"tier": "gold"}},
            "spec": {"name": "Orders", "config": {"Url": "https://example.com", "Key": "(secret)"}},
            "text": '{"config": {"Url": "https://example.com"}}',
        },
        {"address": "Customer/acme", "kind": "Customer", "labels": {"tier": "gold"}, "spec": {"name": "A"}},
        {"address": "Integration/orders", "kind": "Integration", "spec": {"name": "O"}},
    ],
}


ORDERS = ("Instance/acme/orders",)


def rule(when: str, each: str = "plan", **more: Any) -> Rule:
    return Rule("r", Effect.DENY, "no", when, each, **more)


def asked(one: Rule, plan: dict[str, Any] = PLAN, now: datetime = FRIDAY) -> list[Finding]:
    return findings(vocabulary(), [one], [], plan, now)


@pytest.mark.parametrize(
    ("each", "when", "about"),
    [
        ("plan", "plan.summary.deploy > 0", ()),
        ("plan", "plan.summary.deploy > 1", None),
        ("plan", "plan.summary.delete > 0", None),  # what is not there is nothing
        ("plan", 'plan.actions.exists(a, a.changes.exists(c, c.after == "https://example.com"))', ()),
        ("plan", 'project == "shop" && environment == "production"', ()),
        ("plan", 'now.getDayOfWeek("Europe/Berlin") == 5', ()),
        ("plan", 'now.getHours("Asia/Tokyo") == 18', ()),
        ("action", 'action.verb == "deploy"', ("Instance/acme/orders",)),
        ("action", 'action.verb == "test"', None),
        ("action", 'resource.customer.labels.?tier.orValue("") == "gold"', ("Instance/acme/orders",)),
        ("action", 'has(resource.labels.tier) && resource.labels.tier == "gold"', ("Customer/acme",)),
        ("resource", 'resource.text.contains("example.com")', ("Instance/acme/orders",)),
        ("resource", 'resource.kind == "Customer"', ("Customer/acme",)),
        ("Instance", 'resource.spec.config.exists(k, resource.spec.config[k] == "(secret)")', ORDERS),
        ("Instance", "resource.spec.enabled == false", None),  # not said is neither
        ("Instance", "resource.spec.enabled == null", ("Instance/acme/orders",)),
        ("Integration", 'resource.spec.description == ""', ("Integration/orders",)),
        ("Customer", "resource.spec.labels.size() == 0", ("Customer/acme",)),
        ("User", "true", None),
    ],
)  # fmt: skip
def test_what_a_rule_is_true_of(each: str, when: str, about: tuple[str, ...] | None) -> None:
    assert list(wrong(vocabulary(), rule(when, each))) == []
    assert asked(rule(when, each)) == ([] if about is None else [Finding("r", Effect.DENY, "no", about)])


@pytest.mark.parametrize(
    ("each", "when", "message", "column", "known"),
    [
        ("plan", "plan.sumary.deploy > 1", 'Plan has no field "sumary"', 5, "summary"),
        ("plan", "plan.summary.deplyo > 1", 'Plan.summary has no field "deplyo"', 13, "deploy"),
        ("plan", "plan.actions.exists(a, a.verbb == '')", 'Plan.actions has no field "verbb"', 25, "verb"),
        (
            "Integration",
            'resource.spec.desc == ""',
            'Integration.spec has no field "desc"',
            14,
            "description",
        ),
        ("plan", "plan.summary.deploy", "it is neither true nor false, but INT", 1, ""),
        ("plan", "action.verb == 'deploy'", 'undeclared reference to "action.verb"', 7, ""),
        ("plan", "1 + 'a' == 2", "no matching overload", 3, ""),
        ("plan", "plan.", "syntax error", 6, ""),
        ("plan", "nothing()", "undeclared reference", 8, ""),
    ],
)
def test_what_cannot_be_understood(each: str, when: str, message: str, column: int, known: str) -> None:
    found = next(wrong(vocabulary(), rule(when, each)))
    assert message in found.message
    assert (found.line, found.column) == (1, column)
    assert not known or known in found.known
    assert "container" not in found.message
    assert "expecting {" not in found.message


@pytest.mark.parametrize(
    ("each", "when", "why"),
    [
        ("Customer", "resource.labels.wave == 'a'", 'Key not found in map : "wave"'),
        ("plan", "1 / 0 == 1", "divide by zero"),
        ("plan", "dyn(plan).zork", "zork"),
        ("Instance", "resource.spec.version", "null"),
        ("plan", "now.getHours('Nowhere/Land') == 1", "timezone"),
        ("plan", "plan.project.matches('(')", "regular expression"),
    ],
)
def test_what_cannot_be_asked_is_no_no(each: str, when: str, why: str) -> None:
    assert list(wrong(vocabulary(), rule(when, each))) == []
    with pytest.raises(RuleFailed, match=r".") as raised:
        asked(rule(when, each))
    assert why in raised.value.why


def test_a_rule_takes_bounded_time() -> None:
    plan = {**PLAN, "actions": [{"address": f"Customer/{n}", "verb": "update"} for n in range(300)]}
    slow = "plan.actions.all(a, plan.actions.all(b, plan.actions.all(c, a.verb == c.verb)))"
    with pytest.raises(RuleFailed, match="more than 10,000"):
        asked(rule(slow), plan)
    assert asked(rule("plan.actions.all(a, a.verb == 'update')"), plan)


def test_environments_are_those_that_a_rule_is_about() -> None:
    assert asked(rule("true", environments=("production",)))
    assert not asked(rule("true", environments=("staging",)))


def test_what_no_plan_has_is_no_plan() -> None:
    odd = {**PLAN, "actions": [{"address": "Customer/a", "verbb": "deploy"}]}
    with pytest.raises(Misfit, match="verbb"):
        findings(vocabulary(), [], [], odd, FRIDAY, exact=True)
    assert findings(vocabulary(), [rule("plan.actions.size() == 1")], [], odd, FRIDAY)


ONCE = Freeze("season", "the season", "Europe/Berlin", datetime(2026, 12, 20, 18), datetime(2027, 1, 3))
NIGHTS = Freeze(
    "nights",
    "at night",
    "Europe/Berlin",
    datetime(1, 1, 1, 22).time(),
    datetime(1, 1, 1, 6).time(),
    days=(4,),
)
AUTUMN = Freeze(
    "clocks", "clocks", "Europe/Berlin", datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 2, 45)
)  # fmt: skip


@pytest.mark.parametrize(
    ("freeze", "now", "frozen"),
    [
        (ONCE, "2026-12-20T16:59Z", False),
        (ONCE, "2026-12-20T17:00Z", True),
        (ONCE, "2027-01-02T22:59Z", True),
        (ONCE, "2027-01-02T23:00Z", False),
        (ONCE, "2026-12-21T00:00+09:00", False),  # 16:00 in Berlin
        (NIGHTS, "2026-11-27T20:59Z", False),
        (NIGHTS, "2026-11-27T21:00Z", True),  # a Friday, 22:00 in Berlin
        (NIGHTS, "2026-11-28T04:59Z", True),
        (NIGHTS, "2026-11-28T05:00Z", False),
        (NIGHTS, "2026-11-26T22:00Z", False),  # a Thursday
        (NIGHTS, "2026-11-28T21:30Z", False),  # a Saturday
        (AUTUMN, "2026-10-25T00:29Z", False),
        (AUTUMN, "2026-10-25T00:30Z", True),  # 2:30 for the first time
        (AUTUMN, "2026-10-25T01:44Z", True),  # 2:44 for the second
        (AUTUMN, "2026-10-25T01:45Z", False),
    ],
)
def test_a_freeze_goes_by_the_clocks_of_its_zone(freeze: Freeze, now: str, frozen: bool) -> None:
    moment = datetime.fromisoformat(now)
    assert is_frozen(freeze, moment) is frozen
    found = findings(vocabulary(), [], [freeze], PLAN, moment)
    assert [one.rule for one in found] == ([freeze.name] if frozen else [])


def test_a_freeze_has_nothing_against_a_plan_with_nothing_to_do() -> None:
    empty = {**PLAN, "actions": []}
    assert findings(vocabulary(), [], [ONCE], empty, datetime(2026, 12, 24, tzinfo=UTC)) == []
