"""Objects that are not as we know them are named, and refused where a manifest needs them; no plan ends."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import anyio
import pytest

from reconciler.api.client import Identity
from reconciler.kinds.protocol import Policy
from reconciler.live.fetch import fetch, kinds_to_read
from reconciler.model.operation import Operation
from reconciler.model.plan import Plan, Verb
from reconciler.model.secret import Secret
from reconciler.model.state import Desired
from reconciler.plan.build import plan_of
from reconciler.plan.match import Matched, match
from reconciler.plan.mending import Mending
from reconciler.plan.select import Selection
from reconciler.report.document import dumps, plan_document
from reconciler.verbs.further import look_further
from reconciler.verbs.session import load_desired, open_session
from tests.harness import client_of
from tests.kinds.cases import CASES
from tests.kinds.world import World

Path = tuple[str | int, ...]
ODD: list[Any] = [None, [], ["odd"], {}, {"odd": 1}, 7, True, "ODD_VALUE"]
SHARED = {"pageInfo", "totalCount"}


class Recorded:
    """A client that answers as a tenant once did, but for one value."""

    class Stats:
        reads = 0

    stats = Stats()
    at_once = 1

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    async def execute(self, op: Operation) -> Any:
        await anyio.lowlevel.checkpoint()
        return copy.deepcopy(self.answers[key_of(op)])

    async def identity(self) -> Identity:
        return Identity("", "", "tenant", "", "")


class Recording:
    """A client that keeps what it is answered."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.stats, self.answers = inner, inner.stats, dict[str, Any]()
        self.at_once = inner.at_once

    async def execute(self, op: Operation) -> Any:
        found = self.answers[key_of(op)] = await self._inner.execute(op)
        return found

    async def identity(self) -> Identity:
        return await self._inner.identity()  # type: ignore[no-any-return]


def key_of(op: Operation) -> str:
    return json.dumps([op.name, op.document, dict(op.variables)])


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place in an answer; of a list, its last entry stands for all."""
    yield at
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in SHARED:
                yield from paths(inner, (*at, name))
    elif isinstance(value, list) and value:
        yield from paths(value[-1], (*at, len(value) - 1))


def put(answer: Any, path: Path, value: Any) -> Any:
    """The answer with another value at one place."""
    changed = copy.deepcopy(answer)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def planned(desired: Desired, answers: dict[str, Any]) -> Plan:
    key = Secret(os.environ["KIND_KEY"])
    policy = Policy(prune=True, allow_delete=True, allow_update=True, secret_key=key)

    return plan_of(Mending(anyio.run(read, desired, Recorded(answers), policy), policy))


async def read(desired: Desired, client: Any, policy: Policy) -> Matched:
    """Both sides paired, as `plan` reads them."""
    matched = match(desired, await fetch(client, kinds_to_read(desired, prune=True)))
    await look_further(
        client,
        list(matched.objects),
        lambda address: matched.request(address, policy),
        matched.learn,
        matched.puzzled,
    )
    return matched


def recorded(world: World) -> tuple[Desired, dict[str, Any]]:
    """What the manifests ask for, and what the tenant answers to the queries of a plan."""
    session = open_session(world.root / "reconciler.yaml", None, os.environ, world.root)
    desired, _ = load_desired(session, Selection())
    sandbox = world.sandbox()

    async def record() -> dict[str, Any]:
        async with client_of(sandbox, read_only=True) as client:
            recording = Recording(client)
            await read(desired, recording, Policy())
            return recording.answers

    try:
        return desired, anyio.run(record)
    finally:
        sandbox.close()


EACH = len(ODD) if os.environ.get("EXAMPLES") else 2
"""How many odd values are tried at each place, in turn."""


@pytest.mark.parametrize("kind", sorted(CASES))
def test_whatever_is_odd_about_an_object_a_plan_is_made_and_nothing_is_made_twice(
    world: World, kind: str
) -> None:
    world.declare(kind)
    world.run("apply", "--yes")
    desired, answers = recorded(world)
    assert planned(desired, answers).actions == ()
    unreadable, turn = 0, cycle(ODD)
    places = [(key, path) for key, answer in answers.items() for path in paths(answer)]
    for key, path in places:
        for value in [next(turn) for _ in range(EACH) if "nodes" in path[:-1]]:
            if value is None and isinstance(path[-1], int):
                continue  # a server may leave a whole node out that it does not let us see
            made = planned(desired, {**answers, key: put(answers[key], path, value)})
            assert "canary" not in dumps(plan_document(made, created_at="", rate=10))
            unreadable += made.unreadable
            assert not doubled(made) or usual(path, value), (path, value, made.actions)
    assert unreadable


def doubled(made: Plan) -> list[str]:
    """What would be created although it is there, and does not wait for what is refused either."""
    refused = {refusal.address for refusal in made.refusals}
    stopped: set[str] = set()
    for action in made.actions:
        if str(action.address) in refused or stopped & set(action.depends_on):
            stopped.add(action.id)
    return [a.id for a in made.actions if a.verb is Verb.CREATE and a.id not in stopped]


def usual(path: Path, value: Any) -> bool:
    """Whether a value says in a usual way that the object is another one: of another name, without a mark."""
    return isinstance(value, str) or not value or path[-1] in ("id", "isTest")
