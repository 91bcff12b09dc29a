"""A plan of what was selected is the same, whether the whole tenant was read for it or only what it takes."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.cli.main import run
from reconciler.kinds import CORE, all_kinds
from reconciler.kinds.table.marks import mark
from reconciler.model.address import Address
from reconciler.sandbox import Sandbox
from reconciler.verbs import plan as verb
from tests.cost.stories import DEFINITION
from tests.golden_worlds.people import Deed
from tests.golden_worlds.world import World, world
from tests.properties.test_converge import SLOW
from tests.steady import steady
from tests.worlds import rules

OTHERWISE = ("createdAt", "live", "requests", "notes", "orphans")
"""What a plan tells of the whole tenant, or of the reading."""
LONG = f"{'c' * 60}"
NAMES = ("Acme", "acme ", "Birch", "A", "New", "Old")
KEYS = ("x", "X", "y")
OWN = [mark("shop", Address("Customer", name)) for name in ("a", "b", LONG)]


@contextmanager
def long_lists() -> Iterator[None]:
    """As if no list of the core kinds fitted into a page."""
    with ExitStack() as stack:
        for name in CORE:
            stack.enter_context(patch.object(type(all_kinds()[name]), "page_size", 1))
        yield


def plan_of(root: Path, *words: str) -> tuple[int, Any, str]:
    out, err = io.StringIO(), io.StringIO()
    with chdir(root), redirect_stdout(out), redirect_stderr(err):
        code = run(["--no-progress", "--format", "json", *words])
    document = json.loads(out.getvalue() or "{}")
    told = {key: value for key, value in document.items() if key not in OTHERWISE}
    told["summary"] = {
        k: v for k, v in document.get("summary", {}).items() if k not in ("unmanaged", "orphans", "notes")
    }
    return code, told, err.getvalue()


def same(root: Path, *words: str) -> bool:
    """Whether both ways of reading lead to the same plan."""
    with patch.object(verb, "may_be_part", lambda *_: False):
        whole = plan_of(root, "plan", *words)
    with long_lists():
        part = plan_of(root, "plan", *words)
    assert whole[0] in (0, 5), whole
    assert part == whole, words
    return True


@given(st.integers(0, 199), st.data())
@settings(SLOW, max_examples=max(1, SLOW.max_examples // 7))
def test_any_world(seed: int, data: st.DataObject):
    one = world(seed)
    with tempfile.TemporaryDirectory() as folder, steady(seed, one.first.secrets):
        root = Path(folder)
        played(one, root)
        with steady(f"{seed} later", one.later.secrets):
            keys = [key for key in one.later.manifests if not key.startswith("InstanceSet")]
            for key in data.draw(st.lists(st.sampled_from([*keys, "Instance/*"]), min_size=2, max_size=2)):
                assert same(root, "--select", key, *data.draw(st.sampled_from([[], ["--no-deps"]])))


def played(one: World, root: Path) -> None:
    """A world up to its second commit."""
    one.first.write(root)
    (root / ".reconciler").mkdir()
    Sandbox(root / ".reconciler/sandbox.db", rules=one.rules).close()
    people(root, one.before)
    plan_of(root, "apply", "--yes", "--parallelism", "1")
    people(root, one.between)
    one.later.write(root)


def people(root: Path, deeds: list[Deed]) -> None:
    with Sandbox(root / ".reconciler/sandbox.db") as sandbox:
        for deed in deeds:
            deed.do(sandbox)


def marks() -> st.SearchStrategy[list[str]]:
    others = ["reconciler:shop/customer/old", "reconciler:shop/customer/gone", "reconciler:other/customer/a"]
    return st.one_of(st.just([]), st.lists(st.sampled_from([*OWN, *others]), max_size=2, unique=True))


@st.composite
def customers(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What is there: often each one's own; and twins, marks of others, two marks on one, a mark on two."""
    own = [[one] for one in draw(st.lists(st.sampled_from(OWN), max_size=3, unique=True))]
    made = []
    for worn in [*own, *draw(st.lists(marks(), max_size=3))]:
        key = draw(st.sampled_from((None, *KEYS)))
        name = draw(st.sampled_from(NAMES))
        made.append({"name": name, "labels": worn, **({"externalId": key} if key else {})})
    return draw(st.permutations(made))


@st.composite
def manifests(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Three customers that may ask for each other's names, with an instance each."""
    made = []
    names = draw(st.permutations(("Acme", "Birch", "A", "New")))
    keys = draw(st.permutations((None, None, *KEYS)))
    earlier = draw(st.permutations(([], [], ["old"], ["gone"])))
    for name, called, key, was in zip(("a", "b", LONG), names, keys, earlier, strict=False):
        spec = {"name": called, **({"externalId": key} if key else {})}
        made.append(document("Customer", name, spec, **({"was": was} if was else {})))
        inner = {"customer": name, "integration": "sync", "release": "1.0.0", "name": "Sync"}
        made.append(document("Instance", "sync", inner))
    return made


def document(kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    head = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name, **metadata}}
    return {**head, "spec": spec}


@given(customers(), manifests(), rules())
@example(
    [{"name": "Birch", "labels": [OWN[1]]}, {"name": "Acme", "labels": [], "externalId": "y"}],
    [
        document("Customer", "a", {"name": "Acme"}),
        document("Customer", "b", {"name": "Birch", "externalId": "y"}),
    ],
    {},
)
@settings(SLOW, max_examples=max(1, SLOW.max_examples // 2))
def test_whoever_is_there_already(
    there: list[dict[str, Any]], asked: list[dict[str, Any]], ruled: dict[str, str]
):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sync = document("Integration", "sync", {"name": "Sync", "definition": "sync.yml", "release": "1.0.0"})
        (root / "sync.yml").write_text(DEFINITION)
        (root / "all.yaml").write_text(yaml.safe_dump_all([sync, *asked]))
        guards = {"update": f"{len(there) * 12}%", "minimum": 0}
        project = document("Project", "shop", {"manifests": ["all.yaml"], "policy": {"guards": guards}})
        (root / "reconciler.yaml").write_text(yaml.safe_dump(project))
        (root / ".reconciler").mkdir()
        Sandbox(root / ".reconciler/sandbox.db", rules=ruled).close()

        people(root, [Deed("createCustomer", one) for one in there])
        for kind, name in (("Customer", "a"), ("Instance", "b"), ("Customer", LONG)):
            pattern = f"{kind}/{name}{'/sync' * (kind == 'Instance')}"
            assert same(root, "--select", pattern)
