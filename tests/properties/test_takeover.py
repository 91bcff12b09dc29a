"""For every generated history, under every combination of rules: the whole evening, from a tenant that people
made to the edit of theirs that comes back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.kinds import all_kinds
from reconciler.model.address import Address
from reconciler.model.outcome import Status
from reconciler.model.plan import Cause
from reconciler.model.state import Desired, LiveObject
from reconciler.pull.known import Rules
from reconciler.verbs.drift import drift
from reconciler.verbs.plan import Planned, plan
from reconciler.verbs.pull import work_out, write
from reconciler.verbs.seen import look
from reconciler.verbs.session import Options, Session
from reconciler.yaml12.text import parse
from tests.harness import paired, snapshot
from tests.histories import SYNC, Edit, History, edits, histories
from tests.properties.test_adopt import ended, takeover
from tests.properties.test_drift import ROOM, do
from tests.properties.test_pull import SLOW, forget_all, nothing_to_do, pulled, tenant, texts_in
from tests.rows import rows_of
from tests.worlds import World

_FEW = settings(SLOW, max_examples=int(os.environ.get("EXAMPLES", "3")))


@_FEW
@given(histories(), st.lists(st.integers(0, 99), max_size=5))
def test_a_tenant_is_taken_over_and_what_people_then_change_comes_back(history: History, numbers: list[int]):
    applied = history.applied[0]
    world = World(applied, applied, history.rules)
    with tenant(world) as (session, sandbox):
        objects = paired(sandbox, applied, snapshot(sandbox, applied)).objects
        forget_all(sandbox, world)
        untouched, writes = rows_of(session.state / "sandbox.db"), sandbox.writes()
        write(pulled(session, True))
        assert ended(session, planned(session)) == []
        assert (nothing_to_do(session), pulled(session, True).written) == (True, {})
        assert (sandbox.writes(), rows_of(session.state / "sandbox.db")) == (writes, untouched)
        assert set(ended(session, takeover(session).planned)) <= {Status.DONE}
        assert nothing_to_do(session)
        made = planned(session)
        possible = [one for one in found_again(applied, objects, made) if says(made, *one)]
        chosen = [possible[one % len(possible)] for one in numbers if possible]
        done = list({touched(*one): one for one in chosen}.values())
        for address, edit in done:
            do(sandbox, edit, made.objects[address].id)
        drifted = anyio.run(drift, session, Options()).planned.plan.drift
        assert {(one.address, one.path) for one in drifted} == {(a, one.path) for a, one in done}
        has_room = len(applied.resources[SYNC].fields["definition"].variables) < ROOM
        for one in drifted:
            is_recorded = all_kinds()[one.address.kind].marked and (has_room or "." not in one.path)
            expected = {Cause.DRIFT} if is_recorded else {Cause.DRIFT, Cause.UNKNOWN}
            assert one.cause in expected, one
        before = texts_in(session.project.root)
        write(only_drift(session))
        assert changed(before, texts_in(session.project.root)) == {(a, told(one)) for a, one in done}
        assert nothing_to_do(session)


def found_again(
    applied: Desired, objects: Mapping[Address, LiveObject], made: Planned
) -> Iterator[tuple[Address, Edit]]:
    """What people may do, by the addresses that pull found for the objects."""
    found = {live.id: a for a, live in made.objects.items() if a in made.desired.resources}
    there = {a: made.objects[found[one.id]] for a, one in objects.items() if one.id in found}
    resources = {a: applied.resources[a] for a in there}
    for address, one in resources.items():  # whose release is called otherwise by now
        fields = {name: value for name, value in one.fields.items() if name != "available"}
        resources[address] = replace(one, fields=fields)
    for edit in edits(replace(applied, resources=resources), there):
        yield found[there[edit.address].id], edit


def says(made: Planned, address: Address, edit: Edit) -> bool:
    """Whether a manifest speaks of the field: what it does not is left alone."""
    value: Any = made.desired.resources[address].fields
    for part in edit.path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return edit.path == "protect" or value is not None


def touched(address: Address, edit: Edit) -> tuple[Address, str, str]:
    """What an edit sets: of two that set the same only the later is to be seen."""
    name = next(name for name in edit.values if name != "id")
    return address, name, edit.path.split(".")[1] if name == "configVariables" else ""


def told(edit: Edit) -> str:
    """The field of a manifest that an edit comes back in."""
    return edit.path.partition(".")[0]


def planned(session: Session) -> Planned:
    return anyio.run(plan, session, Options())


def only_drift(session: Session) -> Any:
    seen = anyio.run(look, session, Options())
    return work_out(seen, lambda _key, _value: True, Rules(drifted=True))


def changed(before: dict[Path, str], after: dict[Path, str]) -> set[tuple[Address, str]]:
    """The fields of manifests that are otherwise."""
    assert before.keys() == after.keys()
    found: set[tuple[Address, str]] = set()
    for file, text in before.items():
        one, other = (parse(some, "")[0][0].value for some in (text, after[file]))
        scope = f"{one['spec']['customer']}/" if one["kind"] == "Instance" else ""
        address = Address(one["kind"], scope + one["metadata"]["name"])
        fields = [{**some["metadata"], **some["spec"]} for some in (one, other)]
        names = fields[0].keys() | fields[1].keys()
        found |= {(address, name) for name in names if fields[0].get(name) != fields[1].get(name)}
    return found
