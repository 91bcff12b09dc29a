"""Whatever stands in a file that others wrote: a model, or errors that say what to do; never a traceback."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import hostile
from tests.fuzz.targets import Targets

NAMES = ("manifest", "project", "definition", "plan", "journal", "secret")
ORIGINALS = hostile.originals()
EXAMPLES = int(os.environ.get("EXAMPLES", "100"))
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
PLAN = {
    **{name: "x" for name in ("project", "environment", "tenant", "createdAt")},
    "format": "reconciler.plan/v1",
    **{name: "sha256:" + "0" * 64 for name in ("desired", "live", "checksum")},
    "summary": {"actions": 2, "unchanged": 0},
    "requests": {},
    "actions": [
        {"id": id, "address": "Customer/x", "verb": "create", "reason": "", "dependsOn": after, "changes": []}
        for id, after in (("Customer/x#create", []), ("Customer/y#create", ["Customer/x#create"]))
    ],
    "drift": [],
    "warnings": [],
    "options": {"select": [], "exclude": [], "prune": False, "parallelism": 8},
}
RUN = [
    {"at": "2026-01-01T00:00:00+00:00", "event": "begin", "environment": "sandbox", "actions": ["a"]},
    {"at": "2026-01-01T00:00:00+00:00", "event": "end", "action": "a", "status": "done", "seconds": 0.1},
    {"at": "2026-01-01T00:00:00+00:00", "event": "finish", "status": "finished"},
]


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Targets:
    return Targets(tmp_path_factory.mktemp("fuzz") / "repo")


@pytest.fixture(autouse=True)
def _alone(targets: Targets) -> None:
    """What one loader was given is nothing to the next."""
    (targets.root / "manifests/any.yaml").unlink(missing_ok=True)


@pytest.mark.parametrize("file", hostile.FILES)
def test_files_that_were_made_to_break_a_loader(targets: Targets, file: str) -> None:
    data = hostile.FILES[file]()
    for load in targets.all.values():
        load(data)


@pytest.mark.parametrize(
    "file", ["billion laughs", "a hundred aliases of a large list", "flow lists that never close"]
)
def test_a_small_file_takes_little_memory(targets: Targets, file: str) -> None:
    data = hostile.FILES[file]()
    tracemalloc.start()
    try:
        for load in targets.all.values():
            load(data)
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    finally:
        tracemalloc.stop()


@QUICK
@given(name=st.sampled_from(NAMES), data=st.binary(max_size=300))
def test_any_bytes(targets: Targets, name: str, data: bytes) -> None:
    targets.all[name](data)


@QUICK
@given(
    name=st.sampled_from(NAMES),
    text=st.text("{}[]:,-?&*!|>'\"#%@`~<= \n\tab1.é\ud83d\x85\u2028", max_size=60),
)
def test_any_text_of_what_means_something_to_yaml(targets: Targets, name: str, text: str) -> None:
    targets.all[name](text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", ORIGINALS)
@QUICK
@given(data=st.data())
def test_real_files_with_something_wrong(targets: Targets, name: str, data: st.DataObject) -> None:
    value = data.draw(hostile.broken(data.draw(st.sampled_from(ORIGINALS[name]))))
    targets.all[name](hostile.written(value, data.draw(st.sampled_from(("json", "block", "flow")))))


@QUICK
@given(data=st.data())
def test_saved_plans_with_something_wrong(targets: Targets, data: st.DataObject) -> None:
    targets.plan(json.dumps(data.draw(hostile.broken(PLAN))).encode())


@QUICK
@given(data=st.data())
def test_journals_with_something_wrong(targets: Targets, data: st.DataObject) -> None:
    entries = data.draw(hostile.broken(RUN))
    lines = entries if isinstance(entries, list) else [entries]
    targets.journal("\n".join(map(json.dumps, lines)).encode())


def test_the_originals_are_right(targets: Targets) -> None:
    """Else what is wrong with them would hide what was broken."""
    from reconciler.verbs import saved

    path = targets.root / "right.json"
    path.write_text(json.dumps(PLAN))
    assert saved.options_of(saved.read(path)).parallelism == 8
    assert all(ORIGINALS[name] for name in ORIGINALS)


def test_it_names_all_targets(targets: Targets, tmp_path: Path) -> None:
    assert set(targets.all) == set(NAMES)
