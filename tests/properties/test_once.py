"""One apply is enough: whatever git says next, with secrets that are rotated or come and go, the plan after
an apply that ended well is empty, and a second apply sends nothing.
"""

from __future__ import annotations

import contextlib
import copy
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.kinds.protocol import Policy
from reconciler.model.secret import Secret
from reconciler.model.state import Desired, Resource
from reconciler.sandbox import Sandbox
from tests.harness import Killed, converge, plan_for
from tests.properties.test_converge import SLOW
from tests.unit.samples import ACME, COPY, DATA, PROJECT, SYNC, definition
from tests.worlds import rules

Side = dict[str, Any]
RELEASES = ("1.0.0", "1.1.0")


def side(**fields: Any) -> Side:
    """What the instance's manifest says at one time."""
    return {"release": "1.0.0", "enabled": True, **fields}


def desired(one: Side) -> Desired:
    """The project at that time; each release is of a definition of its own."""
    data = copy.deepcopy(DATA)
    data["flows"][0]["description"] = f"of {one['release']}"
    fields = {**one, "customer": ACME, "integration": SYNC, "name": "Copy"}
    resources = [
        Resource(SYNC, {"name": "Sync", "definition": definition(data), "release": one["release"]}),
        Resource(ACME, {"name": "Acme"}),
        Resource(COPY, fields),
    ]
    return Desired(PROJECT, "sandbox", {r.address: r for r in resources})


def secrets(*names: str) -> st.SearchStrategy[Secret]:
    return st.sampled_from([Secret(name, "env S") for name in names])


@st.composite
def sides(draw: st.DrawFn) -> Side:
    """What may stand there."""
    config = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "Channel": st.one_of(st.sampled_from(["#a", "#b"]), secrets("c-1", "c-2")),
                "Slack": st.fixed_dictionaries(
                    {"inputs": st.fixed_dictionaries({"clientSecret": secrets("s-1", "s-2")})}
                ),
            },
        )
    )
    flow = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "apiKeys": st.lists(secrets("k-1", "k-2"), min_size=1, max_size=1),
                "testPayload": st.one_of(st.just({"a": 1}), secrets('{"a": 2}')),
            },
        )
    )
    more = draw(
        st.fixed_dictionaries(
            {}, optional={"description": st.sampled_from(["", "x"]), "labels": st.just(["theirs"])}
        )
    )
    return {
        "release": draw(st.sampled_from(RELEASES)),
        **({"config": config} if config else {}),
        **({"flows": {"Main": flow}} if flow else {}),
        **({"enabled": draw(st.booleans())} if draw(st.booleans()) else {}),
        **more,
    }


KEYED = Policy(guard_minimum=1000, secret_key=Secret("the key"))
POLICIES = [
    KEYED,
    Policy(guard_minimum=1000),
    Policy(guard_minimum=1000, record=False),
]
KEYS = {"flows": {"Main": {"apiKeys": [Secret("k-1", "env S")]}}}
ROTATED = {
    "config": {"Slack": {"inputs": {"clientSecret": Secret("s-2", "env S")}}},
}
FIRST = {"config": {"Slack": {"inputs": {"clientSecret": Secret("s-1", "env S")}}}}


@SLOW
@given(st.lists(sides(), min_size=1, max_size=4), st.sampled_from(POLICIES), rules())
@example(
    [side(**KEYS, **FIRST), side(**KEYS, **ROTATED, release="1.1.0")], KEYED, {"secrets_read_back": "hidden"}
)
@example([side(**KEYS, **FIRST), side(**KEYS, **ROTATED)], KEYED, {"secrets_read_back": "hidden"})
@example(
    [side(**KEYS, **FIRST), side(**KEYS, **FIRST, release="1.1.0")], KEYED, {"secrets_read_back": "hidden"}
)
def test_one_apply_is_enough(history: list[Side], policy: Policy, rules: dict[str, str]):
    with Sandbox(rules={**rules, "deploy_incomplete": "allowed", "oauth_pending": "deployable"}) as sandbox:
        for one in history:
            wanted = desired(one)
            converge(sandbox, wanted, policy)
            plan = plan_for(sandbox, wanted, policy)
            assert [(a.id, a.changes) for a in plan.actions] == []
            before = sandbox.writes()
            converge(sandbox, wanted, policy)
            assert sandbox.writes() == before


@SLOW
@given(st.lists(sides(), min_size=1, max_size=3), st.sampled_from(POLICIES), rules(), st.data())
def test_one_apply_is_enough_after_one_that_was_cut_off(
    history: list[Side], policy: Policy, rules: dict[str, str], data: st.DataObject
):
    """What is found satisfied already, since an earlier run came to it, has its record all the same."""
    with Sandbox(rules={**rules, "deploy_incomplete": "allowed", "oauth_pending": "deployable"}) as sandbox:
        for one in history:
            wanted = desired(one)
            kill_at, after = data.draw(st.integers(1, 12)), data.draw(st.booleans())
            with contextlib.suppress(Killed):
                converge(sandbox, wanted, policy, kill_at=kill_at, after=after, parallelism=1)
            # Without a record the journal tells that a deploy is owed, and there is none here.
            converge(sandbox, wanted, replace(policy, deploy_pending=not policy.record))
            plan = plan_for(sandbox, wanted, policy)
            assert [(a.id, a.changes) for a in plan.actions] == []
