"""`--refresh delta`: where it is done, when all is read instead, and what is kept for the next time."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import cast

import anyio
import httpx
import pytest

from reconciler.cli.main import run
from reconciler.model.errors import InvalidInput
from reconciler.model.operation import Operation
from reconciler.model.plan import Plan
from reconciler.verbs import refresh
from reconciler.verbs.machine import Machine
from reconciler.verbs.plan import plan
from reconciler.verbs.session import Options, Session, open_session
from reconciler.verbs.watch import Loop
from reconciler.verbs.watch_turn import Carrying, look
from tests.cli.projects import DEFINITION, PROJECT, Folder

SECRET = {"secret": {"env": "SHOP_KEY"}}
CANARY = "canary-s3cr3t"
DELTA = ("--refresh", "delta")
FULL = "The tenant is read in full: "


def of(environment: str) -> str:
    """The project file, with this environment."""
    found = f"spec:\n  manifests: [manifests/]\n  environments:\n    sandbox: {environment}\n"
    return PROJECT.replace("spec: {manifests: [manifests/]}", found)


MOVES = of("{updatedAtMoves: everything}")
KEYED = of("{updatedAtMoves: everything, secretKey: {env: DIGEST_KEY}}")


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A shop whose instance has a secret, applied long ago."""
    root = tmp_path_factory.mktemp("applied")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEY", CANARY)
        made = Folder(root, cast("pytest.CaptureFixture[str]", None))
        made.shop(config={"Channel": "#orders", "Shop": {"inputs": {"apiKey": SECRET}}})
        made.manifest("Customer", "beta", name="Beta")
        plain = {"customer": "beta", "integration": "orders", "name": "Plain", "enabled": True}
        made.manifest("Instance", "plain", **plain, config={"Channel": "#plain"})
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            assert run(["--project", str(root / "reconciler.yaml"), "apply", "--yes"]) == 0
        with sqlite3.connect(root / ".reconciler/sandbox.db") as tenant:
            for table, name in (("customer", "Acme"), ("instance", "Orders for Acme")):
                moment = f"CASE name WHEN '{name}' THEN '2020' ELSE '2021' END"
                tenant.execute(f"UPDATE {table} SET updated_at = {moment} || '-01-01T00:00:00.000000+00:00'")
        yield root


@pytest.fixture
def shop(applied: Path, project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A copy of it, where it is known that every change moves updatedAt."""
    monkeypatch.setenv("SHOP_KEY", CANARY)
    monkeypatch.setenv("DIGEST_KEY", "digest-key")
    shutil.copytree(applied, project.root, dirs_exist_ok=True)
    assert (project.root / "definitions/orders.yml").read_text() == DEFINITION
    project.write("reconciler.yaml", MOVES)
    return project


def said(project: Folder, *words: str) -> str:
    """What a plan by what changed says of how it was made."""
    code, _, err = project("plan", "--no-progress", *DELTA, *words)
    assert code == 0, err
    return err.strip()


def kept(project: Folder) -> Path:
    (found,) = (project.root / ".reconciler/cache").iterdir()
    return found


def edit(project: Folder) -> None:
    acme = project.ask('{ customers(externalId: "acme-1") { nodes { id } } }')["customers"]["nodes"][0]
    project.mutate("updateCustomer", {"id": acme["id"], "description": "By hand"})


@dataclass
class Listening:
    """A session of the project, with what the tenant was asked, and what was said."""

    project: Folder
    by: timedelta = timedelta()
    asked: list[Operation] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def session(self) -> Session:
        root, now = self.project.root, lambda: datetime.now(UTC) + self.by
        return replace(
            open_session(root / "reconciler.yaml", None, os.environ, root),
            heard=lambda op, _: self.asked.append(op),
            say=self.said.append,
            machine=Machine(now=now),
        )

    def plan(self) -> Plan:
        return anyio.run(plan, self.session, Options(refresh="delta")).plan


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ("{}", "nobody knows whether updatedAt moves with every change there"),
        ("{updatedAtMoves: own_fields_only}", "labels, configuration and deploys do not move updatedAt"),
        ("{rules: here.yaml}", '"{root}/here.yaml" cannot be read'),
        ("{rules: found.yaml}", "labels, configuration and deploys do not move updatedAt"),
        ("{updatedAtMoves: everything}", "no earlier read of it is known"),
        ("{rules: found.yaml, updatedAtMoves: everything}", "no earlier read of it is known"),
    ],
)
def test_it_is_done_where_every_change_is_known_to_leave_a_trace(shop: Folder, environment: str, why: str):
    shop.write("reconciler.yaml", of(environment))
    shop.write("found.yaml", "updated_at_moves: own_fields_only\n")
    assert said(shop).startswith(FULL + why.format(root=shop.root))


def test_whatever_deletes_and_whatever_is_carried_out_reads_all(shop: Folder):
    assert said(shop, "--prune") == f"{FULL}what is deleted is decided on all of it."
    code, _, err = shop("apply", "--yes", *DELTA)
    assert (code, "--refresh delta is for plan, drift and watch" in err) == (3, True)
    of_a_file = replace(Listening(shop).session, replay=httpx.MockTransport(lambda _: httpx.Response(500)))
    with pytest.raises(InvalidInput, match="--live FILE asks no tenant"):
        anyio.run(plan, of_a_file, Options(refresh="delta"))
    saved = str(shop.root / "saved.json")
    shop.manifest("Customer", "new", name="New")
    assert shop("plan", *DELTA, "-o", saved)[0] == 0
    assert shop.json("apply", saved)["summary"]["done"] == 1


def test_what_is_kept_is_for_its_owner_and_holds_no_secret(shop: Folder):
    for project_file in (MOVES, KEYED):
        shop.write("reconciler.yaml", project_file)
        said(shop)
        assert said(shop) == ""
        assert stat.S_IMODE(kept(shop).stat().st_mode) == 0o600
        data = kept(shop).read_bytes()
        assert CANARY.encode() not in data
        assert b"#orders" in data
        assert (b'"hmac:none-' in data) == (project_file == MOVES)
        kept(shop).unlink()


def test_what_git_calls_secret_is_not_kept_though_it_was_recorded_as_plain(shop: Folder):
    """Somebody put a secret where a plain text was, and git calls it one since."""
    nodes = shop.ask("{ instances(isSystem: false) { nodes { id name } } }")["instances"]["nodes"]
    (plain,) = (one["id"] for one in nodes if one["name"] == "Plain")
    channel = {"key": "Channel", "value": CANARY}
    shop.mutate("updateInstanceConfigVariables", {"id": plain, "configVariables": [channel]})
    assert shop("plan", *DELTA)[0] == 5  # it would be overwritten
    spec = {"customer": "beta", "integration": "orders", "name": "Plain", "enabled": True}
    shop.manifest("Instance", "plain", **spec, config={"Channel": SECRET})
    for project_file, why in ((MOVES, "git has secrets in other places"), (KEYED, "another secretKey")):
        shop.write("reconciler.yaml", project_file)
        assert why in said(shop)
        assert CANARY.encode() not in kept(shop).read_bytes()
    snapshot = shop.root / "taken.snapshot"
    assert shop("snapshot", "-o", str(snapshot))[0] == 0
    taken = gzip.decompress(snapshot.read_bytes())
    assert b"Plain" in taken
    assert CANARY.encode() not in taken


def test_a_stand_in_that_somebody_copied_out_of_the_file_tells_nothing(shop: Folder):
    shop.write("reconciler.yaml", KEYED)
    said(shop)
    acme = shop.ask('{ customers(externalId: "acme-1") { nodes { id } } }')["customers"]["nodes"][0]["id"]
    for token in set(re.findall(rb"hmac:[0-9a-f]{32}", kept(shop).read_bytes())):
        shop.mutate("updateCustomer", {"id": acme, "description": token.decode()})
        for verb in ("plan", "drift"):
            assert shop.json(verb)["drift"] == (found := shop.json(verb, *DELTA)["drift"])
            assert shop.json(verb, *DELTA)["drift"] == found
            assert token.decode() in str(found)


@pytest.mark.parametrize(("project_file", "looks"), [(MOVES, 1), (KEYED, 0)])
def test_a_secret_is_looked_at_where_no_hmac_of_it_is_kept(shop: Folder, project_file: str, looks: int):
    shop.write("reconciler.yaml", project_file)
    said(shop)
    listening = Listening(shop)
    assert listening.plan().actions == ()
    assert [op.name for op in listening.asked].count("instance") == looks
    assert listening.said == []


def test_what_is_kept_is_of_use_only_as_long_as_all_is_as_it_was(
    shop: Folder, monkeypatch: pytest.MonkeyPatch
):
    said(shop)
    whole = kept(shop).read_bytes()
    edit(shop)
    for at in (len(whole) // 2, len(whole) - 10):
        kept(shop).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert "cannot be read, or is damaged" in said(shop), at
    assert said(shop) == ""
    with monkeypatch.context() as patch:
        patch.setattr(refresh, "version", lambda _: "another")
        assert "by somebody else, or by another version" in said(shop)
    assert "by somebody else, or by another version" in said(shop)
    shop.write("reconciler.yaml", KEYED)
    assert "another secretKey, or without one" in said(shop)
    shop.write("reconciler.yaml", MOVES)
    kept(shop).write_bytes(whole)
    for days in (-1, 2):
        listening = Listening(shop, timedelta(days=days))
        listening.plan()
        assert "not so read within the last day" in listening.said[0]
        kept(shop).write_bytes(whole)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb'"requests": \d+', b'"requests": "many"'),
        (rb'"whole_at": "[^"]*"', b'"whole_at": "2026-11-30"'),
        (rb'"whole_at": "[^"]*"', b'"whole_at": "today"'),
        (rb'"since": \{[^}]*\}', b'"since": {"Nonsense": ""}'),
        (rb'\n\["Customer",', b'\n["Nonsense",'),
        (rb'\n\["Customer",', b'\n["Customer",["'),
        (rb'\n\["Customer",', b"\n[7,"),
    ],
)
def test_a_file_that_somebody_wrote_is_of_no_use(shop: Folder, old: bytes, new: bytes):
    """Its digest keeps accidents away, and not who makes another one."""
    said(shop)
    body = kept(shop).read_bytes().rpartition(b'{"sha256"')[0]
    body, made = re.subn(old, new.replace(b"\\", b"\\\\"), body, count=1)
    assert made
    kept(shop).write_bytes(body + b'{"sha256": "' + sha256(body).hexdigest().encode() + b'"}\n')
    assert "cannot be read, or is damaged" in said(shop)
    assert said(shop) == ""


def test_a_watch_looks_at_what_changed_and_carries_out_on_all(shop: Folder):
    listening = Listening(shop)

    def turn() -> tuple[str, bool]:
        """The state after a turn, and whether all customers were read as ever."""
        listening.asked.clear()
        found = anyio.run(look, listening.session, Options(refresh="delta"), Carrying(None, lambda _: None))
        return found.state, any(op.document.startswith("query customers(") for op in listening.asked)

    assert [turn(), turn()] == [("in-sync", False)] * 2
    edit(shop)
    assert turn() == ("applied", True)
    assert turn() == ("in-sync", False)


@pytest.mark.parametrize(
    ("environment", "words", "refresh"),
    [
        ("{}", [], None),
        ("{rules: found.yaml}", [], "delta"),
        ("{updatedAtMoves: everything}", [], "delta"),
        ("{updatedAtMoves: everything}", ["--refresh", "full"], None),
        ("{}", DELTA, "delta"),
    ],
)
def test_a_watch_goes_by_what_changed_where_somebody_says_that_this_can_be_done(
    project: Folder,
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
    words: list[str],
    refresh: str | None,
):
    seen: list[str | None] = []

    async def watch(opened: object, first: object, loop: Loop, *_: object) -> bool:
        seen.append(loop.options.refresh)
        return False

    monkeypatch.setattr("reconciler.verbs.watch.watch", watch)
    project.write("reconciler.yaml", of(environment))
    assert project("watch", *words) == (0, "", "")
    assert seen == [refresh]
