"""What some twenty stories cost in requests, with no operations travelling together, with ten, and with as
many as the tenant turns out to bear. A change that costs more must change the table: `python -m tests.cost`.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from reconciler.cli.main import run
from reconciler.sandbox import Sandbox

TABLE = Path(__file__).parent / "table.txt"
WIDTHS = (1, 10, "auto")
LONG_AGO = "2020-01-01T00:00:00.000000+00:00"
MANY = 40
SOME = 25
DEFINITION = """\
definitionVersion: 7
name: Orders
description: Posts orders
requiredConfigVars:
  - {key: Channel, stableKey: channel-key, dataType: string, defaultValue: general, orgOnly: false}
flows:
  - name: Receive
    stableKey: receive-flow
    description: ""
    isSynchronous: false
    steps:
      - name: Order arrives
        stableKey: order-arrives
        isTrigger: true
        action: {key: webhook, component: {key: webhook-triggers, isPublic: true, version: LATEST}}
"""


@dataclass
class Shop:
    """An integration, and customers with an instance each, on the embedded tenant."""

    root: Path
    batch: int | str

    def __post_init__(self) -> None:
        self.project(guards={"delete": "100%", "update": "100%", "minimum": 10_000})
        (self.root / ".gitignore").write_text(".reconciler/\n")
        self.release("1.0.0")

    def write(self, path: str, kind: str, name: str, spec: dict[str, object]) -> None:
        document = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(document, sort_keys=False))

    def project(self, **policy: object) -> None:
        """The project, with its policy."""
        spec = {
            "manifests": ["manifests"],
            "environments": {"sandbox": {"batch": self.batch, "updatedAtMoves": "everything"}},
            "policy": policy,
        }
        self.write("reconciler.yaml", "Project", "shop", spec)

    def release(self, release: str, text: str = "Posts orders") -> None:
        """The integration, and the definition that it publishes."""
        (self.root / "definitions").mkdir(exist_ok=True)
        (self.root / "definitions/orders.yml").write_text(DEFINITION.replace("Posts orders", text))
        spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": release}
        self.write("manifests/orders.yaml", "Integration", "orders", {**spec, "description": text})

    def customers(self, count: int, first: int = 0, description: str = "") -> None:
        """So many customers."""
        for number in range(first, first + count):
            spec = {"name": f"Customer {number}", "externalId": f"c-{number}", "description": description}
            self.write(f"manifests/c{number:03}.yaml", "Customer", f"c{number:03}", spec)

    def instances(self, count: int, first: int = 0, channel: str = "#orders") -> None:
        """An instance for each of so many customers."""
        for number in range(first, first + count):
            spec = {
                "customer": f"c{number:03}",
                "integration": "orders",
                "release": "latest",
                "name": f"Orders {number}",
                "enabled": True,
                "config": {"Channel": channel},
            }
            self.write(f"manifests/i{number:03}.yaml", "Instance", "orders", spec)

    def crowd(self, count: int, first: int = 1) -> None:
        """So many customers with an instance each that nobody manages."""
        last = first + count - 1
        numbers = f"WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
        one_of = "printf('00000000-0000-4000-8000-%012d', i)"
        with sqlite3.connect(self.root / ".reconciler/sandbox.db") as tenant:
            for table, changes in (
                ("customer", {"name": "'Stranger ' || i", "external_id": "NULL"}),
                ("instance", {"name": "'Orders'", "customer": one_of}),
            ):
                row = tenant.execute(f"SELECT * FROM {table} WHERE NOT is_system LIMIT 1")
                given = {"id": one_of, "labels": "'[]'", "updated_at": f"'{LONG_AGO}'", **changes}
                columns = ", ".join(given.get(name, f"c.{name}") for name, *_ in row.description)
                tenant.execute(
                    f"INSERT INTO {table} {numbers} SELECT {columns} FROM n, "
                    f"(SELECT * FROM {table} WHERE NOT is_system LIMIT 1) AS c"
                )

    def leave(self, count: int) -> None:
        """So many of the instances that nobody manages become the project's, and no manifest names them."""
        labels = json.dumps(["reconciler:shop/instance/left"])
        with sqlite3.connect(self.root / ".reconciler/sandbox.db") as tenant:
            some = f"SELECT id FROM instance WHERE updated_at = '{LONG_AGO}' LIMIT {count}"
            tenant.execute(f"UPDATE instance SET labels = ? WHERE id IN ({some})", [labels])

    def __call__(self, *words: str) -> tuple[int, dict[str, object]]:
        """Runs a verb; how many requests the tenant got, and the document that it showed."""
        before, out = self.requests(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = run(["--project", str(self.root / "reconciler.yaml"), "--format", "json", *words])
        assert code in (0, 2, 5), (words, code, out.getvalue()[-2000:])
        return self.requests() - before, json.loads(out.getvalue() or "{}")

    def requests(self) -> int:
        """How many requests the tenant got so far."""
        (self.root / ".reconciler").mkdir(exist_ok=True)
        with Sandbox(self.root / ".reconciler/sandbox.db") as tenant:
            return tenant.requests()

    def git(self, *words: str) -> None:
        """Runs git in the project."""
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True)


def told(batch: int | str) -> Iterator[tuple[str, int, int | None]]:
    """Each story, what it cost, and what the plan said that it would (reading for the plan itself included;
    None where the verb shows no plan).
    """
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder), batch)
        shop.customers(MANY)
        shop.instances(MANY)
        shop.git("init", "-q")
        yield "validate", shop("validate")[0], None
        yield from _planned(shop, f"everything for {MANY} customers")
        shop.git("add", "-A")
        shop.git("commit", "-qm", "first")
        yield "plan, nothing to do", shop("plan")[0], None
        yield "plan, one instance selected", shop("plan", "--select", "Instance/c003/orders")[0], None
        yield "drift", shop("drift")[0], None
        yield "list", shop("list")[0], None
        yield from _planned(shop, "nothing to do")
        shop.customers(1, first=7, description="New")
        yield "plan, one customer changed since HEAD", shop("plan", "--changed-since", "HEAD")[0], None
        yield from _planned(shop, "one description of a customer")
        shop.instances(1, first=9, channel="#ops")
        yield from _planned(shop, "one value of an instance")
        shop.customers(MANY, description="All new")
        yield from _planned(shop, f"{MANY} descriptions of customers")
        shop.instances(MANY, channel="#all")
        yield from _planned(shop, f"{MANY} values of instances")
        shop.customers(10, first=MANY)
        shop.instances(10, first=MANY)
        yield from _planned(shop, "10 new customers with an instance each")
        shop.release("1.1.0", "Posts all orders")
        yield from _planned(shop, f"a release to {MANY + 10} instances")
        yield "deploy one instance", shop("deploy", "Instance/c001/orders", "--yes")[0], None
        yield "forget all", shop("forget", "--all", "--yes")[0], None
        yield "adopt all", shop("adopt", "--all", "--yes")[0], None
        yield "plan after taking over", shop("plan")[0], None
        for number in range(MANY, MANY + 10):
            (shop.root / f"manifests/c{number:03}.yaml").unlink()
            (shop.root / f"manifests/i{number:03}.yaml").unlink()
        yield from _planned(shop, "10 customers deleted with an instance each", "--prune")
        shutil.rmtree(shop.root / "manifests")
        shop.release("1.1.0", "Posts all orders")
        yield "pull all customers and instances", shop("pull", "--plain-config")[0], None
    yield from _among_many(batch)


def _among_many(batch: int | str) -> Iterator[tuple[str, int, int | None]]:
    """What a selection costs among 2,000 customers with an instance each."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder), batch)
        shop.customers(SOME)
        shop.instances(SOME)
        shop.git("init", "-q")
        shop("apply", "--yes")
        shop.git("add", "-A")
        shop.git("commit", "-qm", "first")
        shop.crowd(250 - SOME)
        yield from _by_what_changed(shop)
        shop.crowd(1750, 251)
        of = [f"--select=Instance/c{number:03}/orders" for number in range(SOME)]
        for name, words in (("1 selected", of[:1]), (f"{SOME} selected", of)):
            yield f"plan, 2,000 instances: {name}", _cold(shop, *words), None
        shop.customers(1, first=7, description="New")
        yield "plan, 2,000 instances: 1 changed since HEAD", _cold(shop, "--changed-since", "HEAD"), None
        shop.customers(SOME, description="All new")
        shop.project()
        for name, left in (("a guard refuses", 0), ("a guard allows", 50)):
            shop.leave(left)
            cost = _cold(shop, "--changed-since", "HEAD", refused=not left)
            yield f"plan, 2,000 instances: {SOME} changed, {name}", cost, None


def _by_what_changed(shop: Shop) -> Iterator[tuple[str, int, int | None]]:
    """What a plan costs that goes by the last one, which read all."""
    many, some = "delta plan of 250 instances", f"FROM instance WHERE updated_at = '{LONG_AGO}'"
    yield f"{many}: the first", shop("plan", "--refresh", "delta")[0], None
    yield f"{many}: nothing changed", shop("plan", "--refresh", "delta")[0], None
    with sqlite3.connect(shop.root / ".reconciler/sandbox.db") as tenant:
        now = "updated_at = (SELECT max(updated_at) FROM customer)"
        tenant.execute(f"UPDATE instance SET name = 'New', {now} WHERE id IN (SELECT id {some} LIMIT 3)")
    yield f"{many}: after 3 edits", shop("plan", "--refresh", "delta")[0], None
    with sqlite3.connect(shop.root / ".reconciler/sandbox.db") as tenant:
        tenant.execute(f"DELETE FROM instance WHERE id = (SELECT id {some} LIMIT 1)")
    yield f"{many}: after a deletion", shop("plan", "--refresh", "delta")[0], None


def _cold(shop: Shop, *words: str, refused: bool = False) -> int:
    shutil.rmtree(shop.root / ".reconciler/cache", ignore_errors=True)
    cost, made = shop("plan", *words)
    assert bool(made["refusals"]) is refused, made["refusals"]
    return cost


def _planned(shop: Shop, name: str, *words: str) -> Iterator[tuple[str, int, int | None]]:
    requests = shop("plan", *words)[1]["requests"]
    assert isinstance(requests, dict)
    shutil.rmtree(shop.root / ".reconciler/cache", ignore_errors=True)
    yield f"apply: {name}", shop("apply", "--yes", *words)[0], requests["read"] + requests["write"]


def table() -> str:
    """All stories under all widths."""
    columns: dict[str, list[str]] = {}
    for width in WIDTHS:
        for name, cost, said in told(width):
            columns.setdefault(name, []).append(f"{cost:>5} {'' if said is None else f'({said})':<7}")
    head = f"{'requests (what the plan said)':<52}" + "".join(
        f"{f'batch {width}':>10}   " for width in WIDTHS
    )
    rows = [f"{name:<52}" + "".join(cells) for name, cells in columns.items()]
    return "\n".join([head.rstrip(), *(row.rstrip() for row in rows)]) + "\n"
