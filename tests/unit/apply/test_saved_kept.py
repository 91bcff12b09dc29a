"""What was saved on an instance outlives its move to another version, wherever the run ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.kinds.protocol import Policy
from reconciler.model.state import Desired, LiveObject, Resource
from reconciler.sandbox import Sandbox
from tests import harness
from tests.histories import ACME, COPY, SHOP, SYNC, _integration
from tests.worlds import desired

POLICY = Policy(guard_minimum=1000, deploy_pending=True)
MINE, THEIRS = "Var 0", "Var 1"
DROPS = {"version_change_drops_pending_config": "true", "deploy_incomplete": "allowed"}


def wanted(release: str, *keys: str) -> Desired:
    """Git speaks of one variable, and of one input of the connection."""
    config = {MINE: "general", SHOP: {"inputs": {"apiKey": "k"}}}
    fields = {"customer": ACME, "integration": SYNC, "release": release, "name": "Copy", "config": config}
    sync = _integration(keys or (MINE, THEIRS), release)
    return desired([sync, Resource(ACME, {"name": "Acme"}), Resource(COPY, fields)])


def copy(sandbox: Sandbox) -> LiveObject:
    (found,) = harness.snapshot(sandbox).objects["Instance"]
    return found


def save(sandbox: Sandbox) -> None:
    """A person saves values, and deploys nothing."""
    ask = (
        "mutation ($input: UpdateInstanceConfigVariablesInput!) {"
        " updateInstanceConfigVariables(input: $input) { errors { messages } } }"
    )
    inputs = {"apiKey": "k", "host": "demo", "user": "theirs"}
    rows = [{"name": name, "type": "value", "value": value} for name, value in inputs.items()]
    values = [{"key": THEIRS, "value": "theirs"}, {"key": SHOP, "values": json.dumps(rows)}]
    _, answer, _ = sandbox.execute(ask, {"input": {"id": copy(sandbox).id, "configVariables": values}})
    assert not answer["data"]["updateInstanceConfigVariables"]["errors"], answer


def saved(sandbox: Sandbox) -> tuple[str, str]:
    """What the person saved, as it is."""
    config = copy(sandbox).fields["config"]
    return config[THEIRS].reveal(), config[SHOP]["inputs"]["user"].reveal()


def made(**rules: str) -> Sandbox:
    sandbox = Sandbox(rules={**DROPS, **rules})
    harness.converge(sandbox, wanted("1.0.0"), POLICY)
    save(sandbox)
    return sandbox


@pytest.mark.parametrize("omitted", ["kept", "default"])
@pytest.mark.parametrize("undone", ["each_alone", "all_or_nothing"])
@pytest.mark.parametrize("after", [False, True])
def test_wherever_the_run_ends_nothing_is_lost(after: bool, undone: str, omitted: str):
    ends = 0
    for number in range(1, 12):
        with made(connection_inputs_omitted=omitted, transaction_of_aliases=undone) as sandbox:
            if not harness.ended(sandbox, wanted("1.1.0"), POLICY, number, after):
                break
            ends += 1
            harness.converge(sandbox, wanted("1.1.0"), POLICY)
            assert saved(sandbox) == ("theirs", "theirs"), number
            assert harness.plan_for(sandbox, wanted("1.1.0"), POLICY).actions == ()
    assert ends >= 4


@pytest.mark.parametrize("undone", ["each_alone", "all_or_nothing"])
def test_a_version_that_does_not_take_them_is_moved_to_all_the_same(undone: str):
    """It lacks one of the variables: what else was saved goes along."""
    with made(transaction_of_aliases=undone) as sandbox:
        later = wanted("1.1.0", MINE)
        harness.converge(sandbox, later, POLICY)
        config: dict[str, Any] = dict(copy(sandbox).fields["config"])
        assert THEIRS not in config
        assert config[SHOP]["inputs"]["user"].reveal() == "theirs"
        assert harness.plan_for(sandbox, later, POLICY).actions == ()


@pytest.mark.parametrize("undone", ["each_alone", "all_or_nothing"])
def test_so_is_one_of_which_nobody_knows_what_it_takes(undone: str):
    """An older version, whose variables no list shows."""
    with made(transaction_of_aliases=undone) as sandbox:
        harness.converge(sandbox, wanted("1.1.0", MINE), POLICY)
        harness.converge(sandbox, wanted("1.2.0"), POLICY)
        save(sandbox)
        back = wanted("1.2.0").resources
        instance = back[COPY]
        fields = {**instance.fields, "release": "1.1.0"}
        later = desired([back[SYNC], back[ACME], Resource(COPY, fields)])
        harness.converge(sandbox, later, POLICY)
        assert THEIRS not in copy(sandbox).fields["config"]
        assert harness.plan_for(sandbox, later, POLICY).actions == ()
