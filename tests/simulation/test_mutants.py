"""The simulation is not blind: some faults that are put into the product are found, and how that is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import reliability
from tests.simulation.draw import script
from tests.simulation.drill import play
from tests.simulation.mutants import MUTANTS
from tests.simulation.mutants.hunt import Hunt, hunt, watched
from tests.simulation.mutants.report import render

QUICK = (
    "an object is created without its mark",
    "a resource that has a new name in git is made anew",
    "what was configured is not deployed",
    "a place in the queue is not given back by a request that failed",
)


def test_faults_that_do_not_strike_change_nothing():
    pruning = next(seed for seed in range(100) if script(seed).prune)
    played, strikes = watched(MUTANTS, pruning)
    assert played.digest == play(script(pruning)).digest
    assert played.findings.all() == []
    assert sum(strike.times > 0 for strike in strikes) > 10


def test_some_faults_are_found_within_a_few_seeds():
    chosen = [one for one in MUTANTS if one.words in QUICK]
    assert len(chosen) == len(QUICK)
    assert [one.mutant.words for one in hunt(chosen, range(12)) if one.seed is None] == []


def test_each_fault_has_words_of_its_own():
    assert len({one.words for one in MUTANTS}) == len(MUTANTS) >= 16


def test_what_is_not_found_is_told_beside_what_is():
    seen, unseen = MUTANTS[0], MUTANTS[1]
    hunts = [Hunt(seen, [3], 1, 4, 3, ("lost: a | b",)), Hunt(unseen, [5, 6], 2, 300)]
    text = render(hunts)
    assert f"| {seen.words} | lost: a / b | 3 |" in text
    assert f"| {unseen.words} | 2 | 300 |" in text
    assert "These are not found" not in render(hunts[:1])


def test_the_page_keeps_all_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = tmp_path / "reliability.md"
    page.write_text("# Reliability\n\ndrills\n", encoding="utf-8")
    monkeypatch.setattr(reliability, "PAGE", page)
    reliability.put_mutants("faults")
    reliability.put_simulation("simulated")
    reliability.put_drills("# Reliability\n\nnew drills\n")
    reliability.put_mutants("more faults\n")
    drills, simulated = ("# Reliability", "new drills"), ("## The simulation", "simulated")
    parts = (*drills, *simulated, "## The mutation check", "more faults")
    assert page.read_text("utf-8") == "\n\n".join(parts) + "\n"
