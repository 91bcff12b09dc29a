"""The evening in which a tenant is taken over, command by command, held against the counts of its server."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from reconciler.manifests.sets import sets_of
from reconciler.sandbox import Sandbox
from reconciler.verbs.session import load_desired, open_session
from tests.cases.story import demo_secrets
from tests.rows import Place, rows_of
from tests.sandbox.served import ServedSandbox
from tests.takeover.tenant import OURS, Hands, Made

_ROOT = Path(__file__).parents[2]
_ALLOWED = {"labels", "metadata", "headers", "description", "unpublished"}
"""The columns in which marks and records stand, and whether a draft was touched since it was published."""
_CORE = ("integration", "customer", "instance")
_OWN_SECONDS, _MOST_MIB, _FOLDED = 20, 500, 0.8
_PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {{name: {name}}}
spec:
  manifests: [manifests/]
  environments:
    production: {{url: "{url}", auth: {{accessToken: {{env: TENANT_TOKEN}}}}, rate: {rate},
                  secretKey: {{env: RECONCILER_KEY}}}}
  default: production
"""


@dataclass(frozen=True)
class Done:
    """How a command ended: with what it took on this machine, and what the server counted."""

    code: int
    out: str
    err: str
    seconds: float
    own: float
    """Seconds of a processor, beside which it only waits: for the server, and for the rate."""
    mib: float
    requests: int
    writes: int

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Evening:
    """One tenant, and the projects that come out of it."""

    def __init__(self, folder: Path, rate: int) -> None:
        self.folder, self.rate, self.wrong = folder, rate, list[str]()
        self._database = folder / "tenant.db"
        self._environ: dict[str, str] = {}
        self._url = ""

    def play(self, size: Mapping[str, int], seed: int) -> None:
        """All of it, from the tenant's making on."""
        made = self._made(size, seed)
        print(", ".join(f"{count} {what}" for what, count in sorted(made.counts.items())), flush=True)
        with ServedSandbox(str(self._database)) as server:
            token = {"TENANT_TOKEN": server.token, "RECONCILER_KEY": "a key"}
            self._environ, self._url = {**os.environ, **token, "NO_COLOR": "1"}, server.url
            project = self._project("project")
            self._pulled(project)
            self._no_secret(project, made)
            self._folded(project, made)
            self._adopted(project)
            self._edited(project)
            self._offline(project)

    # the tenant

    def _made(self, size: Mapping[str, int], seed: int) -> Made:
        self.folder.mkdir(parents=True, exist_ok=True)
        with Sandbox(self._database) as sandbox:
            self._every_kind()
            return Hands(sandbox, Random(seed)).tenant(**size)

    def _every_kind(self) -> None:
        """What the examples have, of every kind, made and let go of."""
        examples = self.folder / "examples"
        shutil.copytree(_ROOT / "examples" / "manifests", examples)
        (examples / ".reconciler").mkdir()
        for name in ("", "-wal", "-shm"):
            (examples / ".reconciler" / f"sandbox.db{name}").symlink_to(f"{self._database}{name}")
        environ = {**os.environ, **demo_secrets()}
        for words in ("apply --yes -q", "forget --all --yes -q"):
            command = [sys.executable, "-m", "reconciler", *words.split()]
            subprocess.run(command, cwd=examples, env=environ, check=True, stdout=subprocess.DEVNULL)

    # projects and commands

    def _project(self, name: str) -> Path:
        root = self.folder / name
        (root / "manifests").mkdir(parents=True)
        text = _PROJECT.format(name=OURS, url=self._url, rate=self.rate)
        (root / "reconciler.yaml").write_text(text)
        return root

    def _run(self, root: Path, *words: str, timed: bool = False) -> Done:
        """One command in a process of its own; its figures are printed."""
        with Sandbox(self._database) as sandbox:
            before = sandbox.requests(), sandbox.writes()
        command = [sys.executable, "-m", "reconciler", "--no-progress", *words]
        begun = time.perf_counter()
        out, err = self.folder / "out", self.folder / "err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(command, cwd=root, env=self._environ, stdout=stdout, stderr=stderr)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
        with Sandbox(self._database) as sandbox:
            requests, writes = sandbox.requests() - before[0], sandbox.writes() - before[1]
        done = Done(
            process.returncode,
            out.read_text(),
            err.read_text(),
            seconds,
            used.ru_utime + used.ru_stime,
            used.ru_maxrss / 1024,
            requests,
            writes,
        )
        print(
            f"{' '.join(words):50.50}{done.code:3}{seconds:7.1f} s, own {done.own:5.1f} s{done.mib:6.0f} MiB"
            f"{requests:6} requests{writes:5} mutations",
            flush=True,
        )
        self._check(done.mib <= _MOST_MIB, f"{words[0]} took {done.mib:.0f} MiB")
        if timed:
            self._check(done.own <= _OWN_SECONDS, f"{words[0]} took {done.own:.1f} s of its own")
        return done

    def _check(self, is_right: bool, said: str) -> None:
        if not is_right:
            self.wrong.append(said)
            print(f"WRONG: {said}", flush=True)

    def _ended(self, done: Done, code: int, what: str) -> None:
        tail = "\n".join((done.err or done.out).splitlines()[-8:])
        self._check(done.code == code, f"{what} ended with {done.code}, not {code}:\n{tail}")

    def _empty(self, root: Path, when: str) -> None:
        """Nothing to plan, nothing refused, and an apply that sends nothing."""
        done = self._run(root, "plan", "--detailed-exitcode", "--format", "json")
        self._ended(done, 0, f"plan {when}")
        try:
            plan = done.json
        except ValueError:
            return
        some = [one.get("id", one) for one in [*plan["actions"], *plan.get("refusals", [])]]
        self._check(not some, f"the plan {when} has {len(some)}: {some[:5]}")
        applied = self._run(root, "apply", "--yes", "-q")
        self._ended(applied, 0, f"apply {when}")
        self._check(applied.writes == 0, f"apply {when} sent {applied.writes} mutations")

    # the evening

    def _pulled(self, root: Path) -> None:
        first = self._run(root, "pull", timed=True)
        self._ended(first, 0, "pull")
        told = first.err.splitlines()
        print(f"    {sum(one.startswith('left out') for one in told)} left out, {told[-1] if told else ''}")
        self._empty(root, "after pull")
        before = _digests(root)
        again = self._run(root, "pull", timed=True)
        self._ended(again, 0, "the second pull")
        self._check(before == _digests(root), "the second pull changed something")
        self._check((first.writes, again.writes) == (0, 0), "pull wrote into the tenant")

    def _no_secret(self, root: Path, made: Made) -> None:
        texts = [path.read_text() for path in root.rglob("*") if path.is_file()]
        whole = "\n".join(texts)
        found = [one for one in made.secrets if one in whole]
        self._check(not found, f"{len(found)} secrets were written: {found[:3]}")

    def _folded(self, root: Path, made: Made) -> None:
        other = self._project("folded")
        done = self._run(other, "pull", "--fold", timed=True)
        self._ended(done, 0, "pull --fold")
        apart, together = self._expanded(root), self._expanded(other)
        self._check(
            apart == together, f"{len(set(apart.items()) ^ set(together.items()))} differ when folded"
        )
        self._empty(other, "after pull --fold")
        sets, alike = self._in_sets(other), {name for some in made.alike.values() for name in some}
        told = f"{len(sets)} instances are in sets, {len(sets & alike)} of {len(alike)} that were made alike"
        print(f"    {told}")
        self._check(len(sets & alike) >= _FOLDED * len(alike), told)

    def _in_sets(self, root: Path) -> set[str]:
        """The names of the instances that sets declare."""
        session = open_session(root / "reconciler.yaml", None, self._environ, root)
        places = {one.source for one in sets_of(session.project).values()}
        resources = load_desired(session)[0].resources.values()
        return {one.fields["name"] for one in resources if one.source in places}

    def _expanded(self, root: Path) -> dict[str, str]:
        """What the manifests say of each instance, whatever it is called."""
        session = open_session(root / "reconciler.yaml", None, self._environ, root)
        desired, _ = load_desired(session)
        return {
            f"{one.fields['customer']}: {one.fields['name']}": repr(sorted(one.fields.items()))
            for one in desired.resources.values()
            if one.kind == "Instance"
        }

    def _adopted(self, root: Path) -> None:
        before = rows_of(self._database)
        done = self._run(root, "adopt", "--all", "--yes", "-q")
        self._ended(done, 0, "adopt --all")
        self._touched(before, rows_of(self._database))
        self._empty(root, "after adopt --all")
        again = self._run(root, "adopt", "--all", "--yes", "-q")
        self._check(again.writes == 0, "adopt --all again wrote something")

    def _touched(self, before: Mapping[Place, Any], after: Mapping[Place, Any]) -> None:
        changed = {place for place in {*before, *after} if before.get(place) != after.get(place)}
        other = {column for _, _, column in changed} - _ALLOWED
        core = [one for one in changed if one[0] in _CORE and one[2] == "description"]
        self._check(not other and not core, f"adopt --all changed {sorted(other)} and {core[:3]}")

    def _edited(self, root: Path) -> None:
        _git(root, "init", "-q")
        (root / ".gitignore").write_text(".reconciler/\n")
        _git(root, "add", ".")
        _git(root, "commit", "-qm", "taken over")
        expected = self._edits(root)
        done = self._run(root, "drift", "--detailed-exitcode", "--format", "json")
        found = done.json["drift"] if done.out.startswith("{") else []
        named = {f"{one['address']} {one['path']}" for one in found}
        self._check(named == set(expected), f"drift names {sorted(named ^ set(expected))[:6]} otherwise")
        for one in found:
            whole = one.get("cause") == "drift" and one.get("updatedAt") and "Sandbox Owner" in repr(one)
            self._check(bool(whole), f"drift says of it {one}")
        pulled = self._run(root, "pull", "--drift", "--plain-config")
        self._ended(pulled, 0, "pull --drift")
        lines = _changed_lines(root)
        self._check(sorted(lines) == sorted(expected.values()), f"git diff shows {lines}")
        self._empty(root, "after pull --drift")

    def _edits(self, root: Path) -> dict[str, str]:
        """Five edits of people; by address and path, the line of git that each comes to."""
        return Edits(root, self._environ, self._database).made()

    def _offline(self, root: Path) -> None:
        self._ended(self._run(root, "snapshot", "-o", "live.snapshot"), 0, "snapshot")
        self._ended(
            self._run(root, "plan", "--live", "live.snapshot", "--detailed-exitcode"), 0, "plan --live"
        )
        self._ended(self._run(root, "rehearse", "--live", "live.snapshot"), 0, "rehearse")


class Edits:
    """What five people change in the web app, of what the manifests declare."""

    def __init__(self, root: Path, environ: Mapping[str, str], database: Path) -> None:
        self._root, self._environ, self._database = root, environ, database

    def made(self) -> dict[str, str]:
        session = open_session(self._root / "reconciler.yaml", None, self._environ, self._root)
        desired, _ = load_desired(session)
        with Sandbox(self._database) as sandbox:
            hands, found = Hands(sandbox, Random(1)), dict[str, str]()
            ids = _ids(sandbox)
            by_kind = {kind: list[Any]() for kind in ids}
            for one in desired.resources.values():
                if one.kind in ids and one.fields["name"] in ids[one.kind]:
                    by_kind[one.kind].append(
                        (str(one.address), ids[one.kind][one.fields["name"]], one.fields)
                    )
            said = [one for one in by_kind["Customer"] if one[2].get("description")]
            for text, (address, object_id, _) in zip(("By hand", "As agreed"), said, strict=False):
                hands.does("updateCustomer", {"id": object_id, "description": text})
                found[f"{address} description"] = f"+  description: {text}"
            described = [one for one in by_kind["Integration"] if one[2].get("description")]
            address, object_id, _ = described[0]
            hands.does("updateIntegration", {"id": object_id, "description": "Edited"})
            found[f"{address} description"] = "+  description: Edited"
            paused = [one for one in by_kind["Instance"] if one[2].get("enabled") is False]
            address, object_id, _ = paused[0]
            hands.does("updateInstance", {"id": object_id, "enabled": True, "preserveDeployState": True})
            found[f"{address} enabled"] = "+  enabled: true"
            slow = [one for one in by_kind["Instance"] if one not in paused and _is_slow(one[2])]
            address, object_id, _ = slow[0]
            values = {"id": object_id, "configVariables": [{"key": "Mode", "value": "fast"}]}
            hands.does("updateInstanceConfigVariables", values)
            hands.does("deployInstance", {"id": object_id})
            found[f"{address} config.Mode"] = "+    Mode: fast"
        return found


def _is_slow(fields: Mapping[str, Any]) -> bool:
    return bool(fields.get("config", {}).get("Mode") == "slow")


def _ids(sandbox: Sandbox) -> dict[str, dict[str, str]]:
    """Ids by name, of names that one object alone has."""
    found: dict[str, dict[str, str]] = {}
    for kind, asked in (
        ("Customer", "customers"),
        ("Integration", "integrations"),
        ("Instance", "instances"),
    ):
        names: dict[str, list[str]] = {}
        cursor = ""
        while True:
            page = f"(first: 100{cursor}{', isSystem: false' if kind == 'Instance' else ''})"
            query = f"{{ {asked}{page} {{ nodes {{ id name }} pageInfo {{ hasNextPage endCursor }} }} }}"
            _, answer, _ = sandbox.execute(query)
            rows = answer["data"][asked]
            for node in rows["nodes"]:
                names.setdefault(node["name"], []).append(node["id"])
            if not rows["pageInfo"]["hasNextPage"]:
                break
            cursor = f', after: "{rows["pageInfo"]["endCursor"]}"'
        found[kind] = {name: some[0] for name, some in names.items() if len(some) == 1}
    return found


def _digests(root: Path) -> dict[str, str]:
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and ".reconciler" not in path.parts]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _git(root: Path, *words: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    done = subprocess.run(["git", *who, *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def _changed_lines(root: Path) -> list[str]:
    lines = _git(root, "diff", "-U0").splitlines()
    added = [one for one in lines if one.startswith("+") and not one.startswith("+++")]
    return [one.replace('"', "") for one in added]  # quotes stay as they were
