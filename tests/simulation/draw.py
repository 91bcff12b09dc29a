"""A drill from a seed: the world, its commits, who runs what, what people do, and what goes wrong."""

from __future__ import annotations

import random
from typing import Any

from reconciler.sandbox.faults import KINDS
from tests.simulation.script import WEEK, Actor, Attempt, Edit, Pause, Phase, Script
from tests.simulation.themes import theme_of, themed
from tests.simulation.world import Commit, history, rules
from tests.torture.person import EDITS


def script(seed: int) -> Script:
    """The drill of a seed."""
    rng, theme = random.Random(f"script {seed}"), theme_of(seed)
    commits = history(rng, seed, theme)
    crowded, people = rng.random() < 0.35, rng.random() < 0.3
    names = ("ann", "bob", "cat")[: rng.choice([2, 2, 3]) if crowded else 1]
    customers = [a for a in commits[0].specs if a.startswith("Customer/")]
    drawn = Script(
        seed,
        rules(rng),
        tuple(_phase(rng, side, names, people) for side in commits),
        lease=rng.random() < 0.4,
        token_seconds=rng.choice([WEEK, WEEK, 900, 60]),
        adopted=tuple(customers[:1]) if rng.random() < 0.2 and not people else (),
    )
    return themed(drawn, theme)


def _phase(rng: random.Random, side: Commit, names: tuple[str, ...], people: bool) -> Phase:
    actors = tuple(_actor(rng, name, side) for name in names)
    return Phase(
        side,
        tuple(actor for actor in actors if actor.attempts),
        edits=tuple(_edit(rng) for _ in range(rng.randint(1, 4))) if people else (),
        pauses=(_pause(rng),) if rng.random() < 0.08 else (),
        faults=_faults(rng) if rng.random() < 0.6 else (),
        chance=rng.getrandbits(30),
        afterwards=tuple(
            rng.getrandbits(30) for _ in range(rng.choice([1, 1, 2]) if rng.random() < 0.2 else 0)
        ),
    )


def _edit(rng: random.Random) -> Edit:
    return Edit(rng.choice(EDITS), rng.uniform(0, 15), rng.getrandbits(32))


def _pause(rng: random.Random) -> Pause:
    return Pause(rng.uniform(0, 15), rng.choice([1.0, 15.0, 90.0]))


def _actor(rng: random.Random, name: str, side: Commit) -> Actor:
    attempts = tuple(_attempt(rng, side) for _ in range(rng.choice([0, 1, 1, 1, 2])))
    return Actor(name, rng.choice([0.0, rng.uniform(0, 8)]), attempts)


def _attempt(rng: random.Random, side: Commit) -> Attempt:
    verb = rng.choice(["apply"] * 7 + ["saved", "saved", "plan", "drift"])
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    choice = rng.random()
    if choice < 0.1:
        select = (rng.choice([*sorted(side.specs), "Instance/*", "Customer/*"]),)
    elif choice < 0.2:
        exclude = (rng.choice([*sorted(side.specs), "Instance/*"]),)
    end = rng.random()
    at_once = rng.choice([1, 2, 8])
    if verb == "plan" and at_once > 1:
        verb = "pull" if at_once == 2 else "pull_drift"
    return Attempt(
        verb,
        at_once,
        select,
        exclude,
        killed_at=int(2 ** rng.uniform(3, 12)) if end < 0.4 else 0,
        interrupted_at=rng.uniform(0.1, 15) if 0.4 < end < 0.48 else 0.0,
        room=int(2 ** rng.uniform(0, 13)) if 0.48 < end < 0.54 else None,
        skew=rng.choice([-3600.0, 40.0, 7200.0]) if 0.54 < end < 0.64 else 0.0,
        jumps_at=rng.choice([0.0, rng.uniform(0, 10)]),
    )


def _faults(rng: random.Random) -> tuple[dict[str, Any], ...]:
    """Some kinds, seldom each; some of them for one operation, or for one request, alone."""
    found: list[dict[str, Any]] = []
    for kind in rng.sample(sorted(KINDS), rng.randint(1, 5)):
        fault: dict[str, Any] = {"kind": kind, "seconds": rng.choice([0.1, 2.0, 20.0])}
        shape = rng.random()
        if shape < 0.3 and not KINDS[kind].needs:
            named = rng.choice(["create*", "publish*", "update*", "deploy*", "import*"])
            fault |= {"operation": named, "probability": 0.5}
        elif shape < 0.4 and not KINDS[kind].needs and not KINDS[kind].graphql:
            fault |= {"operation": "auth", "probability": 0.5}
        elif shape < 0.5:
            fault |= {"nth": rng.randint(1, 30)}
        else:
            fault |= {"probability": rng.uniform(0.02, 0.2)}
        found.append(fault)
    return tuple(found)
