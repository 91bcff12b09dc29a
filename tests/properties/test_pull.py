"""For every generated world, under every combination of rules: what is pulled plans empty."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from reconciler.pull.rewrite import with_value
from reconciler.sandbox import Sandbox, transport
from reconciler.verbs.machine import Machine
from reconciler.verbs.plan import plan
from reconciler.verbs.pull import Pulled, look, work_out, write
from reconciler.verbs.session import Options, Session, load_desired, open_session
from reconciler.yaml12.text import parse
from tests.harness import client_of, converge, paired, snapshot
from tests.histories import History, edits, histories
from tests.worlds import PROJECT, World, worlds

SLOW = settings(
    max_examples=int(os.environ.get("EXAMPLES", "15")),
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


@SLOW
@given(histories(), st.booleans(), st.data())
def test_what_people_change_in_the_tenant_comes_back_and_nothing_is_left(
    history: History, plain: bool, data: st.DataObject
):
    applied = history.applied[-1]
    with tenant(World(history.applied[0], applied, history.rules)) as (session, sandbox):
        write(pulled(session, plain))
        assert nothing_to_do(session)
        objects = paired(sandbox, applied, snapshot(sandbox, applied)).objects
        possible = edits(applied, objects)
        drawn = st.lists(st.sampled_from(possible), max_size=3, unique_by=lambda one: (one.address, one.path))
        for edit in data.draw(drawn):
            kind = edit.mutation[0].upper() + edit.mutation[1:]
            asked = f"{edit.mutation}(input: $input) {{ errors {{ field }} }}"
            query = f"mutation ($input: {kind}Input!) {{ {asked} }}"
            sandbox.execute(query, {"input": {"id": objects[edit.address].id, **edit.values}})
        write(again := pulled(session, plain))
        assert nothing_to_do(session), again
        assert pulled(session, plain).written == {}


@settings(SLOW, max_examples=int(os.environ.get("EXAMPLES", "6")))
@given(histories(), st.booleans(), st.data())
def test_no_edit_is_lost_neither_of_the_tenants_nor_of_gits(
    history: History, forgetful: bool, data: st.DataObject
):
    applied = history.applied[0]
    with tenant(World(applied, applied, history.rules)) as (session, sandbox):
        write(pulled(session, True))
        objects = paired(sandbox, applied, snapshot(sandbox, applied)).objects
        possible = edits(applied, objects)
        drawn = st.lists(st.sampled_from(possible), max_size=3, unique_by=lambda one: (one.address, one.path))
        for edit in data.draw(drawn):
            kind = edit.mutation[0].upper() + edit.mutation[1:]
            asked = f"{edit.mutation}(input: $input) {{ errors {{ field }} }}"
            query = f"mutation ($input: {kind}Input!) {{ {asked} }}"
            sandbox.execute(query, {"input": {"id": objects[edit.address].id, **edit.values}})
        ours = edit_files(session.project.root, data)
        if forgetful:
            shutil.rmtree(session.state / "pulled")
        again = pulled(session, True)
        write(again)
        kept = {(str(one.address), one.path) for one in again.files.kept}
        files = texts_in(session.project.root)
        for (file, place), value in ours.items():  # git's edits stay
            assert said(files[file], place) == value
        changes = [(str(a.address), one.path) for a in planned(session).actions for one in a.changes]
        asked_for = {(address, ".".join(place)) for address, place in addressed(ours, files)}
        for address, path in changes:  # and what the tenant's are is in git, or named
            assert (address, path) in asked_for | kept, (again.written, kept, asked_for)


@settings(SLOW, max_examples=int(os.environ.get("EXAMPLES", "4")))
@given(histories())
def test_a_second_environment_is_pulled_and_nothing_changes_for_the_first(history: History):
    with (
        tenant(World(history.applied[0], history.applied[0], history.rules)) as (first, sandbox),
        tenant(World(history.later, history.later, history.rules)) as (_, another),
    ):
        forget_all(sandbox, World(history.applied[0], history.applied[0]))
        forget_all(another, World(history.later, history.later))
        file = first.project.file
        file.write_text(f"{file.read_text()}{OTHER}")
        alone = open_session(file, "sandbox", {}, file.parent)
        write(pulled(replace(alone, project=replace(alone.project, named=("sandbox",))), True))
        before = load_desired(alone)[0].digest
        opened = open_session(file, "other", {"TOKEN": another.token}, file.parent)
        second = replace(opened, machine=Machine(wire=transport(another)))
        write(made := pulled(second, True))
        again = replace(open_session(file, "other", second.environ, file.parent), machine=second.machine)
        assert load_desired(open_session(file, "sandbox", {}, file.parent))[0].digest == before, made.written
        assert nothing_to_do(again), (made.written, made.files.kept)
        assert pulled(again, True).written == {}


OTHER = """\
  environments:
    sandbox: {}
    other: {url: "http://127.0.0.1:9", auth: {accessToken: {env: TOKEN}}, rate: 1000}
"""


def texts_in(root: Path) -> dict[Path, str]:
    """The manifests, by their files."""
    return {path: path.read_text() for path in sorted((root / "manifests").rglob("*.yml"))}


def edit_files(root: Path, data: st.DataObject) -> dict[tuple[Path, tuple[str, ...]], str]:
    """What somebody changes in git: texts of manifests, each in its place."""
    files = texts_in(root)
    places = [(file, ("description",)) for file, text in files.items() if said(text, ("description",))]
    for file, text in files.items():
        config = said(text, ("config",))
        for key, value in config.items() if isinstance(config, dict) else ():
            places += [(file, ("config", key))] if isinstance(value, str) and key.startswith("Var") else []
    if not places:
        return {}
    chosen = data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=2, unique=True))
    for file, place in chosen:
        text = file.read_text()
        file.write_text(with_value(text, text.count("\n"), ("spec", *place), "in git"))
    return dict.fromkeys(chosen, "in git")


def said(text: str, place: tuple[str, ...]) -> Any:
    """What stands at a place of a manifest's spec."""
    found: Any = parse(text, "")[0][0].value["spec"]
    for part in place:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def addressed(
    places: Iterable[tuple[Path, tuple[str, ...]]], files: dict[Path, str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for file, place in places:
        document = parse(files[file], "")[0][0].value
        within = f"{document['spec']['customer']}/" if document["kind"] == "Instance" else ""
        yield f"{document['kind']}/{within}{document['metadata']['name']}", place


def nothing_to_do(session: Session) -> bool:
    made = planned(session)
    return (made.actions, made.refusals) == ((), ())


@contextmanager
def tenant(world: World, project: str = PROJECT) -> Iterator[tuple[Session, Sandbox]]:
    """An empty project on a tenant in which the world was applied."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "manifests").mkdir()
        (root / ".reconciler").mkdir()
        (root / "reconciler.yaml").write_text(
            f"apiVersion: reconciler/v1\nkind: Project\nmetadata: {{name: {project}}}\n"
            "spec:\n  manifests: [manifests/]\n"
        )
        sandbox = Sandbox(root / ".reconciler" / "sandbox.db", rules=world.rules)
        try:
            for desired in (world.first, world.later):
                converge(sandbox, desired)
            yield open_session(root / "reconciler.yaml", None, {}, root), sandbox
        finally:
            sandbox.close()


def pulled(session: Session, plain: bool = False) -> Pulled:
    seen = anyio.run(look, session, Options())
    return work_out(seen, lambda _key, _value: plain)


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
