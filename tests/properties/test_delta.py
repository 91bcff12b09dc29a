"""A plan by what changed is the plan of all, to the byte, whatever happened since the last one."""

from __future__ import annotations

import io
import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli.main import run
from reconciler.sandbox import Sandbox
from tests.golden_worlds.people import DEEDS, Deed
from tests.golden_worlds.world import World, world
from tests.properties.test_converge import SLOW
from tests.steady import MIDNIGHT, steady
from tests.worlds import rules

HOUR = 3600
MOVES = "updated_at_moves"
TABLES = {"Customer": "customer", "Instance": "instance"}


def told(root: Path, *words: str) -> tuple[int, str, str]:
    """What a verb prints, but for when, how the tenant was read, and what that costs; and what it says
    beside that.
    """
    out, err = io.StringIO(), io.StringIO()
    with chdir(root), redirect_stdout(out), redirect_stderr(err):
        code = run(["--no-progress", "--format", "json", *words])
    document = json.loads(out.getvalue() or "{}")
    for name in ("createdAt", "requests"):
        document.pop(name, None)
    document.get("options", {}).pop("refresh", None)
    return code, json.dumps(document), err.getvalue()


def differing(full: str, delta: str) -> list[Any]:
    one, other = json.loads(full), json.loads(delta)
    return [(name, one[name], other.get(name)) for name in one if one[name] != other.get(name)]


@dataclass
class History:
    """A world in a folder, on a tenant whose time passes."""

    world: World
    root: Path
    time: float = MIDNIGHT

    def begin(self) -> None:
        """Up to the first apply."""
        first = self.world.first
        first.settings["environments"]["sandbox"]["updatedAtMoves"] = "everything"
        self.world.later.settings["environments"]["sandbox"]["updatedAtMoves"] = "everything"
        first.write(self.root)
        (self.root / ".reconciler").mkdir()
        Sandbox(self.database, rules=self.world.rules).close()
        for deed in self.world.before:
            self.do(deed)
        told(self.root, "apply", "--yes", "--parallelism", "1")

    @property
    def database(self) -> Path:
        return self.root / ".reconciler/sandbox.db"

    def do(self, deed: Deed) -> None:
        self.time += HOUR
        with Sandbox(self.database) as sandbox:
            deed.do(sandbox)

    def swap(self, kind: str) -> None:
        """One less and one more."""
        with sqlite3.connect(self.database) as tenant:
            found = tenant.execute("SELECT name FROM customer WHERE NOT is_system ORDER BY id").fetchone()
        if found:
            self.do(Deed("deleteCustomer", {}, "Customer", found[0]))
            self.do(Deed("createCustomer", {"name": f"Another after {kind} at {self.time}"}))

    def late(self, kind: str, minutes: float) -> None:
        """Somebody's change, which was begun before the last read, and is seen only now."""
        table = TABLES[kind]
        with sqlite3.connect(self.database) as tenant:
            newest = tenant.execute(f"SELECT max(updated_at) FROM {table} WHERE NOT is_system").fetchone()[0]
            if newest is None:
                return
            moment = datetime.fromisoformat(newest) - timedelta(minutes=minutes)
            text = moment.astimezone(UTC).isoformat(timespec="microseconds")
            which = f"id = (SELECT id FROM {table} WHERE NOT is_system ORDER BY updated_at LIMIT 1)"
            late = "updated_at = max(?, updated_at), description = description || ' late'"
            tenant.execute(f"UPDATE {table} SET {late} WHERE {which}", [text])
        self.time += HOUR

    def same(self, verb: str = "plan") -> None:
        """Whether both ways of reading come to the same."""
        full, delta = told(self.root, verb), told(self.root, verb, "--refresh", "delta")
        assert delta[:2] == full[:2], (differing(full[1], delta[1]), delta[2])


def played(seed: int, ruled: dict[str, str], happen: Callable[[History], None]) -> None:
    one = world(seed)
    with tempfile.TemporaryDirectory() as folder:
        history = History(replace(one, rules={**one.rules, **ruled, MOVES: "everything"}), Path(folder))
        with steady(seed, one.first.secrets, lambda: history.time):
            history.begin()
            history.same()
            happen(history)
            history.same("drift")
        with steady(f"{seed} later", one.later.secrets, lambda: history.time):
            one.later.write(history.root)
            history.same()


def deeds(one: World) -> st.SearchStrategy[Any]:
    """What people do: to what git has, and to whatever else there is."""
    to_ours = [
        Deed(mutation, values, kind, "")
        for kind in ("Customer", "Instance")
        for mutation, values in DEEDS[kind]
    ]
    others = [Deed("updateScopedConfigVariable", {"redeploy": True}, "Connection", "")]
    others += [Deed("updateCustomerConfigVariable", {"inputs": []}, "CustomerConnection", "")]
    new = [Deed("createCustomer", {"name": "Newcomer", "labels": ["theirs"]})]
    return st.one_of(
        st.sampled_from([*to_ours, *one.between] or to_ours),
        st.sampled_from([*others, *new]),
        st.tuples(st.just("swap"), st.sampled_from(sorted(TABLES))),
        st.tuples(st.just("late"), st.sampled_from(sorted(TABLES)), st.sampled_from([0.0, 1.0, 14.9])),
    )


@given(st.integers(0, 199), rules(), st.data())
@settings(SLOW, max_examples=max(1, SLOW.max_examples // 20))
def test_any_history(seed: int, ruled: dict[str, str], data: st.DataObject):
    def happen(history: History) -> None:
        for _ in range(data.draw(st.integers(1, 3))):
            for one in data.draw(st.lists(deeds(history.world), min_size=1, max_size=3)):
                if isinstance(one, Deed):
                    history.do(one)
                elif one[0] == "swap":
                    history.swap(one[1])
                else:
                    history.late(*one[1:])
            history.same()

    played(seed, ruled, happen)
