"""The drills on a few seeds; `make torture` runs them on many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.torture.drill import Stage, stage
from tests.torture.model import differences
from tests.torture.runner import spilled
from tests.torture.world import small_world

PARTS = 4
PLAYED = 1  # of them; `make torture` plays all


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    with stage() as opened:
        yield opened


@pytest.mark.parametrize("seed", range(6))
def test_faults_and_kills(here: Stage, seed: int):
    assert here.faulty(seed).findings.all() == []


@pytest.mark.parametrize("seed", range(100, 102))
def test_two_runs_at_once_and_a_person_in_the_web_app(here: Stage, seed: int):
    tally = here.crowded(seed)
    assert tally.edits > 0
    assert tally.findings.all() == []


@pytest.mark.parametrize("part", range(PLAYED))
def test_killed_at_every_request(here: Stage, part: int):
    tally = here.every_kill(small_world(), part=part, parts=PARTS)
    assert tally.kills > 5
    assert tally.findings.all() == []


def test_the_drills_would_notice(here: Stage, tmp_path):
    """What breaks a promise is found: an object gone, doubled, another's touched, a secret on the disk."""
    base = small_world()
    with here._scene(base) as scene:
        scene.commit(base.first)
        scene.settle()
        assert scene.tally.findings.all() == []
        tenant = scene.tenant
        foreign = next(key for key in tenant.foreign if key[0] == "customer")
        tenant.store.update("customer", foreign[1], {"description": "touched"})
        tenant.store.update("instance", _ours(scene, "instance"), {"enabled": 1})
        row = tenant.store.get("customer", _ours(scene, "customer"))
        tenant.store.insert("customer", {**row, "id": "11111111-1111-1111-1111-111111111111"})
        (scene.project / "note.txt").write_text(next(iter(base.first.secrets.values())))
        scene.finish("--select", "Integration/alpha")
        found = scene.tally.findings
        assert len(differences(tenant.foreign, tenant.rows())) == 1
        assert any("enabled" in text for text in found.lost)
        assert any("Customer/acme" in text for text in found.doubled)
        assert found.foreign
        assert found.secrets
    assert spilled(tmp_path, {"nothing"}) == []


def _ours(scene, table: str) -> str:
    return next(key[1] for key in scene.tenant.rows() if key[0] == table and key not in scene.tenant.foreign)
