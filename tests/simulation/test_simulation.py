"""Some seeds of the simulation, and that what it plays can be played again."""

from __future__ import annotations

import pytest

from tests.simulation.draw import script
from tests.simulation.drill import play


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_the_next_run_ends_well(seed: int):
    assert play(script(seed)).findings.all() == []


def test_a_drill_goes_the_same_way_twice():
    assert play(script(3)).digest == play(script(3)).digest
