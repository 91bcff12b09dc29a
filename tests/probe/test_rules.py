"""A probe finds out each rule of a sandbox, whichever of its values holds, and leaves nothing behind."""

from __future__ import annotations

import random

import pytest

from reconciler.probe import rules as asked
from reconciler.probe.run import EXPERIMENTS
from reconciler.sandbox.rules import RULES, Rules
from tests.probe.tenants import probed

UNTRIED = {"rate_limit", "headless_upgrade", "unknown_components"}
MASKED = {"create_name_from": ("create_with_definition", "ignores")}
"""Rules without effect, hence without an answer, while another rule has this value."""


def drawn(seed: int) -> dict[str, str]:
    choose = random.Random(seed).choice
    return {rule.name: choose(rule.values) for rule in RULES.values()}


def cycled(shift: int) -> dict[str, str]:
    """Three shifts bring every value of every rule once, in company that differs from rule to rule."""
    return {
        rule.name: rule.values[(shift + index % 3) % len(rule.values)]
        for index, rule in enumerate(RULES.values())
    }


def test_the_two_lists_of_rules_agree() -> None:
    assert dict(asked.RULES) == {rule.name: rule.values for rule in RULES.values()}


def test_every_rule_has_one_experiment() -> None:
    assert sorted(rule for one in EXPERIMENTS for rule in one.rules) == sorted(RULES)


def test_the_cycle_has_every_value() -> None:
    values = {(name, value) for shift in range(3) for name, value in cycled(shift).items()}
    assert values == {(rule.name, value) for rule in RULES.values() for value in rule.values}


@pytest.mark.parametrize(
    "rules",
    [{}]
    + [cycled(shift) for shift in range(3)]
    + [drawn(seed) for seed in range(12)]
    + [{"create_name_from": value} for value in RULES["create_name_from"].values]
    + [{"rate_limit": "silent", "published_available": "after_delay"}],
    ids=lambda rules: ",".join(f"{k}={v}" for k, v in rules.items()) if len(rules) < 3 else None,
)
def test_it_finds_out_each_rule(rules: dict[str, str]) -> None:
    found, requests, left = probed(rules)
    expected = dict(Rules(rules))
    for name in UNTRIED:
        assert found[name].value is None
        assert found[name].evidence.startswith("not tried: ")
        del expected[name]
    for name, (mask, value) in MASKED.items():
        if expected[mask] == value:
            assert found[name].value is None
            assert found[name].evidence.startswith("not found out: ")
            del expected[name]
    assert {name: found[name].value for name in expected} == expected
    assert list(found) == list(RULES)
    assert requests < 106
    assert not any(connection["nodes"] for connection in left.values())


def test_without_a_refresh_token_rotation_is_not_tried() -> None:
    found, _, _ = probed({"token_rotation": "true"}, refresh=False)
    assert found["token_rotation"].value is None
    assert found["token_rotation"].evidence == "not tried: the environment has no refresh token"
