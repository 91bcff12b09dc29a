"""For every generated world, under every combination of rules: what is pulled plans empty."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Policy, Request
from reconciler.kinds.table.marks import marks_in
from reconciler.live.tenant import Tenant
from reconciler.model.address import Address
from reconciler.model.plan import Plan, Verb
from reconciler.model.state import Resource
from reconciler.sandbox import Sandbox
from reconciler.verbs.plan import plan
from reconciler.verbs.pull import Pulled, look, work_out, write
from reconciler.verbs.session import Options, Session, open_session
from tests.harness import client_of, converge, snapshot
from tests.worlds import PROJECT, World, worlds

SLOW = settings(
    max_examples=int(os.environ.get("EXAMPLES", "40")),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if "SHRINK" in os.environ else [])],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SLOW
@given(worlds(), st.booleans())
def test_what_is_pulled_plans_empty_and_is_pulled_again_to_the_byte(world: World, marked: bool):
    with tenant(world) as (session, sandbox):
        if not marked:
            forget_all(sandbox, world)
        before = sandbox.writes()
        write(first := pulled(session))
        assert not first.files.left_out
        made = planned(session)
        assert (made.actions, made.refusals) == ((), ()), first.written
        assert pulled(session).written == {}
        assert sandbox.writes() == before


@contextmanager
def tenant(world: World, project: str = PROJECT) -> Iterator[tuple[Session, Sandbox]]:
    """An empty project on a tenant in which the world was applied."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "manifests").mkdir()
        (root / ".reconciler").mkdir()
        (root / "reconciler.yaml").write_text(
            f"apiVersion: reconciler/v1\nkind: Project\nmetadata: {{name: {project}}}\n"
            "spec: {manifests: [manifests/]}\n"
        )
        sandbox = Sandbox(root / ".reconciler" / "sandbox.db", rules=world.rules)
        try:
            for desired in (world.first, world.later):
                converge(sandbox, desired)
            yield open_session(root / "reconciler.yaml", None, {}, root), sandbox
        finally:
            sandbox.close()


def pulled(session: Session) -> Pulled:
    seen = anyio.run(look, session, Options())
    return work_out(seen, lambda _key, _value: False)


def planned(session: Session) -> Plan:
    return anyio.run(plan, session, Options()).plan


def forget_all(sandbox: Sandbox, world: World) -> None:
    """Takes off all that is ours, as `forget` does."""

    async def forget() -> None:
        async with client_of(sandbox) as client:
            for kind in all_kinds().values():
                for live in snapshot_of.objects.get(kind.name, ()) if kind.marked else ():
                    if marks_in(live.labels, kind.name):
                        resource = Resource(Address(kind.name, "any"), {})
                        request = Request(PROJECT, resource, live, lambda ref: ref, Policy())
                        await Tenant(client).send(kind, kind.operation("", Verb.FORGET, request))

    snapshot_of = snapshot(sandbox, world.later)
    anyio.run(forget)
