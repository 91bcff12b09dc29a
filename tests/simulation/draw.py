"""A drill from a seed: the world, its commits, who runs what, what people do, and what goes wrong."""

from __future__ import annotations

import random
from typing import Any

from reconciler.sandbox.faults import KINDS
from tests.simulation.script import Actor, Attempt, Edit, Pause, Phase, Script
from tests.torture.person import EDITS
from tests.torture.world import Side, world

_WEEK = 7 * 24 * 3600


def script(seed: int) -> Script:
    """The drill of a seed."""
    rng = random.Random(f"script {seed}")
    base = world(seed)
    sides = (base.first, base.later)
    crowded, people = rng.random() < 0.4, rng.random() < 0.4
    names = ("ann", "bob", "cat")[: rng.choice([2, 2, 3]) if crowded else 1]
    return Script(
        seed,
        base.rules,
        tuple(_phase(rng, side, names, people) for side in sides),
        lease=rng.random() < 0.5,
        prune=bool(set(base.first.specs) - set(base.later.specs)),
        token_seconds=rng.choice([_WEEK, _WEEK, 900, 60]),
    )


def _phase(rng: random.Random, side: Side, names: tuple[str, ...], people: bool) -> Phase:
    actors = tuple(_actor(rng, name, side) for name in names)
    edits = [
        Edit(rng.choice(EDITS), rng.uniform(0, 20), rng.getrandbits(32)) for _ in range(rng.randint(1, 5))
    ]
    pauses = [Pause(rng.uniform(0, 20), rng.choice([1.0, 15.0, 90.0]))] if rng.random() < 0.1 else []
    faults = _faults(rng) if rng.random() < 0.7 else ()
    return Phase(side, actors, tuple(edits) if people else (), tuple(pauses), faults, rng.getrandbits(30))


def _actor(rng: random.Random, name: str, side: Side) -> Actor:
    count = rng.choice([0, 1, 1, 2, 2, 3])
    return Actor(
        name, rng.choice([0.0, rng.uniform(0, 10)]), tuple(_attempt(rng, side) for _ in range(count))
    )


def _attempt(rng: random.Random, side: Side) -> Attempt:
    verb = rng.choice(["apply"] * 6 + ["saved", "saved", "plan", "drift"])
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    if rng.random() < 0.15:
        select = (rng.choice([*sorted(side.specs), "Instance/*", "Customer/*"]),)
    elif rng.random() < 0.15:
        exclude = (rng.choice([*sorted(side.specs), "Instance/*"]),)
    end = rng.random()
    return Attempt(
        verb,
        rng.choice([1, 2, 8]),
        select,
        exclude,
        killed_at=int(2 ** rng.uniform(0, 12)) if end < 0.35 else 0,
        interrupted_at=rng.uniform(0.1, 15) if 0.35 < end < 0.45 else 0.0,
        room=rng.randint(0, 4000) if 0.45 < end < 0.5 else None,
        skew=rng.choice([0.0] * 8 + [-3600.0, 40.0, 7200.0]),
    )


def _faults(rng: random.Random) -> tuple[dict[str, Any], ...]:
    """Some kinds, seldom each; some of them for one operation, or for one request, alone."""
    found: list[dict[str, Any]] = []
    for kind in rng.sample(sorted(KINDS), rng.randint(1, 6)):
        fault: dict[str, Any] = {"kind": kind, "seconds": rng.choice([0.1, 2.0, 20.0])}
        shape = rng.random()
        if shape < 0.2 and not KINDS[kind].needs:
            fault |= {
                "operation": rng.choice(["create*", "publish*", "update*", "deploy*"]),
                "probability": 0.5,
            }
        elif shape < 0.4:
            fault |= {"nth": rng.randint(1, 30)}
        else:
            fault |= {"probability": rng.uniform(0.02, 0.15)}
        found.append(fault)
    return tuple(found)
