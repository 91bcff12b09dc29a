"""Records what a tenant answers for the project, and multiplies it: the first customer and its instances are
applied to a sandbox and read back; all others are these, under their own names and ids.

    python -m bench.record FOLDER INSTANCES
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bench.world import SETS, customers, write_project
from reconciler.cli.main import run
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import HoldsYaml
from reconciler.kinds.protocol import Kind, Policy, Request
from reconciler.live.read_back import read_back
from reconciler.manifests import project as projects
from reconciler.manifests.load import load
from reconciler.model.address import Address, Ref, Resolve
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject, Resource
from reconciler.sandbox import Sandbox

DATABASE = "tenant.db"
NOWHERE = "http://127.0.0.1:1"


def record(folder: Path, instances: int) -> None:
    """Writes the tenant into the folder: a database, and the nodes of the long lists, one a line."""
    applied(folder)
    with tempfile.TemporaryDirectory() as scratch:
        write_project(Path(scratch), instances, NOWHERE)
        project, problems = projects.load(Path(scratch) / "reconciler.yaml")
        assert project is not None, problems
        desired, problems = load(project, "sandbox", environ={})
        assert not problems, problems
    with Sandbox(folder / DATABASE) as sandbox:
        nodes = {name: read(sandbox, all_kinds()[name]) for name in ("Integration", "Customer", "Instance")}
    integrations = {one.fields["name"]: one for one in map(parsed, nodes["Integration"])}
    ours = {str(node["name"]).partition(" of ")[0]: node for node in nodes["Instance"]}
    [first] = nodes["Customer"]
    with (
        (folder / "customers").open("w") as people,
        (folder / "instances").open("w") as running,
    ):
        for name in customers(instances):
            address = Address("Customer", name)
            node = renamed(first, first, name)
            people.write(written(node, desired.resources[address], partial(resolved, node["id"], {})))
            for number in range(1, SETS + 1):
                called = f"Sync {number:02}"
                resource = desired.resources[Address("Instance", f"{name}/sync-{number:02}")]
                mine = renamed(ours[called], first, name)
                running.write(written(mine, resource, partial(resolved, node["id"], integrations)))


def applied(folder: Path) -> None:
    """Applies the project with its first customer to a sandbox of the folder."""
    with tempfile.TemporaryDirectory() as scratch:
        write_project(Path(scratch), 1, NOWHERE)
        command = ["--project", scratch, "-e", "sandbox", "apply", "--yes"]
        with contextlib.redirect_stdout(io.StringIO()) as told:
            assert run(command) == 0, told.getvalue()
        (Path(scratch) / ".reconciler/sandbox.db").rename(folder / DATABASE)


def read(sandbox: Sandbox, kind: Kind) -> list[dict[str, Any]]:
    """The nodes of a kind's first page."""
    op = kind.list_page(kind.page_size, 0)
    status, answer, _ = sandbox.execute(op.document, dict(op.variables))
    assert (status, answer.get("errors")) == (200, None), answer
    found: list[dict[str, Any]] = answer["data"][op.name]["nodes"]
    return found


def renamed(node: dict[str, Any], first: dict[str, Any], name: str) -> dict[str, Any]:
    """A node of the first customer as another one's: its texts name that one, and all ids are its own."""
    text = json.dumps(node)
    [earliest] = customers(1)
    for known in {node["id"], first["id"]} if name != earliest else ():
        text = text.replace(known, f"{known}{name}")
    found: dict[str, Any] = json.loads(text.replace(earliest, name))
    return found


def resolved(customer: str, integrations: dict[str, LiveObject], ref: Ref) -> object:
    """What a plan would know of a Ref, once all of it was read."""
    if ref.address.kind == "Customer":
        return customer
    live = next(one for one in integrations.values() if ref.address.leaf in mark_of(one))
    found = all_kinds()["Integration"].value(live, ref)
    return ref if found is None else found


def parsed(node: dict[str, Any]) -> LiveObject:
    """An integration as it is read, with its definition."""
    kind = all_kinds()["Integration"]
    names = kind.yaml_fields if isinstance(kind, HoldsYaml) else ()
    return kind.parse({**node, **{f"{name}Data": read_back(node[name]) for name in names if node.get(name)}})


def mark_of(live: LiveObject) -> str:
    """The mark that an object wears."""
    return next(label for label in live.labels if label.startswith("reconciler:"))


def written(node: dict[str, Any], resource: Resource, resolve: Resolve) -> str:
    """A node as a line, with the labels with which the reconciler creates it."""
    request = Request("bench", resource, None, resolve, Policy())
    given = all_kinds()[resource.kind].operation(Verb.CREATE.value, Verb.CREATE, request).variables
    return json.dumps({**node, "labels": next(labels(given))}, separators=(",", ":")) + "\n"


def labels(given: Any) -> Iterator[list[str]]:
    """The lists of labels among the variables of a call."""
    for key, value in given.items():
        if key == "labels":
            yield value
        elif isinstance(value, dict):
            yield from labels(value)


if __name__ == "__main__":
    os.environ.setdefault("BENCH_TOKEN", "none")
    record(Path(sys.argv[1]), int(sys.argv[2]))
